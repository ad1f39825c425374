import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// `executePlan` on a tree and on documents.
@Suite struct ExecutePlanTests {
    private static let files = ["a.py": "x = 1\ny = 1\n", "b.py": "import os\n\nprint(1)\n", "c.txt": "gone\n"]

    @Test func theWholeResultAndItsEvents() throws {
        let home = try PlanHome(executor: [fenced("x = 1\ny = 9")], files: Self.files)
        let edits = [
            modelEdit("a.py", "y shall be 9", 1...2), replaceEdit("b.py", "print(1)", "print(2)"),
            #"{"file":"b.py","type":"add_import","import_line":"import sys"}"#, #"{"file":"c.txt","type":"delete"}"#,
            #"{"file":"new/d.txt","type":"create","content":"d\n"}"#,
        ].joined(separator: ",")
        let (response, events) = try home.call("executePlan", home.params(edits, ",\"stream\":true"))
        let result = try #require(response.result, "\(response)")
        let step = #"{"role":"executor","provider":"up","model":"executor","status":"ok","cached":false"#
        #expect(masked(result).contains("\"steps\":[\(step),"))
        #expect(result["status"]?.string == "committed")
        #expect(result["transaction_id"]?.string?.utf8.count == 26)
        #expect(
            response.outcomes == [
                "0 applied model", "1 applied exact", "2 applied -", "3 applied -", "4 applied -",
            ])
        let entries = result["files"]?.elements.map {
            "\($0["action"]?.string ?? "") \($0["path"]?.string ?? "") \($0["content"] == nil)"
        }
        #expect(entries == ["modify a.py true", "modify b.py true", "delete c.txt true", "create new/d.txt true"])
        #expect(
            result["files"]?[3].map(masked)
                == """
                {"path":"new/d.txt","action":"create","sha256_before":null,\
                "sha256_after":"4ac6d92b7b0e8f8d1fd6a0d9ae0b6b2b2d8e6c22a4c2f6f7d1c2d5f2a9f1e3aa",\
                "diff":"diff --git a/new/d.txt b/new/d.txt\\nnew file mode 100644\\n--- /dev/null\\n+++ b/new/d.txt\\n@@ -0,0 +1 @@\\n+d\\n"}
                """.replacing(
                    "4ac6d92b7b0e8f8d1fd6a0d9ae0b6b2b2d8e6c22a4c2f6f7d1c2d5f2a9f1e3aa",
                    with: result["files"]?[3]?["sha256_after"]?.string ?? "?"))
        #expect(masked(try #require(result["counts"])) == #"{"edits":5,"deterministic":4,"model":1,"files":4}"#)
        #expect(result["verify"]?["status"]?.string == "passed" || result["verify"]?["status"]?.string == "skipped")
        #expect(home.read("a.py") == "x = 1\ny = 9\n" && home.read("b.py") == "import os\nimport sys\n\nprint(2)\n")
        #expect(home.names == ["a.py", "b.py", "new", "new/d.txt"])
        #expect(
            events == [
                "started executor", "file b.py resolved", "file c.txt resolved", "file new/d.txt resolved",
                "progress 3/4", "step executor executor", "progress 4/4", "file a.py resolved", "file a.py committed",
                "file b.py committed", "file c.txt committed", "file new/d.txt committed",
            ])
    }

    @Test func aDryRunAndNothingToDoHaveNoTransaction() throws {
        let home = try PlanHome(files: Self.files)
        let edits = replaceEdit("a.py", "x = 1", "x = 2") + #",{"file":"new/b","type":"create","content":"b"}"#
        var (before, after) = (stat(), stat())
        stat(home.tree, &before)
        let dry = try home.execute(edits, ",\"dry_run\":true")
        // Not even for a moment was there anything else, and nothing is on record.
        stat(home.tree, &after)
        #expect(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_mtim.tv_sec == after.st_mtim.tv_sec)
        #expect(try home.call("transactions", "{}").response.result?["transactions"]?.count == 0)
        #expect(dry.result?["status"]?.string == "dry_run" && dry.result?["transaction_id"]?.isNull == true)
        #expect(dry.result?["files"]?[0]?["diff"]?.string?.contains("-x = 1\n+x = 2\n") == true)
        #expect(home.read("a.py") == Self.files["a.py"])
        let none = try home.execute(replaceEdit("a.py", "y = 7", "x = 1"), ",\"mode\":\"hybrid\"")
        #expect(none.result?["status"]?.string == "nothing_to_do" && none.result?["transaction_id"]?.isNull == true)
        #expect(none.outcomes == ["0 already_applied -"])
        let listed = try home.call("transactions", "{}").response
        #expect(listed.result?["transactions"]?.count == 0)
    }

    @Test func conflictsAbortAllOrAreSkipped() throws {
        let home = try PlanHome(files: Self.files)
        let edits = [
            replaceEdit("a.py", "x = 1", "x = 2"), replaceEdit("a.py", "= 1", "= 3"), replaceEdit("no.py", "q", "r"),
        ].joined(separator: ",")
        let aborted = try home.execute(edits, ",\"mode\":\"hybrid\"")
        #expect(aborted.code == -32011 && aborted.conflicts == ["1 ambiguous", "2 file_not_found"])
        #expect(aborted["error"]?["data"]?["edits"]?[0]?["lines"].map(masked) == "[1,2]")
        #expect(home.read("a.py") == Self.files["a.py"])
        let skipped = try home.execute(edits, ",\"mode\":\"hybrid\",\"on_conflict\":\"skip\"")
        #expect(skipped.outcomes == ["0 applied exact", "1 failed -", "2 failed -"])
        #expect(skipped.result?["status"]?.string == "committed" && home.read("a.py") == "x = 2\ny = 1\n")
    }

    @Test func baseHoldsForFilesThatNoEditNames() throws {
        let home = try PlanHome(files: Self.files)
        let edit = replaceEdit("a.py", "x = 1", "x = 2")
        // SHA-256 of nothing: a file that is not there does not have it.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        for (path, hash) in [("b.py", empty), ("missing.py", empty), ("a.py", empty)] {
            let answer = try home.execute(edit, ",\"base\":{\"\(path)\":\"\(hash)\"}")
            #expect(answer.code == -32011, "\(path)")
            #expect(answer.conflicts == [path == "a.py" ? "0 stale" : "-1 stale"], "\(path)")
            #expect(answer["error"]?["message"]?.string?.contains(path) == true)
            #expect(answer["error"]?["data"]?["edits"]?[0]?["file"]?.string == path)
        }
        #expect(try home.execute(edit, ",\"base\":{\"./a.py\":\"\(empty)\"}").conflicts == ["0 stale"])
        #expect(home.read("a.py") == Self.files["a.py"])
        let known = try home.execute(edit, ",\"dry_run\":true").result?["files"]?[0]?["sha256_before"]?.string ?? ""
        #expect(try home.execute(edit, ",\"base\":{\"a.py\":\"\(known.uppercased())\"}").result != nil)
    }

    @Test func documentsNeverTouchTheDisk() throws {
        let home = try PlanHome(files: Self.files)
        let documents = #"[{"path":"a.py","content":"x = 1\n"},{"path":"k/b.py","content":"b\n"}]"#
        let edits = [
            replaceEdit("a.py", "x = 1", "x = 2"), #"{"file":"k/b.py","type":"rename","to":"k/c.py"}"#,
            #"{"file":"n.txt","type":"create","content":"n"}"#,
        ].joined(separator: ",")
        let answer = try home.call(
            "executePlan", "{\"documents\":\(documents),\"plan\":{\"edits\":[\(edits)]},\"idempotency_key\":\"k\"}"
        ).response
        #expect(answer.result?["status"]?.string == "committed" && answer.result?["transaction_id"]?.isNull == true)
        let files = answer.result?["files"]?.elements.map {
            "\($0["path"]?.string ?? "") \($0["content"]?.string ?? "-")"
        }
        #expect(files == ["a.py x = 2\n", "k/c.py b\n", "n.txt n"])
        #expect(home.names == ["a.py", "b.py", "c.txt"])
        #expect(access(home.daemon.home.state + "/tandem/edits.db", F_OK) != 0)
        let outside = try home.call(
            "executePlan", #"{"documents":[{"path":"../a","content":""}],"plan":{"edits":[]}}"#
        ).response
        #expect(outside.code == -32602 && outside["error"]?["data"]?["path"]?.string == "/documents/0/path")
    }

    @Test func anIdempotencyKeyGivesTheFirstResultToTheByte() throws {
        let home = try PlanHome(files: Self.files)
        let params = home.params(replaceEdit("a.py", "x = 1", "x = 2"), ",\"idempotency_key\":\"k\"")
        let first = try home.daemon.client().call("executePlan", params)
        let again = try home.daemon.client().call("executePlan", params)
        #expect(first == again)
        home.daemon.kill()
        try home.daemon.start()
        #expect(try home.daemon.client().call("executePlan", params) == first)
        let other = try home.execute(replaceEdit("a.py", "x = 2", "x = 3"), ",\"idempotency_key\":\"k\"")
        #expect(other.code == -32602 && other["error"]?["data"]?["path"]?.string == "/idempotency_key")
        #expect(home.read("a.py") == "x = 2\ny = 1\n")
        // Twenty at once carry it out once.
        let same = home.params(replaceEdit("b.py", "print(1)", "print(1)\nprint(2)"), ",\"idempotency_key\":\"l\"")
        let clients = try (0..<20).map { _ in try home.daemon.client() }
        for client in clients { try client.send(RawClient.request("executePlan", same)) }
        let answers = try clients.map { try JSONDocument(Array($0.response().utf8)).root }
        let done = Set(answers.compactMap(\.transaction))
        #expect(done.count == 1)
        // The others got its result, or were told to ask again.
        #expect(answers.allSatisfy { $0.result != nil || $0.code == -32008 }, "\(answers.map(masked))")
        #expect(home.read("b.py") == "import os\n\nprint(1)\nprint(2)\n")
    }

    @Test func aVerifierThatIsNotThereIsToldBeforeAnyModelIsAsked() throws {
        let home = try PlanHome(files: Self.files)
        let answer = try home.execute(modelEdit("a.py", "do"), ",\"verify\":\"pytst\"")
        #expect(answer.code == -32602 && answer["error"]?["data"]?["path"]?.string == "/verify")
        let solved = try home.call(
            "solve", "{\"problem\":\"p\",\"root\":\(quoted(home.tree)),\"verify\":\"pytst\"}"
        ).response
        #expect(solved.code == -32602 && home.server.calls == [])
    }

    @Test func aFailedVerifyCommitsNothing() throws {
        let home = try PlanHome(
            verifier: [.stream(["No: it ", "deletes x"]), .stream(["Yes."]), .stream(["Not sure"])],
            settings: "[verifiers.check]\ncommand = [\"grep\", \"-q\", \"x = 5\", \"a.py\"]\n", files: Self.files)
        let broken = try home.execute(replaceEdit("a.py", "x = 1", "x = ("))
        #expect(broken.code == -32011 && broken.conflicts == ["0 verify_failed"])
        let edit = replaceEdit("a.py", "x = 1", "x = 3")
        let refused = try home.execute(edit, ",\"verify\":\"model\"")
        #expect(refused.code == -32011)
        #expect(refused["error"]?["data"]?["verify"]?["checks"]?[0]?["output"]?.string == "No: it deletes x")
        let grepped = try home.execute(edit, ",\"verify\":\"check\"")
        #expect(grepped.code == -32011 && home.read("a.py") == Self.files["a.py"])
        let dry = try home.execute(edit, ",\"verify\":\"model\",\"dry_run\":true")
        #expect(dry.result?["verify"]?["status"]?.string == "passed")
        let unsure = try home.execute(edit, ",\"verify\":\"model\",\"dry_run\":true")
        #expect(unsure.result?["verify"]?["status"]?.string == "skipped")
        #expect(try home.execute(replaceEdit("a.py", "x = 1", "x = 5"), ",\"verify\":\"check\"").result != nil)
    }

    @Test func modelAnswersAreRefusedRepairedAndGivenToThePlanner() throws {
        let home = try PlanHome(
            planner: [fenced("x = 4\ny = 4")],
            executor: [.stream(["```\nx = 3\n# ... rest unchanged\n```"]), .stream(["```\nx = "], finish: "length")],
            files: Self.files)
        let answer = try home.execute(modelEdit("a.py", "both shall be 4", 1...2))
        #expect(answer.outcomes == ["0 applied model"])
        #expect(answer.result?["edits"]?[0]?["attempts"]?.int == 3)
        #expect(home.server.calls == ["executor", "executor", "planner"])
        let repair = try home.server.body("executor", 1)["messages"]?[1]?["content"]?.string ?? ""
        #expect(repair.contains("was refused"))
        #expect(home.read("a.py") == "x = 4\ny = 4\n")
    }

    @Test func adaptiveRescuesAndHybridDoesNot() throws {
        let home = try PlanHome(executor: [fenced("x = 1\ny = 2\nz = 1")], files: ["a.txt": "x = 1\ny = 1\nz = 1\n"])
        let edit = replaceEdit("a.txt", "y  = 1", "y = 2")
        #expect(try home.execute(edit, ",\"mode\":\"hybrid\"").conflicts == ["0 not_found"])
        #expect(home.server.calls == [])
        let rescued = try home.execute(edit)
        #expect(rescued.outcomes == ["0 applied model"], "\(masked(rescued))")
        #expect(home.read("a.txt") == "x = 1\ny = 2\nz = 1\n")
    }

    @Test func sequentialEditsAreAskedForInThePlansOrder() throws {
        let home = try PlanHome(
            executor: [fenced("a1"), fenced("b1"), fenced("a2")], files: ["a.txt": "a0\n", "b.txt": "b0\n"])
        let edits = [modelEdit("a.txt", "first"), modelEdit("b.txt", "second"), modelEdit("a.txt", "third")]
        let answer = try home.execute(edits.joined(separator: ","), ",\"mode\":\"sequential\",\"verify\":\"none\"")
        #expect(answer.outcomes == ["0 applied model", "1 applied model", "2 applied model"])
        let asked = home.server.requests("executor").map(\.text)
        #expect(asked[0].contains("first") && asked[1].contains("second") && asked[2].contains("third"))
        #expect(asked[2].contains("a1"), "each edit sees the one before")
        #expect(home.read("a.txt") == "a2\n" && home.read("b.txt") == "b1\n")
    }

    @Test func cancelledWorkCommitsNothing() throws {
        let home = try PlanHome(files: Self.files)
        let client = try home.daemon.client()
        let edits = [modelEdit("a.py", "do"), replaceEdit("b.py", "print(1)", "print(2)")].joined(separator: ",")
        try client.send(RawClient.request("executePlan", home.params(edits)))
        #expect(home.server.waitForCall("executor"))
        try client.send(cancelRequest)
        #expect(try JSONDocument(Array(client.response().utf8)).root.code == -32800)
        #expect(home.server.requests("executor")[0].abandoned.wait(within: .seconds(5)))
        #expect(home.read("b.py") == Self.files["b.py"])
        #expect(try home.execute(edits, ",\"timeout_ms\":100").code == -32004)
        #expect(try home.workflow.ledger().outcome == "deadline_exceeded")
        #expect(home.names == ["a.py", "b.py", "c.txt"])
    }

    /// A client that reads too slowly to hear of it all: what is done is told as done, or to nobody.
    @Test(arguments: [false, true])
    func aCommittedChangeIsNotCancelled(clientLeaves: Bool) throws {
        let home = try PlanHome(settings: "[limits]\noutbound_bytes = \"64KiB\"\n")
        let count = 6000
        let creates = (0..<count).map { "{\"file\":\"f\($0)\",\"type\":\"create\",\"content\":\"\"}" }
        let client = try home.daemon.client()
        let params = home.params(creates.joined(separator: ","), ",\"stream\":true,\"verify\":\"none\"")
        try client.send(RawClient.request("executePlan", params))
        let started = try JSONDocument(Array(client.next().utf8)).root["params"]
        let id = try #require(started?["request_id"]?.string)
        for _ in 0..<count { while try !client.next().contains("\"resolved\"") {} }
        #expect(
            eventually {
                let answer = try? home.call("transactions", "{\"limit\":1}").response
                return answer?.result?["transactions"]?[0]?["state"]?.string == "committed"
            })
        if clientLeaves {
            shutdown(client.descriptor, Int32(SHUT_RDWR))
        } else {
            let cancelled = try home.call("cancel", "{\"request_id\":\"\(id)\"}").response
            #expect(cancelled.result?["cancelled"]?.bool == false, "what is done is not said to be cancelled")
            let answer = try JSONDocument(Array(client.response().utf8)).root
            #expect(answer.result?["status"]?.string == "committed", "\(answer.code ?? 0)")
        }
        #expect(
            eventually {
                let row = try? home.call("history", "{\"limit\":1}").response.result?["requests"]?[0]
                return row?["outcome"]?.string == "ok"
            })
    }
}

