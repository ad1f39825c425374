import TandemJSON

/// A unified diff of one file, for people and for carrying out exactly what they saw.
struct DiffText {
    private let lines: [Substring]

    init(_ diff: String) { lines = diff.split(separator: "\n", omittingEmptySubsequences: false) }

    func print(to output: Output) throws(Failure) {
        var text = ""
        for (index, line) in lines.enumerated() where index + 1 < lines.count || !line.isEmpty {
            let shown = String(decoding: harmless(Array(line.utf8)), as: UTF8.self)
            text += (output.terminal.hasColour ? Self.coloured(shown) : shown) + "\n"
        }
        try output.write(text)
    }

    private static func coloured(_ line: String) -> String {
        let code: String? =
            if line.hasPrefix("@@") {
                "36"
            } else if line.hasPrefix("+++") || line.hasPrefix("---") || line.hasPrefix("diff ")
                || line.hasPrefix("rename ") || line.hasPrefix("new file") || line.hasPrefix("deleted file")
                || line.hasPrefix("similarity")
            {
                "1"
            } else if line.hasPrefix("+") {
                "32"
            } else if line.hasPrefix("-") {
                "31"
            } else {
                nil
            }
        return code.map { "\u{1B}[\($0)m\(line)\u{1B}[0m" } ?? line
    }

    /// Lines that come and go.
    var counts: (added: Int, removed: Int) {
        hunks.reduce(into: (0, 0)) { counts, hunk in
            counts.0 += hunk.lines.count { $0.hasPrefix("+") }
            counts.1 += hunk.lines.count { $0.hasPrefix("-") }
        }
    }

    /// The old name of a renamed file.
    var renamedFrom: String? {
        lines.first { $0.hasPrefix("rename from ") }.map { Self.unquoted(String($0.dropFirst(12))) }
    }

    private struct Hunk {
        /// 1-based, of the old file.
        var start: Int
        var lines: [Substring]
    }

    private var hunks: [Hunk] {
        var hunks: [Hunk] = []
        for line in lines {
            if line.hasPrefix("@@ -"), let start = Int(line.dropFirst(4).prefix { $0.isNumber }) {
                hunks.append(Hunk(start: start, lines: []))
            } else if !hunks.isEmpty, let mark = line.first, " +-\\".contains(mark) {
                hunks[hunks.count - 1].lines.append(line)
            }
        }
        return hunks
    }

    /// The file's change as edits that need no model: what was shown is what is carried out, to the byte.
    func writeEdits(_ file: JSONValue, to writer: inout JSONWriter) {
        let path = file["path"]?.string ?? ""
        func edit(_ file: String, _ type: String, _ members: (inout JSONWriter) -> Void) {
            writer.beginObject()
            writer.member("file", file)
            writer.member("type", type)
            members(&writer)
            writer.endObject()
        }
        switch file["action"]?.string {
        case "create": edit(path, "create") { $0.member("content", hunks.first.map { Self.text($0.lines, "+") } ?? "") }
        case "delete": edit(path, "delete") { _ in }
        default:
            let old = renamedFrom ?? path
            for hunk in hunks {
                edit(old, "replace") { writer in
                    writer.member("find", Self.text(hunk.lines, "-"))
                    writer.member("replace", Self.text(hunk.lines, "+"))
                    writer.member("line_hint", max(1, hunk.start))
                }
            }
            if renamedFrom != nil { edit(old, "rename") { $0.member("to", path) } }
        }
    }

    /// One side of a hunk: the lines with that mark and those of both sides.
    private static func text(_ lines: [Substring], _ mark: Character) -> String {
        var text = ""
        for (index, line) in lines.enumerated() where line.first == mark || line.first == " " {
            text += line.dropFirst()
            // "\ No newline at end of file" speaks of the line before it.
            if index + 1 == lines.count || lines[index + 1].first != "\\" { text += "\n" }
        }
        return text
    }

    /// git's C quotes.
    private static func unquoted(_ name: String) -> String {
        guard name.hasPrefix("\""), name.hasSuffix("\""), name.utf8.count >= 2 else { return name }
        var bytes: [UInt8] = []
        var rest = Array(name.utf8).dropFirst().dropLast()
        let letters: [UInt8: UInt8] = [
            0x61: 7, 0x62: 8, 0x74: 9, 0x6E: 10, 0x76: 11, 0x66: 12, 0x72: 13, 0x22: 0x22, 0x5C: 0x5C,
        ]
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            if let letter = letters[next] {
                bytes.append(letter)
            } else {
                let digits = [next] + rest.prefix(2)
                rest = rest.dropFirst(2)
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 &- 0x30) })
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
