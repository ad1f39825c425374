import TandemJSON
import TandemTestSupport
import Testing

@testable import tandem

@Suite struct BenchTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    /// `auto` and `chain` answer with their names and the prompt; `judge` prefers what its rule says, by what it sees.
    private func daemon(
        judge: @escaping @Sendable (_ first: String, _ second: String) -> String = { _, _ in "TIE" }
    ) throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            guard message.method == "chat" else { return peer.result(message.id, "{}") }
            let model = message.params?["model"]?.string ?? ""
            let prompt = message.params?["messages"]?.elements.compactMap { $0["content"]?.string }.last ?? ""
            switch model {
            case "judge":
                let parts = prompt.split(separator: "###").map { String($0) }
                peer.result(message.id, "{\"content\":\(quoted("Clear.\n\n" + judge(parts[1], parts[2])))}")
            case _ where prompt == "fails":
                peer.error(message.id, -32002, "providers_failed", "No model answered.", "\"attempts\":[]")
            case "auto", "chain":
                let isAuto = model == "auto"
                peer.event(message.id, 0, "started")
                peer.result(
                    message.id,
                    "{\"request_id\":\"\(model)-\(prompt)\",\"content\":\"by \(model)\",\"latency_ms\":\(isAuto ? 100 : 2500),"
                        + "\"first_token_ms\":\(isAuto ? 20 : 30),\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5},"
                        + "\"cost_usd\":\(isAuto ? "0.25" : "null"),\"polished\":\(isAuto),"
                        + "\"quality_issues\":\(isAuto ? "[\"elided\"]" : "[]")}")
            default: peer.error(message.id, -32005, "unknown_model", "There is no model \(model).")
            }
        }
    }

    private func prompts(_ text: String) throws -> String { try home.write("prompts.jsonl", text) }

    private static let three =
        "{\"prompt\":\"a\"}\n\n{\"text\":\"b\",\"label\":1}\r\n"
        + "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"c\"}]}"

    private func bench(_ file: String, _ more: [String] = []) async throws -> (status: Int32?, out: String, err: String)
    {
        try await runCLI(["bench", "workflow", "auto", "--against", "chain", "-f", file] + more, home: home)
    }

    @Test func bothAreAskedInTurnsAndCompared() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let run = try await bench(try prompts(Self.three))
        #expect(
            run.out == """
                             AUTO    CHAIN
                answers      3 of 3  3 of 3
                time         100 ms  2.5 s
                first token  20 ms   30 ms
                tokens       45      45
                cost         $0.75   -
                issues       none    none
                in drafts    3 of 3  none
                  elided     3       0
                polished     3       0

                """)
        #expect(run.status == 0 && run.err == "")
        let asked = daemon.received.map { $0.contains("\"auto\",\"messages") ? "auto" : "chain" }
        #expect(asked == ["auto", "chain", "chain", "auto", "auto", "chain"])
        #expect(daemon.received.allSatisfy { $0.contains(#""stream":true,"cache":"bypass""#) })
        #expect(daemon.received[0].contains(#""metadata":{"bench":{"models":["auto","chain"],"line":1}}"#))
        #expect(daemon.received[5].contains(#"{"role":"system","content":"s"}"#))
    }

    /// Whatever stands first wins: no preference at all. What is preferred in both orders wins.
    @Test func theJudgeIsAskedInBothOrders() async throws {
        let biased = try daemon { _, _ in "FIRST" }
        let tie = try await bench(try prompts(Self.three), ["--judge", "judge", "--json"])
        biased.stop()
        let root = try JSONDocument(Array(tie.out.utf8)).root
        #expect(root["judge"]?["ties"]?.int == 3 && root["judge"]?["judged"]?.int == 3)
        #expect(root["arms"]?[0]?["preferred"]?.int == 0 && root["prompts"]?[0]?["preferred"]?.string == "tie")
        #expect(biased.received.filter { $0.contains("\"score\":0.0") }.count == 6)

        let fair = try daemon { first, _ in first.contains("by chain") ? "first" : "**Second**." }
        defer { fair.stop() }
        let run = try await bench(try prompts("{\"prompt\":\"a\"}"), ["-j", "judge"])
        #expect(run.out.contains("preferred    0 of 1  1 of 1\n"), "\(run.out)")
        let feedback = fair.received.filter { $0.contains("\"feedback\"") }
        #expect(feedback.count == 2)
        #expect(feedback[0].contains(#""request_id":"auto-a","score":-1.0,"comment":"bench, judged by judge""#))
        #expect(feedback[1].contains(#""request_id":"chain-a","score":1.0"#))
    }

    @Test func aJudgeThatDoesNotSayCountsForNobody() async throws {
        let daemon = try daemon { _, _ in "Both are fine." }
        defer { daemon.stop() }
        let run = try await bench(try prompts("{\"prompt\":\"a\"}"), ["-j", "judge"])
        #expect(run.status == 0 && run.out.contains("preferred    0 of 0  0 of 0\n"))
        #expect(run.err == "tandem bench: line 1: judge judge says neither FIRST, SECOND nor TIE\n")
        #expect(!daemon.received.contains { $0.contains("\"feedback\"") })
    }

    @Test func aFailureIsCountedAndToldAndTheRestGoesOn() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let run = try await bench(try prompts("{\"prompt\":\"fails\"}\n{\"prompt\":\"b\"}"), ["--json"])
        let arm = try JSONDocument(Array(run.out.utf8)).root["arms"]?[0]
        #expect(arm?["answers"]?.int == 1 && arm?["errors"]?.int == 1 && arm?["cost_usd"]?.double == 0.25)
        #expect(arm?["latency_ms"]?["median"]?.double == 100 && arm?["draft_issues"]?["elided"]?.int == 1)
        #expect(run.status == 0 && run.err.contains("tandem bench: line 1: auto: No model answered.\n"))
        #expect(try await bench(try prompts("{\"prompt\":\"fails\"}")).status == 4)
    }

    @Test func anUnknownModelEndsItAtOnce() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let run = try await runCLI(
            ["bench", "workflow", "auto", "--against", "nope", "-f", try prompts(Self.three)], home: home)
        #expect(run.status == 1 && run.err.contains("There is no model nope."))
        #expect(daemon.received.count == 2)
    }

    @Test(arguments: [
        ("{\"prompt\":\"a\"}\n{\"prompt\":", "prompts.jsonl:2: not JSON"),
        ("{\"prompt\":\"a\"}\n\n{\"question\":\"b\"}", "prompts.jsonl:3: expected an object with prompt or text"),
        ("{\"prompt\":7}", "prompts.jsonl:1: expected an object"), ("[]", "prompts.jsonl:1: expected an object"),
        ("{\"messages\":[]}", "prompts.jsonl:1: messages: expected an array"),
        ("{\"messages\":[{\"content\":\"a\"}]}", "prompts.jsonl:1: messages: expected an array"),
        ("\n \n", "prompts.jsonl: there is no prompt in it"),
    ])
    func faultsOfTheFileNameTheLine(_ text: String, _ message: String) async throws {
        let run = try await bench(try prompts(text))
        #expect(run.status == 1 && run.err.contains(message), "\(run.err)")
    }

    @Test func theCommandLineIsChecked() async throws {
        let file = try prompts(Self.three)
        for arguments in [
            ["workflow", "auto", "-f", file], ["workflow", "auto", "--against", "auto", "-f", file],
            ["workflow", "auto", "--against", "b"], ["auto", "--against", "b", "-f", file], ["workflow"],
        ] {
            let run = try await runCLI(["bench"] + arguments, home: home)
            #expect(run.status == 2, "\(arguments): \(run.err)")
        }
    }

    /// A chain's or a model's answers are judged as a route's are, by what was asked.
    @Test func theAnswersOfBothSidesAreJudged() async throws {
        let answers = [
            "auto": [
                "Write a function in Python that adds": "I can't help with that.", "What is the capital?": "Paris.",
            ],
            "chain": [
                "Write a function in Python that adds": "```python\n# ... existing code ...",
                "What is the capital?": "",
            ],
        ]
        let daemon = try ScriptedDaemon(home.socketPath) { message, peer in
            let prompt = message.params?["messages"]?[0]?["content"]?.string ?? ""
            let content = answers[message.params?["model"]?.string ?? ""]?[prompt] ?? "?"
            peer.result(message.id, "{\"content\":\(quoted(content)),\"finish_reason\":\"length\"}")
        }
        defer { daemon.stop() }
        let file = try prompts(
            "{\"prompt\":\"Write a function in Python that adds\"}\n{\"prompt\":\"What is the capital?\"}")
        let run = try await bench(file, ["--json"])
        let arms = try JSONDocument(Array(run.out.utf8)).root["arms"]
        func issues(_ arm: Int) -> String { String(decoding: arms?[arm]?["quality_issues"]?.raw ?? [], as: UTF8.self) }
        #expect(issues(0) == #"{"missing_code_block":1,"refusal":1,"too_short":1,"truncated":2}"#)
        #expect(issues(1) == #"{"elided":1,"empty":1,"truncated":2,"unclosed_code_block":1}"#)
        #expect(arms?[1]?["draft_issues"]?.count == 0)
        let table = try await bench(file).out
        #expect(table.contains("issues                 2 of 2  2 of 2\n  elided               0       1\n"), "\(table)")
    }

    @Test func judgementIsTheLastWord() {
        #expect(judgement("The first is longer, but wrong.\nSECOND") == .second)
        #expect(judgement("FIRST.") == .first && judgement("**Tie**") == .tie)
        #expect(judgement("Neither, both") == nil && judgement("") == nil)
    }
}
