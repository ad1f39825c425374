import TandemBase
import TandemProtocol

/// tandemd(8) from the daemon's help: the usage lines, a paragraph, then sections ("Options:") of entries, each a term,
/// two spaces or more, and what it means. A line indented further goes on with the one above; a section whose lines
/// have no second column holds examples.
enum DaemonManual {
    static func page(_ help: String) -> String {
        var roff = Roff("tandemd", section: 8, version: tandemVersion, manual: "System Administration")
        roff.section("Name")
        roff.line("tandemd - the daemon that gives every editor and script the same language models")
        roff.section("Synopsis")
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        let usage = lines.prefix { !$0.isEmpty }
        roff.literal(usage.map { ($0.hasPrefix("Usage: ") ? $0.dropFirst(7) : $0).description.trimmingSpaces })
        roff.section("Description")
        for block in lines.dropFirst(usage.count).split(separator: "") { write(block, to: &roff) }
        roff.section("See also")
        roff.line("tandem(1), tandem.toml(5), systemd.socket(5), systemd.exec(5)")
        return roff.text
    }

    /// What stands before and behind the first two spaces.
    private static func columns(of line: String) -> (term: String, words: String) {
        var previous: Character?
        for index in line.indices {
            if line[index] == " ", previous == " " {
                return (String(line[..<index].dropLast()), String(line[index...]).trimmingSpaces)
            }
            previous = line[index]
        }
        return (line, "")
    }

    private static func write(_ block: ArraySlice<Substring>, to roff: inout Roff) {
        guard let first = block.first, first.hasSuffix(":"), !first.hasPrefix(" ") else {
            return roff.paragraph(block.joined(separator: "\n"))
        }
        roff.section(String(first.dropLast()))
        var entries: [(term: String, words: String)] = []
        for line in block.dropFirst() {
            let content = String(line).trimmingSpaces
            let indent = line.count - content.count
            if indent > 2, !entries.isEmpty {
                entries[entries.count - 1].words += " " + content
            } else {
                entries.append(columns(of: content))
            }
        }
        if entries.allSatisfy(\.words.isEmpty) { return roff.literal(entries.map(\.term)) }
        for entry in entries { roff.item(entry.term, entry.words) }
    }
}
