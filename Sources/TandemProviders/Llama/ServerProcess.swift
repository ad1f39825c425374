import CLinux
import Glibc
import TandemBase
import TandemLoop

/// A child process of the daemon: its end is seen through a pidfd, its output is handed on line by line. It dies with
/// the daemon, whatever that dies of (PR_SET_PDEATHSIG). That signal follows the thread that made the child; ours is
/// the loop's, which lives as long as the process. It reaches the child itself: what a wrapper script has started ends
/// with `stop`, and with the daemon where a service manager ends its whole cgroup.
@LoopActor
final class ServerProcess: ReadinessHandler {
    /// After SIGTERM it gets this long, then SIGKILL.
    private static let stopGrace = TimeSpan.seconds(3)
    /// Bytes of one line; what is longer is cut.
    private static let lineLimit = 1000
    /// Bytes read in one turn.
    private static let readLimit = 64 << 10

    let pid: pid_t
    private let processDescriptor: FileDescriptor
    private let output: OutputReader
    private var registration: Registration?
    private var killTimer: Deadline?
    private var onEnd: (@LoopActor (Int32) -> Void)?

    /// Starts `command[0]`, looked up in PATH. `onLine` hears its output, `onEnd` its exit status (128 + signal), once.
    init(
        _ command: [String], environment: [String: String], onLine: @escaping @LoopActor (String) -> Void,
        onEnd: @escaping @LoopActor (Int32) -> Void
    ) throws(SystemError) {
        let path = try Self.find(command.first ?? "", environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
        var ends: [Int32] = [-1, -1]
        guard cl_pipe(&ends, O_CLOEXEC) == 0 else { throw SystemError("pipe") }
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        _ = cl_fcntl(reader.raw, F_SETFL, O_NONBLOCK)
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let pid = withArguments(command) { arguments in
            withArguments(variables) { cl_spawn(path, arguments, $0, nil, writer.raw, SIGKILL) }
        }
        guard pid > 0 else { throw SystemError("exec", path) }
        self.pid = pid
        self.onEnd = onEnd
        let process = cl_pidfd_open(pid)
        processDescriptor = FileDescriptor(owning: process)
        output = OutputReader(reader, lineLimit: Self.lineLimit, readLimit: Self.readLimit, onLine)
        guard process >= 0 else {
            let error = SystemError("pidfd_open")
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
        try output.start()
        // Kept until the end: the loop holds the handler.
        registration = try EventLoop.shared.register(process, events: UInt32(CL_EPOLLIN), self)
    }

    /// SIGTERM to its group, and SIGKILL when that does not help in time.
    func stop() {
        signalGroup(SIGTERM)
        guard killTimer == nil, onEnd != nil else { return }
        killTimer = EventLoop.shared.schedule(at: EventLoop.shared.now + Self.stopGrace) { [self] in
            signalGroup(SIGKILL)
        }
    }

    func signalGroup(_ number: Int32) {
        guard onEnd != nil else { return }
        // The group is there as soon as the child has run; before that only the child is.
        if kill(-pid, number) != 0 { kill(pid, number) }
    }

    func ready(_ events: UInt32) {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return }
        // What it left behind in its group goes with it.
        kill(-pid, SIGKILL)
        if let registration { EventLoop.shared.unregister(registration) }
        registration = nil
        if let killTimer { EventLoop.shared.cancel(killTimer) }
        killTimer = nil
        output.finish()
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(cl_exit_status(status))
    }

    private static func find(_ name: String, _ path: String) throws(SystemError) -> String {
        if name.contains("/") { return name }
        for folder in path.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw SystemError("exec", name, code: ENOENT)
    }
}

/// Reads a pipe and cuts it into lines.
@LoopActor
private final class OutputReader: ReadinessHandler {
    private let descriptor: FileDescriptor
    private let lineLimit: Int
    private let readLimit: Int
    private let onLine: @LoopActor (String) -> Void
    private var registration: Registration?
    private var line: [UInt8] = []

    init(
        _ descriptor: consuming FileDescriptor, lineLimit: Int, readLimit: Int,
        _ onLine: @escaping @LoopActor (String) -> Void
    ) {
        self.descriptor = descriptor
        self.lineLimit = lineLimit
        self.readLimit = readLimit
        self.onLine = onLine
    }

    func start() throws(SystemError) {
        registration = try EventLoop.shared.register(descriptor.raw, events: UInt32(CL_EPOLLIN), self)
    }

    /// Takes what is left and lets go of the pipe.
    func finish() {
        ready(0)
        if !line.isEmpty { endLine() }
        close()
    }

    private func close() {
        if let registration { EventLoop.shared.unregister(registration) }
        registration = nil
    }

    func ready(_ events: UInt32) {
        var buffer = [UInt8](repeating: 0, count: readLimit)
        let count = read(descriptor.raw, &buffer, buffer.count)
        if count < 0 { return }
        if count == 0 { return close() }
        for byte in buffer[..<count] {
            if byte == 0x0A { endLine() } else if line.count < lineLimit { line.append(byte) }
        }
    }

    private func endLine() {
        onLine(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
    }
}
