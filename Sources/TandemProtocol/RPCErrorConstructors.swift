import TandemJSON

// One constructor for each row of PROTOCOL.md, section 2, with exactly the data members it names.
extension RPCError {
    /// -32700
    package static func parseError(_ error: JSONError) -> RPCError {
        RPCError(.parseError, "The message is not valid JSON (\(error)): send one RFC 8259 document in UTF-8.")
    }

    /// -32600
    package static func invalidRequest(_ message: String) -> RPCError { RPCError(.invalidRequest, message) }

    /// -32601
    package static func methodNotFound(_ name: String, didYouMean: String? = nil) -> RPCError {
        let hint = didYouMean.map { "did you mean `\($0)`?" } ?? "call `rpc.discover` for the list."
        return RPCError(.methodNotFound, "There is no method `\(String(name.prefix(64)))`: \(hint)")
    }

    /// -32602; `path` is a JSON Pointer from the params.
    package static func invalidParams(path: String, expected: String, _ message: String) -> RPCError {
        RPCError(.invalidParams, message, data: [.string("path", path), .string("expected", expected)])
    }

    /// -32603
    package static func internalError(_ message: String, requestID: String? = nil) -> RPCError {
        RPCError(.internalError, message, requestID: requestID)
    }

    /// -32800
    package static func cancelled(requestID: String? = nil) -> RPCError {
        RPCError(
            .cancelled, "The request was cancelled: send it again if you still need the answer.", requestID: requestID)
    }

    /// -32001; `scope` is "default", "reasoning" or a provider's name.
    package static func rateLimited(
        scope: String, limit: Int, periodMilliseconds: Int, retryAfterMilliseconds: Int, requestID: String? = nil
    ) -> RPCError {
        let reason =
            limit > 0 ? "The \(scope) limit of \(limit) requests is used up" : "\(scope) asked for a pause"
        return RPCError(
            .rateLimited, "\(reason): try again in \(seconds(retryAfterMilliseconds)).",
            requestID: requestID,
            data: [
                .string("scope", scope), .int("limit", limit), .int("period_ms", periodMilliseconds),
                .int("retry_after_ms", retryAfterMilliseconds),
            ])
    }

    /// One upstream call that failed.
    package struct Attempt: Hashable, Sendable {
        package var provider: String
        package var model: String
        /// connect, tls, timeout, http_status, malformed, stream_broken, breaker_open, disabled, rate_limited, auth,
        /// context_length or content_filter.
        package var kind: String
        package var status: Int?
        package var message: String
        package var latencyMilliseconds: Double

        package init(
            provider: String, model: String, kind: String, status: Int? = nil, message: String,
            latencyMilliseconds: Double
        ) {
            self.provider = provider
            self.model = model
            self.kind = kind
            self.status = status
            self.message = message
            self.latencyMilliseconds = latencyMilliseconds
        }
    }

    /// -32002; attempts in the order tried, and the pause where all of them asked for one.
    package static func providersFailed(
        _ message: String, attempts: [Attempt], retryable: Bool? = nil, retryAfterMilliseconds: Int? = nil,
        requestID: String? = nil
    ) -> RPCError {
        var writer = JSONWriter()
        writer.beginArray()
        for attempt in attempts {
            writer.beginObject()
            writer.member("provider", attempt.provider)
            writer.member("model", attempt.model)
            writer.member("kind", attempt.kind)
            writer.member("status", ifPresent: attempt.status)
            writer.member("message", attempt.message)
            writer.member("latency_ms", attempt.latencyMilliseconds)
            writer.endObject()
        }
        writer.endArray()
        return RPCError(
            .providersFailed, message, retryable: retryable, requestID: requestID,
            data: [Member("attempts", json: writer.bytes)]
                + (retryAfterMilliseconds.map { [.int("retry_after_ms", $0)] } ?? []))
    }

    /// -32004
    package static func deadlineExceeded(timeoutMilliseconds: Int, requestID: String? = nil) -> RPCError {
        RPCError(
            .deadlineExceeded,
            "The request did not finish within \(seconds(timeoutMilliseconds)): raise `timeout_ms` or ask for less.",
            requestID: requestID, data: [.int("timeout_ms", timeoutMilliseconds)])
    }

