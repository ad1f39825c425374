import Glibc
import TandemBase
import TandemJSON
import TandemProtocol
import TandemTestSupport
import Testing

@testable import tandem

private let providerJSON =
    #"{"name":"groq","kind":"openai","enabled":true,"available":false,"reason":"it asked for a pause of another 9 s","breaker":{"state":"closed","error_rate":0.25,"samples":8},"in_flight":2}"#
private let statsRows =
    #"{"model":"auto","requests":1200,"errors":3,"fallbacks":2,"cached":40,"tokens":56000,"cost_usd":1.25,"saved_usd":0.05,"latency_ms":{"p50":850,"p95":2300,"p99":5000},"first_token_ms":{"p50":120,"p95":300},"feedback_mean":0.5,"mean_length":412.4,"code_block_share":0.25,"polished":7,"escalated":1},{"model":"a","requests":300,"errors":0,"fallbacks":0,"cached":0,"tokens":100,"cost_usd":null,"saved_usd":null,"latency_ms":null,"first_token_ms":null,"feedback_mean":null}"#
private let dayRows =
    #"{"day":"2026-11-18","requests":10,"cost_usd":0},{"day":"2026-11-19","requests":40,"cost_usd":0},{"day":"2026-11-20","requests":20,"cost_usd":0}"#

