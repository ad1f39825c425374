import TandemBase
import TandemEdits
import TandemStore
import TandemTestSupport
import Testing

struct EditJournalTests {
    private let folder = TemporaryFolder()

    private func journal() throws -> EditJournal {
        try EditJournal.open(path: folder.path + "/edits.db", at: WallTime(milliseconds: 0)).0
    }

    private func id(_ time: Int64) -> ULID {
        var generator = SystemRandomNumberGenerator()
        return ULID(time: WallTime(milliseconds: time), random: &generator)
    }

    @Test func keepsEverythingAcrossARestart() throws {
        let (first, second) = (id(1), id(2))
        let changes = [
            FileChange(path: "a\nb", before: [], after: [0, 255]),
            FileChange(path: "c", before: [1], after: nil, mode: 0o640),
            FileChange(path: "d", before: nil, after: [], renamedFrom: "c"),
        ]
        do {
            let journal = try journal()
            try journal.begin(
                TransactionRecord(
                    id: first, root: "/r", time: WallTime(milliseconds: 1), uid: 7, idempotencyKey: "k",
                    paramsHash: "h"))
            try journal.setImages(first, changes, folders: ["x", "x/y"])
            try journal.setState(first, .committing)
            try journal.begin(
                TransactionRecord(
                    id: second, root: "/s", time: WallTime(milliseconds: 2), uid: 8, undoes: first,
                    result: Array("{}".utf8)))
            try journal.setState(second, .committed)
        }
        let journal = try journal()
        let unfinished = try journal.unfinished()
        #expect(unfinished.map(\.id) == [first])
        #expect(unfinished[0].changes == changes)
        #expect(unfinished[0].folders == ["x", "x/y"])
        #expect(unfinished[0].state == .committing)
        let loaded = try #require(try journal.load(second))
        #expect(loaded.undoes == first)
        #expect(loaded.result == Array("{}".utf8))
        #expect(try journal.find(idempotencyKey: "k", uid: 7)?.id == first)
        #expect(try journal.find(idempotencyKey: "k", uid: 8) == nil)
        #expect(try journal.list(limit: 10, root: nil, uid: nil).map(\.id) == [second, first])
        #expect(try journal.list(limit: 10, root: "/r", uid: 7).map(\.paths) == [["a\nb", "c", "d"]])
        try journal.removeFinished(before: WallTime(milliseconds: 10))
        #expect(try journal.list(limit: 10, root: nil, uid: nil).map(\.id) == [first])
    }

    /// What another daemon is at is not what a crash left.
    @Test func twoDaemonsOnOneJournal() throws {
        let (mine, theirs, over) = (id(1), id(2), id(3))
        let recovering = try journal()
        do {
            let other = try journal()
            for id in [theirs, over] {
                try other.begin(TransactionRecord(id: id, root: "/r", time: WallTime(milliseconds: 1)))
            }
            try other.setState(over, .committed)
            try other.setState(theirs, .committing)
            try recovering.begin(TransactionRecord(id: mine, root: "/r", time: WallTime(milliseconds: 1)))
            #expect(try recovering.unfinished().map(\.id) == [mine])
            #expect(try other.unfinished().map(\.id) == [theirs])
        }
        // It ended in the middle; a process that another test just starts may have its files for a moment more.
        #expect(eventually { (try? recovering.unfinished().map(\.id)) == [mine, theirs] })
    }

    @Test func oneTransactionForEachKey() throws {
        let journal = try journal()
        func record(_ uid: UInt32) -> TransactionRecord {
            TransactionRecord(id: id(1), root: "/", time: WallTime(milliseconds: 1), uid: uid, idempotencyKey: "k")
        }
        let first = record(1)
        try journal.begin(first)
        try journal.begin(record(2))
        #expect(throws: JournalError.self) { try journal.begin(record(1)) }
        try journal.setState(first.id, .aborted)
        try journal.begin(record(1))
    }
}
