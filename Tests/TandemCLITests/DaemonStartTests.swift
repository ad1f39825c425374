import Glibc
import Synchronization
import TandemBase
import TandemTestSupport
import Testing

/// A copy of `tandem` beside a `tandemd` that is a shell script.
@Suite struct DaemonStartTests {
    private let home: TemporaryHome

    init() throws {
        home = try TemporaryHome()
        try writeFile(home.path + "/tandem", try readFile(try builtProduct("tandem")), mode: 0o700)
    }

    private func run(_ arguments: [String], daemon script: String) async throws -> (status: Int32?, err: String) {
        try home.write("tandemd", "#!/bin/sh\n" + script, mode: 0o700)
        let log = try FileDescriptor.open(home.path + "/err", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let child = try ChildProcess(
            [home.path + "/tandem"] + arguments, environment: home.environment, descriptors: [2: log.raw])
        let status = await offPool { child.wait() }
        return (status, try home.read("err"))
    }

    @Test func aDaemonBesideTheProgramIsStartedDetached() async throws {
        let script = """
            echo "$@" > \(home.path)/arguments
            readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 > \(home.path)/descriptors
            ls /proc/$$/fd | wc -w >> \(home.path)/descriptors
            cut -d' ' -f6 /proc/$$/stat > \(home.path)/session; echo $$ >> \(home.path)/session
            pwd > \(home.path)/started
            sleep 20
            """
        let path = home.path
        let socket = home.socketPath
        // On a thread of its own: the program waits eight seconds at most, a busy test pool may take longer.
        let listener = Mutex<ScriptedDaemon?>(nil)
        startThread {
            guard eventually({ access(path + "/started", F_OK) == 0 }) else { return }
            let daemon = try? ScriptedDaemon(socket) { message, peer in peer.result(message.id, "{}") }
            listener.withLock { $0 = daemon }
        }
        let end = try await run(["call", "ping"], daemon: script)
        let daemon = listener.withLock { $0 }
        #expect(end.status == 0, "\(end.err)")
        #expect(daemon?.connections == 1)
        #expect(try home.read("arguments") == "--socket \(socket)\n")
        #expect(try home.read("started") == "/\n")
        let session = try home.read("session").split(separator: "\n")
        #expect(session[0] == session[1], "it leads a session of its own")
        if let pid = pid_t(session[1]) { kill(pid, SIGKILL) }
    }

    /// A full disk, or one that may not be written, costs the log, not the daemon.
    @Test func aDaemonIsStartedAlsoWhereItsLogCannotBeWritten() async throws {
        removeTree(home.state)
        try home.write(home.state, "no folder")
        let end = try await run(["call", "ping"], daemon: "readlink /proc/self/fd/2 > \(home.path)/log; exit 3\n")
        #expect(end.status == 1 && end.err.contains("tandemd was started and ended with status 3"), "\(end.err)")
        #expect(try home.read("log") == "/dev/null\n")
    }

    @Test func aDaemonThatEndsAtOnceIsReported() async throws {
        let end = try await run(["call", "ping"], daemon: "echo 'no key' >&2; exit 3\n")
        #expect(end.status == 1)
        #expect(end.err.contains("ended with status 3; its log is \(home.state)/tandem/tandemd.log"), "\(end.err)")
        #expect(try home.read(home.state + "/tandem/tandemd.log") == "no key\n")
    }
}
