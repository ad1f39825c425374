import CLinux
import Glibc
import TandemBase
import TandemTestSupport
import Testing

@testable import tandem

private let answer = #"{"request_id":"01X","model":"m","content":"Hello","steps":[],"notices":[]}"#

/// Streams, signals, terminals and variables that are not as usual.
@Suite struct SurroundingsTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon(_ result: String = answer) throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in peer.result(message.id, result) }
    }

    /// Runs a shell script, in which `tandem` is the program.
    private func shell(
        _ script: String, environment: [String: String] = [:]
    ) async throws -> (status: Int32?, output: String) {
        let output = try FileDescriptor.open(home.path + "/output", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let binaries = try builtProduct("tandem").dropLast("/tandem".count)
        let variables = home.environment.merging(["PATH": "\(binaries):/usr/bin:/bin"]) { $1 }
        let child = try ChildProcess(
            ["/bin/sh", "-c", script], environment: variables.merging(environment) { $1 },
            descriptors: [1: output.raw, 2: output.raw], folder: home.path)
        return (await offPool { child.wait() }, try home.read("output"))
    }

    // MARK: streams

    @Test func aFullDiskIsSaid() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        for command in ["version", "chat hello", "call ping", "completion bash"] {
            let end = try await shell("exec tandem \(command) > /dev/full")
            let name = command.prefix { $0 != " " }
            #expect(end.status == 1)
            #expect(end.output == "tandem \(name): cannot write to stdout: No space left on device\n")
        }
    }

    /// The daemon's connection must not become what is missing.
    @Test func missingStreamsAreNobodyElses() async throws {
        let daemon = try daemon()
        let closed = try await shell("exec tandem chat hello >&-")
        #expect(closed.status == 1 && closed.output == "tandem chat: cannot write to stdout: Bad file descriptor\n")
        #expect(try await shell("exec tandem chat hello <&-").output == "Hello\n")
        #expect(try await shell("tandem chat -v hello 2>&-; echo $?").output == "Hello\n0\n")
        #expect(try await shell("exec tandem chat hello <&- >&- 2>&-").status == 1)
        #expect(try await shell("exec tandem stdio <&- >&-").output.isEmpty)
        #expect(
            daemon.received.allSatisfy { $0.contains(#""method":"chat""#) && $0.hasSuffix("}}") }, "\(daemon.received)")
    }

    /// Does something to a command that waits for an answer. All of it on one thread: the wait has an end of its own,
    /// and a turn in a busy test pool may come later.
    private func end(
        of command: String, asking method: String, by act: @escaping @Sendable (CLIProcess) -> Void
    ) async throws -> (status: Int32?, out: String, err: String) {
        let daemon = try ScriptedDaemon(home.socketPath) { _, _ in }
        defer { daemon.stop() }
        return try await offPool { [home] in
            Result {
                let process = try CLIProcess([command], home: home)
                #expect(daemon.waitFor(method))
                act(process)
                return process.finish()
            }
        }.get()
    }

    @Test func aQuestionWhoseAnswerNobodyReadsIsABrokenPipe() async throws {
        let end = try await end(of: "models", asking: "models") { $0.closeOutput() }
        #expect(end.status == 141 && end.err.isEmpty)
    }

    // MARK: signals

    @Test func anInterruptedQuestionIsNoFinding() async throws {
        let end = try await end(of: "doctor", asking: "status") { $0.child.signal(SIGINT) }
        #expect(end.status == 130 && end.out == "✓ socket \(home.socketPath)\n" && end.err.isEmpty, "\(end)")
    }

    @Test func aHangUpThatNohupTookCareOfIsNone() async throws {
        let asked = Gate()
        let daemon = try ScriptedDaemon(home.socketPath) { message, peer in
            if message.method == "chat", asked.wait() { peer.result(message.id, answer) }
        }
        defer { daemon.stop() }
        let binary = try builtProduct("tandem")
        let output = try FileDescriptor.open(home.path + "/output", O_WRONLY | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            ["/bin/sh", "-c", "trap '' HUP; exec \(binary) chat hello"], environment: home.environment,
            descriptors: [1: output.raw])
        #expect(await offPool { daemon.waitFor("chat") })
        child.signal(SIGHUP)
        asked.open()
        #expect(await offPool { child.wait() } == 0)
        #expect(try home.read("output") == "Hello\n")
        #expect(!daemon.received.contains { $0.contains("cancel") })
    }

    /// What a signal interrupts may be about to look at errno.
    @Test func aSignalsHandlerLeavesErrnoAlone() {
        __errno_location().pointee = ENOSPC
        cl_eventfd_signal(-1)
        #expect(__errno_location().pointee == ENOSPC)
    }

    // MARK: terminals

    @Test func errorsBreakBetweenWordsOnATerminalOnly() async throws {
        let message = "There is no answer: the provider that was asked wants another key, so give it one in tandem.toml"
        let daemon = try ScriptedDaemon(home.socketPath) { received, peer in
            peer.error(received.id, -32603, "internal", message)
        }
        defer { daemon.stop() }
        let shown = try await runCLI(["chat", "a"], home: home, streams: .terminal)
        #expect(
            shown.out == """
                tandem chat: There is no answer: the provider that was asked wants another\r
                    key, so give it one in tandem.toml\r\n
                """)
        #expect(try await runCLI(["chat", "a"], home: home).err == "tandem chat: \(message)\n")
        // JSON has no place to break.
        let json = try await runCLI(["call", "x"], home: home, streams: .terminal)
        #expect(json.out.contains(message), "\(json.out)")
    }

    @Test func whatIsCopiedFromTheHistoryIsWhole() async throws {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        let row =
            #"{"request_id":"\#(id)","method":"executePlan","model":"r1sonqwen","at":"2026-11-20T08:43:00.000Z","outcome":"ok","usage":{"prompt_tokens":1000,"completion_tokens":34},"cost_usd":1,"latency_ms":1500}"#
        let daemon = try daemon("{\"requests\":[\(row)]}")
        defer { daemon.stop() }
        let lines = try await runCLI(["history"], home: home, streams: .terminal).out.split(separator: "\r\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.columns <= 80 + "\u{1B}[2m\u{1B}[0m".count }, "\(lines)")
        #expect(lines.last?.hasPrefix("2026-11-20 08:43:00  \(id)  ") == true, "\(lines)")
    }

    // MARK: variables

    @Test func relativeFoldersAreIgnoredAsTheDaemonDoes() async throws {
        let variables = ["XDG_CONFIG_HOME": "relative", "XDG_RUNTIME_DIR": "run", "XDG_STATE_HOME": "x"]
        let path = try await shell("exec tandem config path", environment: variables).output
        #expect(path == home.path + "/.config/tandem/tandem.toml\n")
    }

    @Test func aSocketsPathThatIsTooLongIsSaid() async throws {
        let path = "/tmp/" + String(repeating: "a", count: 120)
        let end = try await runCLI(["models", "--socket", path], home: home)
        #expect(end.status == 1)
        #expect(
            end.err == "tandem models: \(path) is too long for a socket: name one of at most 107 bytes by --socket\n")
    }

    // MARK: programs

    /// The journal's pager would begin at the oldest of the lines.
    @Test func theLogIsShownWithoutAPager() async throws {
        let programs = home.path + "/bin"
        try home.write(home.runtime + "/systemd/private", "")
        for (name, text) in [("systemctl", "echo loaded"), ("journalctl", "echo \"$@\"")] {
            try home.write("\(programs)/\(name)", "#!/bin/sh\n\(text)\n", mode: 0o700)
        }
        let shown = try await shell("PATH=\(programs):$PATH; exec tandem logs -n 7")
        #expect(shown.output == "--no-pager --user -u tandemd -n 7\n")
    }

    @Test func anEditorThatFailsChangesNothingMore() async throws {
        try home.write(home.configPath, "a = 1\n")
        let failed = try await shell("exec tandem config edit", environment: ["EDITOR": "sh -c 'exit 3'"])
        #expect(failed.status == 1)
        #expect(failed.output.hasSuffix("the editor ended with status 3: set VISUAL or EDITOR to another\n"))
        let edited = try await shell(
            "exec tandem config edit", environment: ["EDITOR": "sh -c 'echo \"[daemon]\" > \"$1\"' x"])
        #expect(edited.status == 0 && edited.output.contains("no faults"), "\(edited.output)")
        #expect(try home.read(home.configPath) == "[daemon]\n")
    }
}
