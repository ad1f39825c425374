import TandemBase

/// How an upstream call failed, as far as breaker and retries care. The names for clients are PROTOCOL.md's
/// (-32002, `attempts`).
package enum CallFailure: Hashable, Sendable {
    /// No connection: name not found, refused, reset before an answer.
    case connect
    case tls
    /// Nothing came in time: the connect or first-token timeout.
    case timeout
    /// A status of 400 or more, with its Retry-After.
    case status(Int, retryAfter: TimeSpan? = nil)
    /// The answer could not be read.
    case malformed
    /// The stream ended early or carried an error object.
    case streamBroken
    /// A stream stood still for the idle timeout.
    case stall
    case contextLength
    case contentFilter
    /// Our own rules kept the call back; nothing was sent.
    case notSent(Refusal)

    package enum Refusal: Hashable, Sendable {
        case breakerOpen
        /// Cooling down after a 429, its quota or its concurrency gate is full.
        case rateLimited
        case auth
        case disabled
    }

    package enum Retry: Hashable, Sendable {
        /// The same candidate may do better after a pause.
        case same
        /// The same candidate only when there is no other: it has just cost a whole timeout.
        case otherFirst
        /// The same candidate would say the same again.
        case never
    }

    /// The member `kind` of an attempt.
    package var kind: String {
        switch self {
        case .connect: "connect"
        case .tls: "tls"
        case .timeout, .stall: "timeout"
        case .status(401, _), .status(403, _), .notSent(.auth): "auth"
        case .status(429, _), .notSent(.rateLimited): "rate_limited"
        case .status: "http_status"
        case .malformed: "malformed"
        case .streamBroken: "stream_broken"
        case .contextLength: "context_length"
        case .contentFilter: "content_filter"
        case .notSent(.breakerOpen): "breaker_open"
        case .notSent(.disabled): "disabled"
        }
    }

    /// What the breaker is told. 408 is the server's own timeout and counts; every other 4xx is the caller's or the
    /// account's affair.
    package var health: CircuitBreaker.Outcome {
        switch self {
        case .connect, .tls, .timeout, .malformed, .streamBroken, .stall: .failure
        case .status(let code, _): code == 408 || code >= 500 ? .failure : .neutral
        case .contextLength, .contentFilter, .notSent: .neutral
        }
    }

    /// Whether the same candidate is tried again (WORKFLOWS.md, rule 1).
    package var retry: Retry {
        switch self {
        case .connect: .same
        case .timeout: .otherFirst
        case .status(let code, _): code == 408 || code == 429 || code >= 500 ? .same : .never
        case .tls, .malformed, .streamBroken, .stall, .contextLength, .contentFilter, .notSent: .never
        }
    }

    /// Whether the request may do better when its client sends it again: a stream that broke off is not gone on with,
    /// but the next one may hold.
    package var isTransient: Bool {
        switch self {
        case .malformed, .streamBroken, .stall, .notSent(.breakerOpen), .notSent(.rateLimited): true
        default: retry != .never
        }
    }

    package var retryAfter: TimeSpan? {
        if case .status(_, let retryAfter) = self { retryAfter } else { nil }
    }

    package var wasSent: Bool {
        if case .notSent = self { false } else { true }
    }
}
