import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

private func request(_ id: String, _ method: String, _ params: String? = nil) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(params.map { #","params":"# + $0 } ?? "")}"#
}

private func framed(_ text: String) -> String { "Content-Length: \(text.utf8.count)\r\n\r\n\(text)" }

private func result(_ id: String, _ json: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"result":\#(json)}"#
}

@Suite struct StdioTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func echo() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            switch message.method {
            case "ping": peer.result(message.id, "{}")
            case "echo":
                peer.result(message.id, message.params.map { String(decoding: $0.raw, as: UTF8.self) } ?? "null")
            default: break
            }
        }
    }

    private func adapter(_ environment: [String: String] = [:]) throws -> CLIProcess {
        try CLIProcess(["stdio"], home: home, keepsInputOpen: true, environment: environment)
    }

    @Test func linesInLinesOut() async throws {
        let daemon = try echo()
        defer { daemon.stop() }
        let adapter = try adapter()
        adapter.send(request("1", "ping", "null") + "\n" + request(#""b""#, "echo", #"{"x":1}"#) + "\r\n")
        #expect(await offPool { adapter.waitForOutput(result("1") + "\n" + result(#""b""#, #"{"x":1}"#) + "\n") })
        adapter.closeInput()
        let end = await offPool { adapter.finish() }
        #expect(end.status == 0 && end.err.isEmpty)
    }

    @Test func headersInHeadersOut() async throws {
        let daemon = try echo()
        defer { daemon.stop() }
        let adapter = try adapter()
        let body = request("1", "echo", #"{"x":"é"}"#)
        adapter.send("content-LENGTH:\(body.utf8.count)\r\nX: y\r\n\r\n\(body)" + framed(request("2", "ping")))
        let expected = framed(result("1", #"{"x":"é"}"#)) + framed(result("2"))
        #expect(await offPool { adapter.waitForOutput(expected) }, "\(adapter.output)")
    }

    @Test func initializeIsAnsweredWithoutADaemonAndExitEnds() async throws {
        let adapter = try adapter()
        adapter.send(framed(request("1", "initialize", #"{"processId":null,"capabilities":{}}"#)))
        #expect(await offPool { adapter.waitForOutput(#""serverInfo":{"name":"tandem""#) })
        adapter.send(framed(#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#))
        adapter.send(framed(request("2", "shutdown")) + framed(#"{"jsonrpc":"2.0","method":"exit"}"#))
        let end = await offPool { adapter.finish() }
        #expect(end.status == 0 && end.err.isEmpty && end.out.hasSuffix(framed(result("2", "null"))))
    }

    @Test func fiveMegabytesPassBothWays() async throws {
        let daemon = try echo()
        defer { daemon.stop() }
        let adapter = try adapter()
        let params = "{\"x\":\"" + String(repeating: "é", count: 2_500_000) + "\"}"
        let expected = Array(framed(result("1", params)).utf8)
        await offPool { adapter.send(framed(request("1", "echo", params))) }
        #expect(await offPool { eventually { adapter.outputBytes.count >= expected.count } })
        #expect(adapter.outputBytes == expected)
    }

    @Test func aMessageOverTheLimitIsRefusedAndTheNextOnePasses() async throws {
        let daemon = try echo()
        defer { daemon.stop() }
        let adapter = try adapter()
        let huge = request("77", "echo", "{\"x\":\"" + String(repeating: "x", count: 33 << 20) + "\"}")
        await offPool { adapter.send(huge + "\n" + request("2", "ping") + "\n") }
        #expect(await offPool { adapter.waitForOutput(result("2")) })
        #expect(adapter.output.hasPrefix(#"{"jsonrpc":"2.0","id":77,"error":{"code":-32007"#))
    }

    @Test func aDaemonThatRestartsIsDialledAgain() async throws {
        let first = try ScriptedDaemon(home.socketPath) { _, _ in }
        let adapter = try adapter()
        adapter.send(request("1", "chat", "{}") + "\n")
        #expect(await offPool { first.waitFor("chat") })
        first.stop()
        #expect(await offPool { adapter.waitForOutput(#""id":1,"error":{"code":-32009"#) })
        #expect(adapter.output.contains(#""kind":"shutting_down","retryable":true"#))
        let second = try echo()
        adapter.send(request("2", "ping") + "\n")
        #expect(await offPool { adapter.waitForOutput(result("2")) })
        #expect(second.received == [request("2", "ping")], "what may have been delivered is not sent again")
    }

    @Test func smallPiecesBecomeFewFrames() async throws {
        let count = 2000
        let daemon = try ScriptedDaemon(home.socketPath) { message, peer in
            for index in 0..<count { peer.event(message.id, index, "content", #""text":"\#(index % 10)""#) }
            peer.result(message.id, "{}")
        }
        defer { daemon.stop() }
        let adapter = try adapter()
        let start = MonotonicTime.now()
        adapter.send(request("1", "chat", #"{"stream":true}"#) + "\n")
        #expect(await offPool { adapter.waitForOutput(result("1")) })
        let frames = (MonotonicTime.now() - start).milliseconds / 15 + 3
        let lines = adapter.output.split(separator: "\n")
        #expect(Double(lines.count) <= frames + 1, "\(lines.count) frames")
        let text = lines.dropLast().map { $0.split(separator: "\"text\":\"")[1].dropLast(3) }.joined()
        #expect(text == (0..<count).map { String($0 % 10) }.joined())
        for (index, line) in lines.dropLast().enumerated() { #expect(line.contains("\"seq\":\(index),")) }
    }

    // MARK: the end

    @Test func theEndOfStdinCancelsAndEndsWithinASecond() async throws {
        let daemon = try ScriptedDaemon(home.socketPath) { _, _ in }
        let adapter = try adapter()
        adapter.send(request("1", "chat", "{}") + "\n")
        #expect(await offPool { daemon.waitFor("chat") })
        let (status, took) = await offPool { adapter.timedEnd() }
        #expect(status == 0)
        #expect(took < .seconds(1))
        #expect(daemon.waitFor(#""method":"$/cancelRequest","params":{"id":1}"#))
    }

    @Test func theEndOfStdinEndsADialToo() async throws {
        let adapter = try CLIProcess(["stdio", "--socket", "/proc/none/x.sock"], home: home, keepsInputOpen: true)
        adapter.send(request("1", "chat", "{}") + "\n" + request("2", "initialize") + "\n")
        #expect(await offPool { adapter.waitForOutput("serverInfo") }, "it has started and read both")
        let (status, took) = await offPool { adapter.timedEnd() }
        #expect(status == 0)
        #expect(took < .seconds(1))
    }

    @Test func anEditorThatReadsNoMoreEndsIt() async throws {
        let daemon = try ScriptedDaemon(home.socketPath) { _, _ in }
        let adapter = try adapter()
        adapter.send(request("1", "chat", "{}") + "\n")
        #expect(await offPool { daemon.waitFor("chat") })
        adapter.closeOutput()
        #expect(await offPool { adapter.finish() }.status == 0)
        #expect(await offPool { eventually { daemon.closed == 1 } })
    }

    /// A shell starts the adapter, with its own stdin kept open elsewhere, and is killed.
    @Test func theEndOfTheParentEndsIt() async throws {
        let daemon = try ScriptedDaemon(home.socketPath) { _, _ in }
        let fifo = home.path + "/in"
        #expect(mkfifo(fifo, 0o600) == 0)
        let held = try FileDescriptor.open(fifo, O_RDWR)
        let log = try FileDescriptor.open(home.path + "/out", O_WRONLY | O_CREAT, mode: 0o600)
        let script = "\(try builtProduct("tandem")) stdio < \(fifo) & echo $! > \(home.path)/pid; wait"
        let shell = try ChildProcess(
            ["/bin/sh", "-c", script], environment: home.environment, descriptors: [1: log.raw, 2: log.raw])
        let line = request("1", "chat", "{}") + "\n"
        #expect(write(held.raw, line, line.utf8.count) == line.utf8.count)
        #expect(await offPool { daemon.waitFor("chat") })
        let pid = pid_t(try home.read("pid").filter(\.isNumber)) ?? 0
        #expect(pid > 0 && kill(pid, 0) == 0)
        shell.signal(SIGKILL)
        #expect(await offPool { eventually { daemon.closed == 1 } }, "its connection ends with it")
        #expect(await offPool { eventually { hasEnded(pid) } })
    }

    /// The parent-death signal also comes when the editor's thread that started us ends.
    @Test func theEndOfTheParentsThreadMeansNothing() async throws {
        let daemon = try echo()
        defer { daemon.stop() }
        let adapter = try adapter()
        adapter.send(request("1", "ping") + "\n")
        #expect(await offPool { adapter.waitForOutput(result("1")) })
        adapter.child.signal(SIGUSR2)
        adapter.send(request("2", "ping") + "\n")
        #expect(await offPool { adapter.waitForOutput(result("2")) })
        adapter.child.signal(SIGTERM)
        #expect(await offPool { adapter.finish() }.status == 0)
    }

    @Test func stderrSpeaksOnlyWhenAsked() async throws {
        let daemon = try echo()
        defer { daemon.stop() }
        let adapter = try adapter(["TANDEM_LOG": "1"])
        adapter.send(request("1", "ping") + "\n")
        #expect(await offPool { adapter.waitForOutput(result("1")) })
        adapter.closeInput()
        let end = await offPool { adapter.finish() }
        #expect(end.out == result("1") + "\n" && end.err.contains("tandem stdio: connected"))
    }

    @Test func whatIsNeitherFramingIsSaidAndEndsIt() async throws {
        let end = try await runCLI(["stdio"], home: home, input: "GET / HTTP/1.1\r\n\r\n")
        #expect(end.status == 0 && end.out.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700"#))
    }
}

/// Gone, or a zombie that nobody reaps.
private func hasEnded(_ pid: pid_t) -> Bool {
    guard let status = try? readFile("/proc/\(pid)/stat") else { return true }
    return String(decoding: status, as: UTF8.self).contains(") Z ")
}
