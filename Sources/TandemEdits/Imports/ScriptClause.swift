import TandemBase

/// One import of a JavaScript or TypeScript module, in either spelling.
struct ScriptClause {
    var module: String
    var defaultName: String?
    var namespace: String?
    /// As written, `a` or `a as b`, also `type T`.
    var named: [String] = []
    var typeOnly = false
    var isRequire = false
    var quote: Character = "'"
    var hasSemicolon = false

    var isSideEffect: Bool { defaultName == nil && namespace == nil && named.isEmpty && !typeOnly }

    init?(_ source: String) {
        var text = words(CStyle.withoutComment(source.contains("\n") ? source.replacing("\n", with: " ") : source))
            .joined(separator: " ")
        if text.hasSuffix(";") {
            hasSemicolon = true
            text = String(text.dropLast()).trimmingSpaces
        }
        guard let closing = text.last(where: { $0 == "'" || $0 == "\"" || $0 == "`" }) else { return nil }
        quote = closing
        if text.hasPrefix("import") {
            guard text.last == closing, let next = text.dropFirst(6).first, " {*'\"".contains(next) else { return nil }
            let body = text.dropLast()
            guard let open = body.lastIndex(of: closing) else { return nil }
            module = String(body[body.index(after: open)...])
            var clause = String(body[..<open].dropFirst(6)).trimmingSpaces
            if clause.isEmpty {
                guard !module.isEmpty else { return nil }
                return
            }
            guard clause.hasSuffix("from") else { return nil }
            clause = String(clause.dropLast(4)).trimmingSpaces
            if clause.hasPrefix("type "), !clause.hasPrefix("type from") {
                typeOnly = true
                clause = String(clause.dropFirst(5)).trimmingSpaces
            } else if clause.hasPrefix("type{") {
                typeOnly = true
                clause = String(clause.dropFirst(4))
            }
            guard read(clause, renames: " as ") else { return nil }
        } else {
            isRequire = true
            module = ""
            guard text.hasSuffix("\(closing))") else { return nil }
            if text.hasPrefix("require(") {
                module = String(text.dropFirst(9).dropLast(2))
                guard !module.contains(closing), text.dropFirst(8).first == closing else { return nil }
                return
            }
            guard let start = ["const ", "let ", "var "].first(where: { text.hasPrefix($0) }),
                let equals = CStyle.offset(of: "= require(", in: text)
            else { return nil }
            module = String(text.dropFirst(equals + 11).dropLast(2))
            guard !module.isEmpty, !module.contains(where: { $0 == closing || $0 == "(" }) else { return nil }
            let clause = String(text.prefix(equals).dropFirst(start.count)).trimmingSpaces
            guard !clause.isEmpty, read(clause.replacing(":", with: " as "), renames: " as ") else { return nil }
            guard namespace == nil else { return nil }
        }
    }

    private mutating func read(_ clause: String, renames: String) -> Bool {
        for part in splitOutsideBraces(clause).map(\.trimmingSpaces) {
            if part.hasPrefix("{") {
                guard part.hasSuffix("}") else { return false }
                named = part.dropFirst().dropLast().split(separator: ",").map { words($0).joined(separator: " ") }
                    .filter { !$0.isEmpty }
            } else if part.hasPrefix("*") {
                guard let name = words(part).last, part.contains("as") else { return false }
                namespace = name
            } else {
                guard defaultName == nil, !part.isEmpty,
                    part.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" })
                else { return false }
                defaultName = part
            }
        }
        return true
    }

    func identity(of name: String) -> String { "\(typeOnly ? "type " : "")\(module) {\(name)}" }

    var identities: Set<String> {
        let kind = typeOnly ? "type " : ""
        var all = Set(named.map(identity))
        if let defaultName { all.insert("\(kind)\(module) \(defaultName)") }
        // `const ns = require('m')` and `import * as ns` mean the same name.
        if let namespace { all.insert("\(kind)\(module) \(namespace)") }
        if isSideEffect { all.insert(module) }
        return all
    }

