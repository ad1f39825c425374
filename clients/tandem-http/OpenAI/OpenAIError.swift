import TandemBase
import TandemClient
import TandemJSON
import TandemProtocol

/// When to come back to a daemon that is restarting, in milliseconds: systemd starts the next one at once.
private let restartPause = 1000

/// An error as OpenAI's API answers it: a status, `{"error":{message,type,param,code}}` and headers that the SDKs heed.
struct OpenAIError: Error {
    var status: Int
    var message: String
    var type: String
    var param: String?
    var code: String
    /// Whether the same request may succeed later; the SDKs ask `x-should-retry` before the status.
    var isRetryable = false
    var retryAfterMilliseconds: Int?
    /// The method that would be right.
    var allow: String?

    init(_ status: Int, _ message: String, type: String = "invalid_request_error", code: String) {
        self.status = status
        self.message = message
        self.type = type
        self.code = code
    }

    static func notFound(_ path: String) -> OpenAIError {
        OpenAIError(
            404, "there is nothing at \(path.prefix(128)): see /v1/models and /v1/chat/completions", code: "not_found")
    }

    /// - Parameter now: what a time at which a budget begins anew is counted from.
    init(_ error: RPCError, now: WallTime = .now()) {
        let kinds = error.attemptKinds
        switch error.code {
        case .providersFailed where kinds.last == "context_length":
            self.init(400, error.message, code: "context_length_exceeded")
            param = "messages"
        case .providersFailed where kinds.last == "content_filter":
            self.init(400, error.message, code: "content_filter")
        case .providersFailed where !kinds.isEmpty && kinds.allSatisfy { $0 == "rate_limited" }:
            self.init(429, error.message, type: "requests", code: "rate_limit_exceeded")
        case .providersFailed where !kinds.isEmpty && kinds.allSatisfy { $0 == "timeout" }:
            self.init(504, error.message, type: "server_error", code: "timeout")
        case .unknownModel:
            // The daemon's own words for its list are of another protocol.
            let message = error.message.replacing("call `models` for the list", with: "GET /v1/models lists them")
            self.init(404, message, code: "model_not_found")
            param = "model"
        case .rateLimited: self.init(429, error.message, type: "requests", code: "rate_limit_exceeded")
        case .budgetExceeded: self.init(429, error.message, type: "insufficient_quota", code: "insufficient_quota")
        default: self.init(Self.status(error.code), error.message, type: Self.type(error.code), code: error.code.kind)
        }
        isRetryable = error.retryable
        if error.code == .shuttingDown, isRetryable { retryAfterMilliseconds = restartPause }
        for member in error.data {
            guard let value = try? JSONDocument(member.json).root else { continue }
            if member.name == "retry_after_ms" { retryAfterMilliseconds = value.int }
            if member.name == "resets_at", let time = value.string.flatMap(WallTime.init(rfc3339:)) {
                retryAfterMilliseconds = max(0, (time - now).wholeMilliseconds)
            }
            if member.name == "path", let path = value.string, !path.isEmpty { param = Self.parameter(path) }
        }
    }

    init(_ error: ClientError) {
        switch error {
        case .answered(let error): self.init(error)
        case .deadlineExceeded: self.init(504, error.message, type: "server_error", code: "timeout")
        case .connectionLost, .interrupted:
            self.init(503, error.message, type: "server_error", code: "shutting_down")
            // It may have been carried out, so nobody sends it again unasked.
            if case .connectionLost(mayHaveBeenDelivered: false) = error { isRetryable = true }
        case .noDaemon, .refused, .malformed: self.init(503, error.message, type: "server_error", code: "no_daemon")
        }
    }

    private static func status(_ code: ErrorCode) -> Int {
        switch code {
        case .parseError, .invalidRequest, .invalidParams: 400
        case .forbidden: 403
        case .methodNotFound, .notFound: 404
        case .planInvalid, .planConflict: 409
        case .tooLarge: 413
        // nginx's "client closed request": what a cancelled one ends with.
        case .cancelled: 499
        case .providersFailed: 502
        case .overloaded, .shuttingDown: 503
        case .deadlineExceeded: 504
        default: 500
        }
    }

    private static func type(_ code: ErrorCode) -> String {
        switch status(code) {
        case 403: "permission_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// A JSON Pointer as OpenAI names parameters: `messages[0].content`.
    private static func parameter(_ pointer: String) -> String {
        var name = ""
        for part in pointer.split(separator: "/") {
            let text = part.replacing("~1", with: "/").replacing("~0", with: "~")
            if Int(text) != nil { name += "[\(text)]" } else { name += (name.isEmpty ? "" : ".") + text }
        }
        return name
    }

    var body: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.member("message", message)
        writer.member("type", type)
        writer.key("param")
        if let param { writer.string(param) } else { writer.null() }
        writer.member("code", code)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    var headers: [(name: String, value: String)] {
        var headers = [(name: "x-should-retry", value: isRetryable ? "true" : "false")]
        if let milliseconds = retryAfterMilliseconds {
            headers.append(("Retry-After", String((milliseconds + 999) / 1000)))
            headers.append(("retry-after-ms", String(milliseconds)))
        }
        if let allow { headers.append(("Allow", allow)) }
        if status == 401 { headers.append(("WWW-Authenticate", "Bearer")) }
        return headers
    }
}

extension RPCError {
    /// The kinds of `attempts`, in the order tried.
    fileprivate var attemptKinds: [String] {
        guard let member = data.first(where: { $0.name == "attempts" }),
            let attempts = try? JSONDocument(member.json).root
        else { return [] }
        return attempts.elements.compactMap { $0["kind"]?.string }
    }
}
