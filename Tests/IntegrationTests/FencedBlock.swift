/// A fenced block of a Markdown file.
struct FencedBlock {
    /// What stands behind the fence: `json`, `sh`, …
    var language: String
    var text: String

    /// The blocks of a text, in order.
    static func all(in markdown: String) -> [FencedBlock] {
        var blocks: [FencedBlock] = []
        var isInside = false
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isInside.toggle()
                if isInside { blocks.append(FencedBlock(language: String(line.dropFirst(3)), text: "")) }
            } else if isInside {
                blocks[blocks.count - 1].text += line + "\n"
            }
        }
        return blocks
    }

    /// What stands between backticks in the text outside of the blocks.
    static func codeSpans(in markdown: String) -> [String] {
        var spans: [String] = []
        var isInside = false
        for paragraph in markdown.split(separator: "\n") {
            if paragraph.hasPrefix("```") { isInside.toggle() }
            if isInside || paragraph.hasPrefix("```") { continue }
            let parts = paragraph.split(separator: "`", omittingEmptySubsequences: false)
            spans += parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
        return spans
    }
}
