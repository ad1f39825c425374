import CLinux
import Glibc
import TandemClient

/// Other programs that a command hands over to or asks.
enum Programs {
    /// Becomes another program; comes back only when that is not there.
    static func become(_ arguments: [String]) {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        signal(SIGPIPE, SIG_DFL)
        execvp(arguments[0], &argv)
        cl_ignore_signal(SIGPIPE)
    }

    /// Becomes `tandemd`, the one beside this program before the one in PATH.
    static func becomeDaemon(_ arguments: [String]) throws(Failure) -> Never {
        become([siblingBinary("tandemd") ?? "tandemd"] + arguments)
        throw Failure("tandemd is neither beside this program nor in PATH: install it")
    }

    /// What a program prints on stdout, without the last line end; nil when it could not be started.
    static func output(of arguments: [String]) -> String? { captured(arguments)?.output }

    /// Exit status and stdout of a program; nil when it could not be started.
    static func captured(_ arguments: [String]) -> (status: Int32, output: String)? {
        var ends: [Int32] = [0, 0]
        guard cl_pipe(&ends, O_CLOEXEC) == 0 else { return nil }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, arguments[0], &actions, nil, &argv, environ)
        close(ends[1])
        defer { close(ends[0]) }
        guard code == 0 else { return nil }
        let bytes = try? readInput(arguments[0], ends[0])
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 { guard cl_errno() == EINTR else { break } }
        return bytes.map { (cl_exit_status(status), String(decoding: $0, as: UTF8.self).trimmingNewlines) }
    }
}
