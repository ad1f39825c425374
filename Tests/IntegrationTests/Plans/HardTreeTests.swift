import CLinux
import Glibc
import TandemBase
import TandemEdits
import TandemJSON
import TandemStore
import TandemTestSupport
import Testing

/// Trees that go away, disks that are full, files that are too large, and what a crash left that nobody can finish.
@Suite struct HardTreeTests {
    @Test func aRecoveryConflictIsSeenInTransactions() throws {
        let home = try PlanHome(files: ["a": "neither\n", "b": "b2\n"])
        let path = home.daemon.home.state + "/tandem/edits.db"
        home.daemon.stop()
        // As a crash between two swaps leaves it, and then somebody writes `a`.
        var random = SystemRandomNumberGenerator()
        let id = ULID(time: .now(), random: &random)
        let changes = [("a", "a1\n", "a2\n"), ("b", "b1\n", "b2\n")].map {
            FileChange(path: $0, before: Array($1.utf8), after: Array($2.utf8), mode: 0o644)
        }
        do {
            let (journal, _) = try EditJournal.open(path: path, at: .now())
            try journal.begin(TransactionRecord(id: id, root: home.tree, time: .now(), uid: getuid()))
            try journal.setImages(id, changes, folders: [])
            try journal.setState(id, .committing)
        }
        try home.daemon.start()
        let listed = try home.call("transactions", "{\"limit\":1}").response.result?["transactions"]?[0]
        #expect(listed?["transaction_id"]?.string == id.description)
        #expect(listed?["state"]?.string == "recovery_conflict", "\(listed.map(masked) ?? "")")
        #expect(home.daemon.log.contains("recovery_conflict"))
        // Left alone, and the other one as before.
        #expect(home.read("a") == "neither\n" && home.read("b") == "b1\n" && home.names == ["a", "b"])
        #expect(try home.call("undo", "{\"transaction_id\":\"\(id)\"}").response.code == -32012)
    }

    @Test(arguments: [false, true])
    func aRootThatVanishesInTheMiddle(isReplaced: Bool) throws {
        let gate = Gate()
        let home = try PlanHome(executor: [fenced("b").after(gate)], files: ["a": "a\n", "d/c": "c\n"])
        let client = try home.daemon.client()
        let edits = modelEdit("a", "make it b") + ",{\"file\":\"d/n\",\"type\":\"create\",\"content\":\"n\"}"
        try client.send(RawClient.request("executePlan", home.params(edits)))
        #expect(home.server.waitForCall("executor"))
        removeTree(home.tree)
        if isReplaced { try home.write("a", "a\n") }
        gate.open()
        let answer = try JSONDocument(Array(client.response().utf8)).root
        #expect(answer.code == -32011, "\(masked(answer))")
        #expect(home.names == (isReplaced ? ["a"] : []) && home.read("a") == (isReplaced ? "a\n" : nil))
    }

    @Test func aNewNameThatIsTakenOrCannotBeReached() throws {
        let home = try PlanHome(files: ["a": "a\n", "b": "b\n", "d/c": "c\n"])
        #expect(symlink("d", home.tree + "/link") == 0)
        for (name, kind) in [("b", "exists"), ("d", "exists"), ("link/n", "symlink"), ("link", "symlink")] {
            let answer = try home.execute("{\"file\":\"a\",\"type\":\"rename\",\"to\":\"\(name)\"}")
            #expect(answer.conflicts == ["0 \(kind)"], "\(name): \(masked(answer))")
        }
        #expect(home.names == ["a", "b", "d", "d/c", "link"])
    }

    @Test func aFileOfAHundredMegabytes() throws {
        let home = try PlanHome(files: ["small": "a\n"])
        let path = home.tree + "/large"
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT, mode: 0o644)
        // No hole: as a file with NUL bytes it would be binary first of all.
        let line = Array(String(repeating: "x", count: (1 << 20) - 1).utf8) + [10]
        for _ in 0..<100 { #expect(line.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) } == line.count) }
        let answer = try home.execute(replaceEdit("large", "y", "z") + "," + replaceEdit("small", "a", "b"))
        #expect(answer.conflicts == ["0 too_large"], "\(masked(answer))")
        #expect(home.read("small") == "a\n")
        // As a document it is more than a message may hold; the connection lives.
        let client = try home.daemon.client()
        let text = String(repeating: "x", count: 100 << 20)
        try client.sendRaw(
            Array(
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"executePlan\",\"params\":{\"documents\":[{\"path\":\"l\",\"content\":\""
                    .utf8))
        try client.sendRaw(Array(text.utf8))
        try client.sendRaw(Array("\"}],\"plan\":{\"edits\":[]}}}\n".utf8))
        let refused = try JSONDocument(Array(client.response().utf8)).root
        #expect(refused.code == -32007 && refused["id"]?.int == 7, "\(masked(refused))")
        #expect(try client.call("ping").contains("result"))
    }