/// The commands that look after the daemon, against a scripted one.
@Suite struct AdministrationTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            switch message.method {
            case "status":
                peer.result(
                    message.id,
                    #"{"version":"9","uptime_ms":61000,"connections":1,"in_flight":2,"memory_bytes":1048576,"providers":[\#(providerJSON)],"caches":[{"name":"responses","entries":3,"capacity":1000,"ttl_ms":3600000,"hits":5,"misses":7,"bytes":2048}]}"#
                )
            case "setProvider":
                peer.result(message.id, #"{"provider":"groq","name":"groq","kind":"openai","enabled":false}"#)
            case "clearCache": peer.result(message.id, #"{"removed":3}"#)
            case "history": peer.result(message.id, #"{"requests":[{"request_id":"01A"}]}"#)
            case "feedback": peer.result(message.id, "{}")
            case "stats": peer.result(message.id, "{\"rows\":[\(message.line.contains("day") ? dayRows : statsRows)]}")
            case "route" where message.line.contains("sort"):
                func leaf(_ name: String, _ provider: String, _ model: String, ready: Bool = true) -> String {
                    #""candidates":[{"name":"\#(name)","provider":"\#(provider)","model":"\#(model)","available":\#(ready)}]"#
                }
                let inner =
                    #"{"part":"reasoner","model":"deep","used":"first","workflow":"direct",\#(leaf("deep", "p", "d-1"))},"#
                    + #"{"part":"coder","model":"qwen","used":"then","workflow":"direct",\#(leaf("qwen", "q", "q-2", ready: false))}"#
                peer.result(
                    message.id,
                    #"{"model":"auto","workflow":"route","score":0.97,"is_code":true,"reasons":[{"reason":"a language","weight":2.1},{"reason":"advice","weight":-0.25}],"arm":"code","chosen":"r1","why":"it is code","parts":[{"part":"code","model":"r1","used":"first","workflow":"chain","parts":[\#(inner)]},{"part":"general","model":"m","used":"if code fails","workflow":"direct",\#(leaf("m", "p", "x"))}],"limits":{"allowed":true}}"#
                )
            case "route":
                peer.result(
                    message.id,
                    #"{"model":"m","workflow":"direct","chosen":"n","candidates":[{"name":"m","provider":"p","model":"x","available":false,"reason":"it is disabled"},{"name":"n","provider":"q","model":"y","available":true}],"limits":{"allowed":true}}"#
                )
            case "subscribe":
                peer.result(message.id, "{}")
                peer.event(
                    message.id, 0, "request_finished",
                    #""request_id":"01B","model":"auto","outcome":"ok","cost_usd":0.5,"latency_ms":12"#)
            default: peer.error(message.id, -32601, "method_not_found", "no such method")
            }
        }
    }

    @Test func providersAreListedAndSwitched() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        #expect(
            try await runCLI(["providers"], home: home).out == """
                PROVIDER  KIND    STATE  IN FLIGHT  CALLS  FAILED  NOTE
                groq      openai  ready          2      8    25 %  it asked for a pause of another 9 s

                """)
        #expect(try await runCLI(["providers", "disable", "groq"], home: home).out.contains("disabled"))
        #expect(daemon.received[1].contains(#""params":{"provider":"groq","enabled":false}"#))
        #expect(try await runCLI(["providers", "reset", "groq"], home: home).status == 0)
        #expect(daemon.received[2].contains(#""params":{"provider":"groq","reset_breaker":true}"#))
        #expect(try await runCLI(["providers", "enable"], home: home).status == 2)
    }

    @Test func cachesAreShownAndEmptied() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        #expect(
            try await runCLI(["cache"], home: home).out == """
                CACHE      ENTRIES     OF    BYTES  HITS  MISSES  KEPT FOR
                responses        3  1,000  2.0 KiB     5       7       1 h

                """)
        #expect(try await runCLI(["cache", "clear", "responses"], home: home).out == "3 entries removed\n")
        #expect(daemon.received[1].contains(#""params":{"cache":"responses"}"#))
    }

    @Test func feedbackTakesWordsAndNumbers() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        #expect(try await runCLI(["feedback", "last", "good", "-m", "thanks"], home: home).status == 0)
        #expect(daemon.received[1].contains(#""params":{"request_id":"01A","score":1.0,"comment":"thanks"}"#))
        #expect(try await runCLI(["feedback", "01C", "--", "-0.5"], home: home).status == 0)
        #expect(daemon.received[2].contains(#""params":{"request_id":"01C","score":-0.5}"#))
        #expect(try await runCLI(["feedback", "01C", "fine"], home: home).status == 2)
    }

    @Test func routeNamesTheCandidates() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        #expect(
            try await runCLI(["route", "-m", "m", "hello"], home: home).out == """
                model     m
                asks      n

                CANDIDATE  PROVIDER  MODEL  STATE
                m          p         x      it is disabled
                n          q         y      ready

                """)
        #expect(
            try await runCLI(["route", "sort a list"], home: home).out == """
                model     auto (route)
                asks      r1
                because   it is code
                score     0.97, how probable a request for code is
                          +2.10  a language
                          -0.25  advice

                PART           USED           CANDIDATE  PROVIDER  MODEL  STATE
                code           first          r1                          chain
                code.reasoner  first          deep       p         d-1    ready
                code.coder     then           qwen       q         q-2    not available
                general        if code fails  m          p         x      ready

                """)
    }

    @Test func statsAreATableAndPlotsOnATerminal() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let table = """
            MODEL  REQUESTS  ERRORS  FALLBACK  CACHED  TOKENS   COST    SAVED     P50    P95    P99   FIRST  LENGTH  CODE  \
            FEEDBACK  POLISHED  ESCALATED
            auto      1,200       3         2      40  56,000  $1.25  $0.0500  850 ms  2.3 s  5.0 s  120 ms     412  25 %  \
                0.50         7          1
            a           300       0         0       0     100      -        -       -      -      -       -       -     -  \
                   -         0          0

            """
        #expect(try await runCLI(["stats", "--since", "24h"], home: home).out == table)
        #expect(daemon.received[0].contains(#""params":{"by":"model","since":"24h"}"#))
        let shown = try await runCLI(["stats"], home: home, streams: .terminal, environment: ["LC_ALL": "C.UTF-8"]).out
        #expect(shown.contains("auto ███") && shown.contains("requests a day, 2026-11-18 to 2026-11-20"), "\(shown)")
        #expect(shown.contains("╭") && !shown.contains("USD a day"), "\(shown)")
    }

    @Test func figuresThatDoNotFitStandBelow() throws {
        let rows = try JSONDocument(Array("[\(statsRows)]".utf8)).root.elements.map { $0 }
        let tables = statsTables(rows, by: "model", width: 60).map { $0.lines(width: 60) }
        #expect(
            tables.map(\.[0]) == [
                "MODEL  REQUESTS  ERRORS  FALLBACK  CACHED  TOKENS   COST",
                "MODEL    SAVED     P50    P95    P99   FIRST  LENGTH  CODE", "MODEL  FEEDBACK  POLISHED  ESCALATED",
            ])
        #expect(tables[1][1] == "auto   $0.0500  850 ms  2.3 s  5.0 s  120 ms     412  25 %")
    }

    @Test func plotsAreExact() {
        #expect(
            Plot.bars([("a", 4, "4"), ("bb", 1, "1"), ("c", 0, "0")], width: 14, unicode: true) == [
                "a  ████████ 4", "bb ██ 1", "c   0",
            ])
        #expect(Plot.bars([("a", 2, "2")], width: 14, unicode: false) == ["a ######### 2"])
        #expect(
            Plot.line([0, 2, 2, 1], width: 8, height: 3, unicode: true) { "\(Int($0))" } == [
                "2 ┤╭─╮", "  ┤│ ╰─", "0 ┤╯",
            ])
        #expect(Plot.line([], width: 80, unicode: true) { "\($0)" }.isEmpty)
        #expect(Plot.line([1, 1], width: 6, height: 2, unicode: false) { "\(Int($0))" } == ["1 |", "1 |--"])
    }

    @Test func topDrawsOnEventsAndLeavesWithQ() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let process = try CLIProcess(["top"], home: home, streams: .terminal)
        #expect(await offPool { process.waitForOutput("01B") })
        #expect(process.output.contains("tandemd 9, up 1 min 1 s, 1 connection, 2 in flight"))
        // One drawing at the start, one for the event.
        let drawings = daemon.received.count(where: { $0.contains("\"status\"") })
        #expect((1...2).contains(drawings))
        #expect(process.output.contains("TOOK\u{1B}[K"), "tables are cut where they are widest, not at the end")
        // A narrower window is drawn at once.
        process.resize(columns: 30)
        #expect(await offPool { process.waitForOutput("1 min 1 s, 1 con\u{1B}[K") })
        process.type("q")
        let end = await offPool { process.finish() }
        #expect(end.status == 0 && end.out.hasSuffix("\u{1B}[?1049l"))
        #expect(try await runCLI(["top"], home: home).status == 2)
    }
}
