import TandemBase
import TandemLoop

/// A whole small response: for questions to a server that are no model calls.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var body: [UInt8]
    /// The header Retry-After as it came.
    package var retryAfter: String?
}

/// One request whose response is collected and handed over at once, within a time and a size.
@LoopActor
package final class HTTPFetch: TransferDelegate {
    /// Bytes of a response that are kept; a larger one is a failure.
    package nonisolated static let bodyLimit = 4 << 20

    private static let tooLarge = TransferFailure(kind: .malformed, message: "the response is too large")

    private var transfer: Transfer?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var timer: Deadline?
    private var completion: (@LoopActor (Result<HTTPResponse, TransferFailure>) -> Void)?

    /// Starts; the completion is called once, on the loop.
    @discardableResult
    package init(
        _ settings: HTTPEndpoint.Settings, body: [UInt8] = [], timeout: TimeSpan, client: HTTPClient,
        completion: @escaping @LoopActor (Result<HTTPResponse, TransferFailure>) -> Void
    ) {
        self.completion = completion
        let endpoint = HTTPEndpoint(settings, client: client)
        transfer = client.start(endpoint, body: body, delegate: self)
        // The deadline's closure keeps this object alive until it is answered.
        timer = EventLoop.shared.schedule(at: EventLoop.shared.now + timeout) { [self] in
            end(.failure(TransferFailure(kind: .connectTimeout, message: "no answer in time")))
        }
        if transfer == nil {
            EventLoop.shared.atEndOfTurn { [self] in
                end(.failure(TransferFailure(kind: .connect, message: "no memory for another transfer")))
            }
        }
    }

    /// Ends it at once; the completion is not called.
    package func cancel() {
        completion = nil
        release()
    }

    private func release() {
        transfer?.cancel()
        transfer = nil
        if let timer { EventLoop.shared.cancel(timer) }
        timer = nil
    }

    private func end(_ result: Result<HTTPResponse, TransferFailure>) {
        guard let completion else { return }
        self.completion = nil
        release()
        completion(result)
    }

    package func transfer(_ transfer: Transfer, received bytes: UnsafeRawBufferPointer) {
        guard body.count + bytes.count <= Self.bodyLimit else {
            // The transfer may end before the turn does: what was left out is missing all the same.
            isTooLarge = true
            EventLoop.shared.atEndOfTurn { [self] in end(.failure(Self.tooLarge)) }
            return
        }
        body.append(contentsOf: bytes)
    }

    package func transfer(_ transfer: Transfer, finished result: Result<Void, TransferFailure>) {
        guard !isTooLarge else { return end(.failure(Self.tooLarge)) }
        let retryAfter = transfer.header("retry-after")
        end(result.map { HTTPResponse(status: transfer.status, body: body, retryAfter: retryAfter) })
    }
}