/// A verifier runs what a model may have written.
@Suite struct VerifierEnvironmentTests {
    @Test func theKeysOfProvidersAreNotAmongIt() throws {
        let home = try TemporaryHome()
        let seen = home.path + "/seen"
        try makeFolder(home.path + "/tree")
        try home.write("tree/a", "a\n")
        let daemon = try DaemonProcess(
            home: home,
            config: """
                [providers.mine]
                kind = "openai"
                base_url = "http://127.0.0.1:9/v1"
                api_key = { env = "MY_OWN_WORD" }
                [verifiers.look]
                command = ["sh", "-c", "env > \(seen)"]
                """,
            environment: [
                "MY_OWN_WORD": "secret", "OPENAI_API_KEY": "secret", "CREDENTIALS_DIRECTORY": "/secret", "EDITOR": "vi",
            ])
        let plan = "{\"edits\":[\(replaceEdit("a", "a", "b"))]}"
        let answer = try daemon.client().call(
            "executePlan", "{\"plan\":\(plan),\"root\":\(quoted(home.path + "/tree")),\"verify\":\"look\"}")
        #expect(answer.contains("\"result\""), "\(answer)")
        let variables = try home.read("seen")
        #expect(variables.contains("EDITOR=vi") && !variables.contains("secret"), "\(variables)")
    }
}

