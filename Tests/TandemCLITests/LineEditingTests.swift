import Glibc
import TandemTestSupport
import Testing

@testable import tandem

/// The prompt of an interactive chat.
@Suite struct LineEditingTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            if message.method == "models" {
                peer.result(message.id, #"{"models":[{"name":"big"},{"name":"small"}],"default":"big"}"#)
            } else {
                peer.result(message.id, #"{"model":"big","content":"fine","finish_reason":"stop"}"#)
            }
        }
    }

    private var historyPath: String { home.state + "/tandem/chat_history" }

    @Test(.enabled(if: dlopen("libedit.so.2", RTLD_LAZY) != nil, "libedit is not installed"))
    func editsAndBringsBackLines() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        try home.write(historyPath, "from before ü\n")
        let process = try CLIProcess(["chat"], home: home, streams: .terminal)
        #expect(await offPool { process.waitForOutput("> ") })
        // Left, then the letter that was left out.
        process.type("helo\u{2}l\n")
        #expect(await offPool { daemon.waitFor(#""content":"hello""#) })
        // Twice back, over the line of this chat to the one of an earlier chat.
        process.type("\u{10}\u{10}\n")
        #expect(await offPool { daemon.waitFor(#""content":"from before ü""#) })
        process.type("\u{4}")
        #expect(await offPool { process.finish() }.status == 0)
        #expect(try home.read(historyPath) == "from before ü\nhello\nfrom before ü\n")
    }

    @Test(arguments: ["xterm", "dumb"])
    func commandsOfAChat(terminal: String) async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let process = try CLIProcess(["chat"], home: home, streams: .terminal, environment: ["TERM": terminal])
        #expect(await offPool { process.waitForOutput("> ") })
        process.type("/model\n")
        #expect(await offPool { process.waitForOutput("* big\r\n  small\r\n") })
        process.type("/model small\n")
        #expect(await offPool { process.waitForOutput("small answers from now on") })
        process.type("/etc/hosts is what?\n")
        #expect(await offPool { daemon.waitFor(#"{"model":"small","messages":[{"role":"user","content":"/etc/hosts"#) })
        process.type("/modle\n")
        #expect(await offPool { process.waitForOutput("unknown command /modle, did you mean /model?") })
        process.type("/new\n")
        #expect(await offPool { process.waitForOutput("a new conversation") })
        process.type("again\n")
        #expect(await offPool { daemon.waitFor(#""content":"again""#) })
        process.type("/quit\n")
        #expect(await offPool { process.finish() }.status == 0)
        let sessions = daemon.received.compactMap { line in line.firstMatch(of: /"session":"(\w+)"/)?.1 }
        #expect(sessions.count == 2 && sessions[0] != sessions[1])
    }

    @Test(arguments: ["xterm", "dumb"])
    func interruptionGivesUpTheLineThenLeaves(terminal: String) async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let process = try CLIProcess(["chat"], home: home, streams: .terminal, environment: ["TERM": terminal])
        #expect(await offPool { process.waitForOutput("> ") })
        process.type("half a line")
        #expect(await offPool { process.waitForOutput("half a line") })
        process.child.signal(SIGINT)
        #expect(await offPool { eventually { process.output.components(of: "> ") == 2 } })
        process.child.signal(SIGINT)
        #expect(await offPool { process.finish() }.status == 130)
    }

    @Test func theHistoryIsPrivateAndBounded() throws {
        let path = try home.write("chat_history", (1...2500).map { "line \($0)\n" }.joined())
        var history = ChatHistory(path: path)
        #expect(history.lines.count == ChatHistory.lineLimit && history.lines.last == "line 2500")
        #expect(try home.read(path).split(separator: "\n").count == ChatHistory.lineLimit)
        let kept = ["more", "more", "", String(repeating: "x", count: 1 << 20)].map { history.add($0) }
        #expect(kept == [true, false, false, false])
        #expect(try home.read(path).hasSuffix("line 2500\nmore\n"))
        var fresh = ChatHistory(path: home.path + "/another")
        fresh.add("first")
        var status = stat()
        stat(home.path + "/another", &status)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func aSlashBeginsACommandOnlyBeforeLetters() {
        #expect(SlashCommand.read("/quit") == .command(.quit, argument: ""))
        #expect(SlashCommand.read("/model  a b") == .command(.model, argument: "a b"))
        #expect(SlashCommand.read("/hlp") == .unknown("unknown command /hlp, did you mean /help?"))
        for text in ["/", "/etc/hosts", "a /quit", "//", "/1"] { #expect(SlashCommand.read(text) == .message) }
    }
}

extension String {
    /// How often a text stands in this one.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
