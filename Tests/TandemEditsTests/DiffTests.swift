import Foundation
import Testing

@testable import TandemEdits

/// A folder that is removed with the value.
final class ScratchFolder {
    let path: String

    init() {
        var template = Array("\(NSTemporaryDirectory())/tandem-edits-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) {
        let url = URL(fileURLWithPath: path + "/" + name)
        try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: url.path, contents: Data(bytes))
    }

    func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: path + "/" + name).map(Array.init) }

    /// Every file below, by its path.
    func files() -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? [] {
            if let bytes = read(name) { files[name] = bytes }
        }
        return files
    }
}

/// Runs a program to its end and gives its exit code with what it wrote.
func run(_ arguments: [String], in folder: String, input: [UInt8] = []) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try process.run()
    stdin.fileHandleForWriting.write(Data(input))
    try? stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// Lines from a small stock, with every kind of ending.
func randomText(_ generator: inout SeededGenerator, lines: Int, endings: [String] = ["\n"]) -> [UInt8] {
    let stock = ["a", "b", "c", "", "  x", "\tx", "x  ", "é", "}"]
    var text = ""
    for index in 0..<Int.random(in: 0...lines, using: &generator) {
        text += stock.randomElement(using: &generator)! + (index % 4 == 0 ? "\(index)" : "")
        text += endings.randomElement(using: &generator)!
    }
    if Bool.random(using: &generator), text.hasSuffix("\n") { text.removeLast() }
    return Array(text.utf8)
}

struct UnifiedDiffTests {
    @Test func gitAppliesRandomChanges() throws {
        var generator = SeededGenerator(state: 7)
        let folder = ScratchFolder()
        var patch: [UInt8] = []
        var after: [String: [UInt8]] = [:]
        let names = ["plain", "with space", "tab\there", "new\nline", "quote\"d", "back\\slash", "é", "a/b/c"]
        for index in 0..<120 {
            let name = "\(index % names.count < 7 ? "" : "deep/")\(names[index % names.count])-\(index)"
            let endings = [["\n"], ["\r\n"], ["\n", "\r\n"]][index % 3]
            let old = randomText(&generator, lines: 30, endings: endings)
            let new = index % 5 == 0 ? randomText(&generator, lines: 30, endings: endings) : mutated(old, &generator)
            switch index % 4 {
            case 0 where index % 3 == 0:
                patch += UnifiedDiff.bytes(oldPath: nil, newPath: name, old: [], new: new, mode: 0o755)
                after[name] = new
            case 1 where index % 3 == 0:
                folder.write(name, old)
                patch += UnifiedDiff.bytes(oldPath: name, newPath: nil, old: old, new: [])
            case 2 where index % 3 == 0:
                folder.write(name, old)
                patch += UnifiedDiff.bytes(oldPath: name, newPath: name + "-renamed", old: old, new: new)
                after[name + "-renamed"] = new
            default:
                folder.write(name, old)
                patch += UnifiedDiff.bytes(oldPath: name, newPath: name, old: old, new: new)
                after[name] = new
            }
        }
        let result = try run(["git", "apply", "--whitespace=nowarn", "-"], in: folder.path, input: patch)
        #expect(result.code == 0, "\(result.output)")
        let files = folder.files()
        let sameNames = files.keys.sorted() == after.keys.sorted()
        #expect(sameNames)
        let wrong = after.filter { files[$0.key] != $0.value }.keys.sorted()
        #expect(wrong.isEmpty)
    }

    private func mutated(_ old: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var lines = rawLines(old).map(Array.init)
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !lines.isEmpty {
            let at = Int.random(in: 0..<lines.count, using: &generator)
            if Bool.random(using: &generator) {
                lines.remove(at: at)
            } else {
                lines.insert(Array("new\n".utf8), at: at)
            }
        }
        return Array(lines.joined())
    }

    @Test func binaryChangesAreNamedOnly() {
        let diff = UnifiedDiff.bytes(oldPath: "a", newPath: "a", old: [0], new: [1])
        #expect(String(decoding: diff, as: UTF8.self).hasSuffix("\nBinary files a/a and b/a differ\n"))
        #expect(UnifiedDiff.bytes(oldPath: "a", newPath: "a", old: [1], new: [1]).isEmpty)
    }

    @Test func bigChangesAreQuick() {
        let old = Array((0..<20_000).map { "\($0 % 7)\n" }.joined().utf8)
        let new = Array((0..<20_000).map { "\($0 % 11)\n" }.joined().utf8)
        #expect(!UnifiedDiff.bytes(oldPath: "a", newPath: "a", old: old, new: new).isEmpty)
    }
}

struct ThreeWayMergeTests {
    private func merge(_ base: String, _ ours: String, _ theirs: String) -> String? {
        let result = ThreeWayMerge.merge(base: Array(base.utf8), ours: Array(ours.utf8), theirs: Array(theirs.utf8))
        return (try? result.get()).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func mergesChangesApart() {
        #expect(merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n") == "A\nb\nc\nD\n")
        #expect(merge("a\nb\nc\n", "a\nc\n", "a\nb\nc\nd") == "a\nc\nd")
        #expect(merge("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n") == "a\nX\nc\n")
    }

    @Test func conflictsRatherThanGuess() {
        #expect(merge("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n") == nil)
        #expect(merge("a\nb\n", "a\nX\n", "Y\nb\n") == nil)
    }

    /// Where git merges too, it comes to the same bytes.
    @Test func agreesWithGit() throws {
        var generator = SeededGenerator(state: 3)
        let folder = ScratchFolder()
        var merged = 0
        for round in 0..<60 {
            let base = randomText(&generator, lines: 25, endings: ["\n", "\r\n"])
            func change(_ at: Int) -> [UInt8] {
                var lines = rawLines(base).map(Array.init)
                if lines.count > 6 { lines[at < 0 ? lines.count + at : at] = Array("changed \(round)\n".utf8) }
                return Array(lines.joined())
            }
            let (ours, theirs) = (change(1), change(round % 3 == 0 ? 2 : -2))
            folder.write("base", base)
            folder.write("ours", ours)
            folder.write("theirs", theirs)
            let git = try run(["git", "merge-file", "ours", "base", "theirs"], in: folder.path)
            if case .success(let bytes) = ThreeWayMerge.merge(base: base, ours: ours, theirs: theirs) {
                merged += 1
                #expect(git.code == 0)
                #expect(folder.read("ours") == bytes)
            }
        }
        #expect(merged > 20)
    }
}
