import TandemLoop
import TandemProtocol
import TandemRPC

/// The work of a request that only waits so far: for the ledger, for its turn, for what the last daemon knew. It can be
/// cancelled meanwhile.
@LoopActor
final class WaitingRequest: RequestWork {
    private let request: PendingRequest
    private let left: @LoopActor () -> Void

    /// `left` gives up the place the request has in a queue.
    init(_ request: PendingRequest, left: @escaping @LoopActor () -> Void = {}) {
        self.request = request
        self.left = left
    }

    func cancel(_ cause: CancellationCause) {
        left()
        request.fail(cause == .shutdown ? .shuttingDown() : .cancelled())
    }

    func resume() {}
}
