import CLinux
import Glibc
import TandemBase
import TandemJSON
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
}
