import TandemJSON

/// A text document as the editor has it.
struct LSPDocument {
    var text: String
    /// Nil for one that is not open and was read from the disk.
    var version: Int?

    /// The lines with their ends; a text that ends with a line's end has an empty last one, as in the protocol.
    static func lines(_ text: String) -> [Substring] {
        var lines: [Substring] = []
        var start = text.startIndex
        // \r\n is one Character; a lone \r ends a line, too.
        for index in text.indices where text[index] == "\n" || text[index] == "\r\n" || text[index] == "\r" {
            let next = text.index(after: index)
            lines.append(text[start..<next])
            start = next
        }
        lines.append(text[start...])
        return lines
    }

    /// The text of a range of the protocol, whole lines.
    func lines(_ range: LSPRange) -> String {
        let lines = Self.lines(text)
        guard range.startLine < lines.count else { return "" }
        // A selection that ends at a line's beginning does not hold that line.
        var last = min(range.endLine, lines.count - 1)
        if range.endCharacter == 0, last > range.startLine { last -= 1 }
        return lines[range.startLine...max(range.startLine, last)].joined()
    }
}

/// A range of the protocol. Columns are kept as they came: nothing here counts them.
struct LSPRange {
    var startLine: Int
    var endLine: Int
    var endCharacter: Int

    init?(_ value: JSONValue?) {
        guard let start = value?["start"]?["line"]?.int, let end = value?["end"]?["line"]?.int, start >= 0, end >= start
        else { return nil }
        startLine = start
        endLine = end
        endCharacter = value?["end"]?["character"]?.int ?? 0
    }
}

/// The one replacement of lines that makes `new` of `old`.
struct LSPTextEdit {
    var startLine: Int
    var endLine: Int
    /// In UTF-16 units, as the protocol counts unless told otherwise; not zero only at the end of a text whose last
    /// line has no end.
    var endCharacter: Int
    var newText: String

    /// Nil when the texts are the same.
    init?(from old: String, to new: String) {
        let before = LSPDocument.lines(old)
        let after = LSPDocument.lines(new)
        var head = 0
        while head < before.count, head < after.count, Array(before[head].utf8) == Array(after[head].utf8) { head += 1 }
        if head == before.count, head == after.count { return nil }
        var tail = 0
        while tail < before.count - head, tail < after.count - head,
            Array(before[before.count - 1 - tail].utf8) == Array(after[after.count - 1 - tail].utf8)
        { tail += 1 }
        startLine = head
        newText = after[head..<(after.count - tail)].joined()
        endLine = before.count - tail
        endCharacter = 0
        // Past the last line there is no position: its end is meant.
        if endLine == before.count {
            endLine -= 1
            endCharacter = before[endLine].utf16.count
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("range")
        writer.beginObject()
        Self.position("start", startLine, 0, &writer)
        Self.position("end", endLine, endCharacter, &writer)
        writer.endObject()
        writer.member("newText", newText)
        writer.endObject()
    }

    private static func position(_ name: StaticString, _ line: Int, _ character: Int, _ writer: inout JSONWriter) {
        writer.key(name)
        writer.beginObject()
        writer.member("line", line)
        writer.member("character", character)
        writer.endObject()
    }
}
