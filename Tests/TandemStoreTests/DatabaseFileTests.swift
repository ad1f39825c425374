import CLinux
import Foundation
import Synchronization
import TandemBase
import Testing

@testable import TandemStore

@Suite struct DatabaseFileTests {
    let folder = TemporaryFolder()
    let now = WallTime(rfc3339: "2026-11-20T08:43:00Z")!

    private func file(_ migrations: [String]) -> DatabaseFile {
        DatabaseFile(path: folder.database, durability: .normal, migrations: migrations)
    }

    private let steps = [
        "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);",
        "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = 'two';",
        "CREATE TABLE b AS SELECT x, y FROM a;",
    ]

    /// From every older version, keeping what is in it; and again with nothing left to do.
    @Test(arguments: 0...3)
    func migratesFromEveryVersion(version: Int) throws {
        do {
            let (database, outcome) = try file(Array(steps.prefix(version))).open(at: now)
            #expect(outcome == .opened)
            #expect(try database.version == version)
            if version > 0 { try database.execute("INSERT INTO a (x) VALUES (7)") }
        }
        for _ in 0..<2 {
            let (database, outcome) = try file(steps).open(at: now)
            #expect(outcome == .opened)
            #expect(try database.version == 3)
            let rows = try database.statement("SELECT x FROM a ORDER BY x").rows { $0.int() }
            #expect(rows == (version > 0 ? [1, 7] : [1]))
            #expect(try database.statement("SELECT count(*) FROM b").first { $0.int() } == (1...2 ~= version ? 2 : 1))
        }
    }

    /// The released schema of each version opens with today's program. Add a line per version.
    @Test(arguments: 0...LedgerSchema.migrations.count)
    func ledgerMigratesFromEveryRelease(version: Int) throws {
        _ = try file(Array(LedgerSchema.migrations.prefix(version))).open(at: now)
        let (database, outcome) = try file(LedgerSchema.migrations).open(at: now)
        #expect(outcome == .opened)
        let check = try database.statement("PRAGMA integrity_check").first { $0.text() }
        #expect(check == "ok")
        try LedgerWriter(database).insert(.request(BoxedRequest(makeRequest(makeID(1)))))
    }

    /// A migration that fails half way leaves nothing of itself, and the file goes aside with its rows.
    @Test func failedMigrationChangesNothing() throws {
        do { try file(Array(steps.prefix(1))).open(at: now).0.execute("CREATE TABLE taken (x)") }
        let (database, outcome) = try file([steps[0], "CREATE TABLE c (z); CREATE TABLE taken (y)"]).open(at: now)
        guard case .setAside(let path, _) = outcome else {
            Issue.record("expected the file to be set aside")
            return
        }
        #expect(path == folder.database + ".corrupt-2026-11-20T084300.000Z")
        let old = try Database(path: path, durability: .normal)
        #expect(try old.version == 1)
        #expect(try old.statement("SELECT x FROM a").first { $0.int() } == 1)
        #expect(try old.statement("SELECT count(*) FROM sqlite_schema WHERE name = 'c'").first { $0.int() } == 0)
        #expect(try database.version == 2)
    }

    @Test func newerFileIsSetAsideWhole() throws {
        let other: Database
        do {
            let (database, _) = try file(steps).open(at: now)
            try database.execute("INSERT INTO a (x) VALUES (99)")
            other = database
        }
        // Still open: its rows are in the log, which has to move with it.
        try other.execute("PRAGMA user_version = 9")
        let (fresh, outcome) = try file(steps).open(at: now)
        guard case .setAside(let path, let reason) = outcome else {
            Issue.record("expected the file to be set aside")
            return
        }
        #expect(path == folder.database + ".newer-9")
        #expect(reason.contains("9") && reason.contains("3"))
        #expect(try fresh.statement("SELECT count(*) FROM a").first { $0.int() } == 1)
        let kept = try Database(path: path, durability: .normal)
        #expect(try kept.statement("SELECT count(*) FROM a WHERE x = 99").first { $0.int() } == 1)
        // A second one does not replace the first.
        try fresh.execute("PRAGMA user_version = 9")
        guard case (_, .setAside(let second, _)) = try file(steps).open(at: now) else {
            Issue.record("expected the second file to be set aside")
            return
        }
        #expect(second == path + "-2")
    }

