import CSQLite
import Glibc
import TandemBase

/// How long a connection waits for another process's lock, in milliseconds.
private let busyTimeout: Int32 = 2000
/// Bytes in the write-ahead log that make a commit copy them back.
private let checkpointBytes = 4 << 20
/// Bytes the log's file may keep after it was copied back.
private let logSizeLimit = 8 << 20
/// KiB of pages one connection may cache.
private let cacheKibibytes = 512

/// One SQLite connection in multi-thread mode, with its prepared statements.
///
/// Not Sendable: the compiler keeps it with one owner (a thread, an actor, or a `Mutex<Database>`). Everything is
/// synchronous. Write-ahead log, STRICT tables by convention.
package final class Database {
    package let path: String
    private let connection: OpaquePointer
    private var statements: [String: Statement] = [:]
    /// What the progress handler calls; see `everySteps`.
    private var progress: ProgressBox?

    /// How much a commit waits for the disk.
    package enum Durability: String, Sendable {
        /// Survives a killed process; a power cut may lose the last commits, never consistency.
        case normal = "NORMAL"
        /// Survives a power cut: every commit is an fsync.
        case full = "FULL"
    }

    /// Opens the connection alone: no schema, nothing set aside (that is `DatabaseFile.open`).
    ///
    /// The file is made with mode 0600 if it is not there. A damaged file fails here with `.notADatabase` or
    /// `.corrupt`, because the first pragma reads its header.
    /// - Parameter pageBytes: of a file that is made anew.
    package init(
        path: String, durability: Durability, pageBytes: Int = 4096, readOnly: Bool = false
    ) throws(SQLiteError) {
        guard sqliteStarted == SQLITE_OK else {
            throw SQLiteError(ResultCode(rawValue: sqliteStarted), "SQLite does not start; reinstall libsqlite3")
        }
        if !readOnly { try Self.createPrivately(path) }
        var opened: OpaquePointer?
        let access = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        let code = sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError(lastOf: opened, code)
            sqlite3_close_v2(opened)
            throw SQLiteError(error.code, "\(path): \(error.message)")
        }
        self.path = path
        connection = opened
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, busyTimeout)
        try execute("PRAGMA cache_size = -\(cacheKibibytes)")
        guard !readOnly else { return }
        try execute("PRAGMA page_size = \(pageBytes)")
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = \(durability.rawValue)")
        try execute("PRAGMA wal_autocheckpoint = \(checkpointBytes / pageBytes)")
        try execute("PRAGMA journal_size_limit = \(logSizeLimit)")
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(connection)
    }

    /// Frees the pages that are cached and not in use.
    func releaseMemory() { sqlite3_db_release_memory(connection) }

    /// Runs statements that have no parameters and whose rows do not matter. For fixed SQL only.
    package func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteError(lastOf: connection, code) }
    }

    /// The statement of this text, prepared at its first use. Texts are fixed in the program, so the cache is bounded.
    package func statement(_ sql: String) throws(SQLiteError) -> Statement {
        if let known = statements[sql] { return known }
        let statement = try Statement(sql, on: connection)
        statements[sql] = statement
        return statement
    }

    /// Runs `body` in one write transaction: committed when it returns, rolled back when it throws.
    package func transaction<Value>(_ body: () throws(SQLiteError) -> Value) throws(SQLiteError) -> Value {
        try statement("BEGIN IMMEDIATE").run()
        do throws(SQLiteError) {
            let value = try body()
            try statement("COMMIT").run()
            return value
        } catch {
            // A full disk or an I/O error may have rolled it back already.
            if sqlite3_get_autocommit(connection) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// Runs several reads on one snapshot.
    package func snapshot<Value>(_ body: () throws(SQLiteError) -> Value) throws(SQLiteError) -> Value {
        try statement("BEGIN").run()
        defer { try? execute("ROLLBACK") }
        return try body()
    }

    /// Rows that the last INSERT, UPDATE or DELETE changed.
    package var changes: Int { Int(sqlite3_changes64(connection)) }

    /// `PRAGMA user_version`: which migrations the file has seen.
    package var version: Int {
        get throws(SQLiteError) { try statement("PRAGMA user_version").first { $0.int() } ?? 0 }
    }

    /// Calls `body` every `steps` virtual-machine steps of a running statement; false interrupts the statement
    /// (`.interrupted`). `body` must not use this connection.
    package func every(steps: Int32, _ body: @escaping () -> Bool) {
        let box = ProgressBox(body)
        progress = box
        sqlite3_progress_handler(
            connection, steps,
            { context in
                guard let context else { return 0 }
                return Unmanaged<ProgressBox>.fromOpaque(context).takeUnretainedValue().body() ? 0 : 1
            }, Unmanaged.passUnretained(box).toOpaque())
    }

    private final class ProgressBox {
        let body: () -> Bool
        init(_ body: @escaping () -> Bool) { self.body = body }
    }

    /// SQLite itself would make the file with the umask's mode; its log takes over the mode of the file.
    private static func createPrivately(_ path: String) throws(SQLiteError) {
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
            fchmod(file.raw, 0o600)
        } catch {
            throw SQLiteError(error.code == ENOSPC ? .full : .cannotOpen, error.description)
        }
    }
}

/// Configured once, before the process's first connection.
private let sqliteStarted: Int32 = csqlite_start()
