import CLinux
import Glibc
import Synchronization
import TandemBase

/// A child process that cannot outlive the test process: the kernel kills it when that ends, however it ends.
package final class ChildProcess: Sendable {
    package let pid: pid_t
    /// Opens when the process has ended and was reaped.
    package let ended = Gate()
    private let status = Mutex<Int32?>(nil)

    /// Starts `arguments[0]` (an absolute path) with exactly this environment. `descriptors` maps the child's numbers
    /// to descriptors of this process; 0 to 2 are /dev/null unless given. With `listening`, descriptor 3 is announced
    /// the way systemd does it, under the child's own pid.
    package init(
        _ arguments: [String], environment: [String: String], descriptors: [Int32: Int32] = [:],
        folder: String = "/", listening: Bool = false
    ) throws {
        // LISTEN_PID is known only in the child; a shell knows its own and keeps it through exec.
        let announce = listening ? "export LISTEN_FDS=1 LISTEN_FDNAMES=rpc LISTEN_PID=$$; " : ""
        let script = announce + "cd \"$0\" && exec \"$@\""
        let command = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", "/bin/sh", "-c", script, folder] + arguments
        pid = try Self.spawner.run { try spawn(command, environment, descriptors) }
        startThread {
            var code: Int32 = 0
            while waitpid(self.pid, &code, 0) < 0, cl_errno() == EINTR {}
            self.status.withLock { $0 = cl_exit_status(code) }
            self.ended.open()
        }
    }

    /// Exit code, or 128 + the signal; nil while it runs.
    package var exitStatus: Int32? { status.withLock { $0 } }

    package func signal(_ number: Int32) { if exitStatus == nil { Glibc.kill(pid, number) } }

    /// Blocks until the process has ended; nil when `limit` passed first.
    @discardableResult
    package func wait(within limit: TimeSpan = testDeadline) -> Int32? {
        ended.wait(within: limit) ? exitStatus : nil
    }

    /// SIGTERM, and SIGKILL when that does not help in time.
    @discardableResult
    package func stop(within limit: TimeSpan = testDeadline) -> Int32? {
        signal(SIGTERM)
        if let code = wait(within: limit) { return code }
        signal(SIGKILL)
        return wait()
    }

    /// The parent-death signal follows the *thread* that forked, so all children come from one that stays.
    private static let spawner = Spawner()
}

/// Runs spawn jobs on one thread that lives as long as the process.
private final class Spawner: Sendable {
    private final class Job: Sendable {
        let work: @Sendable () throws -> pid_t
        let result = Mutex<Result<pid_t, any Error>?>(nil)
        let done = Gate()

        init(_ work: @escaping @Sendable () throws -> pid_t) { self.work = work }
    }

    private let jobs = Mutex<[Job]>([])
    private let wake = cl_eventfd()

    init() {
        startThread {
            while true {
                _ = isReady(self.wake, POLLIN, within: .hours(1))
                var count: UInt64 = 0
                _ = read(self.wake, &count, 8)
                let jobs = self.jobs.withLock { jobs in
                    defer { jobs = [] }
                    return jobs
                }
                for job in jobs {
                    job.result.withLock { $0 = Result { try job.work() } }
                    job.done.open()
                }
            }
        }
    }

    func run(_ work: @escaping @Sendable () throws -> pid_t) throws -> pid_t {
        let job = Job(work)
        jobs.withLock { $0.append(job) }
        writeEvent(wake)
        job.done.wait()
        guard let result = job.result.withLock({ $0 }) else { throw SystemError("posix_spawn", code: ETIMEDOUT) }
        return try result.get()
    }
}

private func spawn(_ arguments: [String], _ environment: [String: String], _ map: [Int32: Int32]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Close-on-exec copies above all targets first, so that no dup2 can overwrite a source not yet used.
    var copies: [Int32] = []
    defer { for copy in copies { close(copy) } }
    for number in Int32(0)...2 where map[number] == nil {
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
    }
    for (number, source) in map {
        let copy = cl_fcntl(source, Int32(F_DUPFD_CLOEXEC), 100)
        guard copy >= 0 else { throw SystemError("dup") }
        copies.append(copy)
        posix_spawn_file_actions_adddup2(&actions, copy, number)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The child starts with default signals, whatever the test runner ignores or blocks.
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw SystemError("posix_spawn", arguments[0], code: code) }
    return pid
}