    @Test func garbageIsSetAsideUnchanged() throws {
        mkdir(folder.path + "/state", 0o700)
        let garbage = Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try garbage.write(to: URL(fileURLWithPath: folder.database))
        let (database, outcome) = try file(steps).open(at: now)
        guard case .setAside(let path, _) = outcome else {
            Issue.record("expected the file to be set aside")
            return
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
        #expect(try database.version == 3)
    }

    @Test func unusableFolderIsAnErrorThatRenamesNothing() throws {
        mkdir(folder.path + "/state", 0o700)
        mkdir(folder.database, 0o700)
        #expect {
            _ = try file(steps).open(at: now)
        } throws: { error in
            (error as? SQLiteError).map { $0.code ~= .cannotOpen && $0.scope == .environment } ?? false
        }
        #expect(folder.names() == ["tandem.db"])
    }

    /// SQLite's own bound stands in for a full disk: nothing of the transaction stays, and the connection lives on.
    @Test func fullTransactionRollsBack() throws {
        let (database, _) = try file(steps).open(at: now)
        try database.execute("PRAGMA max_page_count = 8")
        #expect {
            try database.transaction { () throws(SQLiteError) in
                for _ in 0..<100 {
                    let insertion = try database.statement("INSERT INTO a VALUES (5, ?)")
                    insertion.bind(String(repeating: "x", count: 1000))
                    try insertion.run()
                }
            }
        } throws: { error in
            (error as? SQLiteError)?.code == .full
        }
        #expect(try database.statement("SELECT count(*) FROM a WHERE x = 5").first { $0.int() } == 0)
        try database.execute("PRAGMA max_page_count = 10000")
        try database.transaction { () throws(SQLiteError) in try database.execute("INSERT INTO a VALUES (5, '')") }
        #expect(try database.statement("SELECT count(*) FROM a WHERE x = 5").first { $0.int() } == 1)
    }

    @Test func valuesComeBackAsTheyWere() throws {
        let (database, _) = try file(["CREATE TABLE v (a, b, c, d, e, f, g, h)"]).open(at: now)
        let insertion = try database.statement("INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        let id = ULID("7ZZZZZZZZZABCDEFGHJKMNPQRS")!
        insertion.bind(Int64.min)
        insertion.bind(-0.1)
        insertion.bind("")
        insertion.bind("nul\0 é 🙂")
        insertion.bind(blob: [])
        insertion.bind(text: [])
        insertion.bind(id)
        insertion.bind(Bool?.none)
        try insertion.run()
        let matched: Bool? = try database.statement("SELECT * FROM v").first { row in
            row.int() == Int(Int64.min) && row.double() == -0.1 && row.optional { $0.text() } == ""
                && row.text() == "nul\0 é 🙂" && row.optional { $0.bytes() } == [] && row.optional { $0.text() } == nil
                && row.id() == id && row.optional { $0.int() } == nil
        }
        #expect(matched == true)
    }

    /// One connection may serve several threads one after the other behind a lock.
    @Test func aLockMakesItShareable() async throws {
        let holder = Holder(try file(["CREATE TABLE n (i)"]).open(at: now).0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    holder.database.withLock { database in
                        for index in 0..<50 {
                            let insertion = try? database.statement("INSERT INTO n VALUES (?)")
                            insertion?.bind(index)
                            try? insertion?.run()
                        }
                    }
                }
            }
        }
        let count = try holder.database.withLock { database throws(SQLiteError) in
            try database.statement("SELECT count(*) FROM n").first { $0.int() }
        }
        #expect(count == 400)
    }

    @Test func resultCodesMatchTheirExtensions() {
        #expect(.ioError ~= ResultCode(rawValue: 778))
        #expect(!(ResultCode(rawValue: 778) ~= .ioError))
        #expect(SQLiteError(ResultCode(rawValue: 267), "").scope == .file)
        #expect(SQLiteError(.full, "").scope == .environment)
    }
}

private final class Holder: Sendable {
    let database: Mutex<Database>
    init(_ database: sending Database) { self.database = Mutex(database) }
}
