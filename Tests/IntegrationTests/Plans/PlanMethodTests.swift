import Glibc
import TandemBase
import TandemEdits
import TandemJSON
import TandemTestSupport
import Testing

/// `plan`: what the planner is asked, how its answers are read, and what clients see of it.
@Suite struct PlanMethodTests {
    private static let goodEdits = [replaceEdit("a.py", "x = 1", "x = 2"), modelEdit("b.py", "Fix it")]

    private func params(_ home: PlanHome, _ more: String = "", stream: Bool = true) -> String {
        "{\"problem\":\"x is wrong\",\"root\":\(quoted(home.tree)),\"stream\":\(stream)\(more)}"
    }

    @Test func aPlanIsStreamedEditByEdit() throws {
        let gate = Gate()
        let pieces = planPieces(Self.goodEdits)
        let home = try PlanHome(
            planner: [
                .sse(
                    [.event(OpenAIMaterial.content(pieces[0] + pieces[1])), .wait(gate)]
                        + OpenAIMaterial.stream(Array(pieces[2...])).dropFirst().map { .event($0) } + [.done])
            ], executor: [.failure(400)], files: ["a.py": "x = 1\n", "b.py": "pass\n"])
        // The gate opens only once the first edit was seen: before the plan is complete.
        let (response, events) = try home.call("plan", params(home)) { if $0.hasPrefix("edit 0") { gate.open() } }
        #expect(
            events == [
                "started planner", "step planner planner",
                #"edit 0 {"file":"a.py","type":"replace","find":"x = 1","replace":"x = 2"}"#,
                #"edit 1 {"file":"b.py","type":"model_edit","action":"Fix it"}"#,
            ])
        let result = try #require(response.result)
        #expect(
            masked(result) == """
                {"plan_id":"…","plan":{"root_cause":"r","strategy":"s","edits":[\
                {"file":"a.py","type":"replace","find":"x = 1","replace":"x = 2"},\
                {"file":"b.py","type":"model_edit","action":"Fix it"}]},\
                "usage":{"prompt_tokens":5,"completion_tokens":7,"reasoning_tokens":0,"cached_tokens":0,\
                "estimated":false},"cost_usd":null,"latency_ms":"…",\
                "steps":[{"role":"planner","provider":"up","model":"planner","status":"ok","cached":false,\
                "latency_ms":"…","first_token_ms":"…",\
                "usage":{"prompt_tokens":5,"completion_tokens":7,"reasoning_tokens":0,"cached_tokens":0,\
                "estimated":false},"cost_usd":null}],"warnings":[]}
                """)
        let asked = try home.server.body("planner")["messages"]?[1]?["content"]?.string ?? ""
        #expect(asked.contains("x is wrong") && asked.contains("=== a.py") && asked.contains("1| x = 1"))
        #expect(home.read("a.py") == "x = 1\n", "plan changes nothing")
        // Kept under its id before that is told: still there although the daemon ends at once, and not of its own will.
        home.daemon.kill()
        try home.daemon.start()
        let id = try #require(result["plan_id"]?.string)
        let executed = try home.call(
            "executePlan", "{\"plan_id\":\"\(id)\",\"root\":\(quoted(home.tree)),\"dry_run\":true,\"mode\":\"hybrid\"}",
            during: { _ in })
        #expect(executed.response.conflicts == ["1 model_answer"], "\(masked(executed.response))")
    }

    @Test func theLedgerAndStartedNameTheModelOfTheRequest() throws {
        let home = try PlanHome(more: ["other": [.stream(planPieces([Self.goodEdits[0]]))]], files: ["a.py": "x = 1\n"])
        let (response, events) = try home.call(
            "plan", params(home, ",\"model\":\"other\",\"user\":\"ann\",\"metadata\":{\"k\":[1]}"))
        #expect(events.first == "started other")
        #expect(response.result != nil)
        let ledger = try home.workflow.ledger()
        #expect(ledger.row["model"]?.string == "other" && ledger.row["method"]?.string == "plan")
        #expect(ledger.outcome == "ok" && ledger.steps == ["planner other ok"])
        let unknown = try home.call("plan", params(home, ",\"model\":\"othr\"")).response
        #expect(unknown.code == -32005)
        #expect(unknown["error"]?["data"]?["did_you_mean"]?.string == "other")
    }

    @Test func faultsAreRepairedByOneCallThatNamesThem() throws {
        let bad = #"{"edits":[{"file":"/etc/passwd","type":"delete"},{"file":"a.py","type":"replac"}]}"#
        let home = try PlanHome(planner: [.stream([bad]), .stream(planPieces(Self.goodEdits))])
        let (response, events) = try home.call("plan", params(home))
        #expect(response.result?["plan"]?["edits"]?.count == 2)
        #expect(home.server.calls == ["planner", "planner"])
        let repair = try home.server.body("planner", 1)["messages"]?[1]?["content"]?.string ?? ""
        #expect(repair.contains("/edits/0") && repair.contains("/edits/1") && repair.contains(bad))
        #expect(events.filter { $0.hasPrefix("edit") }.count == 2 && !events.contains { $0.hasPrefix("reset") })
    }

    @Test func twoFaultyAnswersAreAnInvalidPlan() throws {
        let bad = #"{"edits":[{"file":"a","type":"delete"},{"file":"../b","type":"delete"},{"file":"c","type":"x"}]}"#
        let home = try PlanHome(planner: [.stream([bad])])
        let (response, events) = try home.call("plan", params(home))
        #expect(response.code == -32010)
        let problems = response["error"]?["data"]?["problems"]?.elements.compactMap { $0["path"]?.string } ?? []
        #expect(problems == ["/edits/1/file", "/edits/2/type"])
        #expect(home.server.calls == ["planner", "planner"])
        // What was announced of a faulty answer is taken back, each time.
        #expect(
            events.filter { $0.hasPrefix("edit") || $0.hasPrefix("reset") }.map { $0.prefix(6) } == [
                "edit 0", "reset ", "edit 0", "reset ",
            ])
        #expect(try home.workflow.ledger().outcome == "plan_invalid")
    }

    @Test func thinkingProseFencesAndACutOffEndAreCopedWith() throws {
        let plan = planPieces(Self.goodEdits).joined()
        let home = try PlanHome(planner: [
            .stream(["<think>maybe {\"edits\":[]}", "</think>Here it is:\n```json\n", plan, "\n```\nGood luck!"]),
            // Cut off within the second edit; then repaired.
            .stream([String(plan.prefix(plan.count - 12))], finish: "length"),
            .stream([plan]),
        ])
        let first = try home.call("plan", params(home))
        #expect(first.response.result?["plan"]?["edits"]?.count == 2)
        #expect(first.events.contains { $0.hasPrefix("reasoning") })
        #expect(home.server.calls.count == 1)
        let second = try home.call("plan", params(home))
        #expect(second.response.result?["plan"]?["edits"]?.count == 2)
        #expect(home.server.calls.count == 3)
    }

    @Test func aPlannerThatBreaksOffIsReplacedAndItsEditsTakenBack() throws {
        let pieces = planPieces([replaceEdit("old.py", "a", "b"), Self.goodEdits[0]])
        let broken: [Reply.Piece] =
            OpenAIMaterial.stream(Array(pieces[..<2])).prefix(3).map { .event($0) } + [.reset]
        let home = try PlanHome(
            planner: [.sse(broken)], more: ["spare": [.stream(planPieces(Self.goodEdits))]],
            settings: "[models.first]\nprovider = \"up\"\nmodel = \"planner\"\nfallbacks = [\"spare\"]\n")
        let (response, events) = try home.call("plan", params(home, ",\"model\":\"first\""))
        #expect(response.result?["plan"]?["edits"]?[0]?["file"]?.string == "a.py", "\(response)")
        let shown = events.filter { $0.hasPrefix("edit") || $0.hasPrefix("reset") }
        #expect(shown.first?.contains("old.py") == true)
        #expect(shown.dropFirst().first == "reset fallback")
        #expect(shown.last?.hasPrefix("edit 1 {\"file\":\"b.py\"") == true)
        #expect(!shown.suffix(2).contains { $0.contains("old.py") }, "nothing of the first answer is in the second")
    }

    @Test func documentsNeedNoFolderAndNamedFilesAreShown() throws {
        let home = try PlanHome(planner: [.stream(planPieces([Self.goodEdits[0]]))])
        let documents = #"[{"path":"a.py","content":"x = 1\n"},{"path":"z.py","content":"z\n"}]"#
        let response = try home.call(
            "plan", "{\"problem\":\"p\",\"documents\":\(documents),\"files\":[\"a.py\",\"no*.c\"]}"
        ).response
        #expect(response.result?["warnings"]?[0]?.string?.contains("no*.c") == true)
        let asked = try home.server.body("planner")["messages"]?[1]?["content"]?.string ?? ""
        #expect(asked.contains("=== a.py") && !asked.contains("z.py"))
        let twice = #"[{"path":"a.py","content":"x"},{"path":"./a.py","content":"y"}]"#
        #expect(try home.call("plan", "{\"problem\":\"p\",\"documents\":\(twice)}").response.code == -32602)
    }

    @Test func cancelAndDeadlineCloseTheUpstream() throws {
        let home = try PlanHome(planner: [.hang])
        let client = try home.daemon.client()
        try client.send(RawClient.request("plan", params(home, stream: false)))
        #expect(home.server.waitForCall("planner"))
        try client.send(cancelRequest)
        #expect(try JSONDocument(Array(client.response().utf8)).root.code == -32800)
        #expect(try #require(home.server.requests("planner").first).abandoned.wait(within: .seconds(5)))
        // Time enough to read the folder and to call, on a busy machine too.
        let late = try home.call("plan", params(home, ",\"timeout_ms\":\(isSanitized ? 3000 : 600)")).response
        #expect(late.code == -32004)
        #expect(home.server.waitForCall("planner", count: 2))
        #expect(try #require(home.server.requests("planner").dropFirst().first).abandoned.wait(within: .seconds(5)))
        #expect(try home.workflow.ledger().outcome == "deadline_exceeded")
    }

    /// A folder that came from elsewhere may bring settings for git that name programs: as its monitor, or to fetch an
    /// object that is missing.
    @Test(arguments: [
        "git config core.fsmonitor $PWD/program",
        """
        git add .gitignore; git update-index --skip-worktree .gitignore; rm -r .gitignore .git/objects/??
        git config core.repositoryformatversion 1; git config extensions.partialClone origin
        git config remote.origin.url "ext::$PWD/program"; git config remote.origin.promisor true
        git config protocol.ext.allow always
        """,
    ])
    func lookingAtATreeRunsNothingOfIt(settings: String) throws {
        let home = try PlanHome(
            planner: [.stream(planPieces([]))], files: ["a.py": "x = 1\n", ".gitignore": "b\n"])
        try home.write("program", "#!/bin/sh\ntouch \(home.tree)/ran\n")
        chmod(home.tree + "/program", 0o755)
        let made = try CommandRunner.run(
            ["sh", "-ec", "git init -q\n" + settings], in: home.tree, timeout: .seconds(20))
        #expect(made?.code == 0, "\(made?.output ?? "")")
        let answer = try home.call("plan", "{\"problem\":\"x\",\"root\":\(quoted(home.tree))}").response
        #expect(answer.result != nil, "\(masked(answer))")
        #expect(home.server.requests("planner")[0].text.contains("a.py"))
        #expect(home.read("ran") == nil)
    }
}
