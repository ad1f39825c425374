import Glibc
import TandemClient
import TandemJSON

/// `tandem chat` on a terminal without a prompt: one message after the other in one conversation.
struct Conversation {
    private var invocation: Invocation
    private var session: String
    private let error = Output.error
    private let reader = LineReader()
    private var client: Client?

    init(_ invocation: Invocation) throws(Failure) {
        self.invocation = invocation
        session = try sessionName(invocation)
    }

    mutating func run() throws(Failure) -> ExitCode {
        client = try invocation.connect()
        try error.write(
            dimmed: "one message a line, \\ at its end goes on in the next; /help, ^D leaves\n")
        var wasInterrupted = false
        while true {
            switch try readMessage() {
            case .end:
                try error.write("\n")
                return .success
            case .interrupted:
                // The first ^C gives up the line, the second in a row leaves.
                try error.write("\n")
                Interrupts.forget()
                if wasInterrupted { return .interrupted }
                wasInterrupted = true
                continue
            case .text(let text):
                switch SlashCommand.read(text) {
                case .message: try answer(text)
                case .unknown(let complaint): Output.complain(complaint + "\n")
                case .command(.quit, _): return .success
                case .command(let command, let argument): try carryOut(command, argument)
                }
            }
            wasInterrupted = false
        }
    }

    private mutating func answer(_ text: String) throws(Failure) {
        guard !text.isEmpty else { return }
        try attempt { (conversation, client) throws(Failure) in
            _ = try ask(
                client, conversation.invocation, content: MessageContent(text: text), session: conversation.session)
        }
    }

    private mutating func carryOut(_ command: SlashCommand, _ argument: String) throws(Failure) {
        switch command {
        case .help: try error.write(SlashCommand.list)
        case .new:
            session = newSessionName()
            try error.write(dimmed: "a new conversation\n")
        case .model where argument.isEmpty:
            try attempt { (conversation, client) throws(Failure) in
                do throws(ClientError) {
                    let models = try client.call("models", within: queryLimit)
                    let current = conversation.invocation.value("model") ?? models["default"]?.string
                    for name in elements(of: models["models"]).compactMap({ $0["name"]?.string }) {
                        let mark = name == current ? "* " : "  "
                        try? conversation.error.write(foreign: Array((mark + name + "\n").utf8))
                    }
                } catch {
                    throw Failure(error)
                }
            }
        case .model:
            invocation.set("model", argument)
            try error.write(dimmed: "\(argument) answers from now on\n")
        case .quit: break
        }
    }

    /// Does something with the daemon; what goes wrong is said and does not end the conversation.
    private mutating func attempt(_ work: (Self, Client) throws(Failure) -> Void) throws(Failure) {
        do throws(Failure) {
            if client == nil { client = try invocation.connect() }
            if let client { try work(self, client) }
        } catch {
            if error.code == .brokenPipe { throw error }
            Interrupts.forget()
            // After a failure the connection may be of no use: the next message gets a new one.
            client = nil
            Output.complain(
                "tandem chat: \(error.message ?? "cancelled")\n" + error.particulars.map { "  \($0)\n" }.joined())
        }
    }

    /// One message; a backslash at a line's end goes on in the next.
    private func readMessage() throws(Failure) -> LineReader.Line {
        var text = ""
        while true {
            switch try reader.read(prompt: text.isEmpty ? "> " : ". ") {
            case .interrupted: return .interrupted
            case .end: return text.isEmpty ? .end : .text(text)
            case .text(let line):
                text += line
                guard text.hasSuffix("\\") else { return .text(text) }
                text.removeLast()
                text += "\n"
            }
        }
    }
}
