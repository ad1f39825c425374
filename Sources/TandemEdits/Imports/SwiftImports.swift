import TandemBase

/// Swift: modules, then single declarations, then `@testable`; never into `#if`.
struct SwiftImports: ImportLanguage {
    let name = "Swift"
    let separatesGroups = false

    private static let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
    private static let modifiers: Set<String> = ["public", "package", "internal", "fileprivate", "private"]

    func parse(_ text: String) -> ImportEntry? {
        let parts = words(CStyle.withoutComment(text))
        guard let keyword = parts.firstIndex(of: "import"),
            parts[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.modifiers.contains($0) })
        else { return nil }
        let rest = Array(parts[(keyword + 1)...])
        let isDeclaration = rest.count == 2 && Self.kinds.contains(rest[0])
        guard let module = rest.last, rest.count == 1 || isDeclaration,
            module.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        else { return nil }
        let isTestable = parts[..<keyword].contains("@testable")
        return ImportEntry(
            identities: [(isTestable ? "@testable " : "") + rest.joined(separator: " ")],
            group: isTestable ? 2 : isDeclaration ? 1 : 0, sortKeys: sortKeys(module), text: text.trimmingSpaces)
    }

    func site(in source: SourceLines) -> ImportSite {
        var start = 0
        if source.count > 0, source[0].hasPrefix("#!") || source[0].contains("swift-tools-version") { start = 1 }
        var site = ImportSite(insertAt: CStyle.headerEnd(source, from: start))
        site.statements = collectStatements(
            source, from: start, skip: { CStyle.commentEnd(source, $0) },
            statement: { index in
                self.parse(source[index]).map { ImportStatement(lines: index..<index + 1, entry: $0) }
            })
        return site
    }
}
