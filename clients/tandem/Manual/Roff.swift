/// A manual page in the macros of man(7), for groff and mandoc.
struct Roff {
    private(set) var text: String

    init(_ name: String, section: Int, version: String, manual: String) {
        // No date: the same sources make the same page.
        text = ".\\\" Made by 'tandem help --man \(name)'. Do not edit.\n"
        request("TH", name.uppercased(), String(section), "", "Tandem \(version)", manual)
        // No hyphenation, no stretched lines.
        text += ".nh\n.ad l\n"
    }

    mutating func section(_ title: String) { request("SH", title.uppercased()) }
    mutating func subsection(_ title: String) { request("SS", title) }

    mutating func paragraph(_ words: String) {
        for paragraph in words.split(separator: "\n\n") {
            text += ".PP\n"
            line(paragraph.split(separator: "\n").map(Self.trimmed).joined(separator: " "))
        }
    }

    /// A term and what it means; without words the term shares those of the next one.
    mutating func item(_ term: String, _ words: String, after bare: Bool = false) {
        text += bare ? ".TQ\n" : ".TP\n"
        text += "\\fB\(Self.escaped(term))\\fR\n"
        if !words.isEmpty { line(words) }
    }

    /// Lines as they are.
    mutating func literal(_ lines: [String]) {
        text += ".PP\n.RS 4\n.nf\n"
        for content in lines { line(content) }
        text += ".fi\n.RE\n"
    }

    /// A literal line and what it does.
    mutating func example(_ command: String, _ effect: String) {
        text += ".PP\n.RS 4\n.nf\n"
        line(command)
        text += ".fi\n.RS 4\n"
        line(effect)
        text += ".RE\n.RE\n"
    }

    mutating func line(_ content: String) {
        let escaped = Self.escaped(content)
        // A control character at the start of a line would make it a request.
        text += (escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" : "") + escaped + "\n"
    }

    private mutating func request(_ name: String, _ arguments: String...) {
        text += "." + name
        for argument in arguments {
            text += " \"" + Self.escaped(argument).map { $0 == "\"" ? "\\(dq" : String($0) }.joined() + "\""
        }
        text += "\n"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            // What is typed must stay what it is: not a hyphen, not curly quotes, not a raised tilde.
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "…": result += "\\&..."
            case "“", "”": result += "\\(dq"
            default: result.append(character)
            }
        }
        return result
    }

    private static func trimmed(_ line: Substring) -> Substring {
        let start = line.firstIndex { $0 != " " } ?? line.endIndex
        return line[start...]
    }
}
