import TandemBase

/// Groups that one answer holds, by their number of requests.
private let groupLimit = 1000

/// `stats`: a range of time, and what a row stands for.
package struct StatsQuery: Sendable, Hashable {
    package enum Grouping: String, Sendable, CaseIterable { case provider, model, workflow, day, user }

    /// Inclusive; nil for all there is.
    package var since: WallTime?
    /// Exclusive; nil for now.
    package var until: WallTime?
    /// nil: one row over everything. By workflow, each arm is a row. Days are UTC. By provider, a row is about the
    /// provider's own calls: errors, tokens, cost and latencies are the steps', and `requests` counts requests that
    /// called it.
    package var by: Grouping?
    /// Only this peer's; nil for everybody's.
    package var uid: UInt32?

    package init() {}
}

/// 50th, 95th and 99th percentile in milliseconds by the nearest-rank method: the smallest value that at least p% of
/// the values do not exceed. Always a value that occurred.
package struct Percentiles: Sendable, Hashable {
    package var p50: Double
    package var p95: Double
    package var p99: Double

    package init(p50: Double, p95: Double, p99: Double) {
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
    }

    /// The 1-based rank of a percentile among `count` sorted values.
    package static func rank(_ percent: Int, of count: Int) -> Int { max(1, (count * percent + 99) / 100) }
}

package struct StatsRow: Sendable, Hashable {
    /// The provider, model, workflow, day ("2026-11-20") or user; nil for the one row over everything.
    package var key: String?
    /// Only by workflow, where it has several.
    package var arm: String?
    package var requests: Int
    /// Neither "ok" nor "cancelled".
    package var errors: Int
    package var cancelled: Int
    package var fallbacks: Int
    package var cached: Int
    package var polished: Int
    package var escalated: Int
    package var tokens: TokenCounts
    /// Of what has a price; nil when nothing has.
    package var costUSD: Double?
    /// Rows whose price is unknown.
    package var unpriced: Int
    package var savedUSD: Double?
    /// Bytes of an answer, of those that ended well.
    package var meanLength: Double?
    /// 0...1: the share of good answers with a code block.
    package var codeShare: Double?
    package var feedbackMean: Double?
    /// Of what ended well; nil when nothing did.
    package var latency: Percentiles?
    package var firstToken: Percentiles?
}

enum Stats {
    /// Linear in the range, with one sort per percentile column that SQLite keeps on disk when it is big. Run it on
    /// one snapshot: its statements must see the same rows.
    static func read(_ query: StatsQuery, from database: Database) throws(SQLiteError) -> [StatsRow] {
        let source = Source(query)
        let statement = try database.statement(source.totals)
        source.bindRange(of: query, to: statement)
        var rows: [StatsRow] = []
        var counts: [Group: (latency: Int, firstToken: Int)] = [:]
        try statement.each { row throws(SQLiteError) in
            let group = Group(row)
            rows.append(StatsRow(group, row))
            counts[group] = (row.int(), row.int())
            return true
        }
        // Without rows an aggregate over everything still gives one.
        rows.removeAll { $0.requests == 0 }
        let latencies = try percentiles(source, "latency_ms", query, database) { counts[$0]?.latency ?? 0 }
        let firstTokens = try percentiles(source, "first_token_ms", query, database) { counts[$0]?.firstToken ?? 0 }
        for index in rows.indices {
            let group = Group(key: rows[index].key, arm: rows[index].arm)
            rows[index].latency = latencies[group]
            rows[index].firstToken = firstTokens[group]
        }
        return rows
    }

    /// What was spent since a time, for budgets; 0 when nothing has a price.
    static func spent(
        since: WallTime, uid: UInt32?, user: String?, from database: Database
    ) throws(SQLiteError) -> Double {
        let statement = try database.statement(
            """
            SELECT total(cost_usd) FROM requests
            WHERE id >= ?1 AND (?2 IS NULL OR uid = ?2) AND (?3 IS NULL OR user = ?3)
            """)
        statement.bind(ULID(firstAt: since))
        statement.bind(uid.map(Int.init))
        statement.bind(user)
        return try statement.first { $0.double() } ?? 0
    }

    /// Reads the column in order, group by group, and picks the values at the ranks: nothing is kept but those.
    private static func percentiles(
        _ source: Source, _ column: String, _ query: StatsQuery, _ database: Database, count: (Group) -> Int
    ) throws(SQLiteError) -> [Group: Percentiles] {
        let statement = try database.statement(source.sorted(column))
        source.bindRange(of: query, to: statement)
        var result: [Group: Percentiles] = [:]
        var current: Group?
        var position = 0
        var ranks = (0, 0, 0)
        try statement.each { row throws(SQLiteError) in
            let group = Group(row)
            let value = row.double()
            if group != current {
                current = group
                position = 0
                let total = count(group)
                ranks = (
                    Percentiles.rank(50, of: total), Percentiles.rank(95, of: total), Percentiles.rank(99, of: total)
                )
                result[group] = Percentiles(p50: value, p95: value, p99: value)
            }
            position += 1
            if position == ranks.0 { result[group]?.p50 = value }
            if position == ranks.1 { result[group]?.p95 = value }
            if position == ranks.2 { result[group]?.p99 = value }
            return true
        }
        return result
    }
}

