import Synchronization
import TandemBase
import TandemEdits

/// Transactions listed by one query.
private let listLimit = 1000
/// Bytes of a page: images are written in thousands of these.
private let pageBytes = 16 << 10
/// Bytes of images after which `checkpoint` copies the log back.
private let checkpointBytes = 4 << 20
/// Pages in the log that make a commit copy them back itself: 64 MiB.
private let logPages = 4096

/// The journal of edit transactions, in `edits.db` with synchronous=FULL: what a call has written survives a power cut.
/// Callable from any thread; calls wait for each other and for the disk.
package final class EditJournal: TransactionJournal {
    private let database: Mutex<Database>
    private let locks: TransactionLocks
    /// Bytes of images written since the last checkpoint.
    private let logged = Atomic<Int>(0)

    /// Opens or makes the file; a damaged one is set aside (`DatabaseFile.Outcome`).
    package static func open(path: String, at now: WallTime) throws(SQLiteError) -> (EditJournal, DatabaseFile.Outcome)
    {
        let file = DatabaseFile(path: path, durability: .full, pageBytes: pageBytes, migrations: migrations)
        let (database, outcome) = try file.open(at: now)
        try database.execute("PRAGMA wal_autocheckpoint = \(logPages)")
        do throws(SystemError) {
            return (EditJournal(database, try TransactionLocks(journal: path)), outcome)
        } catch {
            throw SQLiteError(.cannotOpen, error.description)
        }
    }

    private init(_ database: sending Database, _ locks: consuming TransactionLocks) {
        self.database = Mutex(database)
        self.locks = locks
    }

    private static let migrations = [
        """
        CREATE TABLE transactions (
            id BLOB PRIMARY KEY,
            root TEXT NOT NULL,
            state TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            idempotency_key TEXT,
            params_hash TEXT,
            undoes BLOB,
            result TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX transactions_key ON transactions (uid, idempotency_key) WHERE idempotency_key IS NOT NULL;
        CREATE INDEX transactions_unfinished ON transactions (id)
            WHERE state NOT IN ('committed', 'aborted', 'recovery_conflict');

        CREATE TABLE changes (
            transaction_id BLOB NOT NULL,
            idx INTEGER NOT NULL,
            path TEXT NOT NULL,
            before BLOB,
            after BLOB,
            mode INTEGER,
            renamed_from TEXT,
            UNIQUE (transaction_id, idx)
        ) STRICT;

        CREATE TABLE folders (
            transaction_id BLOB NOT NULL,
            idx INTEGER NOT NULL,
            path TEXT NOT NULL,
            PRIMARY KEY (transaction_id, idx)
        ) STRICT, WITHOUT ROWID;
        """
    ]

    /// Each with the column of the transaction's id; the transactions themselves last.
    private static let tables = [("changes", "transaction_id"), ("folders", "transaction_id"), ("transactions", "id")]

    private func with<Value: Sendable>(
        _ body: (Database) throws(SQLiteError) -> Value
    ) throws(JournalError) -> Value {
        let result = database.withLock { database -> Result<Value, SQLiteError> in
            do throws(SQLiteError) { return .success(try body(database)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error):
            if case .constraint = error.code { throw .duplicateKey }
            throw .failed(error.description)
        }
    }

    package func begin(_ record: TransactionRecord) throws(JournalError) {
        locks.take(record.id)
        try with { database throws(SQLiteError) in
            let statement = try database.statement(
                """
                INSERT INTO transactions (id, root, state, started_at, uid, idempotency_key, params_hash, undoes, result)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
            statement.bind(record.id)
            statement.bind(record.root)
            statement.bind(record.state.rawValue)
            statement.bind(record.time)
            statement.bind(Int(record.uid))
            statement.bind(record.idempotencyKey)
            statement.bind(record.paramsHash)
            if let undoes = record.undoes { statement.bind(undoes) } else { statement.bindNull() }
            if let result = record.result { statement.bind(text: result) } else { statement.bindNull() }
            try statement.run()
        }
    }

    package func setImages(_ id: ULID, _ changes: [FileChange], folders: [String]) throws(JournalError) {
        try with { database throws(SQLiteError) in
            try database.transaction { () throws(SQLiteError) in
                for (index, change) in changes.enumerated() {
                    let statement = try database.statement("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)")
                    statement.bind(id)
                    statement.bind(index)
                    statement.bind(change.path)
                    for image in [change.before, change.after] {
                        if let image { statement.bind(blob: image) } else { statement.bindNull() }
                    }
                    statement.bind(change.mode.map(Int.init))
                    statement.bind(change.renamedFrom)
                    try statement.run()
                }
                for (index, folder) in folders.enumerated() {
                    let statement = try database.statement("INSERT INTO folders VALUES (?, ?, ?)")
                    statement.bind(id)
                    statement.bind(index)
                    statement.bind(folder)
                    try statement.run()
                }
            }
        }
        let bytes = changes.reduce(0) { $0 + ($1.before?.count ?? 0) + ($1.after?.count ?? 0) }
        logged.add(bytes, ordering: .relaxed)
    }

    /// Copies the log back into the file, where large images have made it worth it. That takes as long as to write them
    /// did: call it when nobody waits for an answer.
    package func checkpoint() {
        guard logged.load(ordering: .relaxed) >= checkpointBytes else { return }
        logged.store(0, ordering: .relaxed)
        // What fails here is tried again by a later commit.
        try? with { database throws(SQLiteError) in try database.execute("PRAGMA wal_checkpoint(PASSIVE)") }
    }

    package func setState(_ id: ULID, _ state: TransactionState) throws(JournalError) {
        try with { database throws(SQLiteError) in
            let statement = try database.statement(
                """
                UPDATE transactions SET state = ?1,
                    idempotency_key = CASE WHEN ?1 = 'aborted' THEN NULL ELSE idempotency_key END
                WHERE id = ?2
                """)
            statement.bind(state.rawValue)
            statement.bind(id)
            try statement.run()
        }
        if state.isFinished { locks.giveBack(id) }
    }

    package func discard(_ id: ULID) throws(JournalError) {
        defer { locks.giveBack(id) }
        try with { database throws(SQLiteError) in
            try database.transaction { () throws(SQLiteError) in
                for (table, key) in Self.tables {
                    let statement = try database.statement("DELETE FROM \(table) WHERE \(key) = ?")
                    statement.bind(id)
                    try statement.run()
                }
            }
        }
    }

    /// What the same idempotency key is answered with from now on.
    package func setResult(_ id: ULID, _ result: [UInt8]) throws(JournalError) {
        try with { database throws(SQLiteError) in
            let statement = try database.statement("UPDATE transactions SET result = ? WHERE id = ?")
            statement.bind(text: result)
            statement.bind(id)
            try statement.run()
        }
    }

    package func unfinished() throws(JournalError) -> [TransactionRecord] {
        try with { database throws(SQLiteError) in
            let ids = try database.statement(
                """
                SELECT id FROM transactions
                WHERE state NOT IN ('committed', 'aborted', 'recovery_conflict') ORDER BY id
                """
            ).rows { $0.id() }
            var records: [TransactionRecord] = []
            for id in ids where !locks.isTaken(id) {
                if let record = try Self.record(id, database) { records.append(record) }
            }
            return records
        }
    }

    package func load(_ id: ULID) throws(JournalError) -> TransactionRecord? {
        try with { database throws(SQLiteError) in try Self.record(id, database) }
    }

    package func find(idempotencyKey: String, uid: UInt32) throws(JournalError) -> TransactionRecord? {
        try with { database throws(SQLiteError) in
            let statement = try database.statement(
                "SELECT id FROM transactions WHERE uid = ? AND idempotency_key = ?")
            statement.bind(Int(uid))
            statement.bind(idempotencyKey)
            guard let id = try statement.first({ $0.id() }) else { return nil }
            return try Self.record(id, database)
        }
    }

    /// One line of the method `transactions`, without images.
    package struct Summary: Sendable {
        package var id: ULID
        package var root: String
        package var state: TransactionState
        package var time: WallTime
        package var undoes: ULID?
        /// Sorted; both names of a renamed file.
        package var paths: [String]
    }

    /// Newest first, at most 1000.
    /// - Parameters:
    ///   - uid: whose; nil for everybody's.
    ///   - before: only older ones.
    package func list(limit: Int, root: String?, uid: UInt32?, before: ULID? = nil) throws(JournalError) -> [Summary] {
        try with { database throws(SQLiteError) in
            let statement = try database.statement(
                """
                SELECT id, root, state, started_at, undoes FROM transactions
                WHERE (?1 IS NULL OR root = ?1) AND (?2 IS NULL OR uid = ?2) AND (?3 IS NULL OR id < ?3)
                ORDER BY id DESC LIMIT ?4
                """)
            statement.bind(root)
            statement.bind(uid.map(Int.init))
            if let before { statement.bind(before) } else { statement.bindNull() }
            statement.bind(max(0, min(limit, listLimit)))
            var summaries = try statement.rows { row in
                Summary(
                    id: row.id(), root: row.text(), state: Self.state(row.text()), time: row.time(),
                    undoes: row.optional { $0.id() }, paths: [])
            }
            for index in summaries.indices {
                let paths = try database.statement("SELECT path FROM changes WHERE transaction_id = ? ORDER BY idx")
                paths.bind(summaries[index].id)
                summaries[index].paths = try paths.rows { $0.text() }
            }
            return summaries
        }
    }

    /// Removes finished transactions of before that time; they cannot be undone any more. Where there are none it costs
    /// no write.
    package func removeFinished(before oldest: WallTime) throws(JournalError) {
        try with { database throws(SQLiteError) in
            try database.transaction { () throws(SQLiteError) in
                // Keys are in the order of time.
                let old = "SELECT id FROM transactions WHERE id < ? AND state IN ('committed', 'aborted')"
                for (table, key) in Self.tables {
                    let statement = try database.statement("DELETE FROM \(table) WHERE \(key) IN (\(old))")
                    statement.bind(ULID(firstAt: oldest))
                    try statement.run()
                }
            }
        }
    }

    private static func state(_ text: String) -> TransactionState {
        // A state this version does not know was written by a newer one: nothing it may act on.
        TransactionState(rawValue: text) ?? .recoveryConflict
    }

    private static func record(_ id: ULID, _ database: Database) throws(SQLiteError) -> TransactionRecord? {
        let statement = try database.statement(
            """
            SELECT root, state, started_at, uid, idempotency_key, params_hash, undoes, result
            FROM transactions WHERE id = ?
            """)
        statement.bind(id)
        let found = try statement.first { row in
            TransactionRecord(
                id: id, root: row.text(), state: Self.state(row.text()), time: row.time(),
                uid: UInt32(truncatingIfNeeded: row.int()), idempotencyKey: row.optional { $0.text() },
                paramsHash: row.optional { $0.text() }, undoes: row.optional { $0.id() },
                result: row.optional { $0.bytes() })
        }
        guard var record = found else { return nil }
        let changes = try database.statement(
            "SELECT path, before, after, mode, renamed_from FROM changes WHERE transaction_id = ? ORDER BY idx")
        changes.bind(id)
        record.changes = try changes.rows { row in
            FileChange(
                path: row.text(), before: row.optional { $0.bytes() }, after: row.optional { $0.bytes() },
                mode: row.optional { UInt32(truncatingIfNeeded: $0.int()) }, renamedFrom: row.optional { $0.text() })
        }
        let folders = try database.statement("SELECT path FROM folders WHERE transaction_id = ? ORDER BY idx")
        folders.bind(id)
        record.folders = try folders.rows { $0.text() }
        return record
    }
}
