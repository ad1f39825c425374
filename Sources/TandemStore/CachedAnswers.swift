import TandemBase

/// Every so many insertions the oldest entries of a cache beyond its bound are removed.
private let insertionsPerTrim = 64

/// An entry of one of the daemon's caches.
package struct CachedRow: Sendable, Hashable {
    /// The cache's name.
    package var cache: String
    package var key: [UInt8]
    package var value: [UInt8]
    package var savedAt: WallTime

    package init(cache: String, key: [UInt8], value: [UInt8], savedAt: WallTime) {
        self.cache = cache
        self.key = key
        self.value = value
        self.savedAt = savedAt
    }
}

/// Caches that are warm after a restart. Row numbers are the order of insertion.
enum CachedAnswers {
    static func save(_ row: CachedRow, expires: WallTime, keep: Int, in database: Database) throws(SQLiteError) {
        let insertion = try database.statement(
            """
            INSERT OR REPLACE INTO cached_answers (cache, key, value, saved_at, expires_at) VALUES (?, ?, ?, ?, ?)
            RETURNING id
            """)
        insertion.bind(row.cache)
        insertion.bind(blob: row.key)
        insertion.bind(blob: row.value)
        insertion.bind(row.savedAt)
        insertion.bind(expires)
        guard let id = try insertion.first({ $0.int() }), id % insertionsPerTrim == 0 else { return }
        let trimming = try database.statement(
            """
            DELETE FROM cached_answers WHERE cache = ?1 AND id <= (
                SELECT id FROM cached_answers WHERE cache = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
            """)
        trimming.bind(row.cache)
        trimming.bind(max(0, keep))
        try trimming.run()
    }

    /// The newest that are not expired, oldest first.
    static func load(
        _ cache: String, limit: Int, maxBytes: Int, now: WallTime, from database: Database
    ) throws(SQLiteError) -> [CachedRow] {
        let statement = try database.statement(
            """
            SELECT key, value, saved_at FROM cached_answers WHERE cache = ? AND expires_at > ?
            ORDER BY id DESC LIMIT ?
            """)
        statement.bind(cache)
        statement.bind(now)
        statement.bind(max(0, limit))
        var rows: [CachedRow] = []
        var bytes = 0
        try statement.each { row throws(SQLiteError) in
            rows.append(CachedRow(cache: cache, key: row.bytes(), value: row.bytes(), savedAt: row.time()))
            bytes += rows[rows.count - 1].value.count
            return bytes < maxBytes
        }
        return rows.reversed()
    }

    static func clear(_ cache: String, in database: Database) throws(SQLiteError) {
        let removal = try database.statement("DELETE FROM cached_answers WHERE cache = ?")
        removal.bind(cache)
        try removal.run()
    }
}
