/// A fenced code block of a Markdown text, by CommonMark's rules (0.31, 4.5) except that any indentation is allowed.
package struct CodeBlock: Hashable, Sendable {
    /// The first word behind the fence, in lower case; empty when there is none.
    package var language: String
    package var code: String
    package var isClosed: Bool

    /// The blocks of a text in order, and the text outside of them.
    package static func split(_ text: String) -> (blocks: [CodeBlock], prose: String) {
        var blocks = [CodeBlock]()
        var prose = ""
        var open: (fence: Fence, lines: [Substring])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let fence = Fence(line)
            if let current = open {
                if let fence, fence.closes(current.fence) {
                    blocks.append(CodeBlock(current.fence, current.lines, isClosed: true))
                    open = nil
                } else {
                    open?.lines.append(line)
                }
            } else if let fence {
                open = (fence, [])
            } else {
                prose += line
                prose += "\n"
            }
        }
        if let open { blocks.append(CodeBlock(open.fence, open.lines, isClosed: false)) }
        return (blocks, prose)
    }

    private init(_ fence: Fence, _ lines: [Substring], isClosed: Bool) {
        language = fence.info.split(whereSeparator: { " {,:".contains($0) }).first.map { $0.lowercased() } ?? ""
        code = lines.joined(separator: "\n")
        self.isClosed = isClosed
    }
}

private struct Fence {
    var mark: Character
    var length: Int
    var info: Substring

    init?(_ line: Substring) {
        let trimmed = line.drop { $0 == " " || $0 == "\t" }
        guard let mark = trimmed.first, mark == "`" || mark == "~" else { return nil }
        let rest = trimmed.drop { $0 == mark }
        length = trimmed.utf8.count - rest.utf8.count
        // An info string with a backtick is inline code: ```x``` on one line.
        guard length >= 3, mark == "~" || !rest.contains("`") else { return nil }
        self.mark = mark
        info = rest
    }

    func closes(_ other: Fence) -> Bool {
        mark == other.mark && length >= other.length && info.allSatisfy { $0.isWhitespace }
    }
}
