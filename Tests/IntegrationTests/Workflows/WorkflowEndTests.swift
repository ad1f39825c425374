import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// A request that ends in the middle, in each step of each workflow: what the client has heard by then, what it is
/// told, that the upstream's transfer is closed, and what the ledger says.
@Suite struct WorkflowEndTests {
    @Test(arguments: HangingStep.all, ["cancel", "gone", "deadline"])
    func everyStepEnds(_ step: HangingStep, how: String) throws {
        let home = try step.workflow.home()
        let client = try home.daemon.client()
        let calls = max(1, step.workflow.replies[step.hung]?.count ?? 1)
        let params = WorkflowHome.params(
            "w", step.prompt, stream: true, how == "deadline" ? ",\"timeout_ms\":300" : "")
        var lines: [String] = []
        // Only who is still there gets an answer.
        let chat = try? WorkflowHome.follow(client, "chat", params) { line in
            lines.append(line)
            guard lines.count == step.lines.count else { return }
            #expect(home.server.waitForCall(step.hung, count: calls))
            if how == "cancel" { try client.send(cancelRequest) }
            if how == "gone" { shutdown(client.descriptor, Int32(SHUT_RDWR)) }
        }
        #expect(lines == step.lines)
        let codes = ["cancel": -32800, "deadline": -32004]
        #expect(chat?.errorCode == codes[how])
        #expect(home.server.requests(step.hung)[calls - 1].abandoned.wait())
        let ledger = try home.ledger()
        #expect(ledger.outcome == (how == "deadline" ? "deadline_exceeded" : "cancelled"))
        #expect(ledger.steps == step.ledger && ledger.workflow == step.workflow.kind)
    }

    // MARK: how long it takes

    private static let promise = TimeSpan.milliseconds(100)
    private static let rounds = 7

    /// -32800 and the closed transfer, each within 100 ms: the median of several, for what a loaded machine does to one
    /// of them is not the daemon's.
    @Test(.serialized, arguments: HangingStep.all) func cancellingTakesEffectAtOnce(_ step: HangingStep) throws {
        let home = try step.workflow.home(
            settings: "[limits]\nreasoning_user = \"none\"\n[breaker]\nmin_samples = 1000", repeating: Self.rounds)
        var answers: [TimeSpan] = []
        var closings: [TimeSpan] = []
        for round in 1...Self.rounds {
            let client = try home.daemon.client()
            // Another each time: nothing comes from a cache.
            try client.send(RawClient.request("chat", WorkflowHome.params("w", "\(step.prompt) \(round)")))
            let count = round * max(1, step.workflow.replies[step.hung]?.count ?? 1)
            #expect(home.server.waitForCall(step.hung, count: count))
            let request = home.server.requests(step.hung)[count - 1]
            let start = MonotonicTime.now()
            try client.send(cancelRequest)
            #expect(try client.response().contains("-32800"))
            answers.append(MonotonicTime.now() - start)
            #expect(request.abandoned.wait())
            closings.append(try #require(request.abandonedAt) - start)
        }
        for (name, times) in [("answer", answers), ("upstream", closings)] {
            #expect(times.sorted()[Self.rounds / 2] < Self.promise, "\(name): \(times.map(\.milliseconds))")
        }
        print(
            "cancel \(step.testDescription): answer \(answers.sorted()[Self.rounds / 2].milliseconds) ms, upstream",
            "\(closings.sorted()[Self.rounds / 2].milliseconds) ms")
    }
}