extension VerifierEnvironmentTests {
    /// The variable is a key from then on; it was none when the daemon started.
    @Test func norAreTheKeysThatAReloadNames() throws {
        let home = try TemporaryHome()
        let seen = home.path + "/seen"
        try makeFolder(home.path + "/tree")
        try home.write("tree/a", "a\n")
        let verifier = "[verifiers.look]\ncommand = [\"sh\", \"-c\", \"env > \(seen)\"]\n"
        let daemon = try DaemonProcess(
            home: home, config: verifier, environment: ["MY_OWN_WORD": "secret", "EDITOR": "vi"])
        let client = try daemon.client()
        func variables() throws -> String {
            let plan = "{\"edits\":[\(replaceEdit("a", "a", "b"))]}"
            let answer = try client.call(
                "executePlan",
                "{\"plan\":\(plan),\"root\":\(quoted(home.path + "/tree")),\"verify\":\"look\",\"dry_run\":true}")
            #expect(answer.contains("\"result\""), "\(answer)")
            return try home.read("seen")
        }
        #expect(try variables().contains("secret"))
        let provider = """
            [providers.mine]
            kind = "openai"
            base_url = "http://127.0.0.1:9/v1"
            api_key = { env = "MY_OWN_WORD" }

            """
        try home.write(home.configPath, provider + verifier)
        #expect(try client.call("reload").contains("\"result\""))
        let after = try variables()
        #expect(after.contains("EDITOR=vi") && !after.contains("secret"), "\(after)")
    }
}

