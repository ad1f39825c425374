import TandemBase

/// Python: `__future__`, standard library, third party, local; names of one module join a single-line `from`.
struct PythonImports: ImportLanguage {
    let name = "Python"
    let separatesGroups = true
    private static let future = 0
    /// Folders of the file: a module named like one of them is local.
    private let folders: Set<String>

    init(path: String) { folders = Set(path.split(separator: "/").dropLast().map(String.init)) }

    func parse(_ text: String) -> ImportEntry? {
        let statement = Self.withoutComment(text).trimmingSpaces
        let parts = words(statement)
        guard parts.count >= 2, !statement.contains(";"), !statement.contains("\\") else { return nil }
        if parts[0] == "import" {
            let modules = statement.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false).map {
                words($0)
            }
            guard modules.allSatisfy({ Self.isImported($0, allowsStar: false, dotted: true) }) else { return nil }
            return ImportEntry(
                identities: Set(modules.map { "import " + $0.joined(separator: " ") }), group: group(modules[0][0]),
                sortKeys: sortKeys("0 " + modules[0][0]) + sortKeys(modules[0][0]), text: text)
        }
        guard parts[0] == "from", parts.count >= 4, parts[2] == "import",
            parts[1].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        else { return nil }
        guard let names = Self.names(of: statement) else { return nil }
        return ImportEntry(
            identities: Set(names.map { "from \(parts[1]) import \($0)" }), group: group(parts[1]),
            sortKeys: sortKeys("1 " + parts[1]) + sortKeys(parts[1]), text: text)
    }

    func site(in source: SourceLines) -> ImportSite {
        var at = 0
        var header = 0
        while at < source.count, source.isBlankLine(at) || source[at].hasPrefix("#") {
            at += 1
            if !source.isBlankLine(at - 1) { header = at }
        }
        if at < source.count, Self.isDocstring(source[at]) {
            at = PythonLines.logicalEnd(source, at)
            header = at
        }
        var site = ImportSite(insertAt: header)
        // Plain assignments may stand before the imports; a block may not.
        while at < source.count, !isImport(source, at) {
            let line = source[at]
            let first = words(line).first ?? ""
            let isBlock = ["if", "try:", "try", "def", "class", "for", "while", "with", "async", "match"].contains(
                first)
            if isBlock || line.hasPrefix("@") { return site }
            at = PythonLines.logicalEnd(source, at)
        }
        site.statements = collectStatements(
            source, from: at, skip: { source[$0].hasPrefix("#") ? $0 + 1 : nil },
            statement: { index in
                guard self.isImport(source, index) else { return nil }
                let lines = index..<PythonLines.logicalEnd(source, index)
                let joined = lines.map { Self.withoutComment(source[$0]) }.joined(separator: " ")
                let entry =
                    self.parse(joined.replacing("\\", with: " "))
                    ?? ImportEntry(identities: [], group: 2, sortKeys: sortKeys(joined), text: joined)
                return ImportStatement(lines: lines, entry: entry)
            })
        return site
    }

    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange {
        let known = site.statements.reduce(into: Set<String>()) { $0.formUnion($1.entry.identities) }
        let missing = entry.identities.subtracting(known)
        if missing.isEmpty { return .already }
        if entry.group == Self.future, isBehindCode(site, source) {
            return placed(entry, ImportSite(insertAt: site.insertAt), source)
        }
        let prefix = "from " + words(entry.text)[1] + " import "
        guard words(entry.text)[0] == "from", !missing.contains(prefix + "*") else {
            return placed(entry, site, source)
        }
        let mergeable = site.statements.first { statement in
            statement.lines.count == 1 && source.isWritable(statement.lines)
                && !statement.entry.identities.isEmpty && !statement.entry.identities.contains(prefix + "*")
                && statement.entry.identities.allSatisfy { $0.hasPrefix(prefix) }
        }
        guard let mergeable else { return placed(entry, site, source) }
        let added = (Self.names(of: Self.withoutComment(entry.text)) ?? []).filter { missing.contains(prefix + $0) }
        let line = source[mergeable.lines.lowerBound]
        let code = Self.withoutComment(line)
        let comment = String(line.dropFirst(code.count))
        guard var names = Self.names(of: code) else { return placed(entry, site, source) }
        let old = names
        for name in added {
            let keys = names.map { $0.lowercased() }
            let plain = zip(names, names.dropFirst()).allSatisfy { $0 <= $1 }
            let folded = zip(keys, keys.dropFirst()).allSatisfy { $0 <= $1 }
            let next =
                plain ? names.firstIndex { $0 > name } : folded ? keys.firstIndex { $0 > name.lowercased() } : nil
            names.insert(name, at: next ?? names.count)
        }
        let body = code.trimmingTrailingSpaces
        let trailing = String(code.dropFirst(body.count))
        guard let start = CStyle.offset(of: " import", in: body) else { return placed(entry, site, source) }
        let hasParentheses = body.hasSuffix(")")
        let head = String(body.prefix(start)) + " import "
        let list = names.joined(separator: ", ")
        let merged = head + (hasParentheses ? "(\(list))" : list) + trailing + comment
        return old.isEmpty ? placed(entry, site, source) : .lines(mergeable.lines, [merged])
    }

    /// Imports may begin behind assignments and the like; one from `__future__` must stand before all other code.
    private func isBehindCode(_ site: ImportSite, _ source: SourceLines) -> Bool {
        guard let first = site.statements.first?.lines.lowerBound, site.insertAt < first else { return false }
        return (site.insertAt..<first).contains { !source.isBlankLine($0) && !source[$0].hasPrefix("#") }
    }

    private func isImport(_ source: SourceLines, _ index: Int) -> Bool {
        let line = source[index]
        return (line.hasPrefix("import ") || line.hasPrefix("from ")) && !Self.withoutComment(line).contains(";")
    }

    private func group(_ module: String) -> Int {
        let top = String(module.prefix { $0 != "." })
        if module.hasPrefix(".") || folders.contains(top) { return 3 }
        if top == "__future__" { return Self.future }
        return pythonStandardLibrary.contains(top) ? 1 : 2
    }

    private static func isDocstring(_ line: String) -> Bool {
        let rest = line.drop { "rRuU".contains($0) }
        return line.count - rest.count <= 1 && (rest.hasPrefix("\"") || rest.hasPrefix("'"))
    }

    /// The names behind `import`, each with its alias; nil when they do not make one statement.
    private static func names(of statement: String) -> [String]? {
        guard let start = CStyle.offset(of: " import", in: statement) else { return nil }
        var list = String(statement.dropFirst(start + 7)).trimmingSpaces
        if list.hasPrefix("(") {
            guard list.hasSuffix(")") else { return nil }
            list = String(list.dropFirst().dropLast()).trimmingSpaces
            if list.hasSuffix(",") { list.removeLast() }
        }
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map { words($0) }
        guard names.allSatisfy({ isImported($0, allowsStar: names.count == 1, dotted: false) }) else { return nil }
        return names.map { $0.joined(separator: " ") }
    }

    private static func isImported(_ words: [String], allowsStar: Bool, dotted: Bool) -> Bool {
        func isName(_ word: String) -> Bool {
            !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || (dotted && $0 == ".") }
        }
        if words == ["*"] { return allowsStar }
        if words.count == 3 { return isName(words[0]) && words[1] == "as" && isName(words[2]) }
        return words.count == 1 && isName(words[0])
    }

    /// An import statement holds no string, so the first `#` begins its comment.
    private static func withoutComment(_ line: String) -> String { String(line.prefix { $0 != "#" }) }
}

