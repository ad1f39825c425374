import TandemBase
import TandemJSON

/// Finds the call of a tool in a model's text: one JSON object `{"tool":"generate_code","prompt":"…"}`, bare or in a
/// fence, for models without native tool calls.
///
/// Text that may be the beginning of a call is held back and released as soon as it differs; the call itself is never
/// shown. After the first call, or the first malformed one, the rest of the text is dropped: the round is over.
package struct ToolCallScanner: Sendable {
    /// A call longer than this is refused rather than held.
    private static let maximumCallBytes = 256 * 1024
    /// Letters of a fence's language, at most, for it to be the fence of a call ("json", "tool_call").
    private static let maximumFenceInfo = 16
    /// Blanks allowed in each place between a call's first marks.
    private static let maximumBlanks = 64
    /// What the first member of a call may be called; any other object is text.
    private static let firstMembers = ["tool", "prompt", "path", "query", "pattern", "arguments"].map { Array($0.utf8) }

    package enum Outcome: Sendable {
        /// A JSON object with the member "tool", a string: its name, and the whole object for the other members.
        case call(tool: String, object: JSONValue)
        /// Meant as a call but not one; `fault` says what is wrong with it, for the model to read.
        case malformed(text: [UInt8], fault: String)
    }

    /// Where the held text stands.
    private enum Place {
        /// It cannot become a call: so many bytes are text.
        case text(Int)
        case undecided
        /// An object begins there; `tool` is whether its first member is.
        case object(start: Int, tool: Bool)
    }

    private var held: [UInt8] = []
    private var body: ObjectEnd?
    private var bodyStart = 0
    private var startsWithTool = false
    private var atLineStart = true

    package private(set) var outcome: Outcome?

    package init() {}

    /// Takes the next piece and returns what may be shown now.
    package mutating func push(_ piece: some Sequence<UInt8>) -> [UInt8] {
        guard outcome == nil else { return [] }
        held += piece
        var shown = [UInt8]()
        while outcome == nil {
            if body != nil {
                guard readObject(into: &shown) else { break }
                continue
            }
            guard let candidate = nextCandidate() else {
                release(held.count - incompleteScalarBytes(atEndOf: held), into: &shown)
                break
            }
            release(candidate, into: &shown)
            switch place() {
            case .text(let count): release(count, into: &shown)
            case .undecided: return shown
            case .object(let start, let tool):
                bodyStart = start
                startsWithTool = tool
                body = ObjectEnd(position: start)
            }
        }
        return shown
    }

    package mutating func push(_ piece: String) -> String { String(decoding: push(piece.utf8), as: UTF8.self) }

    /// The text has ended: what is held back is shown, or is a call that was cut off (see `outcome`).
    package mutating func finish() -> [UInt8] {
        guard outcome == nil else { return [] }
        if body != nil, startsWithTool {
            outcome = .malformed(
                text: Array(held[bodyStart...]), fault: "the JSON object of the tool call is not closed")
            held = []
            return []
        }
        defer { held = [] }
        return held
    }

    /// Reads on in the object; false when it needs more text.
    private mutating func readObject(into shown: inout [UInt8]) -> Bool {
        guard var end = body else { return false }
        let isClosed = end.advance(over: held)
        body = end
        guard isClosed else {
            guard held.count - bodyStart > Self.maximumCallBytes else { return false }
            outcome = .malformed(text: [], fault: "the tool call is longer than \(Self.maximumCallBytes) bytes")
            return true
        }
        body = nil
        let object = Array(held[bodyStart..<end.position])
        if let found = Self.judge(object, startsWithTool: startsWithTool) {
            outcome = found
            held = []
        } else {
            release(end.position, into: &shown)
        }
        return true
    }

    /// A call, a malformed one, or nil for an object that is none.
    private static func judge(_ object: [UInt8], startsWithTool: Bool) -> Outcome? {
        do throws(JSONError) {
            let root = try JSONDocument(object).root
            guard let tool = root["tool"] else { return nil }
            guard let name = tool.string, !name.isEmpty else {
                return .malformed(text: object, fault: "\"tool\" must be the tool's name, a string")
            }
            return .call(tool: name, object: root)
        } catch {
            guard startsWithTool else { return nil }
            return .malformed(
                text: object, fault: "the tool call is not valid JSON: \(error.reason) at byte \(error.offset)")
        }
    }

    private mutating func release(_ count: Int, into shown: inout [UInt8]) {
        guard count > 0 else { return }
        shown += held[..<count]
        atLineStart = held[count - 1] == UInt8(ascii: "\n")
        held.removeFirst(count)
    }

    /// The first byte that a call, or the fence before one, may begin with.
    private func nextCandidate() -> Int? {
        var lineStart = atLineStart
        for (index, byte) in held.enumerated() {
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "`") && lineStart { return index }
            lineStart = byte == UInt8(ascii: "\n") || lineStart && byte == 0x20
        }
        return nil
    }

    private func place() -> Place {
        var index = 0
        if held[0] == UInt8(ascii: "`") {
            while index < held.count, held[index] == UInt8(ascii: "`") { index += 1 }
            if index == held.count, index <= 4 { return .undecided }
            guard index >= 3 else { return .text(index) }
            let info = index
            while index < held.count, held[index] > 0x20, held[index] != UInt8(ascii: "{") { index += 1 }
            guard index - info <= Self.maximumFenceInfo else { return .text(index) }
            guard skipBlanks(&index) else { return .text(index) }
            if index == held.count { return .undecided }
            guard held[index] == UInt8(ascii: "{") else { return .text(index) }
        }
        let start = index
        index += 1
        guard skipBlanks(&index) else { return .text(index) }
        if index == held.count { return .undecided }
        guard held[index] == UInt8(ascii: "\"") else { return .text(start + 1) }
        index += 1
        let name = held[index...].prefix { $0 != UInt8(ascii: "\"") }
        if name.endIndex < held.count {
            guard Self.firstMembers.contains(where: { $0 == Array(name) }) else { return .text(start + 1) }
            return .object(start: start, tool: Array(name) == Self.firstMembers[0])
        }
        return Self.firstMembers.contains { $0.starts(with: name) } ? .undecided : .text(start + 1)
    }

    /// False when there are more blanks than a call has.
    private func skipBlanks(_ index: inout Int) -> Bool {
        let start = index
        while index < held.count, held[index] == 0x20 || held[index] >= 0x09 && held[index] <= 0x0d { index += 1 }
        return index - start <= Self.maximumBlanks
    }
}

/// Looks for the brace that closes an object, across pieces.
private struct ObjectEnd: Sendable {
    private(set) var position: Int
    private var depth = 0
    private var inString = false
    private var escaped = false

    init(position: Int) { self.position = position }

    /// Whether the object is closed; `position` is then just behind it.
    mutating func advance(over text: [UInt8]) -> Bool {
        while position < text.count {
            let byte = text[position]
            position += 1
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return true }
            default: break
            }
        }
        return false
    }
}
