/// Help for people, from the command table.
enum Help {
    static let purpose = "two-model work from the command line, over the daemon tandemd"
    /// Columns of a line of help at most.
    private static let width = 80

    static func overview(_ commands: [Command]) -> String {
        var text = """
            tandem: \(purpose)

            usage: tandem COMMAND [OPTIONS] [ARGUMENTS]

            commands:

            """
        text += rows(commands.map { ($0.name, $0.summary) })
        text += "\nexamples:\n"
        text += examples(commands.flatMap { $0.examples.prefix(1) }.prefix(4))
        return text + "\n'tandem COMMAND --help' tells more about a command.\n"
    }

    static func page(_ command: Command) -> String {
        var text = paragraphs("tandem \(command.name): \(command.summary)")
        text += "\n\nusage: \(usage(command))\n"
        if !command.details.isEmpty { text += "\n\(paragraphs(command.details))\n" }
        let described = command.operands.filter { !$0.summary.isEmpty }
        if !described.isEmpty { text += "\narguments:\n" + rows(described.map { ($0.name, $0.summary) }) }
        text += "\noptions:\n" + rows(command.shownOptions.map { (spelling($0), $0.summary) })
        if !command.examples.isEmpty { text += "\nexamples:\n" + examples(command.examples) }
        return text
    }

    static func usage(_ command: Command) -> String {
        let operands = command.operands.map { operand in
            var name = operand.name
            if case .choice(let values) = operand.values, values.count <= 8 { name = values.joined(separator: "|") }
            if operand.repeats { name += "…" }
            return operand.isRequired ? name : "[\(name)]"
        }
        return (["tandem", command.name, "[OPTIONS]"] + operands).joined(separator: " ")
    }

    static func spelling(_ option: Option) -> String {
        let short = option.short.map { "-\($0), " } ?? "    "
        return short + "--\(option.name)" + (option.value.map { " \($0.placeholder)" } ?? "")
    }

    /// Two columns; a left side too wide for its column gets a line of its own.
    private static func rows(_ rows: [(String, String)]) -> String {
        let column = min(26, rows.map { $0.0.count }.max() ?? 0) + 4
        let indent = String(repeating: " ", count: column)
        return rows.map { left, right in
            let head = "  " + left
            let gap = head.count + 2 <= column ? String(indent.dropFirst(head.count)) : "\n" + indent
            return head + gap + filledLines(right, width: width - column).joined(separator: "\n" + indent) + "\n"
        }.joined()
    }

    /// Each of them filled anew; an empty line ends one.
    private static func paragraphs(_ text: String) -> String {
        var paragraphs = [""]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { paragraphs.append("") } else { paragraphs[paragraphs.count - 1] += " " + line }
        }
        return paragraphs.map { filledLines($0, width: width).joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private static func examples(_ examples: some Sequence<Example>) -> String {
        examples.map { "  \($0.command)\n      \($0.effect)\n" }.joined()
    }
}
