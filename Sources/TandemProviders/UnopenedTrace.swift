import CLinux

// Templates of vLLM, LM Studio and llama-server put `<think>` at the end of the prompt, so that the answer holds only
// the closing tag. A stream has shown the trace as content by then, and nothing of it can be taken back; what nobody
// was shown yet can still be told apart.
extension Completion {
    private static let opening: StaticString = "<think"
    private static let closing: StaticString = "</think>"

    /// The answer with its trace apart, where the content begins with one that lacks its opening tag; else nil. Texts
    /// about the tag are left alone: it has to be the only one, outside of fenced code, behind a line or a sentence, not
    /// quoted, and before an answer.
    package func separatingUnopenedTrace() -> Completion? {
        var text = content
        guard reasoning.isEmpty, let start = text.withUTF8({ Self.onlyClosingTag(in: $0) }) else { return nil }
        let tag = text.utf8.index(text.startIndex, offsetBy: start)
        let end = text.utf8.index(tag, offsetBy: Self.closing.utf8CodeUnitCount)
        let trace = text[..<tag]
        guard trace.last.map({ $0.isNewline || ".!?…。！？".contains($0) }) ?? true,
            text[end...].first.map({ !"\"'`\\".contains($0) }) ?? false,
            let answer = text[end...].firstIndex(where: { !$0.isWhitespace }), !endsInFence(trace)
        else { return nil }
        var separated = self
        separated.reasoning = String(trace)
        separated.content = String(text[answer...])
        return separated
    }

    private static func onlyClosingTag(in text: UnsafeBufferPointer<UInt8>) -> Int? {
        let start = find(closing, in: text[...])
        guard start >= 0, find(opening, in: text[...]) < 0,
            find(closing, in: text[(start + closing.utf8CodeUnitCount)...]) < 0
        else { return nil }
        return start
    }

    private static func find(_ tag: StaticString, in text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        let text = UnsafeBufferPointer(rebasing: text)
        return Int(cl_find(text.baseAddress, text.count, tag.utf8Start, tag.utf8CodeUnitCount))
    }
}

/// Whether a text breaks off within fenced code.
private func endsInFence(_ text: Substring) -> Bool {
    text.split(whereSeparator: \.isNewline).count { line in
        let line = line.drop { $0 == " " || $0 == "\t" }
        return line.hasPrefix("```") || line.hasPrefix("~~~")
    } % 2 == 1
}
