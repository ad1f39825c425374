import TandemBase

/// The small things that outlive a restart: plans, feedback, disabled providers, the state of breakers and caches.
enum Keepsakes {
    static func save(
        plan: [UInt8], id: ULID, uid: UInt32, expires: WallTime, in database: Database
    ) throws(SQLiteError) {
        let statement = try database.statement("INSERT OR REPLACE INTO plans VALUES (?, ?, ?, ?)")
        statement.bind(id)
        statement.bind(Int64(uid))
        statement.bind(text: plan)
        statement.bind(expires)
        try statement.run()
    }

    /// nil when there is none, it is past its time or it is another uid's (nil: anybody's).
    static func plan(
        _ id: ULID, uid: UInt32?, now: WallTime, from database: Database
    ) throws(SQLiteError) -> [UInt8]? {
        let statement = try database.statement(
            "SELECT plan FROM plans WHERE id = ?1 AND expires_at > ?2 AND (?3 IS NULL OR uid = ?3)")
        statement.bind(id)
        statement.bind(now)
        statement.bind(uid.map(Int.init))
        return try statement.first { $0.bytes() }
    }

    /// False when there is no such request (or it is another uid's).
    static func save(
        _ feedback: FeedbackRecord, of id: ULID, uid: UInt32?, in database: Database
    ) throws(SQLiteError) -> Bool {
        let known = try database.statement("SELECT 1 FROM requests WHERE id = ?1 AND (?2 IS NULL OR uid = ?2)")
        known.bind(id)
        known.bind(uid.map(Int.init))
        guard try known.first({ $0.int() }) != nil else { return false }
        let statement = try database.statement("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)")
        statement.bind(id)
        statement.bind(feedback.score)
        statement.bind(feedback.comment)
        statement.bind(feedback.givenAt)
        try statement.run()
        return true
    }

    /// nil takes the override back: the configuration decides again.
    static func setOverride(_ provider: String, enabled: Bool?, in database: Database) throws(SQLiteError) {
        guard let enabled else {
            let removal = try database.statement("DELETE FROM provider_overrides WHERE name = ?")
            removal.bind(provider)
            return try removal.run()
        }
        let statement = try database.statement("INSERT OR REPLACE INTO provider_overrides VALUES (?, ?)")
        statement.bind(provider)
        statement.bind(enabled)
        try statement.run()
    }

    static func overrides(from database: Database) throws(SQLiteError) -> [String: Bool] {
        var result: [String: Bool] = [:]
        try database.statement("SELECT name, enabled FROM provider_overrides").each { row throws(SQLiteError) in
            result[row.text()] = row.bool()
            return true
        }
        return result
    }

    static func save(state value: [UInt8], key: String, at time: WallTime, in database: Database) throws(SQLiteError) {
        let statement = try database.statement("INSERT OR REPLACE INTO state VALUES (?, ?, ?)")
        statement.bind(key)
        statement.bind(blob: value)
        statement.bind(time)
        try statement.run()
    }

    /// The value and when it was saved.
    static func state(_ key: String, from database: Database) throws(SQLiteError) -> SavedState? {
        let statement = try database.statement("SELECT value, updated_at FROM state WHERE key = ?")
        statement.bind(key)
        return try statement.first { SavedState(value: $0.bytes(), savedAt: $0.time()) }
    }
}

/// A state blob and its age.
package struct SavedState: Hashable, Sendable {
    package var value: [UInt8]
    package var savedAt: WallTime
}
