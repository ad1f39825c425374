import CLinux
import Glibc
import TandemBase
import TandemClient

private let defaultAddress = "127.0.0.1:4141"
/// After so long without a request a process that systemd started leaves; the next connection starts another.
private let defaultIdleExit = TimeSpan.minutes(10)
/// How often the last connections are looked at before that.
private let leavingInterval = TimeSpan.milliseconds(100)
/// As long as no signal asks for the end.
private let forever = TimeSpan.days(365)

/// Why the program ends without having served.
struct StartFailure: Error {
    var message: String
    var status: Int32 = 1
}

/// What the command line asks for.
struct Options: Equatable {
    var socket: String?
    var listen: [String] = []
    var idleExit = defaultIdleExit
    var showsToken = false
    var showsHelp = false

    init(_ arguments: some Sequence<String>) throws(StartFailure) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts[0] {
            case "--show-token": showsToken = true
            case "--help", "-h": showsHelp = true
            case "--listen", "--socket", "--idle-exit":
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw StartFailure(message: "option \(argument) needs a value; try --help", status: 2)
                }
                switch parts[0] {
                case "--listen": listen.append(value)
                case "--socket": socket = value
                default:
                    guard let duration = parseDuration(value), duration > .zero else {
                        throw StartFailure(
                            message: "--idle-exit '\(value)': expected a duration such as 30s or 10m", status: 2)
                    }
                    idleExit = duration
                }
            default: throw StartFailure(message: "unknown argument \(argument); try --help", status: 2)
            }
        }
    }
}

private let help = """
    usage: tandem-http [--listen ADDRESS]... [--socket PATH] [--idle-exit TIME] [--show-token]

    Serves Tandem's models as an OpenAI-compatible endpoint.

      --listen ADDRESS  HOST:PORT or the path of a Unix socket (default: \(defaultAddress))
      --socket PATH     where tandemd listens (default: $TANDEM_SOCKET, else it is searched for)
      --idle-exit TIME  when systemd passed the sockets: leave after so long without a request (default: 10m)
      --show-token      print the bearer token that TCP clients have to send

    """

/// Serves until a signal asks for the end; the exit status.
func run(_ arguments: [String]) throws(StartFailure) -> Int32 {
    let options = try Options(arguments.dropFirst())
    if options.showsHelp {
        say(help, STDOUT_FILENO)
        return 0
    }
    if options.showsToken {
        try BearerToken.load().reveal { say($0 + "\n", STDOUT_FILENO) }
        return 0
    }
    cl_ignore_signal(SIGPIPE)
    // Blocked, it would come in spite of nohup.
    let ending = [SIGINT, SIGTERM] + (cl_is_ignored(SIGHUP) == 0 ? [SIGHUP] : [])
    for number in ending + [SIGALRM] { cl_block_signal(number) }
    raiseDescriptorLimit()

    var listeners: [Listener] = []
    defer { for listener in listeners { listener.remove() } }
    listeners = Listener.activated()
    let idle = !listeners.isEmpty && options.listen.isEmpty ? options.idleExit : nil
    // What the command line names comes on top of systemd's sockets; the default is for when there is neither.
    let addresses = options.listen.isEmpty && listeners.isEmpty ? [defaultAddress] : options.listen
    for address in addresses { listeners.append(try Listener(address)) }

    let needsToken = listeners.contains { $0.isTCP }
    let service = Service(SocketSearch(option: options.socket), token: needsToken ? try BearerToken.load() : nil)
    var servers: [HTTPServer] = []
    for listener in listeners { servers.append(try HTTPServer(listener, service)) }
    for listener in listeners { say("tandem-http: listening on \(listener.name)\n", STDERR_FILENO) }

    waitForEnd(ending, idle: idle, service, servers)
    service.stop()
    for server in servers { server.stop() }
    return 0
}

/// Returns at one of the signals, or when nobody asked for anything for `idle`.
private func waitForEnd(_ signals: [Int32], idle: TimeSpan?, _ service: Service, _ servers: [HTTPServer]) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals + [SIGALRM] { sigaddset(&set, number) }
    /// Whether one of the signals came within the time.
    func signal(within time: TimeSpan) -> Bool {
        let end = MonotonicTime.now() + time
        while true {
            let rest = max(.zero, end - .now())
            var limit = timespec(
                tv_sec: Int(rest.nanoseconds / 1_000_000_000), tv_nsec: Int(rest.nanoseconds % 1_000_000_000))
            switch sigtimedwait(&set, nil, &limit) {
            case SIGALRM: service.arrivals.sweep()
            case 1...: return true
            default: if rest == .zero { return false }
            }
        }
    }
    guard let idle else {
        while !signal(within: forever) {}
        return
    }
    var known = service.requestCount
    while !signal(within: idle) {
        let count = service.requestCount
        guard count == known, servers.allSatisfy({ $0.connections == 0 }) else {
            known = count
            continue
        }
        // Whoever connected in this instant is still served.
        for server in servers { server.quiesce() }
        repeat { if signal(within: leavingInterval) { return } } while servers.contains { $0.connections > 0 }
        return
    }
}

/// A stream needs two descriptors; the usual soft limit of 1024 is for programs that use select(2).
private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// Writes a line or a few, unbuffered.
func say(_ text: String, _ descriptor: Int32) { _ = write(descriptor, text, text.utf8.count) }
