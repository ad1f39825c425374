/// A fenced block of a Markdown file whose language is `console`: commands after "$ ", and below each what it prints.
/// In expected lines "…" stands for anything.
struct ConsoleBlock {
    struct Step {
        var command: String
        var expected: [String]

        /// Whether a command printed what is expected, "…" standing for anything within a line, and for any lines
        /// where it stands alone.
        func isAnswered(by output: String) -> Bool {
            matches(output.split(separator: "\n")[...], expected.filter { !$0.isEmpty }[...])
        }
    }

    var steps: [Step] = []

    /// The blocks of a text, in order.
    static func all(in markdown: String) -> [ConsoleBlock] {
        var blocks: [ConsoleBlock] = []
        var isInside = false
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isInside = !isInside && line == "```console"
                if isInside { blocks.append(ConsoleBlock()) }
            } else if isInside, line.hasPrefix("$ ") {
                blocks[blocks.count - 1].steps.append(Step(command: String(line.dropFirst(2)), expected: []))
            } else if isInside, let last = blocks.last?.steps.last {
                // A command goes on after a backslash, a pipe or in an open quote's next line.
                let goesOn = last.expected.isEmpty && (last.command.hasSuffix("\\") || last.command.hasSuffix("|"))
                let index = (blocks.count - 1, blocks[blocks.count - 1].steps.count - 1)
                if goesOn {
                    blocks[index.0].steps[index.1].command += "\n" + line
                } else {
                    blocks[index.0].steps[index.1].expected.append(line)
                }
            }
        }
        return blocks
    }
}

private func matches(_ text: ArraySlice<Substring>, _ expected: ArraySlice<String>) -> Bool {
    guard let first = expected.first else { return text.isEmpty }
    let rest = expected.dropFirst()
    if first == "…" { return (0...text.count).contains { matches(text.dropFirst($0), rest) } }
    guard let line = text.first, matchesLine(line, first) else { return false }
    return matches(text.dropFirst(), rest)
}

private func matchesLine(_ line: Substring, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
    var rest = line
    for (index, part) in parts.enumerated() {
        if index == 0 {
            guard rest.hasPrefix(part) else { return false }
            rest = rest.dropFirst(part.count)
        } else if index == parts.count - 1 {
            return rest.hasSuffix(part)
        } else {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
    }
    return rest.isEmpty
}
