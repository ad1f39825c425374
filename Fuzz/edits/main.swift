// libFuzzer over the edit engine: planners' answers, texts to look for, imports. The first byte chooses which, the
// second how; the rest is taken as lines.
import Glibc
import TandemEdits

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<Int8>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

@c(LLVMFuzzerTestOneInput)
func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    guard size > 2 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 2, count: size - 2))
    switch data[0] % 3 {
    case 0: readPlan(bytes, piece: Int(data[1]) + 1)
    case 1: replace(bytes, choice: Int(data[1]))
    default: addImport(bytes, choice: Int(data[1]))
    }
    return 0
}

/// However an answer is cut, the plan and its faults are the same.
private func readPlan(_ bytes: [UInt8], piece: Int) {
    func outcome(_ piece: Int) -> PlanReader.Outcome {
        var reader = PlanReader()
        for start in stride(from: 0, to: bytes.count, by: piece) {
            _ = reader.feed(bytes[start..<min(bytes.count, start + piece)])
        }
        return reader.finish().outcome
    }
    let (whole, cut) = (outcome(bytes.count + 1), outcome(piece))
    precondition(whole.plan == cut.plan && whole.problems == cut.problems && whole.isComplete == cut.isComplete)
}

private func resolve(_ bytes: [UInt8], _ operation: EditOperation, path: String = "f.txt") -> FileResolution {
    FileResolver.resolve(
        path: path, bytes: bytes, items: [FileResolver.Item(index: 0, operation: operation)], mode: .hybrid)
}

/// A quotation that stands in the text once is applied, there and nowhere else.
/// What is refused changes nothing.
private func replace(_ bytes: [UInt8], choice: Int) {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    // Some bytes of the text, or its last line, quoted in the rest.
    let (text, find, new): ([UInt8], [UInt8], [UInt8])
    if choice & 1 == 0 {
        text = bytes
        let start = choice * 7 % (bytes.count + 1)
        find = Array(bytes[start..<min(bytes.count, start + 1 + choice % 23)])
        new = Array("new \(choice)".utf8)
    } else {
        text = Array(lines.dropLast(2).joined(separator: [0x0A]))
        find = Array(lines.dropLast().last ?? [])
        new = Array(lines.last ?? [])
    }
    let result = resolve(text, .replace(Replacement(find: find, replace: new)))
    let places = find.isEmpty ? [] : text.indices.filter { text[$0...].starts(with: find) }
    guard result.outcomes[0].status == .applied else {
        precondition(result.bytes == text, "refused, and changed")
        let mayRefuse = find == new || text.contains(0) || !isASCII(find + new) || places.count != 1
        precondition(mayRefuse, "stands there once, and was refused")
        return
    }
    precondition(places.count <= 1, "one of several")
    guard let place = places.first, result.outcomes[0].match == .exact else { return }
    // Line ends of what is put in follow the file's.
    if new.contains(0x0A) || new.contains(0x0D) { return }
    precondition(result.bytes == text[..<place] + new + text[(place + find.count)...], "another place")
}

private func isASCII(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { $0 < 0x80 } }

private let imports: [(path: String, line: String)] = [
    ("a.py", "from m import x"), ("a.py", "import re"), ("a.js", "import { x } from 'm'"),
    ("a.ts", "import d from 'm'"),
    ("a.go", "import \"fmt\""), ("a.rs", "use std::io;"), ("a.swift", "import A"), ("A.java", "import a.B;"),
    ("A.kt", "import a.B"), ("a.h", "#include <a.h>"), ("a.rb", "require 'a'"), ("a.php", "use A\\B;"),
]

/// An import goes in once, and no other byte goes away but where a line takes a name.
private func addImport(_ bytes: [UInt8], choice: Int) {
    let (path, line) = imports[choice % imports.count]
    let first = resolve(bytes, .addImport(Array(line.utf8)), path: path)
    guard first.outcomes[0].status == .applied else { return precondition(first.bytes == bytes) }
    let second = resolve(first.bytes, .addImport(Array(line.utf8)), path: path)
    precondition(second.bytes == first.bytes, "twice")
    precondition(first.bytes.count > bytes.count, "something is gone")
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&argumentCount, &arguments, testOneInput))
