import TandemBase

/// Checks code that stands in an answer, not in a file: it may be a part of a file that does not parse by itself, so
/// each language has wrappings in which such a part is whole. Nothing is run, only parsed.
package enum SnippetVerifier {
    /// All checker runs for one snippet together.
    private static let timeout = TimeSpan.seconds(2)

    private struct Language {
        var command: [String]
        /// The file's name and what goes before and after the snippet in it, in the order they are tried.
        var forms: [(name: String, before: String, after: String)]
    }

    // The grammar alone: `return` outside of a function is what a part of one looks like.
    private static let python = "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read())"
    private static let toml = "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))"

    private static func language(_ name: String, _ code: String) -> Language? {
        switch name {
        case "python", "py", "python3":
            return Language(command: ["python3", "-I", "-c", python, "{file}"], forms: [("snippet.py", "", "")])
        case "javascript", "js", "node", "mjs", "cjs":
            return Language(
                command: ["node", "--check", "{file}"],
                forms: [
                    ("snippet.cjs", "", ""), ("snippet.mjs", "", ""), ("snippet.mjs", "class _ {\n", "\n}"),
                    ("snippet.mjs", "({\n", "\n})"),
                ])
        case "go", "golang":
            return Language(
                command: ["gofmt", "-e", "-l", "{file}"],
                forms: [
                    ("snippet.go", "", ""), ("snippet.go", "package p\n", "\n"),
                    ("snippet.go", "package p\nfunc _() {\n", "\n}\n"),
                ])
        case "ruby", "rb": return Language(command: ["ruby", "-c", "{file}"], forms: [("snippet.rb", "", "")])
        case "php":
            return Language(
                command: ["php", "-n", "-l", "{file}"],
                forms: [("snippet.php", code.contains("<?") ? "" : "<?php\n", "")])
        case "bash", "sh", "shell":
            return Language(command: ["bash", "-n", "{file}"], forms: [("snippet.sh", "", "\n")])
        case "swift":
            return Language(
                command: ["swiftc", "-frontend", "-parse", "{file}"],
                forms: [("snippet.swift", "", ""), ("snippet.swift", "struct _S {\n", "\n}")])
        case "toml":
            return Language(command: ["python3", "-I", "-c", toml, "{file}"], forms: [("snippet.toml", "", "")])
        default: return nil
        }
    }

    /// Blocking, up to 2 s; nil where no checker for the language is on this host, or it did not come to an end.
    package static func parses(_ code: String, language name: String) -> Bool? {
        guard let language = language(name, code) else { return nil }
        let end = MonotonicTime.now() + timeout
        for form in language.forms {
            let content = Array((form.before + code + form.after).utf8)
            let left = end - MonotonicTime.now()
            guard left > .zero else { return nil }
            switch SyntaxVerifier.run(language.command, name: form.name, content, timeout: left) {
            case .passed: return true
            case .failed: continue
            case .missing, .unfinished: return nil
            }
        }
        return false
    }
}
