import CLinux
import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@testable import tandem

private let diff =
    #"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -3,2 +3,2 @@\n keep\n-x = 1\n+x = 2\n\\ No newline at end of file\n"#
private let renameDiff = #"diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n"#
private let createDiff = #"diff --git a/c b/c\nnew file mode 100644\n--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+c\n"#

private func result(_ status: String, _ transaction: String) -> String {
    """
    {"transaction_id":\(transaction),"status":"\(status)","files":[\
    {"path":"a.py","action":"modify","sha256_before":"aa","sha256_after":"bb","diff":"\(diff)"},\
    {"path":"n","action":"rename","sha256_before":"cc","sha256_after":"cc","diff":"\(renameDiff)"},\
    {"path":"c","action":"create","sha256_before":null,"sha256_after":"dd","diff":"\(createDiff)"}],\
    "edits":[],"verify":{"status":"passed","checks":[]},"counts":{"edits":3,"deterministic":2,"model":1,"files":3}}
    """
}

@Suite struct EditCommandTests {
    private let home: TemporaryHome
    private let planFile: String

    init() throws {
        home = try TemporaryHome()
        planFile = try home.write(
            "plan.json", #"{"edits":[{"file":"a.py","type":"replace","find":"x","replace":"y"}]}"#)
    }

    private func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            let isDry = message.params?["dry_run"]?.bool == true
            switch message.method {
            case "plan":
                peer.result(message.id, #"{"plan_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","plan":{"edits":[]},"steps":[]}"#)
            case "executePlan", "solve", "undo":
                peer.result(
                    message.id,
                    isDry ? result("dry_run", "null") : result("committed", #""01ARZ3NDEKTSV4RRFFQ69G5FAV""#))
            case "transactions":
                peer.result(
                    message.id,
                    #"{"transactions":[{"transaction_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","at":"2026-11-20T08:43:00.000Z","root":"/r","state":"committed","files":["a","b","c","d"]}]}"#
                )
            default: peer.result(message.id, "{}")
            }
        }
    }

    @Test func aPlanGoesToAPipeAsJSON() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let ran = try await runCLI(["plan", "-f", "a.py", "fix", "it"], home: home)
        #expect(ran.status == 0 && ran.out == "{\"edits\":[]}\n")
        #expect(ran.err.contains("tandem apply 01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        let sent = try JSONDocument(Array((daemon.received.first { $0.contains("\"plan\"") } ?? "").utf8)).root[
            "params"]
        #expect(sent?["problem"]?.string == "fix it" && sent?["files"]?[0]?.string == "a.py")
        #expect(sent?["root"]?.string == home.path)
    }

