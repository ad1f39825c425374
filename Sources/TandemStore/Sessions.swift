import TandemBase

/// Bytes of messages that one load gives.
private let loadBytes = 8 << 20
/// Conversations that one list gives.
private let listLimit = 1000

/// A kept conversation, for `sessions`.
package struct SessionSummary: Hashable, Sendable {
    package var name: String
    package var uid: UInt32
    package var user: String
    package var createdAt: WallTime
    package var updatedAt: WallTime
    package var turns: Int
    package var tokens: Int
}

/// Conversations kept by the daemon, each belonging to a peer uid.
enum Sessions {
    static func append(
        _ turns: [SessionTurn], to name: String, uid: UInt32, user: String, at time: WallTime, in database: Database
    ) throws(SQLiteError) {
        let upsert = try database.statement(
            """
            INSERT INTO sessions (uid, name, user, created_at, updated_at, turns, tokens)
            VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
            ON CONFLICT (uid, name) DO UPDATE SET user = ?3, updated_at = max(updated_at, ?4), turns = turns + ?5,
                tokens = tokens + ?6
            RETURNING id
            """)
        upsert.bind(Int64(uid))
        upsert.bind(name)
        upsert.bind(user)
        upsert.bind(time)
        upsert.bind(turns.count)
        upsert.bind(turns.reduce(0) { $0 + $1.tokens })
        guard let id = try upsert.first({ $0.int() }) else { return }
        let last = try database.statement("SELECT max(idx) FROM session_turns WHERE session_id = ?")
        last.bind(id)
        var index = try last.first { $0.optional { $0.int() } ?? -1 } ?? -1
        let insertion = try database.statement("INSERT INTO session_turns VALUES (?, ?, ?, ?)")
        for turn in turns {
            index += 1
            insertion.bind(id)
            insertion.bind(index)
            insertion.bind(text: turn.message)
            insertion.bind(turn.tokens)
            try insertion.run()
        }
        try forget(id, through: index - SessionTurn.limit, in: database)
    }

    private static func forget(_ id: Int, through index: Int, in database: Database) throws(SQLiteError) {
        let removal = try database.statement(
            "DELETE FROM session_turns WHERE session_id = ? AND idx <= ? RETURNING tokens")
        removal.bind(id)
        removal.bind(index)
        let tokens = try removal.rows { $0.int() }
        guard !tokens.isEmpty else { return }
        let update = try database.statement("UPDATE sessions SET turns = turns - ?, tokens = tokens - ? WHERE id = ?")
        update.bind(tokens.count)
        update.bind(tokens.reduce(0, +))
        update.bind(id)
        try update.run()
    }

    /// The newest messages whose tokens fit, oldest first. Stops at the first that does not fit, so that nothing is
    /// missing in between.
    static func load(
        _ name: String, uid: UInt32, maxTokens: Int, from database: Database
    ) throws(SQLiteError) -> [SessionTurn] {
        let statement = try database.statement(
            """
            SELECT message, tokens FROM session_turns
            WHERE session_id = (SELECT id FROM sessions WHERE uid = ? AND name = ?) ORDER BY idx DESC
            """)
        statement.bind(Int64(uid))
        statement.bind(name)
        var turns: [SessionTurn] = []
        var tokens = 0
        var bytes = 0
        try statement.each { row throws(SQLiteError) in
            let turn = SessionTurn(message: row.bytes(), tokens: row.int())
            tokens += turn.tokens
            bytes += turn.message.count
            guard tokens <= maxTokens, bytes <= loadBytes else { return false }
            turns.append(turn)
            return true
        }
        return turns.reversed()
    }

    /// Newest first; of one uid, or of all for nil.
    static func list(uid: UInt32?, limit: Int, from database: Database) throws(SQLiteError) -> [SessionSummary] {
        let statement = try database.statement(
            """
            SELECT name, uid, user, created_at, updated_at, turns, tokens FROM sessions
            WHERE ?1 IS NULL OR uid = ?1 ORDER BY updated_at DESC, id DESC LIMIT ?2
            """)
        statement.bind(uid.map(Int.init))
        statement.bind(min(max(limit, 1), listLimit))
        return try statement.rows { row in
            SessionSummary(
                name: row.text(), uid: UInt32(truncatingIfNeeded: row.int()), user: row.text(), createdAt: row.time(),
                updatedAt: row.time(), turns: row.int(), tokens: row.int())
        }
    }

    /// True when there was one.
    static func remove(_ name: String, uid: UInt32, from database: Database) throws(SQLiteError) -> Bool {
        let statement = try database.statement("SELECT id FROM sessions WHERE uid = ? AND name = ?")
        statement.bind(Int64(uid))
        statement.bind(name)
        guard let id = try statement.first({ $0.int() }) else { return false }
        try remove(id, from: database)
        return true
    }

    static func remove(_ id: Int, from database: Database) throws(SQLiteError) {
        for sql in ["DELETE FROM session_turns WHERE session_id = ?", "DELETE FROM sessions WHERE id = ?"] {
            let removal = try database.statement(sql)
            removal.bind(id)
            try removal.run()
        }
    }
}
