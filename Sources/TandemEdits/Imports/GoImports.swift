import TandemBase

/// Go: a block after the package clause; the standard library apart from the rest; never into `import "C"`.
struct GoImports: ImportLanguage {
    let name = "Go"
    let separatesGroups = true

    func parse(_ text: String) -> ImportEntry? {
        var rest = CStyle.withoutComment(text).trimmingSpaces
        if rest.hasSuffix(";") { rest.removeLast() }
        if rest.hasPrefix("import"), rest.dropFirst(6).first.map({ " \t\"`".contains($0) }) == true {
            rest = String(rest.dropFirst(6)).trimmingSpaces
        }
        guard let quote = rest.firstIndex(where: { $0 == "\"" || $0 == "`" }), rest.last == rest[quote],
            rest.index(after: quote) < rest.index(before: rest.endIndex)
        else { return nil }
        let alias = String(rest[..<quote]).trimmingSpaces
        let path = String(rest[rest.index(after: quote)..<rest.index(before: rest.endIndex)])
        guard words(alias).count <= 1, alias.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }),
            !path.contains(where: { "\"` ".contains($0) }), path != "C"
        else { return nil }
        let first = path.prefix { $0 != "/" }
        return ImportEntry(
            identities: [alias + " " + path], group: first.contains(".") ? 1 : 0, sortKeys: [path],
            text: (alias.isEmpty ? "" : alias + " ") + "\"\(path)\"")
    }

    func site(in source: SourceLines) -> ImportSite {
        let package = CStyle.nextCode(source, 0)
        guard package < source.count, source[package].hasPrefix("package ") else {
            return ImportSite(insertAt: CStyle.headerEnd(source))
        }
        return ImportSite(insertAt: package + 1)
    }

    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange {
        var site = site
        var singles: [ImportStatement] = []
        var block: (first: Int, end: Int, members: [ImportStatement])?
        var at = CStyle.nextCode(source, site.insertAt)
        while at < source.count, source[at].hasPrefix("import"), block == nil {
            let rest = CStyle.withoutComment(String(source[at].dropFirst(6))).trimmingSpaces
            if rest == "(" {
                var members: [ImportStatement] = []
                var line = at + 1
                while line < source.count, !source.trimmed(line).hasPrefix(")") {
                    if let end = CStyle.commentEnd(source, line) {
                        line = end
                        continue
                    }
                    if let member = parse(source.trimmed(line)) {
                        members.append(ImportStatement(lines: line..<line + 1, entry: member))
                    }
                    line += 1
                }
                block = (at, line, members)
                at = line + 1
            } else {
                // `import "C"` with its preamble stands by itself, and nothing goes before it.
                if let single = parse(source.trimmed(at)) {
                    singles.append(ImportStatement(lines: at..<at + 1, entry: single))
                } else {
                    site.insertAt = at + 1
                }
                at += 1
            }
            at = CStyle.nextCode(source, at)
        }
        let known = (singles + (block?.members ?? [])).reduce(into: Set<String>()) { $0.formUnion($1.entry.identities) }
        if entry.identities.isSubset(of: known) { return .already }
        if let block {
            if block.members.isEmpty { return .lines(block.end..<block.end, ["\t" + entry.text]) }
            let indent = String(source[block.members[0].lines.lowerBound].prefix { $0 == " " || $0 == "\t" })
            site.statements = block.members
            return placed(entry, site, source, indent: indent)
        }
        if singles.count == 1, let only = singles.first, source.isWritable(only.lines) {
            let old = "\t" + String(source.trimmed(only.lines.lowerBound).dropFirst(6)).trimmingSpaces
            let new = "\t" + entry.text
            let separator = only.entry.group == entry.group ? [] : [""]
            let newFirst = (entry.group, entry.sortKeys[0]) < (only.entry.group, only.entry.sortKeys[0])
            return .lines(
                only.lines, ["import ("] + (newFirst ? [new] + separator + [old] : [old] + separator + [new]) + [")"])
        }
        site.statements = singles
        var line = entry
        line.text = "import " + entry.text
        return placed(line, site, source)
    }
}
