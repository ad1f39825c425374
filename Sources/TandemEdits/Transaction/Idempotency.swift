import TandemBase
import TandemProtocol

/// What an idempotency key means for a request.
package enum Idempotency: Sendable {
    /// Nobody used the key: begin.
    case fresh
    /// The same request was carried out: its stored result (JSON).
    case replay([UInt8])
    /// The key was used for another request, or the same one has not come to a result.
    case refused(RPCError)

    /// Looks a key up.
    /// - Parameter paramsHash: SHA-256 over the canonical params.
    package static func check(
        _ key: String, uid: UInt32, paramsHash: String, in journal: any TransactionJournal
    ) throws(JournalError) -> Idempotency {
        guard let record = try journal.find(idempotencyKey: key, uid: uid) else { return .fresh }
        guard record.paramsHash == paramsHash else {
            return .refused(
                RPCError(
                    .invalidParams, "The idempotency_key was used for another request; choose a new one.",
                    data: [.init("path", json: Array("\"/idempotency_key\"".utf8))]))
        }
        // The result is recorded before the commit: it counts only once that has come to an end.
        if record.state == .committed || record.state == .cleaning, let result = record.result {
            return .replay(result)
        }
        switch record.state {
        case .preparing, .committing, .rollingBack, .cleaning:
            return .refused(
                RPCError(
                    .overloaded, "The same request is being carried out; ask again when it has ended.", retryable: true,
                    data: [.init("retry_after_ms", json: Array("1000".utf8))]))
        case .aborted: return .fresh
        case .committed, .recoveryConflict:
            return .refused(
                RPCError(
                    .planConflict,
                    "The transaction \(record.id) of this idempotency_key ended as \(record.state.rawValue); "
                        + "choose a new key to try again.",
                    data: [.init("edits", json: Array("[]".utf8))]))
        }
    }
}
