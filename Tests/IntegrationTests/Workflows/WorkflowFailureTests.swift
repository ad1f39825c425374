import TandemJSON
import TandemTestSupport
import Testing

/// What each workflow does when one of its models is down, breaks off or has no room: the whole stream of events, the
/// steps, the calls and the ledger.
@Suite struct WorkflowFailureTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var workflow: SmallWorkflow
        var prompt = "Write a Swift function"
        /// Models whose provider takes one request an hour, and one was made.
        var limited: Set<String> = []
        var lines: [String]
        /// "ok", with flags, or the error's kind.
        var outcome: String
        var steps: [String]
        var calls: [String]
        var testDescription: String { "\(workflow.kind): \(name)" }

        init(
            _ kind: String, _ name: String, _ replies: [String: [Reply]], _ lines: [String], _ outcome: String,
            _ steps: [String], _ calls: [String], prompt: String = "Write a Swift function", limited: Set<String> = []
        ) {
            self.name = name
            workflow = SmallWorkflow(kind: kind, replies: replies)
            self.lines = ["started"] + lines
            self.outcome = outcome
            self.steps = steps
            self.calls = calls
            self.prompt = prompt
            self.limited = limited
        }
    }

    private static let ok = Reply.stream(["```\nok\n```"])
    private static let said = "content: ```\nok\n```"
    private static let down = Reply.failure(400)
    private static let breaks = SmallWorkflow.breaks
    private static let signal = SmallWorkflow.signal

    static let chain: [Case] = [
        Case(
            "chain", "the reasoner is down", ["a": [down], "b": [ok]],
            ["step 0 reasoner a", "notice fallback", "step 1 coder b", said], "ok fallback",
            ["reasoner a failed", "coder b ok"], ["a", "b"]),
        Case(
            "chain", "the reasoner breaks off", ["a": [breaks], "b": [ok]],
            ["step 0 reasoner a", "reasoning: half", "notice fallback", "step 1 coder b", said], "ok fallback",
            ["reasoner a failed", "coder b ok"], ["a", "b"]),
        Case(
            "chain", "the coder is down", ["a": [.stream(["plan"])], "b": [down]],
            ["step 0 reasoner a", "reasoning: plan", "step 1 coder b"], "providers_failed",
            ["reasoner a ok", "coder b failed"], ["a", "b"]),
        Case(
            "chain", "the coder breaks off", ["a": [.stream(["plan"])], "b": [breaks]],
            ["step 0 reasoner a", "reasoning: plan", "step 1 coder b", "content: half"], "providers_failed",
            ["reasoner a ok", "coder b failed"], ["a", "b"]),
        Case(
            "chain", "both are down", ["a": [down], "b": [down]],
            ["step 0 reasoner a", "notice fallback", "step 1 coder b"], "providers_failed",
            ["reasoner a failed", "coder b failed"], ["a", "b"]),
        Case(
            "chain", "the reasoner has no room", ["b": [ok]], ["notice fallback", "step 1 coder b", said],
            "ok fallback", ["reasoner a failed", "coder b ok"], ["b"], limited: ["a"]),
    ]

    static let route: [Case] = [
        Case(
            "route", "the code model is down", ["a": [down], "b": [ok]],
            ["step 0 draft a", "notice fallback", "step 1 direct b", said], "ok fallback",
            ["draft a failed", "direct b ok"], ["a", "b"]),
        Case(
            "route", "the code model breaks off", ["a": [breaks], "b": [ok]],
            ["step 0 draft a", "content: half", "notice fallback", "reset fallback", "step 1 direct b", said],
            "ok fallback", ["draft a failed", "direct b ok"], ["a", "b"]),
        Case(
            "route", "the code model has no room", ["b": [ok]], ["notice fallback", "step 0 direct b", said],
            "ok fallback", ["direct b ok"], ["b"], limited: ["a"]),
        Case(
            "route", "the general model is down", ["b": [down]], ["step 0 direct b"], "providers_failed",
            ["direct b failed"], ["b"], prompt: "Write a poem about the sea"),
        Case(
            "route", "both are down", ["a": [down], "b": [down]],
            ["step 0 draft a", "notice fallback", "step 1 direct b"], "providers_failed",
            ["draft a failed", "direct b failed"], ["a", "b"]),
        Case(
            "route", "the polish is down", ["a": [.stream(["Hm"])], "c": [down]],
            ["step 0 draft a", "content: Hm", "notice polishing", "step 1 polish c", "notice polish_failed"], "ok",
            ["draft a ok", "polish c failed"], ["a", "c"]),
        Case(
            "route", "the polish breaks off", ["a": [.stream(["Hm"])], "c": [breaks]],
            [
                "step 0 draft a", "content: Hm", "notice polishing", "step 1 polish c", "reset polished",
                "content: half", "notice polish_failed", "reset fallback", "content: Hm",
            ], "ok", ["draft a ok", "polish c failed"], ["a", "c"]),
        Case(
            "route", "the polish has no room", ["a": [.stream(["Hm"])]],
            ["step 0 draft a", "content: Hm", "notice polishing", "notice polish_failed"], "ok", ["draft a ok"],
            ["a"], limited: ["c"]),
    ]

    static let expert: [Case] = [
        Case(
            "expert", "the router is down", ["a": [down], "b": [ok]],
            ["step 0 router a", "notice fallback", "step 1 expert b", said], "ok fallback",
            ["router a failed", "expert b ok"], ["a", "b"]),
        Case(
            "expert", "the router breaks off", ["a": [breaks], "b": [ok]],
            ["step 0 router a", "content: half", "notice fallback", "reset fallback", "step 1 expert b", said],
            "ok fallback", ["router a failed", "expert b ok"], ["a", "b"]),
        Case(
            "expert", "the router has no room", ["b": [ok]], ["notice fallback", "step 0 expert b", said],
            "ok fallback", ["expert b ok"], ["b"], limited: ["a"]),
        Case(
            "expert", "the coder is down", ["a": [SmallWorkflow.tool, ok], "b": [down]],
            ["step 0 router a", "step 1 expert b", "notice fallback", "step 2 router a", said], "ok fallback",
            ["router a ok", "expert b failed", "router a ok"], ["a", "b", "a"]),
        Case(
            "expert", "the coder has no room", ["a": [SmallWorkflow.tool, ok]],
            ["step 0 router a", "notice fallback", "step 1 router a", said], "ok fallback",
            ["router a ok", "router a ok"], ["a", "a"], limited: ["b"]),
        Case(
            "expert", "both are down", ["a": [down], "b": [down]],
            ["step 0 router a", "notice fallback", "step 1 expert b"], "providers_failed",
            ["router a failed", "expert b failed"], ["a", "b"]),
    ]

    static let escalate: [Case] = [
        Case(
            "escalate", "the default model is down", ["a": [down]], ["step 0 default a"], "providers_failed",
            ["default a failed"], ["a"]),
        Case(
            "escalate", "the default model breaks off", ["a": [breaks]], ["step 0 default a", "content: half"],
            "providers_failed", ["default a failed"], ["a"]),
        Case(
            "escalate", "the reasoning model is down", ["a": [signal, ok], "b": [down]],
            [
                "step 0 default a", "notice escalating", "reset escalated", "step 1 reasoning b", "notice fallback",
                "step 2 default a", said,
            ], "ok fallback", ["default a cancelled", "reasoning b failed", "default a ok"], ["a", "b", "a"]),
        Case(
            "escalate", "the reasoning model breaks off", ["a": [signal, ok], "b": [breaks]],
            [
                "step 0 default a", "notice escalating", "reset escalated", "step 1 reasoning b", "content: half",
                "notice fallback", "reset fallback", "step 2 default a", said,
            ], "ok fallback", ["default a cancelled", "reasoning b failed", "default a ok"], ["a", "b", "a"]),
        Case(
            "escalate", "the reasoning model's provider has no room", ["a": [signal, ok]],
            [
                "step 0 default a", "notice escalating", "reset escalated", "notice fallback", "step 1 default a",
                said,
            ], "ok fallback", ["default a cancelled", "default a ok"], ["a", "a"], limited: ["b"]),
        Case(
            "escalate", "both are down", ["a": [signal, down], "b": [down]],
            [
                "step 0 default a", "notice escalating", "reset escalated", "step 1 reasoning b", "notice fallback",
                "step 2 default a",
            ], "providers_failed", ["default a cancelled", "reasoning b failed", "default a failed"], ["a", "b", "a"]),
    ]

    @Test(arguments: chain + route + expert + escalate) func oneStory(_ row: Case) throws {
        let home = try row.workflow.home(limited: row.limited)
        for model in row.limited {
            // Hangs: the call is made and its place in the quota taken.
            #expect(try home.chat(model, more: ",\"timeout_ms\":50").errorCode == -32004)
        }
        let before = home.server.calls.count
        let chat = try home.chat("w", row.prompt)
        #expect(chat.lines == row.lines)
        let ledger = try home.ledger()
        #expect(Array(home.server.calls[before...]) == row.calls)
        #expect(ledger.steps == row.steps)
        let noticed = row.lines.filter { $0.hasPrefix("notice ") }.map { String($0.dropFirst(7)) }
        #expect(ledger.row["notices"]?.elements.compactMap { $0["code"]?.string } ?? [] == noticed)
        let words = row.outcome.split(separator: " ").map(String.init)
        #expect(ledger.outcome == words[0] && chat.flag("fallback") == words.contains("fallback"))
        guard words[0] == "ok" else {
            let attempts = chat.response["error"]?["data"]?["attempts"]?.elements.compactMap { $0["model"]?.string }
            #expect(
                chat.errorCode == -32002
                    && attempts
                        == row.steps.filter { $0.hasSuffix("failed") }.map { failed in
                            String(failed.split(separator: " ")[1])
                        }
            )
            return
        }
        #expect(chat.steps == row.steps && chat.notices == noticed)
    }
}
