import TandemBase

/// JavaScript and TypeScript: named imports of one module and one type-ness merge; CommonJS files get `require`;
/// quotes and semicolons are the file's own.
struct ScriptImports: ImportLanguage {
    let name: String
    let separatesGroups = false
    /// Known from the extension: `.mjs` is a module, `.cjs` is not.
    var module: Bool?

    init(name: String, module: Bool? = nil) {
        self.name = name
        self.module = module
    }

    func parse(_ text: String) -> ImportEntry? {
        guard let clause = ScriptClause(text) else { return nil }
        return entry(clause, text: text)
    }

    private func entry(_ clause: ScriptClause, text: String) -> ImportEntry {
        ImportEntry(
            identities: clause.identities, group: clause.module.hasPrefix(".") || clause.module.hasPrefix("/") ? 1 : 0,
            sortKeys: sortKeys(clause.module), text: text)
    }

    func site(in source: SourceLines) -> ImportSite {
        var at = 0
        var insertAt = 0
        if source.count > 0, source[0].hasPrefix("#!") { at = 1 }
        insertAt = at
        var isFirst = true
        while at < source.count {
            let line = source.trimmed(at)
            let isDirective = ["'use ", "\"use "].contains { line.hasPrefix($0) }
            if isDirective || line.hasPrefix("///") {
                at += 1
                insertAt = at
            } else if source.isBlankLine(at) {
                at += 1
            } else if let end = CStyle.commentEnd(source, at) {
                let comment = (at..<end).map { source[$0] }.joined()
                let isPinned = ["/*!", "@license", "@preserve", "@jsx", "eslint-disable", "@ts-", "@flow", "Copyright"]
                    .contains { comment.contains($0) }
                if isPinned || isFirst && (end == source.count || source.isBlankLine(end)) { insertAt = end }
                at = end
            } else {
                break
            }
            if !source.isBlankLine(at - 1) { isFirst = false }
        }
        var site = ImportSite(insertAt: insertAt)
        site.statements = collectStatements(
            source, from: at, skip: { CStyle.commentEnd(source, $0) },
            statement: { index in
                guard source.isTopLevel(index) else { return nil }
                for end in index + 1...min(source.count, index + 200) {
                    let text = (index..<end).map { CStyle.withoutComment(source[$0]) }.joined(separator: "\n")
                    if let clause = ScriptClause(text) {
                        return ImportStatement(lines: index..<end, entry: self.entry(clause, text: text))
                    }
                    let opens = text.count { $0 == "{" } - text.count { $0 == "}" }
                    guard text.hasPrefix("import") || text.hasPrefix("const {"), opens > 0 else { return nil }
                }
                return nil
            })
        return site
    }

    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange {
        guard let wanted = ScriptClause(entry.text) else { return .already }
        let clauses = site.statements.map { ScriptClause($0.entry.text) }
        let known = site.statements.reduce(into: Set<String>()) { $0.formUnion($1.entry.identities) }
        if entry.identities.isSubset(of: known) { return .already }
        let style = ScriptStyle(source, site, clauses.compactMap { $0 })
        let isCommonJS = !wanted.typeOnly && usesRequire(clauses.compactMap { $0 }, source)
        for (statement, clause) in zip(site.statements, clauses) {
            guard let clause, clause.module == wanted.module, clause.typeOnly == wanted.typeOnly,
                clause.isRequire == isCommonJS, source.isWritable(statement.lines),
                let lines = merged(wanted, into: clause, statement.lines, source)
            else { continue }
            return .lines(statement.lines, lines)
        }
        var new = wanted
        new.named = wanted.named.filter { !known.contains(wanted.identity(of: $0)) }
        new.isRequire = isCommonJS
        var placedEntry = entry
        placedEntry.text = new.written(style)
        return placed(placedEntry, site, source)
    }

    private func usesRequire(_ clauses: [ScriptClause], _ source: SourceLines) -> Bool {
        if let module { return !module }
        if let first = clauses.first { return !clauses.contains { !$0.isRequire } && first.isRequire }
        guard name == "JavaScript" else { return false }
        return (0..<source.count).contains { index in
            let line = source.text.line(index)
            return line.starts(with: "module.exports".utf8) || line.starts(with: "exports.".utf8)
        }
    }

    /// The statement's lines with the wanted names in them; nil where they cannot join it.
    private func merged(
        _ wanted: ScriptClause, into clause: ScriptClause, _ lines: Range<Int>, _ source: SourceLines
    ) -> [String]? {
        guard clause.namespace == nil, wanted.namespace == nil, !clause.isSideEffect, !wanted.isSideEffect else {
            return nil
        }
        var both = clause
        if let name = wanted.defaultName, name != clause.defaultName {
            guard clause.defaultName == nil, !clause.isRequire, !clause.typeOnly else { return nil }
            both.defaultName = name
        }
        let missing = wanted.named.filter { !clause.named.contains($0) }
        if clause.isRequire, !missing.isEmpty, clause.defaultName != nil { return nil }
        if clause.typeOnly, !missing.isEmpty, clause.defaultName != nil { return nil }
        if lines.count == 1 {
            both.addSorted(missing)
            return [both.rewritten(source[lines.lowerBound])].compactMap { $0 }.first.map { [$0] }
        }
        // A list over several lines gets a line for each name, before the brace.
        guard both.defaultName == clause.defaultName, lines.count >= 3 else { return nil }
        var text = lines.map { source[$0] }
        let last = text.count - 2
        guard text[text.count - 1].trimmingSpaces.hasPrefix("}"), !text[last].contains("//"),
            !text[last].contains("/*"), !text[last].contains("{")
        else { return nil }
        let indent = String(text[last].prefix { $0 == " " || $0 == "\t" })
        let hasComma = text[last].trimmingSpaces.hasSuffix(",")
        if !hasComma { text[last] = text[last].trimmingTrailingSpaces + "," }
        let added = missing.enumerated().map { index, name in
            indent + name + (index < missing.count - 1 || hasComma ? "," : "")
        }
        text.insert(contentsOf: added, at: last + 1)
        return text
    }
}
