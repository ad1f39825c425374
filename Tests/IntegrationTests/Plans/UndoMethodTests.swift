import CLinux
import Glibc
import TandemBase
import TandemEdits
import TandemJSON
import TandemStore
import TandemTestSupport
import Testing

/// `undo` and `transactions` on the wire.
@Suite struct UndoMethodTests {
    @Test func undoAndUndoOfUndo() throws {
        let home = try PlanHome(files: ["a.txt": "one\n\n\n\n\ntwo\n", "b.txt": "b\n", "c.txt": "c\n"])
        chmod(home.tree + "/b.txt", 0o754)
        let edits = [
            replaceEdit("a.txt", "one", "ONE"), #"{"file":"b.txt","type":"delete"}"#,
            #"{"file":"c.txt","type":"rename","to":"n/d.txt"}"#, #"{"file":"e.txt","type":"create","content":"e"}"#,
        ].joined(separator: ",")
        let id = try #require(try home.execute(edits).transaction)
        try home.write("a.txt", "ONE\n\n\n\n\ntwo and more\n")
        let dry = try home.call("undo", "{\"transaction_id\":\"\(id)\",\"dry_run\":true}").response
        #expect(dry.result?["status"]?.string == "dry_run" && dry.result?["transaction_id"]?.isNull == true)
        #expect(home.names == ["a.txt", "e.txt", "n", "n/d.txt"])
        let undone = try home.call("undo", "{\"transaction_id\":\"\(id)\"}").response
        #expect(undone.result?["status"]?.string == "committed", "\(masked(undone))")
        #expect(home.read("a.txt") == "one\n\n\n\n\ntwo and more\n", "what was written since is merged")
        #expect(home.names.filter { $0 != "n" } == ["a.txt", "b.txt", "c.txt"])
        var status = stat()
        #expect(stat(home.tree + "/b.txt", &status) == 0 && status.st_mode & 0o777 == 0o754)
        let again = try home.call("undo", "{\"transaction_id\":\"\(undone.transaction ?? "")\"}").response
        #expect(again.result?["status"]?.string == "committed")
        #expect(home.read("a.txt") == "ONE\n\n\n\n\ntwo and more\n" && home.read("e.txt") == "e")
        let listed = try home.call("transactions", "{\"limit\":2}").response.result?["transactions"]
        #expect(listed?.count == 2 && listed?[0]?["undoes"]?.string == undone.transaction)
        #expect(listed?[1]?["undoes"]?.string == id && listed?[0]?["state"]?.string == "committed")
        let elsewhere = try home.call("transactions", "{\"root\":\"/nowhere\"}").response
        #expect(elsewhere.result?["transactions"]?.count == 0)
    }

    @Test func aConflictTouchesNothing() throws {
        let home = try PlanHome(files: ["a.txt": "one\n", "b.txt": "b\n"])
        let id = try #require(
            try home.execute(
                [replaceEdit("a.txt", "one", "two"), replaceEdit("b.txt", "b", "B")].joined(separator: ",")
            )
            .transaction)
        try home.write("a.txt", "three\n")
        let answer = try home.call("undo", "{\"transaction_id\":\"\(id)\"}").response
        #expect(answer.code == -32011 && answer.conflicts == ["-1 merge_conflict"])
        #expect(home.read("a.txt") == "three\n" && home.read("b.txt") == "B\n")
        let unknown = try home.call("undo", #"{"transaction_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#).response
        #expect(unknown.code == -32012 && unknown["error"]?["data"]?["what"]?.string == "transaction")
        #expect(try home.call("undo", #"{"transaction_id":"x"}"#).response.code == -32012)
        removeTree(home.tree)
        let gone = try home.call("undo", "{\"transaction_id\":\"\(id)\"}").response
        #expect(gone.code == -32011 && gone.conflicts == ["-1 file_not_found"])
    }

    /// The journal does not grow for as long as the daemon runs.
    @Test func oldTransactionsGoWhileTheDaemonRuns() throws {
        let home = try PlanHome(files: ["a": "a\n"])
        #expect(try home.execute(replaceEdit("a", "a", "b")).transaction != nil)
        var ids = ULIDSource()
        let past = WallTime.now() + TimeSpan.hours(-31 * 24)
        let (old, unfinished) = (ids.next(at: past), ids.next(at: past))
        let (journal, _) = try EditJournal.open(path: home.daemon.home.state + "/tandem/edits.db", at: .now())
        for id in [old, unfinished] {
            try journal.begin(TransactionRecord(id: id, root: home.tree, time: past, uid: getuid()))
        }
        try journal.setState(old, .committed)
        #expect(try home.execute(replaceEdit("a", "b", "c")).transaction != nil)
        #expect(
            eventually { (try? journal.list(limit: 10, root: nil, uid: nil).contains { $0.id == old }) == false })
        #expect(try journal.load(unfinished) != nil)
        #expect(try journal.list(limit: 10, root: nil, uid: nil).count == 3)
    }
}
