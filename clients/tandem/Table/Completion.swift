extension Command {
    static let completion = Command(
        name: "completion", summary: "print completions for a shell",
        operands: [
            Operand(name: "SHELL", values: .choice(["bash", "zsh", "fish"]), isRequired: true, summary: "the shell")
        ],
        examples: [
            Example(
                "tandem completion bash > ~/.local/share/bash-completion/completions/tandem", "installs them for bash"),
            Example("tandem completion zsh > \"${fpath[1]}/_tandem\"", "installs them for zsh"),
            Example("tandem completion fish > ~/.config/fish/completions/tandem.fish", "installs them for fish"),
        ]
    ) { (invocation) throws(Failure) in
        let commands = CommandTable.all
        let text =
            switch invocation.operands[0] {
            case "bash": Completion.bash(commands)
            case "zsh": Completion.zsh(commands)
            default: Completion.fish(commands)
            }
        try Output.standard.write(text)
        return .success
    }
}

/// Completion scripts from the command table. Model names are asked of the daemon when they are needed.
enum Completion {
    // Shells look for expansions in the words they offer, so a name with other characters than these is left out.
    private static let modelQuery =
        "tandem models --json 2>/dev/null | grep -o '\"name\":\"[A-Za-z0-9._:/@+-]*\"' | cut -d'\"' -f4"

    static func bash(_ commands: [Command]) -> String {
        var text = """
            # bash completion for tandem, made by 'tandem completion bash'
            _tandem() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word i
                for ((i = 1; i < COMP_CWORD; i++)); do
                    word=${COMP_WORDS[i]}
                    if [[ $word == --socket ]]; then ((i++)); elif [[ $word != -* ]]; then command=$word; break; fi
                done
                case $command:$prev in

            """
        for command in commands {
            for option in command.shownOptions {
                guard let value = option.value else { continue }
                let names = ["--" + option.name] + (option.short.map { ["-\($0)"] } ?? [])
                let pattern = names.map { "\(command.name):\($0)" }.joined(separator: " | ")
                switch value {
                case .choice(let values): text += reply(pattern, "-W '\(values.joined(separator: " "))'")
                case .file: text += reply(pattern, "-f")
                case .text("MODEL"): text += reply(pattern, "-W \"$(\(modelQuery))\"")
                case .text("PATH"): text += reply(pattern, "-f")
                case .text, .integer, .number, .duration: text += "        \(pattern)) return ;;\n"
                }
            }
        }
        text += "    esac\n    case $command in\n"
        let names = commands.map(\.name).joined(separator: " ")
        text += "        '') COMPREPLY=($(compgen -W '\(names) --help --version --socket' -- \"$cur\")) ;;\n"
        for command in commands {
            let options = command.shownOptions.map { "--" + $0.name }
            text += reply(command.name, "-W '\((words(command, commands) + options).joined(separator: " "))'")
        }
        return text + "    esac\n}\ncomplete -o default -F _tandem tandem\n"
    }

    static func zsh(_ commands: [Command]) -> String {
        var text = "#compdef tandem\n# zsh completion for tandem, made by 'tandem completion zsh'\n"
        text += "_tandem_models() { local -a models; models=(${(f)\"$(\(modelQuery))\"}); compadd -a models }\n"
        text += "_tandem() {\n    local context state line\n    _arguments -C '(-h --help)'{-h,--help}'[show help]' "
        text += "'--socket[where tandemd listens]:path:_files' '(-)1:command:->command' '(-)*::argument:->argument'\n"
        text += "    case $state in\n    command)\n        local -a commands=(\n"
        for command in commands { text += "            \(quoted(command.name + ":" + command.summary))\n" }
        text += "        )\n        _describe command commands ;;\n    argument)\n        case $words[1] in\n"
        for command in commands {
            text += "        \(command.name)) _arguments -s"
            for option in command.shownOptions { text += " \\\n            " + zshSpec(option) }
            let values = words(command, commands)
            if !values.isEmpty { text += " \\\n            '1:value:(\(values.joined(separator: " ")))'" }
            if command.operands.last?.repeats == true { text += " \\\n            '*:text: '" }
            text += " ;;\n"
        }
        return text + "        esac ;;\n    esac\n}\n_tandem \"$@\"\n"
    }

    static func fish(_ commands: [Command]) -> String {
        var text = "# fish completion for tandem, made by 'tandem completion fish'\ncomplete -c tandem -f\n"
        for command in commands {
            text += "complete -c tandem -n __fish_use_subcommand -a \(command.name) -d \(quoted(command.summary))\n"
        }
        for command in commands {
            let condition = "-n '__fish_seen_subcommand_from \(command.name)'"
            let values = words(command, commands)
            if !values.isEmpty { text += "complete -c tandem \(condition) -a '\(values.joined(separator: " "))'\n" }
            for option in command.shownOptions {
                text += "complete -c tandem \(condition) -l \(option.name)"
                if let short = option.short { text += " -s \(short)" }
                switch option.value {
                case nil: break
                case .file?, .text("PATH")?: text += " -r -F"
                case .choice(let values)?: text += " -x -a '\(values.joined(separator: " "))'"
                case .text("MODEL")?: text += " -x -a \(quoted("(" + modelQuery + ")"))"
                default: text += " -x"
                }
                text += " -d \(quoted(option.summary))\n"
            }
        }
        return text
    }

    private static func reply(_ pattern: String, _ words: String) -> String {
        "        \(pattern)) COMPREPLY=($(compgen \(words) -- \"$cur\")); return ;;\n"
    }

    /// What the first operand of a command may be, where that is known.
    private static func words(_ command: Command, _ commands: [Command]) -> [String] {
        if command.name == "help" { return commands.map(\.name) }
        if case .choice(let values)? = command.operands.first?.values { return values }
        return []
    }

    private static func zshSpec(_ option: Option) -> String {
        var action = ""
        switch option.value {
        case nil: break
        case .choice(let values)?: action = ":value:(\(values.joined(separator: " ")))"
        case .file?, .text("PATH")?: action = ":file:_files"
        case .text("MODEL")?: action = ":model:_tandem_models"
        case let value?: action = ":\(value.placeholder.lowercased()): "
        }
        let summary = String(option.summary.flatMap { "[]:".contains($0) ? "\\\($0)" : String($0) })
        guard let short = option.short else { return quoted("--\(option.name)[\(summary)]\(action)") }
        let exclusion = option.repeats ? "'*'" : "'(-\(short) --\(option.name))'"
        return exclusion + "{-\(short),--\(option.name)}" + quoted("[\(summary)]\(action)")
    }

    /// One word for a shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