    /// -32005
    package static func unknownModel(_ model: String, didYouMean: String?) -> RPCError {
        let hint = didYouMean.map { "did you mean `\($0)`?" } ?? "call `models` for the list."
        return RPCError(
            .unknownModel, "There is no model `\(String(model.prefix(128)))`: \(hint)",
            data: [
                .string("model", model),
                didYouMean.map { .string("did_you_mean", $0) } ?? Member("did_you_mean", json: Array("null".utf8)),
            ])
    }

    /// -32006
    package static func forbidden(reason: String, _ message: String) -> RPCError {
        RPCError(.forbidden, message, data: [.string("reason", reason)])
    }

    /// -32007
    package static func tooLarge(limitBytes: Int) -> RPCError {
        RPCError(
            .tooLarge, "The message is larger than \(limitBytes) bytes: send less, or raise `limits.message_bytes`.",
            data: [.int("limit_bytes", limitBytes)])
    }

    /// -32008
    package static func overloaded(retryAfterMilliseconds: Int, requestID: String? = nil) -> RPCError {
        RPCError(
            .overloaded, "Too much is in flight: try again in \(seconds(retryAfterMilliseconds)).",
            requestID: requestID,
            data: [.int("retry_after_ms", retryAfterMilliseconds)])
    }

    /// -32009
    package static func shuttingDown(requestID: String? = nil) -> RPCError {
        RPCError(
            .shuttingDown, "The daemon is stopping: connect again and send the request once more.", requestID: requestID
        )
    }

    /// -32010; `path` of a problem is a JSON Pointer into the plan.
    package static func planInvalid(
        _ message: String, problems: [(path: String, message: String)], requestID: String? = nil
    ) -> RPCError {
        var writer = JSONWriter()
        writer.beginArray()
        for problem in problems {
            writer.beginObject()
            writer.member("path", problem.path)
            writer.member("message", problem.message)
            writer.endObject()
        }
        writer.endArray()
        return RPCError(
            .planInvalid, message, requestID: requestID, data: [Member("problems", json: writer.bytes)])
    }

    /// -32011; `edits` is a JSON array of {index, file, kind, message, lines?}.
    package static func planConflict(_ message: String, edits: [UInt8], requestID: String? = nil) -> RPCError {
        RPCError(.planConflict, message, requestID: requestID, data: [Member("edits", json: edits)])
    }

    /// -32012; `what` is for example "request", "plan", "transaction", "session", "provider".
    package static func notFound(what: String, id: String) -> RPCError {
        RPCError(
            .notFound, "There is no \(what) `\(String(id.prefix(128)))`: check the identifier.",
            data: [.string("what", what), .string("id", id)])
    }

    /// -32013; `resetsAt` in RFC 3339.
    package static func budgetExceeded(
        scope: String, budgetUSD: Double, spentUSD: Double, resetsAt: String, requestID: String? = nil
    ) -> RPCError {
        RPCError(
            .budgetExceeded,
            "The \(scope) budget of \(budgetUSD) USD is spent: wait until \(resetsAt) or raise the budget.",
            requestID: requestID,
            data: [
                .string("scope", scope), .double("budget_usd", budgetUSD), .double("spent_usd", spentUSD),
                .string("resets_at", resetsAt),
            ])
    }

    private static func seconds(_ milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\((milliseconds + 999) / 1000) s"
    }
}

extension RPCError.Member {
    package static func string(_ name: String, _ value: String) -> Self {
        var writer = JSONWriter(reserving: value.utf8.count + 2)
        writer.string(value)
        return Self(name, json: writer.bytes)
    }

    package static func int(_ name: String, _ value: Int) -> Self { Self(name, json: Array(String(value).utf8)) }

    package static func double(_ name: String, _ value: Double) -> Self {
        var writer = JSONWriter(reserving: 24)
        writer.double(value)
        return Self(name, json: writer.bytes)
    }
}
