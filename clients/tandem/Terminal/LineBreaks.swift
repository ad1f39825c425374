/// What the second line of a broken one is moved in by, beyond its first.
private let continuationIndent = 4
/// On narrower terminals lines are left to break where they will.
private let narrowestTerminal = 20

/// The words of a text in lines of at most so many columns, longer words excepted.
func filledLines(_ text: some StringProtocol, width: Int) -> [String] {
    var lines: [String] = []
    var room = 0
    for word in text.split(separator: " ") {
        let columns = word.columns
        if !lines.isEmpty, columns < room {
            lines[lines.count - 1] += " " + word
            room -= columns + 1
        } else {
            lines.append(String(word))
            room = width - columns
        }
    }
    return lines
}

/// Lines that are too long for a terminal broken between words, where it would break them anywhere; the others as they
/// are.
func brokenLines(_ text: String, columns: Int?) -> String {
    guard let columns, columns >= narrowestTerminal else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        if line.columns <= columns { return String(line) }
        let indent = String(line.prefix { $0 == " " })
        let further = indent + String(repeating: " ", count: continuationIndent)
        return indent + filledLines(line, width: columns - further.count).joined(separator: "\n" + further)
    }.joined(separator: "\n")
}