    @Test(arguments: [["apply", "plan.json"], ["solve", "x"], ["undo"], ["apply", "-i", "-y", "plan.json"]])
    func withoutATerminalNothingIsChangedUnasked(_ arguments: [String]) async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let ran = try await runCLI(arguments, home: home, input: "")
        #expect(ran.status == 2 && ran.err.contains("stdin is not a terminal") && ran.err.contains("--yes"))
        #expect(daemon.received.isEmpty)
    }

    /// A plan on stdin leaves nobody there to answer; the terminal is asked, here script(1)'s.
    @Test func aPipedPlanIsAskedForOnTheTerminal() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let command = "cat plan.json | \(try builtProduct("tandem")) apply -"
        let asked = try ChildProcess(
            ["/bin/sh", "-c", "echo y | script -qec '\(command)' /dev/null >out 2>&1"],
            environment: home.environment, folder: home.path)
        #expect(await offPool { asked.wait() } == 0)
        let out = try home.read(home.path + "/out")
        #expect(out.contains("[y/n]") && out.contains("take it back with: tandem undo"), "\(out)")
        #expect(daemon.received.map { $0.contains("\"dry_run\":true") } == [true, false])
    }

    @Test func yesCarriesOutAtOnceAndADryRunOnlyShows() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let dry = try await runCLI(["apply", "-n", "plan.json"], home: home)
        #expect(dry.status == 0 && dry.out.contains("-x = 1\n+x = 2\n\\ No newline"))
        #expect(dry.err == "would change 3 files, +2 -1\n")
        let ran = try await runCLI(
            ["apply", "--yes", "-"], home: home, input: #"{"plan_id":"x","plan":{"edits":[]}}"#)
        #expect(ran.status == 0 && ran.err.contains("take it back with: tandem undo 01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        let sent = daemon.received.map { $0.contains("\"dry_run\":true") }
        #expect(sent == [true, false])
        #expect(daemon.received[1].contains(#""plan":{"edits":[]}"#))
    }

    /// `tandem plan … | tandem apply -` where the plan failed.
    @Test func nothingIsNoPlan() async throws {
        let ran = try await runCLI(["apply", "--yes", "-"], home: home, input: "")
        #expect(ran.status == 1 && ran.err == "tandem apply: stdin is empty: there is no plan to apply\n", "\(ran.err)")
    }

    @Test func whatWasShownIsWhatIsCarriedOut() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let process = try CLIProcess(
            ["apply", "plan.json"], home: home, streams: .terminal, environment: ["NO_COLOR": "1"])
        #expect(await offPool { process.waitForOutput("[y/n]") })
        process.type("y\n")
        let ran = await offPool { process.finish() }
        #expect(ran.status == 0, "\(ran)")
        let params = try JSONDocument(Array((daemon.received.last ?? "").utf8)).root["params"]
        #expect(
            params?["plan"].map { String(decoding: $0.raw, as: UTF8.self) } == """
                {"edits":[{"file":"a.py","type":"replace","find":"keep\\nx = 1\\n","replace":"keep\\nx = 2","line_hint":3},\
                {"file":"o","type":"rename","to":"n"},{"file":"c","type":"create","content":"c\\n"}]}
                """)
        #expect(params?["base"].map { String(decoding: $0.raw, as: UTF8.self) } == #"{"a.py":"aa","o":"cc"}"#)
        #expect(params?["dry_run"] == nil && params?["mode"]?.string == "hybrid")
    }

    /// A daemon of another account cannot read this user's files: they go along, and come back to be written here.
    @Test(.enabled(if: getuid() == 0, "only root can be another account for a while"))
    func aForeignDaemonGetsDocuments() async throws {
        try home.write("a.py", "x = 1\n")
        for folder in [home.path, home.runtime] { chmod(folder, 0o777) }
        let daemon = try asNobody {
            try ScriptedDaemon(home.socketPath) { message, peer in
                let edited =
                    #"{"path":"a.py","action":"modify","sha256_before":null,"sha256_after":null,"#
                    + #""diff":"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n","content":"x = 2\n"}"#
                peer.result(
                    message.id,
                    #"{"transaction_id":null,"status":"committed","files":[\#(edited)],"edits":[],"warnings":["mind"]}"#
                )
            }
        }
        defer { daemon.stop() }
        let ran = try await runCLI(["apply", "--yes", planFile], home: home)
        #expect(ran.status == 0 && ran.err.contains("another user's") && ran.err.contains("note: mind"), "\(ran)")
        #expect(try home.read("a.py") == "x = 2\n")
        let params = try JSONDocument(Array((daemon.received.last ?? "").utf8)).root["params"]
        #expect(params?["root"] == nil && params?["documents"]?[0]?["content"]?.string == "x = 1\n")
        let byID = try await runCLI(["apply", "--yes", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], home: home)
        #expect(byID.status != 0 && byID.err.contains("give the plan itself"), "\(byID)")
    }

    private func asNobody<Value>(_ body: () throws -> Value) throws -> Value {
        var groups = [gid_t(65534)]
        guard cl_take_rights(65534, 65534, &groups, 1) == 0 else { throw SystemError("cl_take_rights") }
        defer { cl_give_rights_back() }
        return try body()
    }

    @Test func aLongPlanHasABar() async throws {
        let seen = Gate()
        let daemon = try ScriptedDaemon(home.socketPath) { message, peer in
            peer.event(message.id, 0, "progress", #""done":3,"total":4,"unit":"files""#)
            peer.event(message.id, 1, "progress", #""done":20,"total":40,"unit":"files""#)
            _ = seen.wait(within: testDeadline)
            peer.result(message.id, result("committed", #""01ARZ3NDEKTSV4RRFFQ69G5FAV""#))
        }
        defer { daemon.stop() }
        let process = try CLIProcess(
            ["apply", "--yes", planFile], home: home, streams: .terminal, environment: ["NO_COLOR": "1"])
        #expect(await offPool { process.waitForOutput("20 of 40 files") })
        seen.open()
        let ran = await offPool { process.finish() }
        #expect(ran.status == 0 && !ran.out.contains("3 of 4"), "\(ran)")
    }

    @Test func eachFileIsAskedFor() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        for (answers, files) in [("n\ny\nn\n", ["o"]), ("y\na\n", ["a.py", "o", "c"]), ("y\nq\n", [])] {
            let before = daemon.received.count
            let process = try CLIProcess(
                ["apply", "-i", "plan.json"], home: home, streams: .terminal, environment: ["NO_COLOR": "1"])
            #expect(await offPool { process.waitForOutput("(1 of 3)") })
            process.type(answers)
            let ran = await offPool { process.finish() }
            #expect(ran.status == 0)
            let last = try JSONDocument(Array((daemon.received.last ?? "").utf8)).root["params"]
            let sent = last?["plan"]?["edits"]?.elements.compactMap { $0["file"]?.string } ?? []
            #expect(daemon.received.count - before == (files.isEmpty ? 1 : 2))
            if !files.isEmpty { #expect(sent == files) }
        }
    }

    @Test func conflictsAreShownWithStatusFive() async throws {
        let daemon = try ScriptedDaemon(home.socketPath) { message, peer in
            peer.error(
                message.id, -32011, "plan_conflict", "1 of 1 edits cannot be applied, nothing was changed: not there",
                #""edits":[{"index":0,"file":"a.py","kind":"not_found","message":"not there\n1| x"}]"#)
        }
        defer { daemon.stop() }
        let ran = try await runCLI(["apply", "-y", "plan.json"], home: home)
        #expect(ran.status == 5)
        #expect(
            ran.err == """
                tandem apply: 1 of 1 edits cannot be applied, nothing was changed
                  edit 0, a.py: not_found: not there
                      1| x

                """)
    }

    /// Newest first; a small letter before another's name is an undo of that.
    @Test(arguments: [("B A", "B"), ("bB B A", "A"), ("cbB bB B A", "B"), ("aA bB B A", nil), ("", nil)])
    func undoSaidAgainGoesOneChangeFurtherBack(_ transactions: String, _ expected: String?) async throws {
        let rows = transactions.split(separator: " ").map { entry in
            let undoes = entry.count > 1 ? ",\"undoes\":\"\(entry.dropFirst())\"" : ""
            return "{\"transaction_id\":\"\(entry)\",\"state\":\"committed\"\(undoes)}"
        }
        let aborted = #"{"transaction_id":"no","state":"aborted"}"#
        let daemon = try ScriptedDaemon(home.socketPath) { message, peer in
            peer.result(
                message.id,
                message.method == "transactions"
                    ? "{\"transactions\":[\(([aborted] + rows).joined(separator: ","))]}" : result("committed", "\"t\"")
            )
        }
        defer { daemon.stop() }
        let ran = try await runCLI(["undo", "--yes"], home: home)
        if let expected {
            #expect(ran.status == 0 && daemon.received.last?.contains("\"transaction_id\":\"\(expected)\"") == true)
        } else {
            #expect(ran.status == 1 && ran.err.contains("nothing was changed"))
        }
    }

    @Test func transactionsAreATableAndUndoFindsTheNewest() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let ran = try await runCLI(["transactions"], home: home)
        #expect(
            ran.out == """
                TIME (UTC)           TRANSACTION                 STATE      ROOT  FILES
                2026-11-20 08:43:00  01ARZ3NDEKTSV4RRFFQ69G5FAV  committed  /r    a, b, c, 1 more

                """)
        let undone = try await runCLI(["undo", "--yes"], home: home)
        #expect(undone.status == 0 && undone.err.contains("undo that with"))
        #expect(daemon.received.last?.contains("01ARZ3NDEKTSV4RRFFQ69G5FAV") == true)
        let noPlan = try await runCLI(["apply", "-y", "-"], home: home, input: "{}")
        #expect(noPlan.status == 1 && noPlan.err.contains("no member edits"))
    }
}