/// Python's logical lines: brackets, backslashes and triple-quoted strings join physical ones.
enum PythonLines {
    /// The line behind the logical line that begins at `index`.
    static func logicalEnd(_ source: SourceLines, _ index: Int) -> Int {
        var at = index
        var depth = 0
        var triple: Character?
        while at < source.count {
            var quote: Character?
            let characters = Array(source[at])
            var column = 0
            var continues = false
            while column < characters.count {
                let character = characters[column]
                func isTriple(_ mark: Character) -> Bool {
                    column + 2 < characters.count && characters[column + 1] == mark && characters[column + 2] == mark
                }
                if let mark = triple {
                    if character == "\\" {
                        column += 1
                    } else if character == mark, isTriple(mark) {
                        triple = nil
                        column += 2
                    }
                } else if let mark = quote {
                    if character == "\\" { column += 1 } else if character == mark { quote = nil }
                } else if character == "\"" || character == "'" {
                    if isTriple(character) {
                        triple = character
                        column += 2
                    } else {
                        quote = character
                    }
                } else if character == "#" {
                    break
                } else if "([{".contains(character) {
                    depth += 1
                } else if ")]}".contains(character) {
                    depth -= 1
                }
                continues = character == "\\" && column == characters.count - 1
                column += 1
            }
            at += 1
            if triple == nil, depth <= 0, !continues { return at }
        }
        return at
    }
}

extension String {
    var trimmingTrailingSpaces: String { String(decoding: Array(utf8).trimmingTrailingBlanks, as: UTF8.self) }
}