    /// Files of eight megabytes, root and documents: they work.
    @Test func aLargeFileInBothModes() throws {
        let text = (0..<200_000).map { "line \($0) of a long file, with some more text\n" }.joined()
        let home = try PlanHome(files: ["f": text])
        let edit = replaceEdit("f", "line 199999 of", "LINE 199999 of")
        #expect(try home.execute(edit).result?["status"]?.string == "committed")
        #expect(home.read("f")?.contains("LINE 199999 of") == true)
        let params =
            "{\"documents\":[{\"path\":\"f\",\"content\":\(quoted(text))}],\"plan\":{\"edits\":[\(edit)]}}"
        let answer = try home.call("executePlan", params).response
        #expect(answer.result?["files"]?[0]?["content"]?.string?.contains("LINE 199999 of") == true)
    }

    private static let canMount: Bool = {
        guard getuid() == 0, let home = try? TemporaryHome() else { return false }
        guard mount("tmpfs", home.path, "tmpfs", 0, nil) == 0 else { return false }
        umount2(home.path, Int32(MNT_DETACH))
        return true
    }()

    /// The journal's disk is full, or may not be written: a clear error, the tree untouched, and it works again after.
    @Test(.enabled(if: canMount, "only root can mount"), arguments: [false, true])
    func theJournalsDisk(isReadOnly: Bool) throws {
        let folder = try TemporaryHome()
        let state = folder.state + "/tandem"
        try makeFolder(state)
        try #require(mount("tmpfs", state, "tmpfs", 0, "size=2m") == 0)
        defer { umount2(state, Int32(MNT_DETACH)) }
        let home = try PlanHome(files: ["a": "a\n", "b": "b\n"], home: folder)
        #expect(try home.execute(replaceEdit("a", "a", "A")).result != nil)
        let filler = state + "/filler"
        if isReadOnly {
            home.daemon.stop()
            try #require(mount("tmpfs", state, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "size=2m") == 0)
            try home.daemon.start()
        } else {
            let file = try FileDescriptor.open(filler, O_WRONLY | O_CREAT, mode: 0o600)
            let page = [UInt8](repeating: 1, count: 4096)
            while page.withUnsafeBytes({ write(file.raw, $0.baseAddress, $0.count) }) > 0 {}
        }
        // More than may be left in pages that the journal has already.
        let long = String(repeating: "long ", count: 40_000)
        let edits = "{\"file\":\"new\",\"type\":\"create\",\"content\":\(quoted(long))},\(replaceEdit("b", "b", "B"))"
        for dry in [true, false] {
            let answer = try home.execute(edits, ",\"dry_run\":\(dry)")
            #expect(answer.code == -32603, "\(dry): \(masked(answer))")
            #expect(answer["error"]?["message"]?.string?.contains("nothing was changed") == true)
        }
        #expect(home.names == ["a", "b"] && home.read("b") == "b\n" && home.read("a") == "A\n")
        if isReadOnly {
            try #require(mount("tmpfs", state, "tmpfs", UInt(MS_REMOUNT), "size=2m") == 0)
        } else {
            unlink(filler)
        }
        #expect(try home.execute(edits).result?["status"]?.string == "committed")
    }

    /// Names that are no text stay out of plans and in verifiers' copies.
    @Test func namesOfAnyBytes() throws {
        let home = try PlanHome(
            settings: "[verifiers.count]\ncommand = [\"sh\", \"-c\", \"set -- *; [ $# = 4 ]\"]\n",
            files: ["a": "a\n", "two\nlines": "b\n", "tab\tand \"quote\" é": "c\n"])
        let odd: [CChar] = Array((home.tree + "/bad").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
        close(cl_open(odd, O_CREAT | O_WRONLY, 0o644))
        defer { unlink(odd) }
        let edits = [
            replaceEdit("two\nlines", "b", "B"), replaceEdit("tab\tand \"quote\" é", "c", "C"),
            replaceEdit("a", "a", "A"),
        ].joined(separator: ",")
        let answer = try home.execute(edits, ",\"verify\":\"count\"")
        #expect(answer.result?["status"]?.string == "committed", "\(masked(answer))")
        #expect(home.read("two\nlines") == "B\n" && home.read("tab\tand \"quote\" é") == "C\n")
        #expect(access(odd, F_OK) == 0)
    }
}
