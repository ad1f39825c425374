import TandemBase

enum ImportLanguages {
    private static let byExtension: [String: any ImportLanguage] = {
        var table: [String: any ImportLanguage] = [:]
        func add(_ extensions: String, _ language: any ImportLanguage) {
            for name in extensions.split(separator: " ") { table[String(name)] = language }
        }
        add("js jsx mjs cjs", ScriptImports(name: "JavaScript"))
        add("ts tsx mts cts", ScriptImports(name: "TypeScript"))
        add("go", GoImports())
        add("rs", RustImports())
        add("swift", SwiftImports())
        add("java", JVMImports(name: "Java"))
        add("kt kts", JVMImports(name: "Kotlin"))
        add("c h", CIncludes(name: "C"))
        add("cc cpp cxx hpp hh hxx", CIncludes(name: "C++"))
        add("rb rake gemspec", RubyImports())
        add("php", PHPImports())
        return table
    }()

    /// By extension, then by the interpreter of the first line.
    static func language(path: String, source: SourceLines) throws(EditFault) -> any ImportLanguage {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if let dot = name.lastIndex(of: "."), dot > name.startIndex {
            let suffix = String(name[name.index(after: dot)...]).lowercased()
            if ["py", "pyi", "pyw"].contains(suffix) { return PythonImports(path: path) }
            if suffix == "cjs" || suffix == "mjs" { return ScriptImports(name: "JavaScript", module: suffix == "mjs") }
            if let language = byExtension[suffix] { return language }
        }
        if source.count > 0, source[0].hasPrefix("#!") {
            let words = source[0].dropFirst(2).split { (character: Character) in " /\t".contains(character) }
            for word in words {
                if word.hasPrefix("python") { return PythonImports(path: path) }
                if word == "node" || word == "nodejs" || word == "bun" { return ScriptImports(name: "JavaScript") }
                if word == "deno" || word == "ts-node" || word == "tsx" { return ScriptImports(name: "TypeScript") }
                if word.hasPrefix("ruby") { return RubyImports() }
                if word.hasPrefix("php") { return PHPImports() }
                if word == "swift" { return SwiftImports() }
            }
        }
        throw EditFault(
            .unsupportedLanguage,
            "add_import does not know the language of \(name); use replace or add_line with the line's exact place")
    }
}

/// Reading of files with `//` and `/* */` comments.
enum CStyle {
    /// The line behind the comment that begins on line `index`; nil when none begins there, or when code follows it.
    static func commentEnd(_ source: SourceLines, _ index: Int) -> Int? {
        let line = source.trimmed(index)
        if line.hasPrefix("//") { return index + 1 }
        guard line.hasPrefix("/*") else { return nil }
        var at = index
        var rest = String(line.dropFirst(2))
        while true {
            if let end = offset(of: "*/", in: rest) {
                let tail = String(rest.dropFirst(end + 2)).trimmingSpaces
                return tail.isEmpty ? at + 1 : nil
            }
            at += 1
            guard at < source.count else { return source.count }
            rest = source[at]
        }
    }

    /// The first line from `index` that is neither blank nor comment.
    static func nextCode(_ source: SourceLines, _ index: Int) -> Int {
        var at = index
        while at < source.count {
            if source.isBlankLine(at) { at += 1 } else if let end = commentEnd(source, at) { at = end } else { break }
        }
        return at
    }

    /// The line behind the comment block at the file's head: its first comment lines up to a blank line. A block that
    /// touches code belongs to that code, and is no header.
    static func headerEnd(_ source: SourceLines, from first: Int = 0) -> Int {
        var at = first
        while at < source.count, !source.isBlankLine(at), let end = commentEnd(source, at) { at = end }
        return at < source.count && !source.isBlankLine(at) ? first : at
    }

    /// The line behind the statement from `index` that ends with `;` outside of brackets; at most 500 lines.
    static func statementEnd(_ source: SourceLines, _ index: Int) -> Int {
        var at = index
        var depth = 0
        while at < min(source.count, index + 500) {
            let line = withoutComment(source[at])
            for character in line {
                if "{(".contains(character) { depth += 1 } else if "})".contains(character) { depth -= 1 }
            }
            at += 1
            if depth <= 0, line.trimmingSpaces.hasSuffix(";") { return at }
        }
        return index + 1
    }

    /// The line up to a `//` comment; quotes are respected.
    static func withoutComment(_ line: String) -> String {
        var quote: Character?
        var previous: Character = " "
        var kept = ""
        for character in line {
            if let open = quote {
                if character == open, previous != "\\" { quote = nil }
            } else if "\"'`".contains(character) {
                quote = character
            } else if character == "/", previous == "/" {
                return String(kept.dropLast())
            }
            previous = previous == "\\" && character == "\\" ? " " : character
            kept.append(character)
        }
        return kept
    }

    /// Where `needle` begins in `text`, in characters.
    static func offset(of needle: String, in text: String) -> Int? {
        let wanted = Array(needle)
        let characters = Array(text)
        guard characters.count >= wanted.count else { return nil }
        return (0...characters.count - wanted.count).first { start in
            wanted.indices.allSatisfy { characters[start + $0] == wanted[$0] }
        }
    }
}

/// Statements of one kind, line by line, from the first to the last of the first contiguous region.
func collectStatements(
    _ source: SourceLines, from first: Int, skip: (Int) -> Int?, statement: (Int) -> ImportStatement?
) -> [ImportStatement] {
    var found: [ImportStatement] = []
    var at = first
    while at < source.count {
        if source.isBlankLine(at) {
            at += 1
        } else if let end = skip(at) {
            at = end
        } else if let next = statement(at) {
            found.append(next)
            at = next.lines.upperBound
        } else {
            break
        }
    }
    return found
}

/// The text split into words at blanks.
func words(_ text: some StringProtocol) -> [String] {
    let isSeparator: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" }
    return String(text).split(whereSeparator: isSeparator).map { String($0) }
}
