import CSQLite

/// An SQLite result code, extended where SQLite gives one. A primary code used as a pattern matches all its extended
/// codes: `case .ioError` matches SQLITE_IOERR_WRITE.
package struct ResultCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package var primary: ResultCode { ResultCode(rawValue: rawValue & 0xFF) }

    package static let error = ResultCode(rawValue: SQLITE_ERROR)
    package static let busy = ResultCode(rawValue: SQLITE_BUSY)
    package static let readOnly = ResultCode(rawValue: SQLITE_READONLY)
    package static let interrupted = ResultCode(rawValue: SQLITE_INTERRUPT)
    package static let ioError = ResultCode(rawValue: SQLITE_IOERR)
    package static let corrupt = ResultCode(rawValue: SQLITE_CORRUPT)
    package static let full = ResultCode(rawValue: SQLITE_FULL)
    package static let cannotOpen = ResultCode(rawValue: SQLITE_CANTOPEN)
    package static let tooBig = ResultCode(rawValue: SQLITE_TOOBIG)
    package static let constraint = ResultCode(rawValue: SQLITE_CONSTRAINT)
    package static let mismatch = ResultCode(rawValue: SQLITE_MISMATCH)
    package static let notADatabase = ResultCode(rawValue: SQLITE_NOTADB)

    package static func ~= (pattern: ResultCode, code: ResultCode) -> Bool {
        pattern == code || pattern == code.primary
    }
}

/// A failed SQLite call. The message is SQLite's own and names tables and columns, never their values.
package struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    package var code: ResultCode
    package var message: String

    package init(_ code: ResultCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a failure means for the database as a whole.
    package enum Scope: Hashable, Sendable {
        /// The row that was written is at fault: leave it out and go on.
        case row
        /// The file is damaged or is no database: it has to be set aside.
        case file
        /// The disk, a lock or permissions: the same file may well work later.
        case environment
    }

    package var scope: Scope {
        switch code {
        case .constraint, .tooBig, .mismatch: .row
        case .corrupt, .notADatabase: .file
        default: .environment
        }
    }

    package var description: String { "\(message) (SQLite \(code.rawValue))" }
}
