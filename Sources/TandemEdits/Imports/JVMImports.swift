import TandemBase

/// Java and Kotlin: after `package`; static and other imports in the file's own order; what is known anyway is skipped.
struct JVMImports: ImportLanguage {
    let name: String
    let separatesGroups = true

    func parse(_ text: String) -> ImportEntry? {
        var statement = CStyle.withoutComment(text).trimmingSpaces
        let isJava = name == "Java"
        if statement.hasSuffix(";") { statement.removeLast() } else if isJava, text.contains(" ") { statement += "" }
        var parts = words(statement)
        guard parts.first == "import", parts.count >= 2 else { return nil }
        parts.removeFirst()
        let isStatic = isJava && parts.first == "static"
        if isStatic { parts.removeFirst() }
        guard let path = parts.first, parts.count == 1 || !isJava && parts.count == 3 && parts[1] == "as",
            path.allSatisfy({ $0.isLetter || $0.isNumber || "_.*$`".contains($0) }), path.contains(".") || !isJava
        else { return nil }
        return ImportEntry(
            identities: [(isStatic ? "static " : "") + parts.joined(separator: " ")], group: isStatic ? 1 : 0,
            sortKeys: sortKeys(path),
            text: "import " + (isStatic ? "static " : "") + parts.joined(separator: " ") + (isJava ? ";" : ""),
            affinity: String(path.prefix { $0 != "." }))
    }

    func site(in source: SourceLines) -> ImportSite {
        var at = CStyle.nextCode(source, 0)
        // Kotlin's file annotations stand before the package.
        while at < source.count, source[at].hasPrefix("@file:") { at = CStyle.nextCode(source, at + 1) }
        var site = ImportSite(insertAt: CStyle.headerEnd(source))
        if at < source.count, source[at].hasPrefix("package ") {
            site.insertAt = at + 1
            at += 1
        }
        site.statements = collectStatements(
            source, from: at, skip: { CStyle.commentEnd(source, $0) },
            statement: { index in
                guard source.isTopLevel(index) else { return nil }
                return self.parse(source[index]).map { ImportStatement(lines: index..<index + 1, entry: $0) }
            })
        return site
    }

    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange {
        let path = words(entry.identities.first ?? "").first ?? ""
        let package = path.split(separator: ".").dropLast().joined(separator: ".")
        if entry.group == 0, !entry.identities.contains(where: { $0.contains(" ") }) {
            if package == "java.lang" { return .already }
            let clause = CStyle.withoutComment(site.insertAt > 0 ? source.trimmed(site.insertAt - 1) : "")
            let own = clause.hasPrefix("package ") ? clause.dropFirst(8).prefix { $0 != ";" } : ""
            if !own.isEmpty, String(own).trimmingSpaces == package { return .already }
        }
        // A star import of the same package makes the class known.
        if entry.group == 0, !path.hasSuffix("*"),
            site.statements.contains(where: { $0.entry.identities == [package + ".*"] }), entry.identities == [path]
        {
            return .already
        }
        var site = site
        // A file that has its static imports first keeps them first.
        if let first = site.statements.first, first.entry.group == 1 {
            for index in site.statements.indices { site.statements[index].entry.group ^= 1 }
            var entry = entry
            entry.group ^= 1
            return placed(entry, site, source)
        }
        return placed(entry, site, source)
    }
}
