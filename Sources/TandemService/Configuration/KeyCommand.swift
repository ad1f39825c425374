import CLinux
import Glibc
import TandemBase

/// Runs the program of `api_key = { command = […] }`: an argument vector, never a shell; standard input and error are
/// /dev/null, the first line of standard output is the key.
/// Several can run side by side: start them all, then finish them in turn by one deadline.
package final class KeyCommand {
    /// How long a program may take, seconds; then it and its children are killed.
    package static let timeLimitSeconds = 10

    private let source: String
    private let started: Result<Child, SystemError>

    private struct Child {
        var pid: pid_t
        /// The non-blocking end of its standard output.
        var output: Int32
    }

    package init(starting words: [String], environment: [String: String]) {
        source = KeySource.command(words).description
        do { started = .success(try Self.spawn(words, environment: environment)) } catch { started = .failure(error) }
    }

    /// Blocks until the program ends or the deadline is reached: not for the loop's thread.
    package func finish(by deadline: MonotonicTime) -> Result<Secret, KeyProblem> {
        let child: Child
        switch started {
        case .success(let running): child = running
        case .failure(let error): return .failure(KeyProblem("\(source): \(error.reason)"))
        }
        defer { close(child.output) }
        var bytes: [UInt8] = []
        guard let status = Self.collect(child.pid, child.output, into: &bytes, until: deadline) else {
            return .failure(KeyProblem("\(source) did not end in time and was killed"))
        }
        let code = cl_exit_status(status)
        guard code == 0 else { return .failure(KeyProblem("\(source) ended with status \(code)")) }
        do { return .success(try KeySource.key(bytes, from: "the output of \(source)")) } catch {
            return .failure(error)
        }
    }

    private static func spawn(_ words: [String], environment: [String: String]) throws(SystemError) -> Child {
        var ends: [Int32] = [-1, -1]
        guard cl_pipe(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { throw SystemError("pipe") }
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        _ = cl_fcntl(writer.raw, F_SETFL, 0)  // the child writes to a pipe as it expects one
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writer.raw, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        var pipeSignal = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setsigdefault(&attributes, &pipeSignal)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var pid: pid_t = 0
        let code = withArguments(words) { arguments in
            withArguments(environment.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawnp(&pid, words[0], &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else { throw SystemError("posix_spawn", words[0], code: code) }
        return Child(pid: pid, output: reader.release())
    }

    /// Reads until the program has ended; nil when it was killed at the deadline. What it wrote beyond the limit is
    /// thrown away, so that it cannot block on a full pipe.
    private static func collect(
        _ pid: pid_t, _ output: Int32, into bytes: inout [UInt8], until deadline: MonotonicTime
    ) -> Int32? {
        let process = FileDescriptor(owning: cl_pidfd_open(pid))
        var isOpen = true
        while true {
            let left = deadline - .now()
            guard left > .zero, process.raw >= 0 else { break }
            var waiting = [
                pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen ? output : -1, events: Int16(POLLIN), revents: 0),
            ]
            poll(&waiting, 2, Int32(clamping: left.wholeMilliseconds))
            let hasEnded = waiting[0].revents != 0
            if waiting[1].revents != 0 || hasEnded { isOpen = drain(output, into: &bytes) && isOpen }
            if hasEnded { return reap(pid) }
        }
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        _ = reap(pid)
        return nil
    }

    /// False at the end of the output.
    private static func drain(_ output: Int32, into bytes: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(output, &chunk, chunk.count)
            if count < 0, cl_errno() == EINTR { continue }
            if count < 0 { return cl_errno() == EAGAIN }
            if count == 0 { return false }
            bytes += chunk[..<min(count, KeySource.keyBytesLimit - bytes.count)]
        }
    }

    private static func reap(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, cl_errno() == EINTR {}
        return status
    }
}
