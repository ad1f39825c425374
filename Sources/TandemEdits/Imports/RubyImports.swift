import TandemBase

/// Ruby: `require`, then `require_relative`, after the shebang and the magic comments; the file's own quotes.
struct RubyImports: ImportLanguage {
    let name = "Ruby"
    let separatesGroups = false

    func parse(_ text: String) -> ImportEntry? {
        let parts = words(text)
        guard let method = parts.first, method == "require" || method == "require_relative" else { return nil }
        let argument = String(text.trimmingSpaces.dropFirst(method.count)).trimmingSpaces
        guard let quote = argument.first, quote == "'" || quote == "\"" else { return nil }
        let body = argument.dropFirst().prefix { $0 != quote }
        let behind = String(argument.dropFirst(body.count + 2)).trimmingSpaces
        guard !body.isEmpty, argument.count >= body.count + 2, behind.isEmpty || behind.hasPrefix("#"),
            !body.contains("#{")
        else { return nil }
        return ImportEntry(
            identities: ["\(method) \(body)"], group: method == "require" ? 0 : 1, sortKeys: sortKeys(String(body)),
            text: "\(method) \(quote)\(body)\(quote)")
    }

    func site(in source: SourceLines) -> ImportSite {
        var header = 0
        while header < source.count, source[header].hasPrefix("#!") || Self.isMagic(source[header]) { header += 1 }
        var site = ImportSite(insertAt: header)
        site.statements = collectStatements(
            source, from: header, skip: { Self.commentEnd(source, $0) },
            statement: { index in
                guard source.isTopLevel(index) else { return nil }
                return self.parse(source[index]).map { ImportStatement(lines: index..<index + 1, entry: $0) }
            })
        return site
    }

    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange {
        var entry = entry
        if let first = site.statements.first {
            let quote: Character = source[first.lines.lowerBound].contains("\"") ? "\"" : "'"
            let parts = words(entry.identities.first ?? "")
            if parts.count == 2 { entry.text = "\(parts[0]) \(quote)\(parts[1])\(quote)" }
        }
        return placed(entry, site, source)
    }

    private static func isMagic(_ line: String) -> Bool {
        guard line.hasPrefix("#") else { return false }
        let lower = line.lowercased()
        return ["frozen_string_literal:", "coding:", "warn_indent:", "shareable_constant_value:", "typed:"]
            .contains { lower.contains($0) }
    }

    private static func commentEnd(_ source: SourceLines, _ index: Int) -> Int? {
        if source[index].hasPrefix("#") { return index + 1 }
        guard source[index].hasPrefix("=begin") else { return nil }
        var at = index
        while at < source.count, !source[at].hasPrefix("=end") { at += 1 }
        return at + 1
    }
}
