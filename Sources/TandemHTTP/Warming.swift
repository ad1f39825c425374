import TandemBase
import TandemLoop

extension HTTPClient {
    /// Connects to an endpoint that is soon to be used and sends nothing: the name is looked up, the TLS session made,
    /// and in the clear, or where the server speaks HTTP/2, the connection itself is kept for the next transfer. Does
    /// nothing where a connection is probably there. Failure is no matter.
    package func warm(_ endpoint: HTTPEndpoint) {
        guard endpoint.isCold(at: EventLoop.shared.now) else { return }
        endpoint.lastUse = EventLoop.shared.now
        Warming.start(endpoint.settings, self)
    }
}

/// A transfer that ends before its request; alive until then by the closure of its timer.
@LoopActor
private final class Warming: TransferDelegate {
    /// A connection that takes longer is given up; the endpoint's own connect timeout is mostly shorter.
    private static let patience = TimeSpan.seconds(10)

    private var transfer: Transfer?
    private var timer: Deadline?

    static func start(_ settings: HTTPEndpoint.Settings, _ client: HTTPClient) {
        var settings = settings
        settings.connectsOnly = true
        let warming = Warming()
        let endpoint = HTTPEndpoint(settings, client: client)
        warming.transfer = client.start(endpoint, body: [], delegate: warming)
        warming.timer = EventLoop.shared.schedule(at: EventLoop.shared.now + patience) { warming.end() }
    }

    private func end() {
        transfer?.cancel()
        transfer = nil
        if let timer { EventLoop.shared.cancel(timer) }
        timer = nil
    }

    func transfer(_ transfer: Transfer, received bytes: UnsafeRawBufferPointer) {}
    func transfer(_ transfer: Transfer, finished result: Result<Void, TransferFailure>) { end() }
}
