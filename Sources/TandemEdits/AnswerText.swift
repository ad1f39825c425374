/// Thinking traces that models write into their answers.
enum ThinkingTrace {
    /// The text without `<think>…</think>` and `<thinking>…</thinking>`; an unclosed trace runs to the end. A closing
    /// tag without an opening one (templates that open it for the model) ends a trace that began with the text.
    static func removed(from text: String) -> String {
        var result = text
        for (opening, closing) in [("<think>", "</think>"), ("<thinking>", "</thinking>")] {
            while let start = find(opening, in: result) {
                let tail = String(result[start.upperBound...])
                let rest = find(closing, in: tail).map { String(tail[$0.upperBound...]) } ?? ""
                result = String(result[..<start.lowerBound]) + rest
            }
            if let end = find(closing, in: result) { result = String(result[end.upperBound...]) }
        }
        return result
    }

    private static func find(_ needle: String, in text: String) -> Range<String.Index>? {
        guard let offset = PatternSearch.occurrences(of: Array(needle.utf8), in: Array(text.utf8)).first else {
            return nil
        }
        let start = text.utf8.index(text.startIndex, offsetBy: offset)
        return start..<text.utf8.index(start, offsetBy: needle.utf8.count)
    }
}

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