    /// Adds names, in order where the names are in order already.
    mutating func addSorted(_ names: [String]) {
        for name in names {
            let keys = this(named)
            let isSorted = zip(keys, keys.dropFirst()).allSatisfy { $0 <= $1 }
            let next = isSorted ? keys.firstIndex { $0 > name.lowercased() } : nil
            named.insert(name, at: next ?? named.count)
        }
    }

    private func this(_ names: [String]) -> [String] { names.map { $0.lowercased() } }

    /// The line with this clause's names in place of the old ones; what stands around them stays.
    func rewritten(_ line: String) -> String? {
        let marker = isRequire ? "=" : "from"
        let end: Int?
        if isRequire {
            end = CStyle.offset(of: "= require(", in: line)
        } else {
            end =
                CStyle.offset(of: " from ", in: line).map { $0 + 1 }
                ?? CStyle.offset(of: "}from", in: line).map { $0 + 1 }
        }
        guard let end else { return nil }
        let keyword = isRequire ? String(line.prefix { $0 != " " }) : typeOnly ? "import type" : "import"
        let spaced = !line.contains("{") || line.contains("{ ")
        return keyword + " " + clause(spaced: spaced) + " "
            + String(line.dropFirst(end).drop { $0 == " " })
            .replacing(marker + marker, with: marker)
    }

    private func clause(spaced: Bool) -> String {
        var parts: [String] = []
        if let defaultName { parts.append(defaultName) }
        if let namespace { parts.append(isRequire ? namespace : "* as " + namespace) }
        if !named.isEmpty {
            let names = isRequire ? named.map { $0.replacing(" as ", with: ": ") } : named
            parts.append(spaced ? "{ \(names.joined(separator: ", ")) }" : "{\(names.joined(separator: ", "))}")
        }
        return parts.joined(separator: ", ")
    }

    /// The whole statement in the file's style.
    func written(_ style: ScriptStyle) -> String {
        let target = "\(style.quote)\(module)\(style.quote)"
        let end = style.semicolon ? ";" : ""
        if isRequire {
            if isSideEffect { return "require(\(target))\(end)" }
            if let defaultName, !named.isEmpty {
                let rest = "{ \(named.map { $0.replacing(" as ", with: ": ") }.joined(separator: ", ")) }"
                return "const \(defaultName) = require(\(target)), \(rest) = \(defaultName)\(end)"
            }
            return "const \(clause(spaced: style.spaced)) = require(\(target))\(end)"
        }
        if isSideEffect { return "import \(target)\(end)" }
        return "import \(typeOnly ? "type " : "")\(clause(spaced: style.spaced)) from \(target)\(end)"
    }
}

/// Quotes, semicolons and braces as the file writes them.
struct ScriptStyle {
    /// Lines looked at for the style of a file without imports.
    private static let sampledLines = 500

    var quote: Character
    var semicolon: Bool
    var spaced = true

    init(_ source: SourceLines, _ site: ImportSite, _ clauses: [ScriptClause]) {
        if !clauses.isEmpty {
            quote = clauses.count { $0.quote == "\"" } * 2 > clauses.count ? "\"" : "'"
            semicolon = clauses.count { $0.hasSemicolon } * 2 >= clauses.count
            let braced = site.statements.map(\.entry.text).filter { $0.contains("{") }
            spaced = braced.isEmpty || braced.contains { $0.contains("{ ") || $0.contains("{\n") }
            return
        }
        var (double, single, ended, open) = (0, 0, 0, 0)
        for index in 0..<min(source.count, Self.sampledLines) {
            let line = source.text.line(index).trimmingTrailingBlanks
            double += line.count { $0 == 0x22 }
            single += line.count { $0 == 0x27 }
            if line.last == 0x3B { ended += 1 } else if line.last == 0x29 || line.last == 0x27 { open += 1 }
        }
        quote = double > single ? "\"" : "'"
        semicolon = ended > 0 || open == 0
    }
}
