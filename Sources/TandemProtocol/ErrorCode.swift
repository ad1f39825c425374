/// The error codes of PROTOCOL.md, section 2.
package struct ErrorCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let parseError = ErrorCode(rawValue: -32700)
    package static let invalidRequest = ErrorCode(rawValue: -32600)
    package static let methodNotFound = ErrorCode(rawValue: -32601)
    package static let invalidParams = ErrorCode(rawValue: -32602)
    package static let internalError = ErrorCode(rawValue: -32603)
    package static let cancelled = ErrorCode(rawValue: -32800)
    package static let rateLimited = ErrorCode(rawValue: -32001)
    package static let providersFailed = ErrorCode(rawValue: -32002)
    package static let deadlineExceeded = ErrorCode(rawValue: -32004)
    package static let unknownModel = ErrorCode(rawValue: -32005)
    package static let forbidden = ErrorCode(rawValue: -32006)
    package static let tooLarge = ErrorCode(rawValue: -32007)
    package static let overloaded = ErrorCode(rawValue: -32008)
    package static let shuttingDown = ErrorCode(rawValue: -32009)
    package static let planInvalid = ErrorCode(rawValue: -32010)
    package static let planConflict = ErrorCode(rawValue: -32011)
    package static let notFound = ErrorCode(rawValue: -32012)
    package static let budgetExceeded = ErrorCode(rawValue: -32013)

    package static let all: [ErrorCode] = [
        .parseError, .invalidRequest, .methodNotFound, .invalidParams, .internalError, .cancelled, .rateLimited,
        .providersFailed, .deadlineExceeded, .unknownModel, .forbidden, .tooLarge, .overloaded, .shuttingDown,
        .planInvalid, .planConflict, .notFound, .budgetExceeded,
    ]

    /// The stable string of `error.data.kind`.
    package var kind: String {
        switch self {
        case .parseError: "parse_error"
        case .invalidRequest: "invalid_request"
        case .methodNotFound: "method_not_found"
        case .invalidParams: "invalid_params"
        case .cancelled: "cancelled"
        case .rateLimited: "rate_limited"
        case .providersFailed: "providers_failed"
        case .deadlineExceeded: "deadline_exceeded"
        case .unknownModel: "unknown_model"
        case .forbidden: "forbidden"
        case .tooLarge: "too_large"
        case .overloaded: "overloaded"
        case .shuttingDown: "shutting_down"
        case .planInvalid: "plan_invalid"
        case .planConflict: "plan_conflict"
        case .notFound: "not_found"
        case .budgetExceeded: "budget_exceeded"
        default: "internal"
        }
    }

    /// Whether the same request may succeed when it is sent again later.
    package var isRetryable: Bool {
        switch self {
        case .rateLimited, .providersFailed, .deadlineExceeded, .overloaded, .shuttingDown: true
        default: false
        }
    }
}
