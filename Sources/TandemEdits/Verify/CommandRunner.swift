import CLinux
import Glibc
import TandemBase

/// Bytes of a command's output that are kept; the rest is read and dropped, so that the command never blocks on it.
package let defaultOutputLimit = 64 << 10

/// Runs a command to its end, or to its time limit, with its output bounded. Blocking: run it on a pool.
package struct CommandRunner: Sendable {
    package struct Result: Sendable, Hashable {
        /// The exit code, 128 + the signal's number for a killed process.
        package var code: Int32
        /// Standard output and standard error as they came, at most `outputLimit` bytes.
        package var output: String
        package var timedOut: Bool
    }

    /// - Parameters:
    ///   - folder: the working folder.
    ///   - outputLimit: bytes of output that are kept.
    /// - Returns: nil when the program is not on this host.
    package static func run(
        _ command: [String], in folder: String, timeout: TimeSpan, outputLimit: Int = defaultOutputLimit
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
        return collect(pid, reader, process, deadline: MonotonicTime.now() + timeout, outputLimit)
    }

    private static func start(_ command: [String], _ folder: String, output: borrowing FileDescriptor)
        throws(SystemError) -> pid_t?
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        cl_spawn_chdir(&actions, folder)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that what it starts ends with it; default signals, as the daemon ignores some.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, environ)
        if code == ENOENT { return nil }
        guard code == 0 else { throw SystemError("spawn", command[0], code: code) }
        return pid
    }

    private static func collect(
        _ pid: pid_t, _ reader: borrowing FileDescriptor, _ process: borrowing FileDescriptor, deadline: MonotonicTime,
        _ outputLimit: Int
    ) -> Result {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        var timedOut = false
        while true {
            let left = max(0, (deadline - MonotonicTime.now()).wholeMilliseconds)
            var events = [
                pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&events, 2, Int32(clamping: left))
            if ready < 0, cl_errno() == EINTR { continue }
            if ready <= 0 {
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
                var ended = [pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0)]
                let left = max(0, (deadline - MonotonicTime.now()).wholeMilliseconds)
                timedOut = poll(&ended, 1, Int32(clamping: left)) == 0
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
        let base = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/tandem-verify-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        guard made else { throw SystemError("mkdtemp", base) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeTree(path) }
}

/// Removes a folder with everything in it; links are removed, not followed.
func removeTree(_ path: String) {
    for name in folderEntries(path) ?? [] {
        let inner = path + "/" + name
        if unlink(inner) != 0 { removeTree(inner) }
    }
    rmdir(path)
}

/// The names in a folder; nil for what is no folder or cannot be read.
func folderEntries(_ path: String) -> [String]? {
    let raw = cl_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
    guard raw >= 0, let stream = fdopendir(raw) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
