import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    /// The ledger, newest first. Root and the daemon's own user see everybody's requests, others their own.
    func history(_ request: PendingRequest) {
        var query = HistoryQuery()
        let params = request.params
        query.limit = params?["limit"]?.int ?? query.limit
        query.session = params?["session"]?.string
        query.uid = isOwner(request.peer) ? nil : request.peer.uid
        if let text = params?["request_id"]?.string {
            guard let id = ULID(text) else { return request.fail(.notFound(what: "request", id: text)) }
            query.requestID = id
        }
        if let text = params?["before"]?.string {
            if let id = ULID(text) {
                query.before = id
            } else if let time = WallTime(rfc3339: text) {
                query.beforeTime = time
            } else {
                return request.fail(
                    .invalidParams(
                        path: "/before", expected: "a request_id or an RFC 3339 time",
                        "`before` is neither a request_id nor an RFC 3339 time: send one of them."))
            }
        }
        store.history(query) { result in
            startOnLoop {
                switch result {
                case .success(let entries):
                    request.respond { writer in
                        writer.beginObject()
                        writer.key("requests")
                        writer.beginArray()
                        for entry in entries { writer.historyEntry(entry) }
                        writer.endArray()
                        writer.endObject()
                    }
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func historyEntry(_ entry: HistoryEntry) {
        let request = entry.request
        beginObject()
        member("request_id", request.id.description)
        member("at", request.startedAt.description)
        member("uid", request.uid)
        member("user", request.user)
        key("session")
        if let session = request.session { string(session) } else { null() }
        member("method", request.method)
        member("model", request.model)
        member("workflow", request.workflow)
        member("arm", ifPresent: request.arm)
        member("outcome", request.outcome)
        if let code = request.errorCode {
            key("error")
            beginObject()
            member("code", code)
            member("message", request.errorMessage ?? "")
            endObject()
        }
        member("finish_reason", ifPresent: request.finishReason)
        member("cached", request.cached)
        member("escalated", request.escalated)
        member("polished", request.polished)
        member("fallback", request.fallback)
        member("stream", request.stream)
        tokens(request.tokens)
        ledgerCost(request.costUSD)
        member("latency_ms", request.latencyMilliseconds)
        key("first_token_ms")
        if let first = request.firstTokenMilliseconds { double(first) } else { null() }
        key("steps")
        beginArray()
        for step in request.steps { historyStep(step) }
        endArray()
        if !request.qualityIssues.isEmpty { member("quality_issues", raw: request.qualityIssues) }
        if !request.notices.isEmpty { member("notices", raw: request.notices) }
        if !request.metadata.isEmpty { member("metadata", raw: request.metadata) }
        if !request.prompt.isEmpty { member("messages", raw: request.prompt) }
        if !request.answer.isEmpty {
            key("content")
            string(utf8: request.answer)
        }
        if let feedback = entry.feedback {
            key("feedback")
            beginObject()
            member("score", feedback.score)
            member("comment", ifPresent: feedback.comment)
            endObject()
        }
        endObject()
    }

    private mutating func historyStep(_ step: StepRecord) {
        beginObject()
        member("role", step.role)
        member("provider", step.provider)
        member("model", step.model)
        member("status", step.status)
        member("cached", step.cached)
        member("latency_ms", step.latencyMilliseconds)
        key("first_token_ms")
        if let first = step.firstTokenMilliseconds { double(first) } else { null() }
        tokens(step.tokens)
        ledgerCost(step.costUSD)
        if let kind = step.errorKind {
            key("error")
            beginObject()
            member("kind", kind)
            member("status", ifPresent: step.httpStatus)
            member("message", step.errorMessage ?? "")
            endObject()
        }
        endObject()
    }

    private mutating func tokens(_ tokens: TokenCounts) {
        key("usage")
        beginObject()
        member("prompt_tokens", tokens.prompt)
        member("completion_tokens", tokens.completion)
        member("reasoning_tokens", tokens.reasoning)
        member("cached_tokens", tokens.cached)
        member("estimated", tokens.estimated)
        endObject()
    }

    private mutating func ledgerCost(_ usd: Double?) {
        key("cost_usd")
        if let usd { double(usd) } else { null() }
    }
}
