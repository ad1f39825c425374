import TandemBase

/// Requests that one answer holds.
private let historyLimit = 1000
/// Bytes of prompts, answers and metadata after which an answer ends early.
private let historyBytes = 16 << 20

/// Which requests `history` shows: newest first, all conditions together.
package struct HistoryQuery: Sendable, Hashable {
    /// 1...1000
    package var limit = 50
    /// Only older ones than this identifier, for paging.
    package var before: ULID?
    /// Only those that began before this time.
    package var beforeTime: WallTime?
    package var session: String?
    package var requestID: ULID?
    /// Only this peer's; nil for everybody's.
    package var uid: UInt32?

    package init() {}
}

package struct HistoryEntry: Sendable, Hashable {
    package var request: RequestRecord
    package var feedback: FeedbackRecord?
}

enum History {
    static func read(_ query: HistoryQuery, from database: Database) throws(SQLiteError) -> [HistoryEntry] {
        var conditions: [String] = []
        if query.before != nil { conditions.append("r.id < ?") }
        if query.beforeTime != nil { conditions.append("r.id < ?") }
        if query.session != nil { conditions.append("r.session = ?") }
        if query.requestID != nil { conditions.append("r.id = ?") }
        if query.uid != nil { conditions.append("r.uid = ?") }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let statement = try database.statement(
            """
            SELECT r.id, r.uid, r.user, r.session, r.method, r.model, r.workflow, r.arm, r.outcome, r.error_code,
                r.error_message, r.finish_reason, r.cached, r.escalated, r.polished, r.fallback, r.stream,
                r.prompt_tokens, r.completion_tokens, r.reasoning_tokens, r.cached_tokens, r.estimated,
                r.cost_usd, r.saved_usd, r.latency_ms, r.first_token_ms, r.answer_bytes, r.has_code,
                r.quality_issues, r.notices, c.metadata, c.prompt, c.answer, f.score, f.comment, f.given_at
            FROM requests r LEFT JOIN request_contents c ON c.request_id = r.id
                LEFT JOIN feedback f ON f.request_id = r.id
            \(filter) ORDER BY r.id DESC LIMIT ?
            """)
        if let before = query.before { statement.bind(before) }
        if let time = query.beforeTime { statement.bind(ULID(firstAt: time)) }
        if let session = query.session { statement.bind(session) }
        if let id = query.requestID { statement.bind(id) }
        if let uid = query.uid { statement.bind(Int64(uid)) }
        statement.bind(min(max(query.limit, 1), historyLimit))
        var entries: [HistoryEntry] = []
        var bytes = 0
        try statement.each { row throws(SQLiteError) in
            let entry = HistoryEntry(row)
            entries.append(entry)
            bytes += entry.request.prompt.count + entry.request.answer.count + entry.request.metadata.count
            return bytes < historyBytes
        }
        for index in entries.indices {
            entries[index].request.steps = try steps(of: entries[index].request.id, database)
        }
        return entries
    }

    private static func steps(of id: ULID, _ database: Database) throws(SQLiteError) -> [StepRecord] {
        let statement = try database.statement(
            """
            SELECT role, provider, model, status, error_kind, error_message, http_status, cached, latency_ms,
                first_token_ms, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, estimated, cost_usd,
                saved_usd
            FROM steps WHERE request_id = ? ORDER BY idx
            """)
        statement.bind(id)
        return try statement.rows { row in
            var step = StepRecord(role: row.text(), provider: row.text(), model: row.text())
            step.status = row.text()
            step.errorKind = row.optional { $0.text() }
            step.errorMessage = row.optional { $0.text() }
            step.httpStatus = row.optional { $0.int() }
            step.cached = row.bool()
            step.latencyMilliseconds = row.double()
            step.firstTokenMilliseconds = row.optional { $0.double() }
            step.tokens = TokenCounts(row)
            step.costUSD = row.optional { $0.double() }
            step.savedUSD = row.optional { $0.double() }
            return step
        }
    }
}

extension HistoryEntry {
    fileprivate init(_ row: Statement) {
        let id = row.id()
        let uid = UInt32(truncatingIfNeeded: row.int())
        let user = row.text()
        let session = row.optional { $0.text() }
        request = RequestRecord(id: id, uid: uid, method: row.text(), model: row.text(), workflow: row.text())
        request.user = user
        request.session = session
        request.arm = row.optional { $0.text() }
        request.outcome = row.text()
        request.errorCode = row.optional { $0.int() }
        request.errorMessage = row.optional { $0.text() }
        request.finishReason = row.optional { $0.text() }
        request.cached = row.bool()
        request.escalated = row.bool()
        request.polished = row.bool()
        request.fallback = row.bool()
        request.stream = row.bool()
        request.tokens = TokenCounts(row)
        request.costUSD = row.optional { $0.double() }
        request.savedUSD = row.optional { $0.double() }
        request.latencyMilliseconds = row.double()
        request.firstTokenMilliseconds = row.optional { $0.double() }
        request.answerBytes = row.int()
        request.hasCode = row.bool()
        request.qualityIssues = row.bytes()
        request.notices = row.bytes()
        request.metadata = row.bytes()
        request.prompt = row.bytes()
        request.answer = row.bytes()
        let score = row.optional { $0.double() }
        let comment = row.optional { $0.text() }
        feedback = score.map { FeedbackRecord(score: $0, comment: comment, givenAt: row.time()) }
    }
}

extension TokenCounts {
    fileprivate init(_ row: Statement) {
        self.init()
        prompt = row.int()
        completion = row.int()
        reasoning = row.int()
        cached = row.int()
        estimated = row.bool()
    }
}
