import CLinux
import Glibc

extension Command {
    static let stdio = Command(
        name: "stdio", summary: "speak raw JSON-RPC on stdin and stdout, for editors",
        details: """
            Passes messages on between an editor and the daemon, in whichever framing the editor begins with: one
            message a line, or Content-Length headers. Answers initialize, shutdown and exit itself. TANDEM_LOG=1 makes
            it tell on stderr what it does.
            """,
        examples: [Example("tandem stdio", "is what an editor's configuration starts")]
    ) { (invocation) throws(Failure) in
        let parent = getppid()
        let wake = StdioSignals.watch()
        // stdout carries protocol bytes only: whatever else is printed goes to stderr.
        let output = cl_fcntl(STDOUT_FILENO, Int32(F_DUPFD_CLOEXEC), 3)
        guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            throw Failure("stdin, stdout and stderr have to be open")
        }
        if getppid() != parent { return .success }
        return Pump(invocation.socketSearch, stdin: STDIN_FILENO, stdout: output, wake: wake, parent: parent).run()
    }
}
