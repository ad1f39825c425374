import CSQLite
import TandemBase

/// A prepared statement, kept by its `Database`. Values are bound in the order of the parameters and columns read in
/// the order of the select list, so neither is ever numbered:
/// `statement.bind(id); statement.bind(name); try statement.run()`.
///
/// Not Sendable, like the `Database` it belongs to: the compiler keeps both on one thread.
package final class Statement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private var parameter: Int32 = 0
    private var column: Int32 = 0
    private var bindFailure: Int32 = SQLITE_OK

    init(_ sql: String, on connection: OpaquePointer) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw SQLiteError(lastOf: connection, code) }
        handle = prepared
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    // Binding -------------------------------------------------------------------------------------------------

    package func bind(_ value: Int64) {
        parameter += 1
        keep(sqlite3_bind_int64(handle, parameter, value))
    }

    package func bind(_ value: Int) { bind(Int64(value)) }

    package func bind(_ value: Bool) { bind(value ? Int64(1) : 0) }

    package func bind(_ time: WallTime) { bind(time.milliseconds) }

    package func bind(_ value: Int?) {
        if let value { bind(Int64(value)) } else { bindNull() }
    }

    package func bind(_ value: Bool?) {
        if let value { bind(value) } else { bindNull() }
    }

    package func bind(_ value: Double?) {
        parameter += 1
        keep(value.map { sqlite3_bind_double(handle, parameter, $0) } ?? sqlite3_bind_null(handle, parameter))
    }

    package func bind(_ value: String?) {
        guard var text = value else { return bindNull() }
        parameter += 1
        keep(
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    csqlite_bind_text_copy(handle, parameter, $0.baseAddress ?? emptyText, Int32(clamping: $0.count))
                }
            })
    }

    /// UTF-8 as TEXT; nil and an empty array are NULL.
    package func bind(text bytes: [UInt8]?) {
        guard let bytes, !bytes.isEmpty else { return bindNull() }
        parameter += 1
        keep(
            bytes.withUnsafeBytes {
                csqlite_bind_text_copy(
                    handle, parameter, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count))
            })
    }

    package func bind(blob bytes: [UInt8]) {
        parameter += 1
        keep(
            bytes.withUnsafeBytes {
                csqlite_bind_blob_copy(handle, parameter, $0.baseAddress ?? .init(emptyText), Int32(clamping: $0.count))
            })
    }

    /// Its 16 bytes, big-endian: blobs compare as the identifiers do.
    package func bind(_ id: ULID) {
        parameter += 1
        var words = (id.high.bigEndian, id.low.bigEndian)
        keep(
            withUnsafeBytes(of: &words) { csqlite_bind_blob_copy(handle, parameter, $0.baseAddress, Int32($0.count)) })
    }

    package func bindNull() {
        parameter += 1
        keep(sqlite3_bind_null(handle, parameter))
    }

    private func keep(_ code: Int32) {
        if code != SQLITE_OK, bindFailure == SQLITE_OK { bindFailure = code }
    }

    // Running -------------------------------------------------------------------------------------------------

    /// Runs it to its end, ignoring rows, and makes it ready for the next binding.
    package func run() throws(SQLiteError) {
        defer { reset() }
        while try step() {}
    }

    /// Reads every row, at most as many as the statement's own LIMIT allows.
    package func rows<Row>(_ read: (Statement) throws(SQLiteError) -> Row) throws(SQLiteError) -> [Row] {
        defer { reset() }
        var result: [Row] = []
        while try step() { result.append(try read(self)) }
        return result
    }

    /// Reads the first row, nil when there is none.
    package func first<Row>(_ read: (Statement) throws(SQLiteError) -> Row) throws(SQLiteError) -> Row? {
        defer { reset() }
        return try step() ? try read(self) : nil
    }

    /// Calls `visit` for each row until it returns false.
    package func each(_ visit: (Statement) throws(SQLiteError) -> Bool) throws(SQLiteError) {
        defer { reset() }
        while try step() { if try !visit(self) { return } }
    }

    private func step() throws(SQLiteError) -> Bool {
        guard bindFailure == SQLITE_OK else {
            throw SQLiteError(ResultCode(rawValue: bindFailure), String(cString: sqlite3_errstr(bindFailure)))
        }
        column = 0
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw SQLiteError(lastOf: connection, code)
        }
    }

    /// Bound values are kept by SQLite until they are bound anew; statements with big values drop them at once.
    private func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        parameter = 0
        bindFailure = SQLITE_OK
    }

    // Columns -------------------------------------------------------------------------------------------------

    private func next() -> Int32 {
        defer { column += 1 }
        return column
    }

    package func int() -> Int { Int(sqlite3_column_int64(handle, next())) }

    package func bool() -> Bool { int() != 0 }

    package func double() -> Double { sqlite3_column_double(handle, next()) }

    package func time() -> WallTime { WallTime(milliseconds: Int64(int())) }

    package func text() -> String { String(decoding: bytes(), as: UTF8.self) }

    /// TEXT or BLOB as it is; empty for NULL.
    package func bytes() -> [UInt8] {
        let index = next()
        guard let start = sqlite3_column_blob(handle, index) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
    }

    package func id() -> ULID {
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes().prefix(16).enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        return ULID(high: high, low: low)
    }

    /// nil for NULL, else what `read` gives.
    package func optional<Value>(_ read: (Statement) -> Value) -> Value? {
        if sqlite3_column_type(handle, column) == SQLITE_NULL {
            column += 1
            return nil
        }
        return read(self)
    }
}

/// The address of an empty string: SQLite takes a null pointer for NULL.
nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
    let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    byte.initialize(to: 0)
    return UnsafePointer(byte)
}()

extension SQLiteError {
    init(lastOf connection: OpaquePointer?, _ code: Int32) {
        let extended = connection.map(sqlite3_extended_errcode) ?? code
        self.init(
            ResultCode(rawValue: extended & 0xFF == code & 0xFF ? extended : code),
            String(cString: connection.flatMap(sqlite3_errmsg) ?? sqlite3_errstr(code)))
    }
}

extension ULID {
    /// The two halves as they are, high first.
    init(high: UInt64, low: UInt64) {
        var halves = Halves(high: high, low: low)
        self.init(time: WallTime(milliseconds: Int64(high >> 16)), random: &halves)
    }

    /// The smallest identifier of a millisecond: what makes a range of time a range of keys.
    package init(firstAt time: WallTime) {
        let milliseconds = min(max(time.milliseconds, 0), 0xFFFF_FFFF_FFFF)
        self.init(high: UInt64(milliseconds) << 16, low: 0)
    }

    private struct Halves: RandomNumberGenerator {
        var high: UInt64
        var low: UInt64
        var given = false

        mutating func next() -> UInt64 {
            defer { given = true }
            return given ? low : high
        }
    }
}
