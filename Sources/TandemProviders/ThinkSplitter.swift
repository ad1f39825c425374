/// Splits an inline thinking trace (`<think>…</think>`, also `<thinking>`) from the answer behind it, however the text
/// is cut into pieces. Only the very start of an answer may be a trace: a `<think>` further on is the answer's own
/// text. A trace that never ends is reasoning to the end.
package struct ThinkSplitter: Sendable {
    private enum State {
        /// Blanks and what may be the beginning of an opening tag.
        case undecided
        /// Within a trace that `closing` ends.
        case reasoning(closing: String)
        /// Blank lines between trace and answer are dropped.
        case beforeAnswer
        case answer
    }

    private static let tags: [(opening: String, closing: String)] = [
        ("<think>", "</think>"), ("<thinking>", "</thinking>"),
    ]

    private var state = State.undecided
    private var held = ""

    package init() {}

    /// Once the answer has begun this hands the text on as it is.
    package mutating func feed(_ text: String, _ emit: (Delta) -> Void) {
        if case .answer = state { return emit(.content(text)) }
        // Most answers begin with something else, and need not be held for a look.
        if held.isEmpty, case .undecided = state, let first = text.utf8.first,
            first != UInt8(ascii: "<"), !isBlank(first)
        {
            state = .answer
            return emit(.content(text))
        }
        held += text
        while step(emit) {}
    }

    /// Lets go what was held back for a tag that did not come.
    package mutating func finish(_ emit: (Delta) -> Void) {
        guard !held.isEmpty else { return }
        if case .reasoning = state { emit(.reasoning(held)) } else { emit(.content(held)) }
        held = ""
    }

    /// One transition; false when more text is needed or all is handed on.
    private mutating func step(_ emit: (Delta) -> Void) -> Bool {
        switch state {
        case .undecided:
            let bytes = held.utf8
            guard let start = bytes.firstIndex(where: { !isBlank($0) }) else { return false }
            let candidate = bytes[start...]
            for tag in Self.tags where candidate.starts(with: tag.opening.utf8) {
                held = String(Substring(candidate.dropFirst(tag.opening.utf8.count)))
                state = .reasoning(closing: tag.closing)
                return true
            }
            if Self.tags.contains(where: { $0.opening.utf8.starts(with: candidate) }) { return false }
            state = .answer
            emit(.content(held))
            held = ""
            return false
        case .reasoning(let closing):
            if let range = firstRange(of: closing, in: held) {
                if range.lowerBound > held.startIndex { emit(.reasoning(String(held[..<range.lowerBound]))) }
                held = String(held[range.upperBound...])
                state = .beforeAnswer
                return true
            }
            let kept = longestSuffix(of: held, beginning: closing)
            let end = held.utf8.index(held.utf8.endIndex, offsetBy: -kept)
            if end > held.startIndex { emit(.reasoning(String(held[..<end]))) }
            held = String(held[end...])
            return false
        case .beforeAnswer:
            guard let start = held.utf8.firstIndex(where: { !isBlank($0) }) else {
                held = ""
                return false
            }
            state = .answer
            emit(.content(String(held[start...])))
            held = ""
            return false
        case .answer:
            return false
        }
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

private func firstRange(of pattern: String, in text: String) -> Range<String.Index>? {
    let first = pattern.utf8.first
    var index = text.utf8.startIndex
    while let hit = text.utf8[index...].firstIndex(where: { $0 == first }) {
        if text.utf8[hit...].starts(with: pattern.utf8) {
            return hit..<text.utf8.index(hit, offsetBy: pattern.utf8.count)
        }
        index = text.utf8.index(after: hit)
    }
    return nil
}

/// Bytes at the end of `text` with which `pattern` begins.
private func longestSuffix(of text: String, beginning pattern: String) -> Int {
    for length in stride(from: min(pattern.utf8.count - 1, text.utf8.count), to: 0, by: -1)
    where text.utf8.suffix(length).elementsEqual(pattern.utf8.prefix(length)) {
        return length
    }
    return 0
}
