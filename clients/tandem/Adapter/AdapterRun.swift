import CLinux
import Glibc

extension Invocation {
    /// Runs a stdio adapter to its end: by stdin, by a signal, with its parent, or because the editor says so.
    func runAdapter(_ name: String, _ messages: some Translation) throws(Failure) -> ExitCode {
        let parent = getppid()
        let wake = AdapterSignals.watch()
        // stdout carries protocol bytes only: whatever else is printed goes to stderr.
        let output = cl_fcntl(STDOUT_FILENO, Int32(F_DUPFD_CLOEXEC), 3)
        guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw Failure("stdin, stdout and stderr have to be open")
        }
        if getppid() != parent { return .success }
        let pump = AdapterPump(
            messages, socketSearch, log: AdapterLog(name: "tandem \(name)"), stdin: STDIN_FILENO, stdout: output,
            wake: wake, parent: parent)
        return pump.run()
    }
}
