import Glibc
import TandemBase

/// A database's file and the history of its schema: opens it, brings it up to date, and sets a file aside that cannot
/// be used, so that the daemon always has a database to write to and the user never loses one.
package struct DatabaseFile: Sendable {
    package var path: String
    package var durability: Database.Durability
    /// Bytes of a page of a file that is made anew: a power of two. Large blobs want large pages.
    package var pageBytes: Int
    /// Migration *n* (counted from 1) takes `PRAGMA user_version` from *n* - 1 to *n*. Released ones are never edited.
    package var migrations: [String]

    package init(
        path: String, durability: Database.Durability, pageBytes: Int = 4096, migrations: [String]
    ) {
        self.path = path
        self.durability = durability
        self.pageBytes = pageBytes
        self.migrations = migrations
    }

    package enum Outcome: Hashable, Sendable {
        case opened
        /// The file was damaged or newer than this program; it is now `path`, and an empty one took its place.
        case setAside(path: String, reason: String)
    }

    /// Opens and migrates. A damaged file is renamed to `NAME.corrupt-TIME`, one of a newer version to
    /// `NAME.newer-VERSION`, together with its log; the second result says so.
    ///
    /// Fails when the folder, the disk or a lock does not let it: then nothing was renamed and a later try may work.
    package func open(at now: WallTime) throws(SQLiteError) -> (Database, Outcome) {
        try makeFolder()
        let newer: Int
        do throws(SQLiteError) {
            switch try openKnown() {
            case .usable(let database): return (database, .opened)
            case .newer(let version): newer = version
            }
        } catch {
            // SQLITE_ERROR: a migration does not fit, so the tables are not ours.
            guard error.scope == .file || error.code == .error else { throw error }
            return try replace(suffix: corruptSuffix(now), reason: error.description)
        }
        return try replace(
            suffix: "newer-\(newer)",
            reason: "it has schema version \(newer), this program knows versions up to \(migrations.count)")
    }

    private enum Known {
        case usable(Database)
        case newer(version: Int)
    }

    /// The connection is closed again unless it is returned: a file in use must not be renamed.
    private func openKnown() throws(SQLiteError) -> Known {
        let database = try Database(path: path, durability: durability, pageBytes: pageBytes)
        let version = try database.version
        if version > migrations.count { return .newer(version: version) }
        try migrate(database, from: version)
        return .usable(database)
    }

    /// For damage that shows later, when a query or a write meets it: the connection must be gone by now.
    package func setAsideDamaged(_ error: SQLiteError, at now: WallTime) throws(SQLiteError) -> (Database, Outcome) {
        try replace(suffix: corruptSuffix(now), reason: error.description)
    }

    private func migrate(_ database: Database, from version: Int) throws(SQLiteError) {
        for (index, migration) in migrations.enumerated().dropFirst(max(0, version)) {
            try database.transaction { () throws(SQLiteError) in
                try database.execute(migration)
                try database.execute("PRAGMA user_version = \(index + 1)")
            }
        }
    }

    private func corruptSuffix(_ now: WallTime) -> String {
        // 2026-11-20T08:43:00.000Z without the colons: some file systems and most shells dislike them.
        "corrupt-" + now.description.replacing(":")
    }

    /// The log goes first: a new database must never find the old one's log and replay it.
    private func replace(suffix: String, reason: String) throws(SQLiteError) -> (Database, Outcome) {
        let target = try unusedName("\(path).\(suffix)")
        for tail in ["-wal", "-shm", ""] {
            guard rename(path + tail, target + tail) != 0 else { continue }
            let error = SystemError("rename", path + tail)
            if error.code != ENOENT { throw SQLiteError(.cannotOpen, error.description) }
        }
        let database = try Database(path: path, durability: durability, pageBytes: pageBytes)
        try migrate(database, from: 0)
        return (database, .setAside(path: target, reason: reason))
    }

    private func unusedName(_ wanted: String) throws(SQLiteError) -> String {
        for attempt in 1...setAsideLimit {
            let name = attempt == 1 ? wanted : "\(wanted)-\(attempt)"
            if access(name, F_OK) != 0, access(name + "-wal", F_OK) != 0 { return name }
        }
        throw SQLiteError(.cannotOpen, "\(setAsideLimit) files named \(wanted)… exist; move them away")
    }

    /// Each missing folder, with mode 0700.
    private func makeFolder() throws(SQLiteError) {
        var end = path.utf8.startIndex
        var failure: SystemError?
        while let slash = path.utf8[end...].dropFirst().firstIndex(of: UInt8(ascii: "/")) {
            let folder = String(path[..<slash])
            if mkdir(folder, 0o700) != 0, failure == nil {
                let error = SystemError("mkdir", folder)
                if error.code != EEXIST { failure = error }
            }
            end = slash
        }
        // A folder that is there may well refuse in other words than EEXIST.
        guard let failure, access(String(path[..<end]), F_OK) != 0 else { return }
        throw SQLiteError(failure.code == ENOSPC ? .full : .cannotOpen, failure.description)
    }
}

/// How many files of one name may stand beside the database.
private let setAsideLimit = 100

extension String {
    fileprivate func replacing(_ character: Character) -> String { String(filter { $0 != character }) }
}
