import TandemBase
import TandemClient
import TandemProtocol

/// The manual pages. tandem(1) comes from the command table, tandemd(8) from the daemon's own help, and
/// tandem.toml(5) from its sample configuration: nothing is written twice.
enum Manual {
    static let pages = ["tandem", "tandemd", "tandem.toml"]

    /// The page of that name as roff. Those of the daemon ask the `tandemd` beside this program.
    static func page(_ name: String) throws(Failure) -> String {
        switch name {
        case "tandemd": DaemonManual.page(try daemonSays("--help"))
        case "tandem.toml": ConfigurationManual.page(try daemonSays("--print-sample-config"))
        default: page(CommandTable.all)
        }
    }

    private static func daemonSays(_ flag: String) throws(Failure) -> String {
        guard let text = Programs.output(of: [siblingBinary("tandemd") ?? "tandemd", flag]), !text.isEmpty else {
            throw Failure("tandemd could not be asked: install it beside this program")
        }
        return text
    }

    static func page(_ commands: [Command]) -> String {
        var roff = Roff("tandem", section: 1, version: tandemVersion, manual: "User Commands")
        roff.section("Name")
        roff.line("tandem - \(Help.purpose)")
        roff.section("Synopsis")
        roff.line("tandem COMMAND [OPTIONS] [ARGUMENTS]")
        roff.section("Description")
        roff.paragraph(
            """
            tandem talks to the daemon tandemd(8) over a Unix socket and starts it where none runs. The answer goes to \
            standard output and nothing else does; what is for people goes to standard error.
            """)
        roff.section("Common options")
        for option in Option.common { roff.item(Help.spelling(option).trimmingSpaces, option.summary) }
        roff.section("Commands")
        for command in commands {
            roff.subsection(Help.usage(command))
            roff.paragraph(command.summary.capitalizedSentence)
            if !command.details.isEmpty { roff.paragraph(command.details) }
            for operand in command.operands where !operand.summary.isEmpty {
                roff.item(operand.name, operand.summary)
            }
            for option in command.options where !option.isHidden {
                roff.item(Help.spelling(option).trimmingSpaces, option.summary)
            }
        }
        roff.section("Exit status")
        for code in ExitCode.allCases { roff.item(String(code.rawValue), code.meaning) }
        roff.section("Environment")
        for (name, meaning) in Help.environment { roff.item(name, meaning) }
        roff.section("Files")
        for (path, meaning) in Help.files { roff.item(path, meaning) }
        roff.section("Examples")
        for example in commands.flatMap(\.examples) {
            roff.example(example.command, example.effect.capitalizedSentence)
        }
        roff.section("See also")
        roff.line("tandemd(8), tandem.toml(5)")
        return roff.text
    }
}

extension String {
    /// "Shows the help." of "shows the help".
    var capitalizedSentence: String {
        guard let first else { return self }
        return first.uppercased() + dropFirst() + (hasSuffix(".") ? "" : ".")
    }
}
