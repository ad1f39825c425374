import Glibc
import TandemBase
import TandemClient
import TandemJSON

/// Events that come within this time are shown together.
private let redrawPause = TimeSpan.milliseconds(100)
/// How long the daemon gets to say how it is.
private let statusLimit = TimeSpan.seconds(10)
/// Finished requests that are remembered; a screen shows fewer.
private let recentLimit = 200

extension Command {
    static let top = Command(
        name: "top", summary: "watch the daemon at work; q leaves",
        details: "The screen is drawn again when something happens, and only then.",
        examples: [Example("tandem top", "shows providers and requests as they come and go")]
    ) { (invocation) throws(Failure) in
        let output = Output.standard
        guard output.terminal.isCapable, isatty(STDIN_FILENO) == 1 else {
            throw .usage("tandem top needs a terminal: use 'tandem status --json' in scripts")
        }
        let client = try invocation.connect()
        let watched = client.watched
        let resizes = Resizes.watch()
        let screen = try Screen(output)
        defer { screen.restore() }
        var view = TopView()
        do throws(ClientError) {
            try client.subscribe(["requests", "breakers", "limits", "config"], within: statusLimit)
            while true {
                client.watched = watched
                let status = try client.call("status", within: statusLimit) { view.take($0) }
                do throws(Failure) {
                    try screen.show { view.lines(status, columns: $0) }
                } catch {
                    return .brokenPipe
                }
                // Nothing to draw until an event comes; then a moment for those that come with it.
                client.watched = watched + [(STDIN_FILENO, Int16(POLLIN)), (resizes, Int16(POLLIN))]
                var redrawAt: MonotonicTime?
                waiting: while true {
                    switch try client.next(until: redrawAt) {
                    case .event(let event):
                        view.take(event)
                        redrawAt = redrawAt ?? .now() + redrawPause
                    case .timedOut: break waiting
                    case .ready(resizes):
                        Resizes.forget()
                        break waiting
                    case .ready(STDIN_FILENO): if Screen.wantsToLeave() { return .success }
                    case .ready(let descriptor): return descriptor == STDOUT_FILENO ? .brokenPipe : .success
                    case .result, .failure: break
                    }
                }
            }
        } catch {
            if case .interrupted = error { return .success }
            throw Failure(error)
        }
    }
}

/// The alternate screen with keys as they are pressed, until `restore`.
private struct Screen {
    private let output: Output
    private var before = termios()

    init(_ output: Output) throws(Failure) {
        self.output = output
        tcgetattr(STDIN_FILENO, &before)
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        try output.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    func restore() {
        try? output.write("\u{1B}[?25h\u{1B}[?1049l")
        var before = before
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    /// Draws lines for so many columns over what is there, without a flicker: each is cleared behind its end, the rest
    /// below.
    func show(_ lines: (_ columns: Int) -> [String]) throws(Failure) {
        let (columns, rows) = output.terminal.size ?? (80, 24)
        var text: [UInt8] = Array("\u{1B}[H".utf8)
        for line in lines(columns).prefix(max(0, rows - 1)) {
            text += harmless(Array(String(line.prefix(columns: columns)).utf8)) + Array("\u{1B}[K\r\n".utf8)
        }
        try output.write(text + Array("\u{1B}[J".utf8))
    }

    /// Reads the keys that were pressed: q, Q, or the end of the input.
    static func wantsToLeave() -> Bool {
        var keys = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &keys, keys.count)
        if count <= 0 { return true }
        return keys[..<count].contains { $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "Q") || $0 == 4 }
    }
}

/// What has happened since it began, in lines.
private struct TopView {
    private var running: [(id: String, model: String, user: String)] = []
    private var recent: [JSONValue] = []
    private var messages: [String] = []

    mutating func take(_ event: JSONValue) {
        let id = event["request_id"]?.string ?? ""
        switch event["type"]?.string {
        case "request_started":
            running.append((id, event["model"]?.string ?? "", event["user"]?.string ?? ""))
        case "request_finished":
            running.removeAll { $0.id == id }
            recent.insert(event, at: 0)
            if recent.count > recentLimit { recent.removeLast() }
        case "breaker_changed":
            say("breaker of \(name(event)) is \(event["state"]?.string ?? "")")
        case "provider_changed":
            let isEnabled = event["enabled"]?.bool == true
            say("\(event["provider"]?.string ?? "") is \(isEnabled ? event["reason"]?.string ?? "ready" : "disabled")")
        case "limit_reached":
            say("limit \(event["scope"]?.string ?? "") reached by uid \(event["uid"]?.int ?? 0)")
        case "config_changed": say("the configuration was read again")
        case "dropped": say("\(event["count"]?.int ?? 0) events were left out: this terminal is too slow")
        default: break
        }
    }

    private mutating func say(_ text: String) {
        messages.append(text)
        if messages.count > 3 { messages.removeFirst() }
    }

    private func name(_ event: JSONValue) -> String {
        [event["provider"]?.string, event["model"]?.string].compactMap { $0 }.joined(separator: "/")
    }

    func lines(_ status: JSONValue, columns: Int) -> [String] {
        let connections = status["connections"]?.int ?? 0
        let spent = status["budget"]?["spent_today_usd"]?.double.map { ", \(humanCost($0)) today" } ?? ""
        var lines = [
            "tandemd \(status["version"]?.string ?? "?"), up \(status["uptime_ms"]?.double.map(humanDuration) ?? ""), "
                + "\(connections == 1 ? "1 connection" : "\(connections) connections"), \(status["in_flight"]?.int ?? 0) in flight, "
                + "\(humanBytes(status["memory_bytes"]?.int ?? 0))\(spent)", "",
        ]
        lines += providerTable(elements(of: status["providers"])).lines(width: columns)
        if !messages.isEmpty { lines += [""] + messages }
        lines.append("")
        var table = TextTable(
            ["REQUEST", "MODEL", "USER", "STATE", "TOKENS", "COST", "FIRST", "TOOK"], rightAligned: [4, 5, 6, 7])
        for request in running.reversed() {
            table.add([request.id, request.model, request.user, "running", "", "", "", ""])
        }
        for request in recent {
            let tokens = (request["prompt_tokens"]?.int ?? 0) + (request["completion_tokens"]?.int ?? 0)
            table.add([
                request["request_id"]?.string ?? "", request["model"]?.string ?? "", request["user"]?.string ?? "",
                (request["outcome"]?.string ?? "") + (request["cached"]?.bool == true ? ", cached" : ""),
                humanCount(tokens), request["cost_usd"]?.double.map(humanCost) ?? "-",
                request["first_token_ms"]?.double.map(humanDuration) ?? "-",
                request["latency_ms"]?.double.map(humanDuration) ?? "",
            ])
        }
        return lines + table.lines(width: columns)
    }
}
