import TandemBase

/// Takes every occurrence of a signal out of a stream of text, however the stream is cut.
///
/// Text that merely begins like the signal is held back until it differs, never longer; text without the signal comes
/// out unchanged. What was shown never contains the signal, also not one that the removal of another would put
/// together: in "[A[A]]" with the signal "[A]" the second bracket is removed too. Linear: the matcher of Knuth, Morris
/// and Pratt runs once over the text, and once over what is shown.
package struct SignalScanner: Sendable {
    private let signal: [UInt8]
    /// For each length of a matched prefix, the longest proper prefix of it that is its suffix too.
    private let fallback: [Int]
    /// How much of the signal the text so far, without what was removed, ends with.
    private var matched = 0
    /// The same for what was shown.
    private var matchedShown = 0
    /// Text not shown yet: the part of the signal matched so far, or the beginning of a UTF-8 scalar.
    private var held: [UInt8] = []

    /// Whether text is held back that may be the signal's beginning.
    package var isHolding: Bool { !held.isEmpty }

    /// Whether the signal was found so far.
    package private(set) var found = false

    /// - Parameter signal: not empty: configuration refuses an empty one; here it is never found.
    package init(signal: String) {
        let bytes = Array(signal.utf8)
        var fallback = [0, 0]
        var length = 0
        for byte in bytes.dropFirst() {
            while length > 0, byte != bytes[length] { length = fallback[length] }
            if byte == bytes[length] { length += 1 }
            fallback.append(length)
        }
        self.signal = bytes
        self.fallback = fallback
    }

    /// Takes the next piece and returns what may be shown now: whole UTF-8 scalars.
    package mutating func push(_ piece: some Sequence<UInt8>) -> [UInt8] {
        var shown = [UInt8]()
        for byte in piece {
            held.append(byte)
            matched = following(matched, byte)
            if matched == signal.count, !signal.isEmpty {
                found = true
                held.removeLast(min(signal.count, held.count))
                show(held.count, into: &shown)
                matched = matchedShown
            } else if held.count > matched {
                let free = held.count - matched
                show(free - incompleteScalarBytes(atEndOf: held[..<free]), into: &shown)
            }
        }
        return shown
    }

    package mutating func push(_ piece: String) -> String { String(decoding: push(piece.utf8), as: UTF8.self) }

    /// The text has ended: what was held back only began like the signal.
    package mutating func finish() -> [UInt8] {
        var shown = [UInt8]()
        show(held.count, into: &shown)
        matched = 0
        matchedShown = 0
        return shown
    }

    private func following(_ state: Int, _ byte: UInt8) -> Int {
        guard !signal.isEmpty else { return 0 }
        var state = state == signal.count ? fallback[state] : state
        while state > 0, signal[state] != byte { state = fallback[state] }
        return signal[state] == byte ? state + 1 : 0
    }

    private mutating func show(_ count: Int, into shown: inout [UInt8]) {
        guard count > 0 else { return }
        for byte in held[..<count] { matchedShown = following(matchedShown, byte) }
        shown += held[..<count]
        held.removeFirst(count)
    }
}
