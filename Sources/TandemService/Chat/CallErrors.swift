import TandemBase
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders

extension RPCError {
    /// Why no model answered, for the client; the attempts come from the trace.
    @LoopActor
    init(_ failure: UpstreamCallFailure, _ trace: RequestTrace, timeout: TimeSpan, requestID: String) {
        switch failure {
        case .providersFailed: self = .providersFailed(trace, requestID: requestID)
        case .deadlineExceeded:
            self = .deadlineExceeded(timeoutMilliseconds: timeout.wholeMilliseconds, requestID: requestID)
        case .overloaded(let retryAfter):
            self = .overloaded(retryAfterMilliseconds: retryAfter.wholeMilliseconds, requestID: requestID)
        case .rateLimited(let provider, let quota, let retryAfter):
            self = .rateLimited(
                scope: provider, limit: quota?.count ?? 0, periodMilliseconds: quota?.period.wholeMilliseconds ?? 0,
                retryAfterMilliseconds: retryAfter.wholeMilliseconds, requestID: requestID)
        }
    }

    /// -32002 with every attempt in the order tried.
    @LoopActor
    private static func providersFailed(_ trace: RequestTrace, requestID: String) -> RPCError {
        let attempts = trace.attempts.map {
            RPCError.Attempt(
                provider: $0.provider, model: $0.model, kind: $0.failure.failure.kind, status: $0.failure.status,
                message: $0.failure.message, latencyMilliseconds: $0.latency.milliseconds)
        }
        let last = attempts.last.map { "\($0.provider): \($0.message)" } ?? "no provider could be asked"
        let refused = attempts.first { $0.kind == "auth" }
        let advice =
            refused.map { "correct the key of \($0.provider), then reload" } ?? "run `tandem doctor` if this lasts"
        return .providersFailed(
            "No model answered (\(last)); \(advice).", attempts: attempts,
            retryable: trace.attempts.contains { $0.failure.failure.isTransient },
            retryAfterMilliseconds: pause(trace.attempts)?.wholeMilliseconds, requestID: requestID)
    }

    /// When the first of the servers takes calls again, where all of them asked for a pause.
    private static func pause(_ attempts: [AttemptTrace]) -> TimeSpan? {
        var shortest: TimeSpan?
        for attempt in attempts {
            switch attempt.failure.failure {
            case .status(_, let retryAfter?): shortest = min(shortest ?? retryAfter, retryAfter)
            case .notSent(.rateLimited): break
            default: return nil
            }
        }
        return shortest
    }
}
