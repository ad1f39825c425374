import TandemBase

/// PHP: classes, then functions, then constants, after `<?php`, docblock, `declare` and `namespace`.
struct PHPImports: ImportLanguage {
    let name = "PHP"
    let separatesGroups = false

    func parse(_ text: String) -> ImportEntry? {
        let statement = words(CStyle.withoutComment(text)).joined(separator: " ")
        guard statement.hasPrefix("use "), statement.hasSuffix(";") else { return nil }
        var body = String(statement.dropFirst(4).dropLast()).trimmingSpaces
        var kind = "class"
        for word in ["function", "const"] where body.hasPrefix(word + " ") {
            kind = word
            body = String(body.dropFirst(word.count + 1)).trimmingSpaces
        }
        var names: [String] = []
        if let open = body.firstIndex(of: "{") {
            guard body.hasSuffix("}") else { return nil }
            let prefix = String(body[..<open])
            names = splitOutsideBraces(body[body.index(after: open)...].dropLast()).map { prefix + $0.trimmingSpaces }
        } else {
            names = splitOutsideBraces(body).map(\.trimmingSpaces)
        }
        names = names.filter { !$0.isEmpty }.map { $0.hasPrefix("\\") ? String($0.dropFirst()) : $0 }
        let isPath = names.allSatisfy { name in
            name.allSatisfy { $0.isLetter || $0.isNumber || "_\\ ".contains($0) }
                && (words(name).count == 1 || words(name).count == 3 && words(name)[1] == "as")
        }
        guard !names.isEmpty, isPath else { return nil }
        let group = kind == "class" ? 0 : kind == "function" ? 1 : 2
        return ImportEntry(
            identities: Set(names.map { kind + " " + $0 }), group: group, sortKeys: sortKeys(names[0]),
            text: text.trimmingSpaces)
    }

    func site(in source: SourceLines) -> ImportSite {
        var at = 0
        var insertAt = 0
        while at < source.count {
            let line = source.trimmed(at)
            if at == 0 && line.hasPrefix("#!") || line.lowercased() == "<?php" {
                at += 1
                insertAt = at
            } else if line.lowercased().hasPrefix("<?php ") || line.hasPrefix("declare") || line.hasPrefix("namespace ")
            {
                at += 1
                insertAt = at
            } else if source.isBlankLine(at) {
                at += 1
            } else if let end = line.hasPrefix("#") && !line.hasPrefix("#[") ? at + 1 : CStyle.commentEnd(source, at) {
                at = end
                // The file's docblock is followed by a blank line; one that touches code belongs to it.
                let next = CStyle.nextCode(source, end)
                let goesOn = ["declare", "namespace ", "use "].contains { source.trimmed(next).hasPrefix($0) }
                if end == source.count || source.isBlankLine(end) || goesOn { insertAt = end }
            } else {
                break
            }
        }
        var site = ImportSite(insertAt: insertAt)
        site.statements = collectStatements(
            source, from: at, skip: { CStyle.commentEnd(source, $0) },
            statement: { index in
                guard source.trimmed(index).hasPrefix("use ") else { return nil }
                let end = CStyle.statementEnd(source, index)
                let joined = (index..<end).map { CStyle.withoutComment(source[$0]) }.joined(separator: " ")
                return self.parse(joined).map { ImportStatement(lines: index..<end, entry: $0) }
            })
        return site
    }
}
