import TandemEdits

/// Resolves edits against a text and gives the text back with the outcomes.
func resolve(
    _ text: String, _ operations: EditOperation..., mode: EditMode = .hybrid, path: String = "file.txt",
    answers: [Int: [UInt8]] = [:]
) -> (text: String, outcomes: [EditOutcome]) {
    let items = operations.enumerated().map { FileResolver.Item(index: $0.offset, operation: $0.element) }
    let resolution = FileResolver.resolve(
        path: path, bytes: Array(text.utf8), items: items, mode: mode, answers: answers)
    return (String(decoding: resolution.bytes, as: UTF8.self), resolution.outcomes)
}

func replace(
    _ find: String, _ new: String, expected: Replacement.Expected = .count(1), hint: Int? = nil
) -> EditOperation {
    .replace(Replacement(find: Array(find.utf8), replace: Array(new.utf8), expected: expected, lineHint: hint))
}

func addLine(_ line: String, _ position: LinePosition = .end) -> EditOperation { .addLine(Array(line.utf8), position) }
func addAfter(_ anchor: String, _ line: String) -> EditOperation { addLine(line, .after(Array(anchor.utf8))) }
func addBefore(_ anchor: String, _ line: String) -> EditOperation { addLine(line, .before(Array(anchor.utf8))) }
func removeLine(_ line: String) -> EditOperation { .removeLine(Array(line.utf8)) }
func addImport(_ line: String) -> EditOperation { .addImport(Array(line.utf8)) }

/// A small generator with a seed, so that a failure can be run again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
