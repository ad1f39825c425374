import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Random answers and failures for every model of every workflow: what the client is told, what it gets, what went
/// upstream and what the ledger says are one story. A seed repeats a failure.
@Suite struct WorkflowReplayTests {
    private static let workflows = """
        [models.chain]
        workflow = "chain"
        reasoner = "r1"
        coder = "qwen"
        [models.route]
        workflow = "route"
        code = "qwen"
        general = "llama"
        polish = { model = "finish" }
        code_share = 0.8
        [models.attributed]
        workflow = "route"
        code = "chain"
        general = "llama"
        polish = { model = "finish" }
        attribution = true
        [models.escalate]
        workflow = "escalate"
        default = "llama"
        reasoning = "r1"
        [models.deep]
        workflow = "escalate"
        default = "route"
        reasoning = "chain"
        [models.expert]
        workflow = "expert"
        router = "phi"
        coder = "qwen"
        max_rounds = 4
        [models.all]
        workflow = "route"
        code = "expert"
        general = "escalate"

        """
    private static let names = ["chain", "route", "attributed", "escalate", "deep", "expert", "all"]
    private static let settings = """
        [limits]
        reasoning_user = "12/1h"
        [breaker]
        min_samples = 6
        open_for = "100ms"

        """
    private static let timeouts = "first_token_timeout = \"60ms\"\nidle_timeout = \"60ms\""

    private static func reply(_ random: inout SplitMix) -> Reply {
        let signal = "[USE_REASONING_MODEL]"
        let code = "```swift\nlet a = 1\n```\n"
        switch random.next() % 20 {
        case 0: return .failure(400)
        case 1: return .failure(500)
        case 2: return .hang
        case 3: return .sse([.event(OpenAIMaterial.content("half")), .reset])
        case 4: return .sse([.event(OpenAIMaterial.content("half ")), .hang])
        case 5: return .nonsense
        case 6: return .stream([" \n"])
        case 7: return .stream(["cut ", "sho"], finish: "length")
        case 8: return .stream(["<thi", "nk>a trace</th", "ink>the ", "answer"])
        case 9: return .stream(["Before ", "[USE_REASON", "ING_MODEL]", " after"])
        case 10: return .stream([signal])
        case 11: return .stream(["[USE_REASONING_", "what ", "else"])
        case 12: return .stream(["Let me see. {\"tool\":\"generate_", "code\",\"prompt\":\"f\"}"])
        case 13: return .stream(["{\"tool\":\"fly\"}"])
        case 14:
            let call = OpenAIMaterial.toolCall(id: "c", name: "generate_code", arguments: #"{"prompt":"f"}"#)
            return .sse([.event(call), .event(OpenAIMaterial.finish("tool_calls")), .done])
        case 15: return .stream([], reasoning: ["only ", "a trace"])
        case 16: return .stream(["Here it is: é", "\u{1F600} ", code], reasoning: ["hm, ", "well"])
        case 17: return .stream(["An answer that is long enough not to be polished:\n", code, "and its end"])
        default: return .stream([code, "That is all there is to say about it, as far as I can see."])
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func eventsResultCallsAndLedgerAgree(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var models: [String: [Reply]] = [:]
        for model in ["r1", "qwen", "llama", "finish", "phi"] {
            models[model] = (0..<80).map { _ in Self.reply(&random) }
        }
        let home = try WorkflowHome(
            Self.workflows, models: models, provider: Self.timeouts, settings: Self.settings)
        let client = try home.daemon.client()
        for index in 0..<20 {
            let name = Self.names[Int(random.next() % UInt64(Self.names.count))]
            let prompt =
                random.next() % 4 == 0 ? "Write a poem about the sea \(index)" : "Write a Swift function \(index)"
            let before = home.server.calls.count
            let timeout = random.next() % 6 == 0 ? ",\"timeout_ms\":\(random.next() % 100 + 50)" : ""
            let chat = try WorkflowHome.follow(
                client, "chat", WorkflowHome.params(name, prompt, stream: true, timeout), id: index + 1)
            let place = "seed \(seed), request \(index), \(name)"
            let ledger = try home.ledger()
            expectAgreement(chat, ledger, place)
            // The server may still be reading a request whose deadline has passed, or the last one was not sent at all.
            let cached = ledger.steps.count { $0.hasSuffix(" cached") }
            let sent = chat.lines.count { $0.hasPrefix("step ") } - cached
            let hasCome = eventually { home.server.calls.count - before == sent }
            let wasLate = chat.errorCode == -32004 && home.server.calls.count - before == sent - 1
            #expect(hasCome || wasLate, "\(place): \(home.server.calls[before...])\n\(chat.lines)")
        }
    }

    private func expectAgreement(
        _ chat: Transcript, _ ledger: (outcome: String, workflow: String, steps: [String], row: JSONValue),
        _ place: String
    ) {
        let comment = Comment(rawValue: "\(place)\n\(chat.lines.joined(separator: "\n"))\n\(ledger.row)")
        // Where it is a signal no byte of it is shown, ever.
        let isSignal = place.hasSuffix("escalate") || place.hasSuffix("deep")
        #expect(!isSignal || !chat.lines.contains { $0.contains("[USE_REASONING_MODEL]") }, comment)
        // What was announced are the steps, in order; one that our own rules held back is not announced.
        let steps = ledger.steps.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        var last = -1
        for line in chat.lines where line.hasPrefix("step ") {
            let words = line.split(separator: " ", maxSplits: 2)
            let step = Int(words[1]) ?? -1
            #expect(step > last && step < steps.count && steps[max(0, step)] == words[2], comment)
            last = step
        }
        #expect(!ledger.steps.contains { $0.contains(" running") }, comment)
        let noticed = chat.lines.filter { $0.hasPrefix("notice ") }.map { String($0.dropFirst(7)) }
        #expect(ledger.row["notices"]?.elements.compactMap { $0["code"]?.string } ?? [] == noticed, comment)
        guard let result = chat.result else {
            #expect(ledger.outcome == chat.response["error"]?["data"]?["kind"]?.string, comment)
            return
        }
        #expect(ledger.outcome == "ok" && chat.steps == ledger.steps && chat.notices == noticed, comment)
        #expect(chat.steps.last?.contains(" ok") == true || chat.flag("fallback") || chat.notices.count > 0, comment)
        for flag in ["fallback", "polished", "escalated", "cached"] {
            #expect(chat.flag(flag) == (ledger.row[flag]?.bool ?? false), comment)
        }
        // The whole is the sum of its steps.
        for count in ["prompt_tokens", "completion_tokens"] {
            let sum = result["steps"]?.elements.reduce(0) { $0 + ($1["usage"]?[count]?.int ?? 0) }
            #expect(result["usage"]?[count]?.int == sum && ledger.row["usage"]?[count]?.int == sum, comment)
        }
    }
}
