// libFuzzer over the JSON reader. What it accepts must read back: each value's parts lie within it, its canonical form
// is a document with the same canonical form, and the writer's strings are the reader's.
import Glibc
import TandemJSON

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<Int8>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

@c(LLVMFuzzerTestOneInput)
func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let document: JSONDocument
    do {
        document = try JSONDocument(bytes, maxDepth: 64)
    } catch {
        precondition(error.offset >= 0 && error.offset <= size)
        return 0
    }
    visit(document.root, within: 0..<size)
    _ = document.root.duplicateKey
    let canonical = document.root.canonicalBytes
    guard let again = try? JSONDocument(canonical, maxDepth: 64) else { preconditionFailure("canonical form refused") }
    precondition(again.root.canonicalBytes == canonical)
    return 0
}

private func visit(_ value: JSONValue, within outer: Range<Int>) {
    let range = value.rawRange
    precondition(!range.isEmpty && outer.lowerBound <= range.lowerBound && range.upperBound <= outer.upperBound)
    switch value.kind {
    case .null, .bool: break
    case .number:
        if let number = value.int { precondition(value.double == Double(number)) }
    case .string:
        guard let text = value.string, let utf8 = value.utf8 else { preconditionFailure("a string without text") }
        precondition(text.utf8.elementsEqual(utf8) && value.isString(text))
    case .array:
        precondition(value.elements.reduce(0) { count, _ in count + 1 } == value.count)
        for element in value.elements { visit(element, within: range) }
    case .object:
        precondition(value.rawMembers.reduce(0) { count, _ in count + 1 } == value.count)
        for (name, inner) in value.rawMembers {
            visit(name, within: range)
            visit(inner, within: range)
            precondition(value[name.string ?? ""] != nil)
        }
    }
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&argumentCount, &arguments, testOneInput))
