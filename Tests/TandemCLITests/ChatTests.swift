import Glibc
import TandemBase
import TandemTestSupport
import Testing

private let answer =
    #"{"request_id":"01X","model":"m","content":"Hello ü\nyou","finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":4},"cost_usd":0.5,"latency_ms":12,"steps":[],"notices":[]}"#

@Suite struct ChatTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon(_ script: @escaping ScriptedDaemon.Script) throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath, script)
    }

    private func answering(_ text: String = answer) throws -> ScriptedDaemon {
        try daemon { message, peer in if message.method == "chat" { peer.result(message.id, text) } }
    }

    private func failing(_ code: Int, _ kind: String) throws -> ScriptedDaemon {
        try daemon { message, peer in peer.error(message.id, code, kind, "do something") }
    }

    @Test func aPipeGetsTheAnswerAndNothingElse() async throws {
        let daemon = try answering()
        let end = try await runCLI(["chat", "Hi", "there"], home: home)
        #expect(end.status == 0 && end.out == "Hello ü\nyou\n" && end.err.isEmpty)
        #expect(daemon.received.count == 1)
        #expect(daemon.received[0].contains(#""messages":[{"role":"user","content":"Hi there"}]"#))
        #expect(!daemon.received[0].contains(#""stream""#))
    }

    @Test func allOptionsReachTheRequest() async throws {
        let daemon = try answering()
        let arguments = [
            "chat", "-mM", "--system=S", "-t", "0.5", "--max-tokens", "9", "--reasoning", "high", "--cache=bypass",
            "--timeout", "2m", "-s", "talk", "--", "-x-",
        ]
        #expect(try await runCLI(arguments, home: home).status == 0)
        let expected =
            #"{"model":"M","messages":[{"role":"system","content":"S"},{"role":"user","content":"-x-"}],"session":"talk","#
            + #""temperature":0.5,"max_tokens":9,"cache":"bypass","timeout_ms":120000,"reasoning":{"depth":"high"}}"#
        #expect(daemon.received[0].contains(expected), "\(daemon.received)")
    }

    @Test func theArgumentThenStdinThenFiles() async throws {
        let daemon = try answering()
        try home.write("a.py", "print(`1`)\n```\n")
        #expect(try await runCLI(["chat", "Q", "-f", "a.py"], home: home, input: "piped\n\n").status == 0)
        #expect(daemon.received[0].contains(#""content":"Q\n\npiped\n\n````a.py\nprint(`1`)\n```\n````""#))
    }

    @Test func imagesBecomeDataParts() async throws {
        let daemon = try answering()
        try writeFile(home.path + "/i.gif", Array("GIF89a!".utf8))
        #expect(try await runCLI(["chat", "what is it?", "-f", "i.gif"], home: home).status == 0)
        let parts =
            #"[{"type":"text","text":"what is it?"},{"type":"image_url","image_url":{"url":"data:image/gif;base64,R0lGODlhIQ=="}}]"#
        #expect(daemon.received[0].contains(parts), "\(daemon.received)")
    }

    @Test func whatIsNeitherTextNorImageIsRefusedBeforeAnythingIsSent() async throws {
        let daemon = try answering()
        try writeFile(home.path + "/x.bin", [0, 1, 0xFF])
        let end = try await runCLI(["chat", "Q", "-f", "x.bin"], home: home)
        #expect(end.status == 1 && end.err.contains("x.bin is neither text"))
        #expect(daemon.received.isEmpty)
    }

    @Test func theLastConversationGoesOn() async throws {
        let daemon = try answering()
        let none = try await runCLI(["chat", "-c", "a"], home: home)
        #expect(none.status == 1 && none.err.contains("no conversation to continue"))
        #expect(try await runCLI(["chat", "a"], home: home).status == 0)
        #expect(try await runCLI(["chat", "-c", "b"], home: home).status == 0)
        let sessions = daemon.received.compactMap { $0.split(separator: "\"session\":\"").last?.prefix(26) }
        #expect(sessions.count == 2 && sessions[0] == sessions[1] && ULID(sessions[0]) != nil)
        var status = stat()
        #expect(stat(home.state + "/tandem/cli-last-session", &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func jsonPrintsTheResultAsItCame() async throws {
        let daemon = try answering()
        defer { daemon.stop() }
        #expect(try await runCLI(["chat", "--json", "a"], home: home).out == answer + "\n")
    }

    @Test func jsonlPrintsEventsAndResult() async throws {
        let daemon = try daemon { message, peer in
            peer.event(message.id, 0, "content", #""text":"x""#)
            peer.result(message.id, answer)
        }
        let end = try await runCLI(["chat", "--jsonl", "a"], home: home)
        #expect(end.out == #"{"id":1,"seq":0,"type":"content","text":"x"}"# + "\n" + answer + "\n")
        #expect(daemon.received[0].contains(#""stream":true"#))
    }

    @Test func verboseTellsTheFooterOnStderr() async throws {
        let daemon = try answering()
        defer { daemon.stop() }
        let end = try await runCLI(["chat", "-v", "a"], home: home)
        #expect(end.out == "Hello ü\nyou\n" && end.err == "m · 3 in, 4 out · $0.50 · 12 ms\n")
    }

    @Test(arguments: [
        (-32001, "rate_limited", 3), (-32013, "budget_exceeded", 3), (-32002, "providers_failed", 4),
        (-32011, "plan_conflict", 5), (-32005, "unknown_model", 1), (-32603, "internal", 1), (-32800, "cancelled", 130),
    ])
    func errorsHaveTheirExitCodes(code: Int, kind: String, status: Int32) async throws {
        let daemon = try failing(code, kind)
        defer { daemon.stop() }
        let end = try await runCLI(["chat", "a"], home: home)
        #expect(end.status == status && end.out.isEmpty && end.err == "tandem chat: do something\n")
    }

    @Test func failedProvidersAreNamedOneByOne() async throws {
        let attempts =
            #""attempts":[{"provider":"groq","model":"big","kind":"http_status","status":503,"message":"busy"},{"provider":"box","model":"q","kind":"connect","message":"refused\u001b"}]"#
        let daemon = try daemon { message, peer in
            peer.error(message.id, -32002, "providers_failed", "no provider answered", attempts)
        }
        defer { daemon.stop() }
        let end = try await runCLI(["chat", "a"], home: home)
        #expect(end.status == 4)
        #expect(
            end.err
                == "tandem chat: no provider answered\n  groq/big: http_status 503: busy\n  box/q: connect: refused\u{1B}\n"
        )
    }

    @Test func aLostConnectionIsSaidAndNotTriedAgain() async throws {
        let daemon = try daemon { _, peer in peer.close() }
        let end = try await runCLI(["chat", "a"], home: home)
        #expect(end.status == 1 && end.err.contains("was not sent again"))
        #expect(daemon.received.count == 1)
    }

    // MARK: on a terminal

    @Test func aTerminalSeesTheStreamHarmlessAndAReset() async throws {
        let shown = Gate()
        let daemon = try daemon { message, peer in
            peer.event(message.id, 0, "started", #""model":"big""#)
            peer.event(message.id, 1, "reasoning", #""text":"thinking""#)
            peer.event(message.id, 2, "content", #""text":"draft\u001b[31m\u009b""#)
            shown.wait()
            peer.event(message.id, 3, "reset", #""reason":"polished""#)
            peer.event(message.id, 4, "content", #""text":"final""#)
            peer.result(message.id, answer)
        }
        defer { daemon.stop() }
        let process = try CLIProcess(["chat", "a"], home: home, streams: .terminal)
        #expect(await offPool { process.waitForOutput("draft␛[31m\u{FFFD}") }, "streams before the end")
        shown.open()
        let end = await offPool { process.finish() }
        #expect(end.status == 0)
        let expected =
            "\u{1B}[2mthinking\u{1B}[0m\r\ndraft␛[31m\u{FFFD}\r\n\u{1B}[2m[polished: the answer starts over]\u{1B}[0m\r\n"
            + "final\r\n\u{1B}[2mm · 3 in, 4 out · $0.50 · 12 ms\u{1B}[0m\r\n"
        #expect(end.out == expected)
    }

    @Test(arguments: [["NO_COLOR": "1"], ["TERM": "dumb"]])
    func noColourWhereNoneIsWanted(_ variables: [String: String]) async throws {
        let daemon = try daemon { message, peer in
            peer.event(message.id, 0, "reasoning", #""text":"thinking\n""#)
            peer.result(message.id, answer)
        }
        defer { daemon.stop() }
        let end = try await runCLI(["chat", "a"], home: home, streams: .terminal, environment: variables)
        #expect(end.out.hasPrefix("thinking\r\nHello ü\r\nyou\r\nm · ") && !end.out.contains("\u{1B}[2m"))
    }

    @Test func aSpinnerNamesWhatIsWaitedFor() async throws {
        let shown = Gate()
        let daemon = try daemon { message, peer in
            peer.event(message.id, 0, "step", #""role":"reasoner","model":"r1""#)
            shown.wait()
            peer.event(message.id, 1, "content", #""text":"x""#)
            peer.result(message.id, answer)
        }
        defer { daemon.stop() }
        let process = try CLIProcess(["chat", "a"], home: home, streams: .terminal)
        #expect(await offPool { process.waitForOutput("reasoner: r1") })
        shown.open()
        let end = await offPool { process.finish() }
        #expect(end.status == 0 && end.out.contains("\r\u{1B}[Kx\r\n"), "the spinner is gone before the answer")
    }

    @Test func aConversationGoesFromLineToLine() async throws {
        let daemon = try answering()
        let process = try CLIProcess(["chat"], home: home, streams: .terminal)
        #expect(await offPool { process.waitForOutput("> ") })
        process.type("one\\\ntwo\n")
        #expect(await offPool { daemon.waitFor(#""content":"one\ntwo""#) })
        #expect(await offPool { eventually { process.output.contains("12 ms") } })
        process.type("three\n")
        #expect(await offPool { daemon.waitFor(#""content":"three""#) })
        process.type("\u{4}")
        #expect(await offPool { process.finish() }.status == 0)
    }

    // MARK: interruptions

    @Test func anInterruptedAnswerEndsItsLine() async throws {
        let daemon = try daemon { message, peer in
            if message.method == "chat" { peer.event(message.id, 0, "content", #""text":"half""#) }
            if message.method == "$/cancelRequest" { peer.error("1", -32800, "cancelled", "cancelled") }
        }
        defer { daemon.stop() }
        let process = try CLIProcess(["chat", "a"], home: home, streams: .terminal)
        #expect(await offPool { process.waitForOutput("half") })
        process.child.signal(SIGINT)
        let end = await offPool { process.finish() }
        #expect(end.status == 130 && end.out == "half\r\n")
    }

    @Test func interruptingCancelsAndEndsWith130() async throws {
        let daemon = try daemon { message, peer in
            if message.method == "$/cancelRequest" { peer.error("1", -32800, "cancelled", "cancelled") }
        }
        let process = try CLIProcess(["chat", "a"], home: home)
        #expect(await offPool { daemon.waitFor(#""method":"chat""#) })
        process.child.signal(SIGINT)
        let end = await offPool { process.finish() }
        #expect(end.status == 130 && end.out.isEmpty && end.err.isEmpty)
        #expect(daemon.waitFor(#""method":"$/cancelRequest","params":{"id":1}"#))
    }

    @Test func aSecondInterruptLeavesAtOnce() async throws {
        let daemon = try daemon { _, _ in }
        let process = try CLIProcess(["chat", "a"], home: home)
        #expect(await offPool { daemon.waitFor(#""method":"chat""#) })
        process.child.signal(SIGINT)
        #expect(await offPool { daemon.waitFor("$/cancelRequest") })
        process.child.signal(SIGINT)
        #expect(await offPool { process.finish() }.status == 130)
    }

    @Test func anOutputNobodyReadsCancelsQuietly() async throws {
        let daemon = try daemon { message, peer in
            if message.method == "$/cancelRequest" { peer.error("1", -32800, "cancelled", "cancelled") }
        }
        let process = try CLIProcess(["chat", "a"], home: home)
        #expect(await offPool { daemon.waitFor(#""method":"chat""#) })
        process.closeOutput()
        let end = await offPool { process.finish() }
        #expect(end.status == 141 && end.err.isEmpty)
        #expect(daemon.waitFor("$/cancelRequest"))
    }
}
