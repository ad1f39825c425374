import TandemBase
import TandemHTTP
import TandemPolicy

/// Sorts what HTTP upstreams fail with into what policy and clients know, in words that may be shown.
struct FailureClassifier {
    var words: UpstreamWords
    var connectTimeout: TimeSpan

    /// `isAnswering`: something of an answer had come. A reset before that is a connection that did not hold.
    func classify(_ fault: TransferFailure, isAnswering: Bool) -> UpstreamFailure {
        switch fault.kind {
        case .connect: UpstreamFailure(.connect, fault.message, nothingSent: true)
        case .connectTimeout:
            UpstreamFailure(.timeout, "no connection within \(inWords(connectTimeout))", nothingSent: true)
        case .tls: UpstreamFailure(.tls, fault.message, nothingSent: true)
        case .malformed: UpstreamFailure(.malformed, fault.message)
        case .broken: UpstreamFailure(isAnswering ? .streamBroken : .connect, fault.message)
        }
    }

    /// An error object, and the status that came with it or that it names itself; nil inside a stream.
    func classify(_ error: UpstreamErrorObject?, status: Int?, retryAfter: TimeSpan?) -> UpstreamFailure {
        let shown = words.shown(error?.message)
        let retryAfter = retryAfter ?? error?.retryDelay
        func failure(_ kind: CallFailure, _ text: String) -> UpstreamFailure {
            UpstreamFailure(kind, shown.map { "\(text): \($0)" } ?? text)
        }
        switch status {
        case 401, 403: return UpstreamFailure(.status(status!), "the provider refused the API key (HTTP \(status!))")
        case 400 where error?.isInvalidKey == true:
            return UpstreamFailure(.status(401), "the provider refused the API key (HTTP 400)")
        case 429:
            return failure(.status(429, retryAfter: retryAfter), "the provider's rate limit is reached (HTTP 429)")
        default: break
        }
        if error?.isContextLength == true || status == 413 {
            return failure(.contextLength, "the prompt is longer than the model's context")
        }
        if error?.isContentFilter == true { return failure(.contentFilter, "the provider's content filter refused") }
        if status == 400 || status == 422, error?.refusesStreamOptions == true {
            return failure(
                .status(status!),
                "the provider takes no stream_options (HTTP \(status!)): give the model "
                    + "limits = { provider_options = { stream_options = {} } }")
        }
        if let status {
            return failure(.status(status, retryAfter: retryAfter), "the provider answered HTTP \(status)")
        }
        return failure(.streamBroken, "the provider reported an error in its stream")
    }
}

extension UpstreamFailure {
    static func stalled(_ timeouts: TimeoutSettings) -> UpstreamFailure {
        UpstreamFailure(.stall, "the stream stood still for \(inWords(timeouts.idle))")
    }

    static func tooLarge(_ limit: Int) -> UpstreamFailure {
        UpstreamFailure(.malformed, "the answer is larger than \(limit) bytes")
    }

    static func noFirstToken(_ timeouts: TimeoutSettings) -> UpstreamFailure {
        UpstreamFailure(.timeout, "no first token within \(inWords(timeouts.firstToken))")
    }
}

private func inWords(_ span: TimeSpan) -> String {
    let milliseconds = span.wholeMilliseconds
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
}
