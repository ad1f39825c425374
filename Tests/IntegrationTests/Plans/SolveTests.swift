import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// `solve`: planning and executing at once.
@Suite struct SolveTests {
    private func params(_ home: PlanHome, _ more: String = "") -> String {
        "{\"problem\":\"p\",\"root\":\(quoted(home.tree)),\"verify\":\"none\"\(more)}"
    }

    @Test func editsAreDoneWhileThePlannerStillWrites() throws {
        let gate = Gate()
        let edits = ["a.txt", "b.txt"].map { modelEdit($0, "Upper case") } + [replaceEdit("c.txt", "c", "C")]
        let pieces = planPieces(edits)
        let stream = OpenAIMaterial.stream(pieces).map { Reply.Piece.event($0) }
        // The planner goes on only when both model edits have been asked for.
        let home = try PlanHome(
            planner: [.sse(Array(stream[..<4]) + [.wait(gate)] + Array(stream[4...]) + [.done])],
            executor: [fenced("X")], files: ["a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n"])
        let client = try home.daemon.client()
        try client.send(RawClient.request("solve", params(home, ",\"stream\":true")))
        #expect(home.server.waitForCall("executor", count: 2), "both edits are under way before the plan is complete")
        #expect(home.names == ["a.txt", "b.txt", "c.txt"] && home.read("a.txt") == "a\n", "and nothing is changed yet")
        gate.open()
        var types: [String] = []
        let answer = try JSONDocument(
            Array(
                client.response { message in
                    let event = try JSONDocument(Array(message.utf8)).root["params"]
                    types.append("\(event?["type"]?.string ?? "") \(event?["status"]?.string ?? "")")
                }.utf8)
        ).root
        #expect(answer.outcomes == ["0 applied model", "1 applied model", "2 applied exact"], "\(masked(answer))")
        #expect(home.server.calls.count == 3, "no edit is asked for twice")
        #expect(answer.result?["plan"]?["edits"]?.count == 3 && answer.result?["plan_id"]?.string?.count == 26)
        #expect(answer.result?["counts"].map(masked) == #"{"edits":3,"deterministic":1,"model":2,"files":3}"#)
        #expect(["a.txt", "b.txt", "c.txt"].map { home.read($0) } == ["X\n", "X\n", "C\n"])
        #expect(types.firstIndex(of: "edit ") ?? 99 < types.firstIndex(of: "file committed") ?? 0)
        let row = try home.workflow.ledger()
        #expect(row.row["method"]?.string == "solve" && row.row["model"]?.string == "planner")
        let listed = try home.call("transactions", "{}").response
        #expect(listed.result?["transactions"]?.count == 1, "one transaction for the whole")
    }

    @Test func cancellingWhileEditsRunClosesEveryTransfer() throws {
        let home = try PlanHome(
            planner: [.stream(planPieces([modelEdit("a.txt", "one"), modelEdit("b.txt", "two")]))],
            files: ["a.txt": "a\n", "b.txt": "b\n"])
        let client = try home.daemon.client()
        try client.send(RawClient.request("solve", params(home)))
        #expect(home.server.waitForCall("executor", count: 2))
        // The planner has ended: what is waited for are the early edits.
        #expect(home.server.requests("planner")[0].answered.wait(within: .seconds(5)))
        try client.send(cancelRequest)
        #expect(try JSONDocument(Array(client.response().utf8)).root.code == -32800)
        for request in home.server.requests("executor") { #expect(request.abandoned.wait(within: .seconds(5))) }
        #expect(home.read("a.txt") == "a\n")
        #expect(try home.call("ping", "{}").response.result != nil)
    }

    @Test func aPlanThatFailsEndsTheEarlyEdits() throws {
        let bad = planPieces([modelEdit("a.txt", "one"), #"{"file":"/b","type":"delete"}"#])
        let home = try PlanHome(planner: [.stream(bad)], files: ["a.txt": "a\n"])
        let answer = try home.call("solve", params(home)).response
        #expect(answer.code == -32010)
        for request in home.server.requests("executor") { #expect(request.abandoned.wait(within: .seconds(5))) }
        #expect(home.read("a.txt") == "a\n")
    }

    @Test func aFileThatChangedSinceTheEarlyEditIsAskedAboutAnew() throws {
        let gate = Gate()
        let stream = OpenAIMaterial.stream(planPieces([modelEdit("a.txt", "one")])).map { Reply.Piece.event($0) }
        let home = try PlanHome(
            planner: [.sse(Array(stream[..<3]) + [.wait(gate)] + Array(stream[3...]) + [.done])],
            executor: [fenced("first"), fenced("second")], files: ["a.txt": "a\n"])
        let client = try home.daemon.client()
        try client.send(RawClient.request("solve", params(home)))
        #expect(home.server.waitForCall("executor"))
        #expect(home.server.requests("executor")[0].answered.wait(within: .seconds(5)))
        try home.write("a.txt", "changed\n")
        gate.open()
        let answer = try JSONDocument(Array(client.response().utf8)).root
        #expect(answer.outcomes == ["0 applied model"])
        #expect(home.server.calls == ["planner", "executor", "executor"])
        #expect(home.server.requests("executor")[1].text.contains("changed"))
        #expect(home.read("a.txt") == "second\n")
    }
}
