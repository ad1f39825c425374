import CLinux
import Glibc
import Synchronization
import TandemBase

/// Bytes of a command's output that are kept; the rest is read and dropped, so that the command never blocks on it.
package let defaultOutputLimit = 64 << 10

/// Runs a command to its end, or until its time limit or another thread stops it, with its output bounded. Blocking:
/// run it on a thread of its own. On a thread with another account's rights the command has these and no others.
package struct CommandRunner: Sendable {
    package struct Result: Sendable, Hashable {
        /// The exit code, 128 + the signal's number for a killed process.
        package var code: Int32
        /// Standard output and standard error as they came, at most `outputLimit` bytes.
        package var output: String
        package var timedOut: Bool
    }

    private static let withheldVariables = Mutex<Set<String>>([])

    /// Keeps variables of the daemon's own environment from all commands that begin later. Their values cannot be taken
    /// out of it once there are threads that read it.
    package static func withhold(_ variables: Set<String>) {
        withheldVariables.withLock { $0.formUnion(variables) }
    }

    private static var ownEnvironment: [String] {
        let withheld = withheldVariables.withLock { $0 }
        return processEnvironment().compactMap { withheld.contains($0.key) ? nil : "\($0.key)=\($0.value)" }
    }

    /// Ends commands from another thread, those that begin later too.
    package final class Stop: Sendable {
        fileprivate let event: FileDescriptor
        private let isSet = Atomic(false)

        /// Nil when no more descriptors are to be had: then nothing can be stopped.
        package init?() {
            let raw = cl_eventfd()
            guard raw >= 0 else { return nil }
            event = FileDescriptor(owning: raw)
        }

        package func stop() {
            isSet.store(true, ordering: .releasing)
            cl_eventfd_signal(event.raw)
        }

        package var isStopped: Bool { isSet.load(ordering: .acquiring) }
    }

    /// - Parameters:
    ///   - folder: the working folder.
    ///   - outputLimit: bytes of output that are kept.
    ///   - stop: ends the command, with all processes of its group, as the time limit does.
    /// - Returns: nil when the program is not on this host.
    package static func run(
        _ command: [String], in folder: String, timeout: TimeSpan, outputLimit: Int = defaultOutputLimit,
        stop: Stop? = nil
    ) throws(SystemError) -> Result? {
        var ends: [Int32] = [0, 0]
        guard cl_pipe(&ends, O_CLOEXEC) == 0 else { throw SystemError("pipe") }
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        guard let pid = try start(command, folder, output: writer) else { return nil }
        // Open here, it would hide the end of the output.
        close(writer.release())
        let watch = cl_pidfd_open(pid)
        guard watch >= 0 else {
            let error = SystemError("pidfd_open")
            kill(-pid, SIGKILL)
            _ = reap(pid)
            throw error
        }
        let process = FileDescriptor(owning: watch)
        return collect(pid, reader, process, deadline: MonotonicTime.now() + timeout, outputLimit, stop)
    }

    private static func start(_ command: [String], _ folder: String, output: borrowing FileDescriptor)
        throws(SystemError) -> pid_t?
    {
        let program = command.first ?? ""
        let output = output.raw
        let pid = withArguments(command) { arguments in
            withArguments(PeerRights.areTaken ? PeerRights.environment : ownEnvironment) {
                cl_spawn(program, arguments, $0, folder, output, 0)
            }
        }
        if pid > 0 { return pid }
        let error = SystemError("exec", program)
        if error.code == ENOENT { return nil }
        throw error
    }

    private static func collect(
        _ pid: pid_t, _ reader: borrowing FileDescriptor, _ process: borrowing FileDescriptor, deadline: MonotonicTime,
        _ outputLimit: Int, _ stop: Stop?
    ) -> Result {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        var timedOut = false
        while true {
            let left = max(0, (deadline - MonotonicTime.now()).wholeMilliseconds)
            var events = [
                pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0),
                // A descriptor of -1 is not looked at.
                pollfd(fd: stop?.event.raw ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&events, 3, Int32(clamping: left))
            if ready < 0, cl_errno() == EINTR { continue }
            if ready <= 0 || events[2].revents != 0 {
                timedOut = true
                break
            }
            if events[0].revents != 0 {
                let count = read(reader.raw, &chunk, chunk.count)
                if count > 0 {
                    output += chunk.prefix(min(count, outputLimit - output.count))
                    continue
                }
            }
            // Ended, and everything it wrote is read. What it left running does not hold the answer up.
            if events[1].revents != 0 { break }
            if events[0].revents != 0 {
                // It closed its output, and works on without.
                var ended = [events[1], events[2]]
                let left = max(0, (deadline - MonotonicTime.now()).wholeMilliseconds)
                timedOut = poll(&ended, 2, Int32(clamping: left)) == 0 || ended[1].revents != 0
                break
            }
        }
        kill(-pid, SIGKILL)
        let status = reap(pid)
        return Result(
            code: cl_exit_status(status), output: String(decoding: output, as: UTF8.self), timedOut: timedOut)
    }

    private static func reap(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, cl_errno() == EINTR {}
        return status
    }
}

/// A folder of its own below the temporary folder, removed with everything in it at the end of its scope.
package struct PrivateFolder: ~Copyable {
    package let path: String

    package init(in parent: String? = nil) throws(SystemError) {
        // The daemon's temporary folder may be closed to others.
        let own = PeerRights.areTaken ? nil : getenv("TMPDIR").map { String(cString: $0) }
        let base = parent ?? own ?? "/tmp"
        var template = Array("\(base)/tandem-verify-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        guard made else { throw SystemError("mkdtemp", base) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeTree(RawPath(path)) }
}
