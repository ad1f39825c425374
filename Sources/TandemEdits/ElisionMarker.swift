/// Lines such as `# ... rest of the code unchanged ...` that stand for code left out.
enum ElisionMarker {
    private static let words = [
        "unchanged", "rest of", "remaining", "existing code", "same as before", "previous code", "as before",
        "omitted", "code here", "code above", "code below", "other methods", "other functions", "more code",
    ]

    /// The first line that marks an omission and does not stand in the original.
    static func first(in lines: [ArraySlice<UInt8>], notIn original: [ArraySlice<UInt8>]) -> ArraySlice<UInt8>? {
        let known = Set(original.map { $0.trimmingBlanks })
        return lines.first { isMarker($0) && !known.contains($0.trimmingBlanks) }
    }

    static func isMarker(_ line: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: line.trimmingBlanks, as: UTF8.self).lowercased()
        let hasDots = text.contains("...") || text.contains("…")
        let isComment = ["#", "//", "/*", "--", "<!--", ";", "{/*", "*"].contains { text.hasPrefix($0) }
        guard isComment || hasDots && (text.hasPrefix("...") || text.hasPrefix("…") || text.hasPrefix("[")) else {
            return false
        }
        if isComment, hasDots {
            let rest = text.drop { !$0.isLetter && $0 != "." && $0 != "…" }
            if rest.allSatisfy({ $0 == "." || $0 == "…" || $0 == " " || $0 == "*" || $0 == "/" }) { return true }
            return words.contains { text.contains($0) }
        }
        guard text.count <= 80 else { return false }
        return [
            "rest of the", "remains unchanged", "remain unchanged", "existing code", "rest unchanged", "unchanged code",
        ]
        .contains { text.contains($0) }
    }
}
