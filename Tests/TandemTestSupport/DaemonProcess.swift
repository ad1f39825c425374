import CLinux
import Glibc
import Synchronization
import TandemBase

/// The real `tandemd`, started the way systemd starts it: with a listening socket that this object holds, so that a
/// daemon that left or was killed can be started again behind the same socket. Killed and cleaned up with its last
/// reference.
package final class DaemonProcess: Sendable {
    package let home: TemporaryHome
    package let socketPath: String
    private let listener: FileDescriptor
    private let notifications: NotificationLog
    private let environment: [String: String]
    private let arguments: [String]
    private let current = Mutex<ChildProcess?>(nil)

    /// Writes `config` (if any) to the home's tandem.toml, listens, starts the daemon and waits until it answers
    /// `ping`; with `start: false` only the socket is there.
    package init(
        home: TemporaryHome? = nil, config: String? = nil, environment: [String: String] = [:],
        arguments: [String] = [], start: Bool = true
    ) throws {
        let home = try home ?? TemporaryHome()
        self.home = home
        socketPath = home.socketPath
        self.arguments = arguments
        if let config { try home.write(home.configPath, config) }
        try makeFolder(home.runtime + "/tandem")
        listener = try openListener(.unix(socketPath))
        let notifyPath = home.runtime + "/notify"
        notifications = try NotificationLog(notifyPath)
        self.environment = home.environment.merging(["NOTIFY_SOCKET": notifyPath]) { $1 }.merging(environment) { $1 }
        if start {
            try self.start()
            try waitUntilReady()
        }
    }

    deinit {
        child?.signal(SIGKILL)
        child?.wait()
    }

    private var child: ChildProcess? { current.withLock { $0 } }

    package var pid: pid_t { child?.pid ?? 0 }
    package var isRunning: Bool { child.map { $0.exitStatus == nil } ?? false }

    /// Starts the daemon (again) behind the same socket; does not wait for it.
    package func start() throws {
        let log = try FileDescriptor.open(logPath, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        let child = try ChildProcess(
            [builtProduct("tandemd")] + arguments, environment: environment,
            descriptors: [1: log.raw, 2: log.raw, 3: listener.raw], folder: home.path, listening: true)
        current.withLock { $0 = child }
    }

    /// Does what systemd does with an activated socket: whenever no daemon runs and somebody connects, starts one.
    /// Goes on until `done` opens; returns how many daemons it started.
    package func superviseActivation(until done: Gate) throws -> Int {
        var starts = 0
        while !done.isOpen {
            if let child, child.exitStatus == nil {
                waitForAny(child.ended.descriptor, done.descriptor)
            } else if isReady(listener.raw, POLLIN, within: .zero) {
                try start()
                starts += 1
            } else {
                waitForAny(listener.raw, done.descriptor)
            }
        }
        return starts
    }

    /// Blocks until `ping` is answered.
    package func waitUntilReady(within limit: TimeSpan = testDeadline) throws {
        do {
            let answer = try client().call("ping", within: limit)
            guard answer.contains("\"result\"") else { throw RawClient.Failure(description: answer) }
        } catch {
            throw RawClient.Failure(description: "tandemd did not get ready: \(error); its log: \(log)")
        }
    }

    package func client(framing: RawClient.Framing = .lines) throws -> RawClient {
        try RawClient(socketPath, framing: framing)
    }

    /// SIGTERM, then waits for the end (SIGKILL when that takes too long); the exit status.
    @discardableResult
    package func stop(within limit: TimeSpan = testDeadline) -> Int32? { child?.stop(within: limit) }

    /// SIGKILL, then waits for the end.
    package func kill() {
        child?.signal(SIGKILL)
        child?.wait()
    }

    package func signal(_ number: Int32) { child?.signal(number) }

    /// Waits for the daemon to end by itself; its exit status, or nil when `limit` passed first.
    package func waitForExit(within limit: TimeSpan = testDeadline) -> Int32? { child?.wait(within: limit) }

    /// What it wrote to stdout and stderr so far.
    package var log: String { (try? home.read("daemon.log")) ?? "" }

    package func waitForLog(_ text: String, within limit: TimeSpan = testDeadline) -> Bool {
        eventually(within: limit) { log.contains(text) }
    }

    /// Waits until the daemon told its supervisor a line, such as `READY=1` or `STOPPING=1`, since the start or the last
    /// `forgetNotifications`; false when `limit` passed first.
    package func waitForNotification(_ line: String, within limit: TimeSpan = testDeadline) -> Bool {
        eventually(within: limit) { notifications.contains(line) }
    }

    /// Forgets the notifications seen so far.
    package func forgetNotifications() { notifications.forget() }

    private var logPath: String { home.path + "/daemon.log" }
}

/// The path of a binary that this build made: beside the test bundle.
package func builtProduct(_ name: String) throws -> String {
    guard let path = realpath("/proc/self/exe", nil) else { throw SystemError("realpath", "/proc/self/exe") }
    defer { free(path) }
    let bundle = String(cString: path)
    let product = bundle[..<(bundle.lastIndex(of: "/") ?? bundle.startIndex)] + "/" + name
    guard access(String(product), X_OK) == 0 else { throw SystemError("access", String(product)) }
    return String(product)
}
