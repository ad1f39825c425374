import TandemJSON

/// Whether a block of an answer claims to be code that parses. Answers show much that does not, and is right all the
/// same: pieces of a file, sessions at a prompt, diffs, code with holes. None of that is judged.
package enum Snippet {
    /// What a line in a session at a prompt begins with.
    private static let prompts = [
        "$ ", ">>>", "... ", "> ", "% ", "# $", "In [", "Out[", "irb(", "pry(", "PS C:\\", "PS>", "C:\\>", "❯ ", "➜ ",
        "sqlite> ", "mysql> ", "postgres=", "(Pdb)", "(gdb)", "(lldb)", "iex(", "php > ", "Traceback (",
    ]
    /// What no program begins with: the block continues something.
    private static let continuations: Set<String> = [
        "else", "elif", "elsif", "elseif", "except", "catch", "finally", "rescue", "ensure", "case", "default", "when",
        "end", "fi", "done", "esac", "then", "do", "and", "or",
    ]
    /// Commands of a shell or a notebook that stand in blocks of other languages.
    private static let foreignCommands = ["%", "!", "pip install", "npm ", "npx ", "yarn ", "gem install", "go get "]

    private static let shellWords: Set<String> = ["if", "for", "while", "until", "case", "function", "select"]

    /// The code to check, without the indentation that all its lines share; nil for what is not to be judged.
    package static func whole(_ code: String, language: String) -> String? {
        var lines = code.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        let filled = lines.filter { !$0.allSatisfy(\.isWhitespace) }
        guard let first = filled.first?.trimmed, let last = filled.last?.trimmed else { return nil }
        if filled.contains(where: isSessionOrDiff) || hasHole(code) { return nil }
        if ["bash", "sh", "shell"].contains(language) {
            // Mostly commands, with what they print between them; a script has more.
            let isScript = first.hasPrefix("#!") || filled.contains { shellWords.contains(firstWord($0)) }
            guard isScript else { return nil }
        } else if foreignCommands.contains(where: { first.hasPrefix($0) }) {
            return nil
        }
        // JSX is known by its tags' ends; no checker of JavaScript reads it.
        let isJavaScript = ["javascript", "js", "node", "mjs", "cjs"].contains(language)
        if isJavaScript, code.contains("</") || code.contains("/>") { return nil }
        if let mark = first.first, "})].,|&+-?:=@*/".contains(mark), !isBeginning(first) { return nil }
        if continuations.contains(firstWord(first)) { return nil }
        // A head alone, whose body is left to the reader or is a remark.
        let statements = filled.filter { !$0.trimmed.hasPrefix("#") }
        if last.hasSuffix("\\") || statements.last?.trimmed.hasSuffix(":") == true { return nil }
        let indent = filled.map { $0.prefix { $0 == " " || $0 == "\t" } }.min { $0.count < $1.count } ?? ""
        guard !indent.isEmpty else { return lines.joined(separator: "\n") }
        guard filled.allSatisfy({ $0.hasPrefix(indent) }) else { return nil }
        return lines.map { $0.dropFirst(indent.count) }.joined(separator: "\n")
    }

    private static func firstWord(_ line: some StringProtocol) -> String {
        String(line.drop { $0.isWhitespace }.prefix { $0.isLetter })
    }

    /// Decorators, comments, options and signs at the front of an expression.
    private static func isBeginning(_ line: String) -> Bool {
        ["@", "//", "/*", "--", "-", "+", "[", "*"].contains { mark in
            line.hasPrefix(mark) && line.dropFirst(mark.count).first.map { !$0.isWhitespace || mark != "*" } == true
        }
    }

    private static func isSessionOrDiff(_ line: Substring) -> Bool {
        if line.hasPrefix("@@ ") || line.hasPrefix("diff --git ") || line.hasPrefix("+++ ") { return true }
        let text = line.trimmed
        return text == "..." || prompts.contains { text.hasPrefix($0) }
    }

    /// Dots that stand for something left out, and names in angle brackets that the reader is to fill in.
    private static func hasHole(_ code: String) -> Bool {
        if code.contains("…") { return true }
        let bytes = Array(code.utf8)
        for index in bytes.indices where bytes[index] == UInt8(ascii: ".") && bytes[index...].starts(with: "...".utf8) {
            // Before a name or a bracket they are JavaScript's, PHP's and Go's; before a blank or an end, a hole.
            let next = index + 3 < bytes.count ? bytes[index + 3] : UInt8(ascii: "\n")
            if next <= UInt8(ascii: " ") || ")]},;\"'.".utf8.contains(next) { return true }
        }
        for index in bytes.indices where bytes[index] == UInt8(ascii: "<") {
            let name = bytes[(index + 1)...].prefix { isNameByte($0) }
            let end = index + 1 + name.count
            guard name.count > 1, end < bytes.count, bytes[end] == UInt8(ascii: ">") else { continue }
            if name.first != UInt8(ascii: " "), name.last != UInt8(ascii: " ") { return true }
        }
        return false
    }

    /// Of "your_api-key" or "file name"; types begin with a capital.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || "_- 0123456789".utf8.contains(byte)
    }

    // MARK: JSON

    /// Whether a block of JSON parses: as one value, as one on each line, or as members of an object.
    static func isJSON(_ code: String) -> Bool? {
        if hasHole(code) { return nil }
        if parses(code) { return true }
        let lines = code.split(separator: "\n").map(\.trimmed).filter { !$0.isEmpty }
        if lines.allSatisfy({ parses($0) }) { return true }
        guard lines.first?.hasPrefix("\"") == true else { return false }
        let members = code.trimmed
        return parses("{" + (members.hasSuffix(",") ? String(members.dropLast()) : members) + "}")
    }

    private static func parses(_ text: String) -> Bool {
        do throws(JSONError) {
            _ = try JSONDocument(Array(text.utf8))
            return true
        } catch {
            return false
        }
    }
}
