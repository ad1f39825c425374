import TandemProtocol

/// tandem.toml(5) from the sample configuration, in which "# ---- Title ----" begins a section, "# words" is prose
/// about what stands below it, and "#key = value" is configuration.
enum ConfigurationManual {
    static func page(_ sample: String) -> String {
        var roff = Roff("tandem.toml", section: 5, version: tandemVersion, manual: "File Formats")
        roff.section("Name")
        roff.line("tandem.toml - configuration of the daemon tandemd")
        roff.section("Synopsis")
        for (path, meaning) in Help.configurationFiles { roff.item(path, meaning) }
        roff.section("Description")
        var prose: [Substring] = []
        var isBare = false
        func words() -> String {
            defer { prose = [] }
            return prose.joined(separator: " ")
        }
        for line in sample.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# ---- ") {
                roff.section(
                    String(line.dropFirst(7).prefix { $0 != "-" }.reversed().drop { " .".contains($0) }.reversed()))
            } else if line.hasPrefix("# ") {
                prose.append(line.dropFirst(2))
                continue
            } else if line.hasPrefix("#[") {
                roff.subsection(String(line.dropFirst()))
                if !prose.isEmpty { roff.paragraph(words()) }
            } else if line.hasPrefix("#") {
                let words = words()
                roff.item(String(line.dropFirst()), words, after: isBare)
                isBare = words.isEmpty
                continue
            } else if !prose.isEmpty {
                roff.paragraph(words())
            }
            isBare = false
        }
        roff.section("See also")
        roff.line("tandemd(8), tandem(1)")
        return roff.text
    }
}
