import TandemBase

/// Requests, conversations, plans or answers removed in one transaction.
private let sliceRows = 500

/// Removes what is older than `retain.history`, and plans and cached answers past their time.
enum Retention {
    /// One small transaction; true when nothing is left to remove.
    static func removeSlice(of database: Database, before oldest: WallTime, now: WallTime) throws(SQLiteError) -> Bool {
        try database.transaction { () throws(SQLiteError) in
            let requests = try removeRequests(database, before: oldest)
            let sessions = try removeSessions(database, before: oldest)
            let plans = try database.statement(
                "DELETE FROM plans WHERE id IN (SELECT id FROM plans WHERE expires_at <= ? LIMIT \(sliceRows))")
            plans.bind(now)
            try plans.run()
            let removedPlans = database.changes
            let answers = try database.statement(
                """
                DELETE FROM cached_answers WHERE id IN (
                    SELECT id FROM cached_answers WHERE expires_at <= ? LIMIT \(sliceRows))
                """)
            answers.bind(now)
            try answers.run()
            return max(requests, sessions, removedPlans, database.changes) < sliceRows
        }
    }

    /// Keys are in the order of time: everything up to one key goes, from each table.
    private static func removeRequests(_ database: Database, before oldest: WallTime) throws(SQLiteError) -> Int {
        let keys = try database.statement("SELECT id FROM requests WHERE id < ? ORDER BY id LIMIT \(sliceRows)")
        keys.bind(ULID(firstAt: oldest))
        let old = try keys.rows { $0.id() }
        guard let last = old.last else { return 0 }
        for (table, key) in [
            ("requests", "id"), ("steps", "request_id"), ("request_contents", "request_id"), ("feedback", "request_id"),
        ] {
            let removal = try database.statement("DELETE FROM \(table) WHERE \(key) <= ?")
            removal.bind(last)
            try removal.run()
        }
        return old.count
    }

    private static func removeSessions(_ database: Database, before oldest: WallTime) throws(SQLiteError) -> Int {
        let keys = try database.statement(
            "SELECT id FROM sessions WHERE updated_at < ? ORDER BY updated_at LIMIT \(sliceRows)")
        keys.bind(oldest)
        let old = try keys.rows { $0.int() }
        for id in old { try Sessions.remove(id, from: database) }
        return old.count
    }
}
