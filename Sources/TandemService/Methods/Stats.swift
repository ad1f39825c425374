import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    /// Adds the ledger up. Root and the daemon's own user see everybody's requests, others their own.
    func stats(_ request: PendingRequest) throws(RPCError) {
        var query = StatsQuery()
        let params = request.params
        query.since = try statsTime(params?["since"]?.string, path: "/since")
        query.until = try statsTime(params?["until"]?.string, path: "/until")
        query.by = params?["by"]?.string.flatMap { StatsQuery.Grouping(rawValue: $0) }
        query.uid = isOwner(request.peer) ? nil : request.peer.uid
        let by = query.by
        store.stats(query) { result in
            startOnLoop {
                switch result {
                case .success(let rows):
                    request.respond { writer in
                        writer.beginObject()
                        writer.key("rows")
                        writer.beginArray()
                        for row in rows { writer.statsRow(row, by: by) }
                        writer.endArray()
                        writer.endObject()
                    }
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }

    /// RFC 3339, or a duration back from now.
    private func statsTime(_ text: String?, path: String) throws(RPCError) -> WallTime? {
        guard let text else { return nil }
        if let span = parseDuration(text) { return .now() + (.zero - span) }
        if let time = WallTime(rfc3339: text) { return time }
        let expected = "an RFC 3339 time, or a duration such as 24h"
        throw .invalidParams(path: path, expected: expected, "`\(path.dropFirst())` is not a time: send \(expected).")
    }

    /// Keeps what somebody thought of an answer; a later score replaces an earlier.
    func feedback(_ request: PendingRequest) throws(RPCError) {
        let text = request.params?["request_id"]?.string ?? ""
        guard let id = ULID(text) else { throw .notFound(what: "request", id: text) }
        let feedback = FeedbackRecord(
            score: request.params?["score"]?.double ?? 0, comment: request.params?["comment"]?.string, givenAt: .now())
        store.save(feedback, of: id, uid: isOwner(request.peer) ? nil : request.peer.uid) { result in
            startOnLoop {
                switch result {
                case .success(true):
                    request.respond { writer in
                        writer.beginObject()
                        writer.endObject()
                    }
                case .success(false): request.fail(.notFound(what: "request", id: text))
                case .failure(let error):
                    request.fail(.internalError("The feedback is not kept (\(error)): see `tandem logs`."))
                }
            }
        }
    }
}

extension RPCError {
    static func ledgerUnreadable(_ error: StoreError) -> RPCError {
        .internalError("The ledger cannot be read (\(error)): see `tandem logs`.")
    }
}

extension JSONWriter {
    fileprivate mutating func statsRow(_ row: StatsRow, by: StatsQuery.Grouping?) {
        beginObject()
        if let by {
            key(by.rawValue)
            string(row.key ?? "")
        }
        member("arm", ifPresent: row.arm)
        member("requests", row.requests)
        member("errors", row.errors)
        member("cancelled", row.cancelled)
        member("fallbacks", row.fallbacks)
        member("cached", row.cached)
        member("polished", row.polished)
        member("escalated", row.escalated)
        member("tokens", row.tokens.prompt + row.tokens.completion)
        member("prompt_tokens", row.tokens.prompt)
        member("completion_tokens", row.tokens.completion)
        member("reasoning_tokens", row.tokens.reasoning)
        member("cached_tokens", row.tokens.cached)
        nullable("cost_usd", row.costUSD)
        member("unpriced", row.unpriced)
        nullable("saved_usd", row.savedUSD)
        percentiles("latency_ms", row.latency)
        percentiles("first_token_ms", row.firstToken)
        nullable("mean_length", row.meanLength)
        nullable("code_block_share", row.codeShare)
        nullable("feedback_mean", row.feedbackMean)
        endObject()
    }

    private mutating func nullable(_ name: StaticString, _ value: Double?) {
        key(name)
        if let value { double(value) } else { null() }
    }

    private mutating func percentiles(_ name: StaticString, _ values: Percentiles?) {
        key(name)
        guard let values else { return null() }
        beginObject()
        member("p50", values.p50)
        member("p95", values.p95)
        member("p99", values.p99)
        endObject()
    }
}
