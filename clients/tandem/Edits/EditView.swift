import Glibc
import TandemBase
import TandemJSON

/// What is shown while a plan is made or carried out: a spinner with what is done, a bar on long work, all on stderr.
struct EditView: ExchangeView {
    /// Files from which on a bar is worth its place.
    private static let filesForABar = 8

    let wantsEvents: Bool
    private let asLines: Bool
    private let output = Output.standard
    private let error = Output.error
    private var spinner: Spinner
    private var work = ""
    private var editCount = 0

    init(_ invocation: Invocation, label: String) {
        asLines = invocation.has("jsonl")
        wantsEvents = asLines || error.terminal.isTerminal
        spinner = Spinner(error, label: label, enabled: true, now: .now())
        work = label
    }

    mutating func event(_ event: JSONValue) throws(Failure) {
        if asLines {
            spinner.hide()
            return try output.write(foreign: event.raw + [0x0A])
        }
        switch event["type"]?.string {
        case "step": work = "\(event["role"]?.string ?? ""): \(event["model"]?.string ?? "")"
        case "edit":
            editCount += 1
            let file = event["edit"]?["file"]?.string ?? ""
            spinner.label = "\(work), \(editCount) \(editCount == 1 ? "edit" : "edits") (\(file))"
            return
        case "reset": editCount = 0
        case "progress":
            guard let done = event["done"]?.int, let total = event["total"]?.int, total >= Self.filesForABar else {
                return
            }
            spinner.label = "\(progressBar(done, of: total)) \(done) of \(total) \(event["unit"]?.string ?? "")"
            return
        case "notice":
            guard error.terminal.isTerminal, let message = event["message"]?.string else { return }
            spinner.hide()
            try error.write(dimmed: brokenLines("[\(message)]\n", columns: error.terminal.columns))
            return
        default: return
        }
        spinner.label = work
    }

    func nextTick(_ now: MonotonicTime) -> MonotonicTime? { spinner.due(now) }
    mutating func tick(_ now: MonotonicTime) { spinner.show(now) }
    mutating func finish() { spinner.hide() }
}

/// Asks a person; the terminal is stdin, what is asked stands on stderr.
enum Question {
    static var canBeAsked: Bool { isatty(STDIN_FILENO) == 1 }

    /// Puts the terminal, where there is one, in the place of a stdin that has brought what it had to bring.
    static func takeTerminal() {
        guard let terminal = try? FileDescriptor.open("/dev/tty", O_RDWR) else { return }
        dup2(terminal.raw, STDIN_FILENO)
    }

    /// The first letter of the answer that is one of `letters`, in lower case; nil at the end of input.
    static func ask(_ text: String, _ letters: String) throws(Failure) -> Character? {
        while true {
            Output.complain("\(text) [\(letters.map(String.init).joined(separator: "/"))] ")
            guard let line = try readLine() else { return nil }
            if let answer = line.lowercased().first(where: { !$0.isWhitespace }), letters.contains(answer) {
                return answer
            }
        }
    }

    private static func readLine() throws(Failure) -> String? {
        let interrupt = Interrupts.watch()
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256)
        while bytes.last != 0x0A, bytes.count < buffer.count {
            var fds = [
                pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&fds, 2, -1) < 0 { continue }
            if fds[0].revents != 0 { throw .interrupted }
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count <= 0 { return nil }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
