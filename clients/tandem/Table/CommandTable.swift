import TandemProtocol

/// Every command there is, in the order of the help.
enum CommandTable {
    static let all: [Command] = [
        .chat, .plan, .apply, .solve, .undo, .transactions, .escalate, .models, .route, .status, .top, .stats, .history,
        .feedback, .bench, .providers, .cache, .call, .config, .doctor, .logs, .completion, .stdio, .acp, .lsp, .mcp,
        .http,
        .version,
        .help,
    ]

    static func command(named name: String) -> Command? { all.first { $0.name == name } }
}

extension Command {
    static let version = Command(
        name: "version", summary: "show the versions of tandem and of the protocol",
        examples: [Example("tandem version", "prints the versions")]
    ) { (_) throws(Failure) in
        try Output.standard.write("tandem \(tandemVersion) (protocol \(protocolVersion))\n")
        return .success
    }

    static let help = Command(
        name: "help", summary: "show help for a command",
        operands: [Operand(name: "COMMAND", summary: "the command; all of them are listed without it")],
        options: [Option("man", nil, .choice(Manual.pages), "print a manual page as roff", isHidden: true)],
        examples: [Example("tandem help chat", "shows the help of 'tandem chat'")]
    ) { (invocation) throws(Failure) in
        if let page = invocation.value("man") {
            try Output.standard.write(try Manual.page(page))
            return .success
        }
        guard let name = invocation.operands.first else {
            try Output.standard.write(Help.overview(CommandTable.all))
            return .success
        }
        guard let command = CommandTable.command(named: name) else { throw CommandLineRun.unknown(name) }
        try Output.standard.write(Help.page(command))
        return .success
    }
}
