import CLinux
import Glibc
import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop

/// One model server as a child process: started, waited for until it completes something, stopped. Whether and when is
/// `LlamaPool`'s affair.
@LoopActor
final class LlamaServer {
    /// Loading a model may take this long.
    private static let startLimit = TimeSpan.minutes(5)
    private static let probePause = TimeSpan.milliseconds(100)
    private static let probeTimeout = TimeSpan.seconds(2)
    /// The first completion warms the model up; on a slow machine that takes a while.
    private static let completionTimeout = TimeSpan.minutes(2)

    /// What became of it.
    enum Event {
        /// It answers at this address.
        case ready
        /// Its process has ended or could not be started, in words.
        case ended(String)
    }

    let name: String
    let settings: LlamaSettings
    private let client: HTTPClient
    private let environment: [String: String]
    private let log: @LoopActor (String) -> Void
    private let onEvent: @LoopActor (Event) -> Void

    private var process: ServerProcess?
    private var probe: HTTPFetch?
    private var timer: Deadline?
    private var startedAt = MonotonicTime(nanoseconds: 0)
    private var lastLine = ""
    private var isReady = false
    /// Where it listens: `http://127.0.0.1:PORT/v1` or `unix:/path.sock:/v1`.
    private(set) var baseURL = ""

    init(
        name: String, settings: LlamaSettings, client: HTTPClient, environment: [String: String],
        log: @escaping @LoopActor (String) -> Void, onEvent: @escaping @LoopActor (Event) -> Void
    ) {
        self.name = name
        self.settings = settings
        self.client = client
        self.environment = environment
        self.log = log
        self.onEvent = onEvent
    }

    var pid: pid_t? { process?.pid }

    /// Events come later, never from within this call.
    func start() {
        startedAt = EventLoop.shared.now
        isReady = false
        lastLine = ""
        do throws(SystemError) {
            let command = try fillIn()
            log("starting \(command.first ?? "") at \(baseURL)")
            process = try ServerProcess(
                command, environment: environment,
                onLine: { [weak self] line in self?.heard(line) },
                onEnd: { [weak self] status in self?.ended("it ended with status \(status)") })
        } catch {
            let why = error.code == ENOENT ? "there is no program \(settings.command.first ?? "")" : "\(error)"
            return EventLoop.shared.atEndOfTurn { [self] in ended(why) }
        }
        again(after: Self.probePause)
    }

    func stop() {
        stopProbing()
        process?.stop()
    }

    /// At the daemon's end: at once.
    func kill() { process?.signalGroup(SIGKILL) }

    private func stopProbing() {
        probe?.cancel()
        probe = nil
        if let timer { EventLoop.shared.cancel(timer) }
        timer = nil
    }

    private func heard(_ line: String) {
        log(line)
        if line.contains(where: { !$0.isWhitespace }) { lastLine = line }
    }

    private func ended(_ why: String) {
        stopProbing()
        process = nil
        if baseURL.hasPrefix("unix:") { unlink(socketPath) }
        log(why)
        onEvent(.ended(lastLine.isEmpty ? why : "\(why): \(lastLine.prefix(200))"))
    }

    // MARK: the command

    private var socketPath: String {
        let folder = environment["XDG_RUNTIME_DIR"] ?? "/tmp"
        let plain = name.utf8.map { $0 > 0x2F && $0 < 0x7B ? $0 : 0x5F }
        return "\(folder)/tandem-\(getpid())-\(String(decoding: plain.prefix(32), as: UTF8.self)).sock"
    }

    /// `{port}` becomes a free port of this machine, `{socket}` the path of a Unix socket of its own.
    private func fillIn() throws(SystemError) -> [String] {
        var values = ["{model_path}": settings.modelPath ?? ""]
        if settings.command.contains(where: { $0.contains("{socket}") }) {
            unlink(socketPath)
            values["{socket}"] = socketPath
            baseURL = "unix:\(socketPath):/v1"
        } else {
            let port = try freePort()
            values["{port}"] = String(port)
            baseURL = "http://127.0.0.1:\(port)/v1"
        }
        return settings.command.map { word in
            values.reduce(word) { replace($1.key, by: $1.value, in: $0) }
        }
    }

    private func replace(_ mark: String, by value: String, in word: String) -> String {
        var result = ""
        var rest = word[...]
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[brace...]
            let isMark = rest.hasPrefix(mark)
            result += isMark ? value : "{"
            rest = rest.dropFirst(isMark ? mark.count : 1)
        }
        return result + rest
    }

    // MARK: readiness

    private func again(after pause: TimeSpan) {
        guard EventLoop.shared.now - startedAt < Self.startLimit else {
            log("not ready in time")
            return stop()
        }
        timer = EventLoop.shared.schedule(at: EventLoop.shared.now + pause) { [weak self] in self?.askForHealth() }
    }

    /// The health endpoint says 503 while the model loads; servers that have none say 404.
    private func askForHealth() {
        guard process != nil else { return }
        var root = baseURL
        root.removeLast("/v1".count)
        ask("GET", root, "/health", Self.probeTimeout) { [self] status in
            if let status, status != 503 { askForCompletion() } else { again(after: Self.probePause) }
        }
    }

    /// Only a completion shows that the model can be used.
    private func askForCompletion() {
        let body = #"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}"#
        ask("POST", baseURL, "/chat/completions", Self.completionTimeout, Array(body.utf8)) { [self] status in
            guard status == 200 else { return again(after: Self.probePause) }
            isReady = true
            log("ready after \((EventLoop.shared.now - startedAt).wholeMilliseconds) ms")
            onEvent(.ready)
        }
    }

    private func ask(
        _ method: String, _ base: String, _ path: String, _ timeout: TimeSpan, _ body: [UInt8] = [],
        then: @escaping @LoopActor (Int?) -> Void
    ) {
        let settings = ProviderSettings(name: name, kind: .openai, baseURL: base).endpoint(path: path, method: method)
        probe = HTTPFetch(settings, body: body, timeout: timeout, client: client) { [weak self] result in
            guard let self, self.process != nil else { return }
            self.probe = nil
            then((try? result.get())?.status)
        }
    }
}

/// A port that nobody listens on. Another may take it before the server does; then the server ends and is started
/// again with another one.
private func freePort() throws(SystemError) -> Int {
    let socket = FileDescriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    guard socket.raw >= 0 else { throw SystemError("socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(socket.raw, generic, length) == 0 ? getsockname(socket.raw, generic, &length) : -1
        }
    }
    guard result == 0 else { throw SystemError("bind", "127.0.0.1") }
    return Int(UInt16(bigEndian: address.sin_port))
}