/// A row's identity.
private struct Group: Hashable {
    var key: String?
    var arm: String?

    init(key: String?, arm: String?) {
        self.key = key
        self.arm = arm
    }

    init(_ row: Statement) {
        key = row.optional { $0.text() }
        arm = row.optional { $0.text() }
    }
}

/// The SQL of a grouping: `r` is the request, `m` the row whose latency, tokens and cost are measured.
private struct Source {
    var key: String
    var arm = "NULL"
    var from = "requests r"
    var measured = "r"
    var ended = "r.outcome"
    var filter: String

    init(_ query: StatsQuery) {
        switch query.by {
        case nil: key = "NULL"
        case .model: key = "r.model"
        case .user: key = "r.user"
        case .day: key = "strftime('%Y-%m-%d', r.started_at / 1000, 'unixepoch')"
        case .workflow:
            key = "r.workflow"
            arm = "r.arm"
        case .provider:
            key = "s.provider"
            from = "steps s JOIN requests r ON r.id = s.request_id"
            measured = "s"
            ended = "s.status"
        }
        filter = query.since == nil ? "" : " AND r.id >= ?"
        if query.until != nil { filter += " AND r.id < ?" }
        if query.uid != nil { filter += " AND r.uid = ?" }
        if measured == "s" {
            // The same bounds on the steps' key, which is the outer loop.
            filter = filter.replacing("r.id", with: "s.request_id")
        }
    }

    func bindRange(of query: StatsQuery, to statement: Statement) {
        if let since = query.since { statement.bind(ULID(firstAt: since)) }
        if let until = query.until { statement.bind(ULID(firstAt: until)) }
        if let uid = query.uid { statement.bind(Int64(uid)) }
    }

    private var isGood: String { "\(ended) = 'ok'" }

    /// Counts requests: a request that called one provider twice is one.
    private func requests(where condition: String) -> String {
        measured == "r" ? "total(\(condition))" : "count(DISTINCT CASE WHEN \(condition) THEN r.id END)"
    }

    var totals: String {
        """
        SELECT \(key) AS key, \(arm) AS arm, \(requests(where: "1")) AS requests,
            total(\(ended) NOT IN ('ok', 'cancelled')), total(\(ended) = 'cancelled'),
            \(requests(where: "r.fallback")), total(\(measured).cached), \(requests(where: "r.polished")),
            \(requests(where: "r.escalated")),
            total(\(measured).prompt_tokens), total(\(measured).completion_tokens),
            total(\(measured).reasoning_tokens), total(\(measured).cached_tokens), max(\(measured).estimated),
            sum(\(measured).cost_usd), total(\(measured).cost_usd IS NULL),
            sum(\(measured).saved_usd),
            avg(CASE WHEN \(isGood) THEN r.answer_bytes END), avg(CASE WHEN \(isGood) THEN r.has_code END),
            avg(f.score),
            total(\(isGood) AND \(measured).latency_ms IS NOT NULL),
            total(\(isGood) AND \(measured).first_token_ms IS NOT NULL)
        FROM \(from) LEFT JOIN feedback f ON f.request_id = r.id
        WHERE 1\(filter) GROUP BY 1, 2 ORDER BY \(orderedByKey ? "1" : "3 DESC, 1") LIMIT \(groupLimit)
        """
    }

    private var orderedByKey: Bool { key.hasPrefix("strftime") }

    func sorted(_ column: String) -> String {
        """
        SELECT \(key), \(arm), \(measured).\(column) FROM \(from)
        WHERE \(isGood) AND \(measured).\(column) IS NOT NULL\(filter) ORDER BY 1, 2, 3
        """
    }
}

extension StatsRow {
    fileprivate init(_ group: Group, _ row: Statement) {
        key = group.key
        arm = group.arm
        requests = row.int()
        errors = row.int()
        cancelled = row.int()
        fallbacks = row.int()
        cached = row.int()
        polished = row.int()
        escalated = row.int()
        tokens = TokenCounts()
        tokens.prompt = row.int()
        tokens.completion = row.int()
        tokens.reasoning = row.int()
        tokens.cached = row.int()
        tokens.estimated = row.bool()
        costUSD = row.optional { $0.double() }
        unpriced = row.int()
        savedUSD = row.optional { $0.double() }
        meanLength = row.optional { $0.double() }
        codeShare = row.optional { $0.double() }
        feedbackMean = row.optional { $0.double() }
    }
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        var result = ""
        var rest = Substring(self)
        while !rest.isEmpty {
            if rest.hasPrefix(old) {
                result += new
                rest = rest.dropFirst(old.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