/// Configured verifiers end with their whole process group: when the request is cancelled, and at their time limit.
@Suite struct VerifierEndTests {
    @Test(arguments: [false, true])
    func aVerifierAndWhatItStartedAreKilled(cancels: Bool) throws {
        let folder = try TemporaryHome()
        let started = folder.path + "/started"
        let limit = cancels ? "10m" : "300ms"
        let home = try PlanHome(
            settings: """
                [verifiers.slow]
                command = ["sh", "-c", "sleep 600 & echo $$ $! $PWD > \(started).part; mv \(started).part \(started); wait"]
                timeout = "\(limit)"

                """, files: ["a": "a\n"])
        let client = try home.daemon.client()
        try client.send(
            RawClient.request("executePlan", home.params(replaceEdit("a", "a", "b"), ",\"verify\":\"slow\"")))
        #expect(eventually { access(started, F_OK) == 0 })
        let words = try folder.read("started").split { $0 == " " || $0 == "\n" }.map(String.init)
        let pids = words.prefix(2).compactMap { pid_t($0) }
        try #require(pids.count == 2 && words.count == 3)
        if cancels { try client.send(cancelRequest) }
        let answer = try JSONDocument(Array(client.response().utf8)).root
        #expect(answer.code == (cancels ? -32800 : -32011), "\(masked(answer))")
        // A zombie whose parent is gone is as dead.
        for pid in pids { #expect(eventually { kill(pid, 0) != 0 || isZombie(pid) }, "\(pid) lives on") }
        #expect(eventually { access(words[2], F_OK) != 0 }, "the shadow copy is still there")
        #expect(home.read("a") == "a\n")
    }

    private func isZombie(_ pid: pid_t) -> Bool {
        guard let bytes = try? readFile("/proc/\(pid)/stat") else { return true }
        return String(decoding: bytes, as: UTF8.self).contains(") Z ")
    }

    /// As many verifiers as the machine has cores, and more, wait for nothing: everybody else goes on.
    @Test func verifiersHoldNobodyUp() throws {
        let folder = try TemporaryHome()
        let home = try PlanHome(
            settings: """
                [verifiers.wait]
                command = ["sh", "-c", "while ! [ -e \(folder.path)/go ]; do sleep 0.05; done"]

                """, files: ["a": "a\n", "b": "b\n"])
        let waiting = try (0..<12).map { _ in try home.daemon.client() }
        for (index, client) in waiting.enumerated() {
            let edit = "{\"file\":\"new\(index)\",\"type\":\"create\",\"content\":\"\"}"
            try client.send(RawClient.request("executePlan", home.params(edit, ",\"verify\":\"wait\"")))
        }
        #expect(try home.execute(replaceEdit("a", "a", "A"), ",\"verify\":\"none\"").result != nil)
        #expect(try home.execute(replaceEdit("b", "b", "B"), ",\"dry_run\":true").result != nil)
        try folder.write("go", "")
        for client in waiting {
            #expect(try JSONDocument(Array(client.response().utf8)).root.result?["status"]?.string == "committed")
        }
    }
}
