import CLinux
import Glibc
import TandemBase
import TandemClient
import TandemJSON

/// The most bytes of one message typed at the prompt.
private let lineLimit = 1 << 20

/// `tandem chat` on a terminal without a prompt: one message after the other in one conversation.
struct Conversation {
    private let invocation: Invocation
    private let session: String
    private let error = Output.error
    private var client: Client?

    init(_ invocation: Invocation) throws(Failure) {
        self.invocation = invocation
        session = try sessionName(invocation)
    }

    mutating func run() throws(Failure) -> ExitCode {
        client = try invocation.connect()
        try error.write(dimmed: "a line is a message, \\ at its end goes on in the next, ^D leaves\n")
        while true {
            switch try readMessage() {
            case .end:
                try error.write("\n")
                return .success
            case .interrupted:
                // The first ^C gives up the line, the second in a row leaves.
                try error.write("\n")
                Interrupts.forget()
                guard case .message(let text) = try readMessage() else { return .interrupted }
                try answer(text)
            case .message(let text): try answer(text)
            }
        }
    }

    private enum Input {
        case message(String)
        case interrupted
        case end
    }

    private mutating func answer(_ text: String) throws(Failure) {
        guard !text.isEmpty else { return }
        do throws(Failure) {
            if client == nil { client = try invocation.connect() }
            guard let client else { return }
            _ = try ask(client, invocation, content: MessageContent(text: text), session: session)
        } catch {
            if error.code == .brokenPipe { throw error }
            Interrupts.forget()
            // After a failure the connection may be of no use: the next message gets a new one.
            client = nil
            Output.complain(
                "tandem chat: \(error.message ?? "cancelled")\n" + error.particulars.map { "  \($0)\n" }.joined())
        }
    }

    private func readMessage() throws(Failure) -> Input {
        var text = ""
        try error.write("> ")
        while true {
            guard let line = try readLine() else { return .interrupted }
            if line.isEmpty { return text.isEmpty ? .end : .message(text) }
            text += line.trimmingNewlines
            guard text.hasSuffix("\\") else { return .message(text) }
            text.removeLast()
            text += "\n"
            try error.write(". ")
        }
    }

    /// One line with its end, as the terminal's own line editing gives it; empty at the end of input, nil for ^C.
    private func readLine() throws(Failure) -> String? {
        let interrupt = Interrupts.watch()
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < lineLimit {
            var fds = [
                pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&fds, 2, -1) < 0 { continue }
            if fds[0].revents != 0 { return nil }
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, cl_errno() == EINTR { continue }
            if count <= 0 { break }
            bytes += buffer[..<count]
            if bytes.last == 0x0A { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
