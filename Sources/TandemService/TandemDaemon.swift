import CLinux
import Glibc
import TandemBase
import TandemLoop

/// The program `tandemd`: its flags, its start and its end. Returns the exit status.
package func runTandemDaemon(arguments: [String], environment: [String: String]) -> Int32 {
    let options: DaemonOptions
    do throws(StartupError) {
        options = try DaemonOptions(arguments)
    } catch {
        return complain("\(error.message)\ntry 'tandemd --help'", status: 2)
    }
    switch options.action {
    case .help:
        print(DaemonOptions.help, terminator: "")
        return 0
    case .version:
        print("tandemd \(Daemon.version)")
        return 0
    case .printSample:
        print(Configuration.defaultConfigurationFile, terminator: "")
        return 0
    case .checkConfiguration:
        let report = ConfigurationReport.check(explicit: options.configuration, environment: environment)
        for line in report.lines { print(line) }
        return report.status
    case .serve:
        return serve(options, environment)
    }
}

/// Bytes of freed memory that a busy daemon keeps; at rest it gives all back (`StoreWorker`).
private let keptMemory: Int32 = 1 << 20

private func serve(_ options: DaemonOptions, _ environment: [String: String]) -> Int32 {
    // Before any thread is started: they inherit the mask, and the loop alone hears the signals.
    SystemEvents.blockSignals([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
    cl_ignore_signal(SIGPIPE)
    let log = Log(environment: environment)
    let configuration: Configuration
    do throws(ConfigurationFaults) {
        configuration = try Configuration.load(explicit: options.configuration, environment: environment)
    } catch {
        for fault in error.faults { log(.error, fault.description) }
        return complain("the configuration has faults: correct them, then check with 'tandem config check'", status: 1)
    }
    for warning in configuration.warnings { log(.warning, warning.description) }

    let sockets: [ListeningSocket]
    do throws(StartupError) {
        if options.socket == nil, let activated = ListeningSocket.activated() {
            guard !activated.isEmpty else {
                throw StartupError("none of the passed sockets is a listening Unix socket")
            }
            sockets = activated
        } else {
            sockets = [try ListeningSocket.bound(to: options.socket ?? ListeningSocket.defaultPath(environment))]
        }
    } catch {
        return complain(error.message, status: 1)
    }

    // While this is the only thread. The daemon goes by its own copy.
    for name in configuration.keyVariables(of: environment) { unsetenv(name) }
    raiseDescriptorLimit()
    cl_keep_freed_memory(keptMemory)
    let outcome = Outcome()
    startOnLoop {
        do throws(SystemError) {
            let daemon = try Daemon(
                configuration: configuration, environment: environment, explicitConfiguration: options.configuration,
                log: log)
            outcome.daemon = daemon
            try daemon.start(on: sockets) {
                for socket in sockets { if let path = socket.path { log(.info, "listening on \(path)") } }
            }
        } catch {
            outcome.failure = error
            EventLoop.shared.stop()
        }
    }
    EventLoop.shared.run()
    return LoopActor.afterRun {
        outcome.daemon?.close()
        if let failure = outcome.failure { return complain("cannot start: \(failure)", status: 1) }
        return 0
    }
}

/// Descriptors that the daemon may have, where the system lets it: two for each request in flight.
private let wantedDescriptors: rlim_t = 65_536

private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < wantedDescriptors else { return }
    limit.rlim_cur = min(limit.rlim_max, wantedDescriptors)
    _ = setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
}

@LoopActor
private final class Outcome {
    var daemon: Daemon?
    var failure: SystemError?

    nonisolated init() {}
}

private func complain(_ message: String, status: Int32) -> Int32 {
    writeToStandardError("tandemd: \(message)\n")
    return status
}

/// The daemon's flags (CONFIG.md).
struct DaemonOptions {
    enum Action { case serve, checkConfiguration, printSample, version, help }

    static let help = """
        Usage: tandemd [--socket PATH] [--config PATH]
               tandemd --check-config [--config PATH]

        The Tandem daemon: JSON-RPC 2.0 over a Unix socket. systemd starts it at the first
        connection; started by hand it binds a socket of its own, mode 0600, below
        $XDG_RUNTIME_DIR/tandem. It leaves when nobody needed it for a while.

        Options:
          --socket PATH          bind this socket instead of taking systemd's
          --config PATH          read this file instead of the usual ones
          --check-config         print every fault of the configuration, then exit
          --print-sample-config  print a commented sample configuration, then exit
          --version              print the version, then exit
          --help                 print this help, then exit

        Signals:
          SIGHUP           read the configuration again; one with a fault is refused
          SIGTERM, SIGINT  take no more requests, finish those in flight, then exit

        Environment:
          TANDEM_CONFIG           the configuration file, unless --config names one
          TANDEM_LOG              the most verbose level that is logged: error, warning, notice,
                                  info (the default) or debug
          STATE_DIRECTORY         where the database is; systemd sets it
          GROQ_API_KEY and others  keys by which providers are found without a configuration

        Examples:
          tandemd --check-config
          tandemd --socket /tmp/tandem.sock --config ./tandem.toml

        """

    var action = Action.serve
    var socket: String?
    var configuration: String?

    init(_ arguments: [String]) throws(StartupError) {
        var rest = arguments[...]
        func value(of flag: String, _ inline: String?) throws(StartupError) -> String {
            if let inline { return inline }
            guard let next = rest.popFirst() else { throw StartupError("\(flag) needs a path") }
            return next
        }
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map { String($0) }
            let inline = parts.count == 2 ? parts[1] : nil
            switch parts.first {
            case "--socket": socket = try value(of: "--socket", inline)
            case "--config": configuration = try value(of: "--config", inline)
            case "--check-config": action = .checkConfiguration
            case "--print-sample-config": action = .printSample
            case "--version": action = .version
            case "--help", "-h": action = .help
            default: throw StartupError("unknown argument \(argument)")
            }
        }
    }
}
