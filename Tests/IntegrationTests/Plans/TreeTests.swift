import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Odd files, many files, many clients, a broken journal, and death at any moment.
@Suite struct TreeTests {
    @Test func whatIsNoPlainFileIsRefusedByKind() throws {
        let home = try PlanHome(files: ["a": "a\n", "linked": "l\n", "fixed": "f\n", "d/x": "x\n", "bin": "a\0b"])
        symlink("a", home.tree + "/sym")
        symlink("/tmp", home.tree + "/out")
        link(home.tree + "/linked", home.tree + "/second")
        mkfifo(home.tree + "/fifo", 0o600)
        chmod(home.tree + "/fixed", 0o400)
        let expected = [
            "sym": "symlink", "out/f": "symlink", "linked": "hard_link", "fifo": "not_regular", "d": "not_regular",
            "bin": "binary_file", "none": "file_not_found",
        ]
        for (path, kind) in expected {
            let answer = try home.execute(replaceEdit(path, "a", "b"), ",\"mode\":\"hybrid\"")
            #expect(answer.conflicts == ["0 \(kind)"], "\(path): \(masked(answer))")
        }
        if getuid() != 0 {
            #expect(try home.execute(replaceEdit("fixed", "f", "g")).conflicts == ["0 forbidden"])
        }
        let names = home.names
        let odd = try home.execute(#"{"file":"new\nline","type":"create","content":"n\n"}"#)
        #expect(odd.result?["files"]?[0]?["path"]?.string == "new\nline", "\(masked(odd))")
        #expect(home.names == (names + ["new\nline"]).sorted())
        #expect(try home.execute(#"{"file":"../up","type":"create","content":""}"#).code == -32010)
    }

    @Test func aRootThatIsNotThereOrNotAllowed() throws {
        let home = try PlanHome(files: ["a": "a\n"])
        let edit = replaceEdit("a", "a", "b")
        func execute(_ root: String) throws -> JSONValue {
            try home.call("executePlan", "{\"root\":\(quoted(root)),\"plan\":{\"edits\":[\(edit)]}}").response
        }
        #expect(try execute(home.tree + "/none").code == -32602)
        #expect(try execute("tree").code == -32602)
        let outside = try execute("/usr")
        #expect(outside.code == -32006 && outside["error"]?["message"]?.string?.contains("access.roots") == true)
    }

    @Test func tenThousandFilesInOnePlan() throws {
        let home = try PlanHome()
        let count = 10_000
        let creates = (0..<count).map {
            "{\"file\":\"d\($0 % 100)/f\($0)\",\"type\":\"create\",\"content\":\"\($0)\\n\"}"
        }
        let made = try home.execute(creates.joined(separator: ","), ",\"verify\":\"none\"")
        #expect(made.result?["counts"]?["files"]?.int == count, "\(made["error"].map(masked) ?? "")")
        #expect(home.read("d99/f9999") == "9999\n")
        let undone = try home.call("undo", "{\"transaction_id\":\"\(made.transaction ?? "")\"}").response
        #expect(undone.result?["files"]?.count == count)
        #expect(!home.names.contains { $0.contains("f") || $0.contains(".tandem") })
    }

    /// Resolving, hashes and diffs are not the loop's work.
    @Test func aLongPlanHoldsNobodyUp() throws {
        let lines = (0..<20_000).map { "line \($0) of a long file\n" }
        let home = try PlanHome(files: ["long": lines.joined()])
        let edits = stride(from: 0, to: 20_000, by: 10).map {
            replaceEdit("long", "line \($0) of a long file\n", "LINE \($0) of a long file\n")
        }
        let client = try home.daemon.client()
        let params = home.params(edits.joined(separator: ","), ",\"stream\":true,\"dry_run\":true,\"verify\":\"none\"")
        try client.send(RawClient.request("executePlan", params))
        #expect(try client.next().contains("started"))
        // One ping after the other until the plan's answer: between the steps of the plan alone there is room for few.
        var pings = 0
        while true {
            try client.send(RawClient.request("ping", id: "2"))
            let answer = try JSONDocument(Array(client.response().utf8)).root
            guard answer["id"]?.int == 2 else {
                #expect(answer.result?["counts"]?["edits"]?.int == 2000)
                break
            }
            pings += 1
        }
        #expect(pings > 20, "the plan held the loop")
    }

    @Test func twoPlansOnOneRootAndTwentyOnTwenty() throws {
        let home = try PlanHome(files: ["shared": (0..<40).map { "line \($0)\n" }.joined()])
        let clients = try (0..<40).map { _ in try home.daemon.client() }
        for (index, client) in clients.enumerated() {
            if index < 20 {
                let edit = replaceEdit("shared", "line \(index)\n", "LINE \(index)\n")
                try client.send(RawClient.request("executePlan", home.params(edit, ",\"verify\":\"none\"")))
            } else {
                let root = home.tree + "/r\(index)"
                try makeFolder(root)
                try writeFile(root + "/f", Array("old\n".utf8))
                let plan = "{\"edits\":[\(replaceEdit("f", "old", "new"))]}"
                try client.send(RawClient.request("executePlan", "{\"root\":\(quoted(root)),\"plan\":\(plan)}"))
            }
        }
        let answers = try clients.map { try JSONDocument(Array($0.response().utf8)).root }
        let text = home.read("shared") ?? ""
        for (index, answer) in answers.enumerated() {
            if index < 20 {
                // Committed and in the file, or refused as stale and not in it.
                let done = answer.result?["status"]?.string == "committed"
                #expect(done == text.contains("LINE \(index)\n"))
                #expect(done || answer.conflicts == ["0 stale"], "\(masked(answer))")
            } else {
                #expect(answer.result?["status"]?.string == "committed", "\(masked(answer))")
            }
        }
        #expect(text.contains("LINE"))
        #expect(!home.names.contains { $0.contains(".tandem") })
    }

    @Test func aJournalThatCannotBeWrittenLeavesTheTreeAlone() throws {
        let home = try PlanHome(files: ["a": "a\n"])
        let database = home.daemon.home.state + "/tandem/edits.db"
        // A folder where the journal should be.
        try makeFolder(database)
        let answer = try home.execute(replaceEdit("a", "a", "b"))
        #expect(answer.code == -32603)
        #expect(answer["error"]?["message"]?.string?.contains("nothing was changed") == true)
        #expect(home.read("a") == "a\n" && home.names == ["a"])
        rmdir(database)
        #expect(try home.execute(replaceEdit("a", "a", "b")).result != nil, "it is tried anew, without a restart")
        // Deleted under the daemon: what is committed from here on must be in a journal that the next start finds.
        unlink(database)
        unlink(database + "-wal")
        unlink(database + "-shm")
        let second = try #require(try home.execute(replaceEdit("a", "b", "c")).transaction)
        home.daemon.kill()
        try home.daemon.start()
        #expect(try home.call("undo", "{\"transaction_id\":\"\(second)\"}").response.result != nil)
        #expect(home.read("a") == "b\n")
    }

    @Test func anotherWritersDataIsNeverLost() throws {
        let home = try PlanHome(files: ["a": "0 mine\n"])
        let path = home.tree + "/a"
        let stop = Gate()
        let writer = Gate()
        // Appends a line at a time, as a log would; each must be there in the end.
        startThread {
            var count = 0
            while !stop.wait(within: .zero), count < 5000 {
                if let file = try? FileDescriptor.open(path, O_WRONLY | O_APPEND) {
                    let line = Array("theirs \(count)\n".utf8)
                    _ = write(file.raw, line, line.count)
                    // Into the file that stands there now, or into one that was just displaced: then it is checked.
                }
                count += 1
                usleep(300)
            }
            writer.open()
        }
        var committed = 0
        for round in 0..<30 {
            let answer = try home.execute(
                replaceEdit("a", "\(committed) mine", "\(committed + 1) mine"),
                ",\"verify\":\"none\",\"mode\":\"hybrid\"")
            if answer.result?["status"]?.string == "committed" { committed += 1 }
            #expect(answer.result != nil || answer.conflicts == ["0 stale"], "\(round): \(masked(answer))")
        }
        stop.open()
        _ = writer.wait(within: .seconds(20))
        let text = home.read("a") ?? ""
        #expect(text.hasPrefix("\(committed) mine\n"))
        #expect(!home.names.contains { $0.contains(".tandem") })
    }

    /// kill -9 at random times within commits; after the next start every file is as before or every file as after.
    @Test func killedDaemonsLeaveAllOrNothing() throws {
        let count = 60
        let home = try PlanHome(
            files: Dictionary(uniqueKeysWithValues: (0..<count).map { ("f\($0)", "0\n") }))
        var generation = 0
        var outcomes: Set<Bool> = []
        var whole = TimeSpan.zero
        let rounds = 20
        for round in 0...rounds {
            let edits = (0..<count).map { replaceEdit("f\($0)", "\(generation)\n", "\(generation + 1)\n") }
            let client = try home.daemon.client()
            try client.send(
                RawClient.request(
                    "executePlan", home.params(edits.joined(separator: ","), ",\"verify\":\"none\"")))
            if round == 0 {
                let begin = MonotonicTime.now()
                _ = try client.response()
                whole = MonotonicTime.now() - begin
            } else {
                // Sweeps over resolving, staging, swapping and cleaning.
                usleep(UInt32(whole.nanoseconds / 1000 * Int64(round) / Int64(rounds - 4)))
            }
            // The connection has to live until then: its end would cancel the request.
            withExtendedLifetime(client) { home.daemon.kill() }
            try home.daemon.start()
            try home.daemon.waitUntilReady()
            // Whoever does not read them stops the daemon in the end.
            home.daemon.forgetNotifications()
            let contents = Set((0..<count).map { home.read("f\($0)") ?? "missing" })
            #expect(
                contents == ["\(generation)\n"] || contents == ["\(generation + 1)\n"], "round \(round): \(contents)")
            #expect(home.names.count == count, "stray files: \(home.names.filter { $0.contains(".tandem") })")
            outcomes.insert(contents == ["\(generation + 1)\n"])
            if contents == ["\(generation + 1)\n"] { generation += 1 }
        }
        #expect(outcomes.count == 2, "the kills were all too early, or all too late")
    }
}
