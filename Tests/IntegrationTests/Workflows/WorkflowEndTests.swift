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

    /// -32800 and the closed transfer, each in the time that is promised.
    @Test(.serialized, arguments: HangingStep.all, ["cancel", "gone"])
    func endingTakesEffectAtOnce(_ step: HangingStep, how: String) throws {
        let home = try step.workflow.home(
            settings: "[limits]\nreasoning_user = \"none\"\n[breaker]\nmin_samples = 1000",
            repeating: EndingTimes.rounds)
        var answers = EndingTimes()
        var closings = EndingTimes()
        for round in 1...EndingTimes.rounds {
            let client = try home.daemon.client()
            // Another each time: nothing comes from a cache.
            try client.send(RawClient.request("chat", WorkflowHome.params("w", "\(step.prompt) \(round)")))
            let count = round * max(1, step.workflow.replies[step.hung]?.count ?? 1)
            #expect(home.server.waitForCall(step.hung, count: count))
            let request = home.server.requests(step.hung)[count - 1]
            let start = MonotonicTime.now()
            if how == "cancel" {
                try client.send(cancelRequest)
                #expect(try client.response().contains("-32800"))
                answers.add(since: start)
            } else {
                shutdown(client.descriptor, Int32(SHUT_RDWR))
            }
            #expect(request.abandoned.wait())
            closings.add(since: start, until: try #require(request.abandonedAt))
        }
        if how == "cancel" { #expect(answers.keepThePromise, "answer: \(answers)") }
        #expect(closings.keepThePromise, "upstream: \(closings)")
    }
}

/// How long ends took, one after the other.
struct EndingTimes: CustomStringConvertible {
    static let rounds = 7
    private static let promise = TimeSpan.milliseconds(100)

    private var times: [TimeSpan] = []

    mutating func add(since start: MonotonicTime, until end: MonotonicTime = .now()) { times.append(end - start) }

    /// The median of them: what a loaded machine does to one of them is not the daemon's.
    var keepThePromise: Bool { times.count == Self.rounds && times.sorted()[Self.rounds / 2] < Self.promise }

    var description: String { times.map { "\($0.milliseconds) ms" }.joined(separator: ", ") }
}
