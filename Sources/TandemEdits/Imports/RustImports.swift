import TandemBase

/// Rust: std/core/alloc, external crates, crate, super, self; trees are read, never merged into.
struct RustImports: ImportLanguage {
    let name = "Rust"
    let separatesGroups = false

    func parse(_ text: String) -> ImportEntry? {
        let statement = words(CStyle.withoutComment(text)).joined(separator: " ")
        guard let use = CStyle.offset(of: "use ", in: statement), statement.hasSuffix(";") else { return nil }
        let visibility = String(statement.prefix(use)).trimmingSpaces
        guard visibility.isEmpty || visibility.hasPrefix("pub") && !visibility.contains(";") else { return nil }
        let tree = String(statement.dropFirst(use + 4).dropLast()).trimmingSpaces
        guard !tree.isEmpty, !tree.contains(";"), let paths = Self.leaves(tree) else { return nil }
        let first = String(tree.drop { $0 == ":" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        let group =
            switch first {
            case "std", "core", "alloc": 0
            case "crate": 2
            case "super": 3
            case "self": 4
            default: 1
            }
        return ImportEntry(
            identities: Set(paths.map { visibility + " " + $0 }), group: group, sortKeys: sortKeys(tree),
            text: text.trimmingSpaces)
    }

    func site(in source: SourceLines) -> ImportSite {
        var at = 0
        var insertAt = CStyle.headerEnd(source)
        var first: Int?
        while at < source.count {
            let line = source[at]
            if line.hasPrefix("#!") || line.hasPrefix("//!") {
                at = line.hasPrefix("#![") ? Self.attributeEnd(source, at) : at + 1
                insertAt = at
            } else if source.isBlankLine(at) {
                at += 1
            } else if let end = CStyle.commentEnd(source, at) {
                at = end
            } else if isUse(line) || line.hasPrefix("#[") && isUse(source.trimmed(Self.attributeEnd(source, at))) {
                first = at
                break
            } else if line.hasPrefix("mod ") || line.hasPrefix("pub mod ") || line.hasPrefix("extern crate "),
                line.trimmingSpaces.hasSuffix(";")
            {
                at += 1
            } else {
                break
            }
        }
        var site = ImportSite(insertAt: insertAt)
        guard let first else { return site }
        site.statements = collectStatements(
            source, from: first, skip: { CStyle.commentEnd(source, $0) },
            statement: { index in
                var start = index
                while source.trimmed(start).hasPrefix("#[") { start = Self.attributeEnd(source, start) }
                guard start < source.count, self.isUse(source[start]) else { return nil }
                let end = CStyle.statementEnd(source, start)
                let joined = (start..<end).map { CStyle.withoutComment(source[$0]) }.joined(separator: " ")
                var entry =
                    self.parse(joined)
                    ?? ImportEntry(identities: [], group: 1, sortKeys: sortKeys(joined), text: joined)
                // What a condition guards is not imported for sure.
                if start > index { entry.identities = [] }
                return ImportStatement(lines: index..<end, entry: entry)
            })
        return site
    }

    private func isUse(_ line: String) -> Bool {
        line.hasPrefix("use ") || line.hasPrefix("pub use ") || line.hasPrefix("pub(") && line.contains(") use ")
    }

    private static func attributeEnd(_ source: SourceLines, _ index: Int) -> Int {
        var depth = 0
        for at in index..<source.count {
            for character in CStyle.withoutComment(source[at]) {
                if character == "[" { depth += 1 } else if character == "]" { depth -= 1 }
            }
            if depth <= 0 { return at + 1 }
        }
        return index + 1
    }

    /// `a::{b, c::{self, d as e}}` → a::b, a::c, a::c::d as e; nil where the braces do not pair.
    static func leaves(_ tree: String, prefix: String = "", depth: Int = 0) -> [String]? {
        guard depth < 32 else { return nil }
        guard let open = tree.firstIndex(of: "{") else {
            let path = prefix + tree.trimmingSpaces
            guard !path.contains("}"), !path.contains(",") else { return nil }
            return [path.hasSuffix("::self") ? String(path.dropLast(6)) : path]
        }
        guard tree.trimmingSpaces.hasSuffix("}") else { return nil }
        let head = prefix + String(tree[..<open]).trimmingSpaces
        let body = tree.trimmingSpaces.drop { $0 != "{" }.dropFirst().dropLast()
        var leaves: [String] = []
        for part in splitOutsideBraces(body) where !part.trimmingSpaces.isEmpty {
            guard let inner = Self.leaves(part.trimmingSpaces, prefix: head, depth: depth + 1) else { return nil }
            leaves += inner
        }
        return leaves
    }
}

/// Cut at the commas outside of braces.
func splitOutsideBraces(_ text: some StringProtocol) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
        if character == "{" { depth += 1 } else if character == "}" { depth -= 1 }
        if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts
}
