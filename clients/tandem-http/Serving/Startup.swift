import CLinux
import Glibc
import TandemBase
import TandemClient

private let defaultAddress = "127.0.0.1:4141"

/// Why the program ends without having served.
struct StartFailure: Error {
    var message: String
    var status: Int32 = 1
}

/// What the command line asks for.
struct Options: Equatable {
    var socket: String?
    var listen: [String] = []
    var showsToken = false
    var showsHelp = false

    init(_ arguments: some Sequence<String>) throws(StartFailure) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts[0] {
            case "--show-token": showsToken = true
            case "--help", "-h": showsHelp = true
            case "--listen", "--socket":
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw StartFailure(message: "option \(argument) needs a value; try --help", status: 2)
                }
                if parts[0] == "--listen" { listen.append(value) } else { socket = value }
            default: throw StartFailure(message: "unknown argument \(argument); try --help", status: 2)
            }
        }
    }
}

private let help = """
    usage: tandem-http [--listen ADDRESS]... [--socket PATH] [--show-token]

    Serves Tandem's models as an OpenAI-compatible endpoint.

      --listen ADDRESS  HOST:PORT or the path of a Unix socket (default: \(defaultAddress))
      --socket PATH     where tandemd listens (default: $TANDEM_SOCKET, else it is searched for)
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
    let ending = [SIGINT, SIGTERM, SIGHUP]
    for number in ending { cl_block_signal(number) }
    raiseDescriptorLimit()

    var listeners: [Listener] = []
    defer { for listener in listeners { listener.remove() } }
    listeners = Listener.activated()
    // What the command line names comes on top of systemd's sockets; the default is for when there is neither.
    let addresses = options.listen.isEmpty && listeners.isEmpty ? [defaultAddress] : options.listen
    for address in addresses { listeners.append(try Listener(address)) }

    let needsToken = listeners.contains { $0.isTCP }
    let service = Service(SocketSearch(option: options.socket), token: needsToken ? try BearerToken.load() : nil)
    var servers: [HTTPServer] = []
    for listener in listeners { servers.append(try HTTPServer(listener, service)) }
    for listener in listeners { say("tandem-http: listening on \(listener.name)\n", STDERR_FILENO) }

    var set = sigset_t()
    sigemptyset(&set)
    for number in ending { sigaddset(&set, number) }
    var number: Int32 = 0
    while sigwait(&set, &number) != 0 {}
    service.stop()
    for server in servers { server.stop() }
    return 0
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
