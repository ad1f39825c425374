import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol

/// Answers requests. Called on the loop for each request and notification, in the order of arrival.
@LoopActor
package protocol RequestHandler: AnyObject {
    /// Answer at once, or set `request.work` and answer later.
    func handle(_ request: PendingRequest)
}

/// What one client says and is told: envelopes, ids, batches, cancellation. Bytes are the connection's business,
/// methods the handler's.
@LoopActor
final class Session: ConnectionReceiver {
    private var connection: Connection!
    private let limits: ConnectionLimits
    private unowned let server: RPCServer
    private var inFlight: [RPCID: PendingRequest] = [:]
    /// Notifications that work: cancelled with the connection like all the others.
    private var anonymous: [ObjectIdentifier: PendingRequest] = [:]
    private var writer = JSONWriter(reserving: 1024)
    private var inputEnded = false
    let peer: Peer

    init(descriptor: Int32, peer: Peer, limits: ConnectionLimits, server: RPCServer) {
        self.peer = peer
        self.limits = limits
        self.server = server
        connection = Connection(descriptor: descriptor, peer: peer, limits: limits, receiver: self)
    }

    func start() throws(SystemError) { try connection.start() }

    var isOpen: Bool { connection.isOpen }
    var isCongested: Bool { connection.isCongested }
    var requestsInFlight: Int { inFlight.count + anonymous.count }

    /// One error with a null id, then the end.
    func refuse(_ error: RPCError) {
        send { $0.errorResponse(.null, error) }
        connection.closeWithLastWord()
    }

    func closeWhenFlushed() { connection.closeWhenFlushed() }

    // MARK: out

    /// Sends one message, built in a buffer that is used again.
    func send(_ write: (inout JSONWriter) -> Void) {
        writer.bytes.removeAll(keepingCapacity: writer.bytes.capacity <= Self.keptWriterCapacity)
        write(&writer)
        connection.send(writer.bytes)
    }

    private static let keptWriterCapacity = 16 << 10

    func answer(_ batch: Batch?, _ write: (inout JSONWriter) -> Void) {
        guard let batch else { return send(write) }
        batch.add(write)
        sendIfComplete(batch)
    }

    private func sendIfComplete(_ batch: Batch) {
        guard let answers = batch.takeCompleted() else { return }
        connection.send(answers)
    }

    // MARK: in

    func connection(received event: MessageFramer.Event) {
        switch event {
        case .message(let bytes): receive(bytes)
        case .tooLarge(let id):
            send { $0.errorResponse(id ?? .null, .tooLarge(limitBytes: limits.messageBytes)) }
        case .unsupportedFraming:
            refuse(
                RPCError(.parseError, "The connection begins with neither JSON nor Content-Length: send JSON-RPC 2.0."))
        case .malformedHeader:
            refuse(RPCError(.parseError, "A header block has no valid Content-Length: send one before each message."))
        }
    }

    func connection(receivedWhileCongested event: MessageFramer.Event) -> Bool {
        guard case .message(let bytes) = event, bytes.count <= Self.cancellationLimit,
            let message = try? RPCRequest(JSONDocument(bytes).root), message.id == nil,
            message.name.isString("$/cancelRequest")
        else { return false }
        cancelRequest(message.params)
        return true
    }

    /// Bytes of the longest message that is looked at as a cancellation while the peer takes no answers.
    private static let cancellationLimit = 8 << 10

    private func receive(_ bytes: [UInt8]) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            return send { $0.errorResponse(.null, .parseError(error)) }
        }
        let root = document.root
        guard root.kind == .array else { return accept(root, nil) }
        guard root.count > 0 else { return send { $0.errorResponse(.null, RPCRequest.emptyBatch) } }
        let batch = Batch()
        for element in root.elements { accept(element, batch) }
        batch.isWhole = true
        sendIfComplete(batch)
    }

    private func accept(_ value: JSONValue, _ batch: Batch?) {
        let message: RPCRequest
        do throws(InvalidRequest) {
            message = try RPCRequest(value)
        } catch {
            batch?.expect()
            return answer(batch) { $0.errorResponse(error.id, error.error) }
        }
        guard let id = message.id else {
            if message.name.isString("$/cancelRequest") { return cancelRequest(message.params) }
            guard requestsInFlight < limits.inFlight else { return }
            let request = PendingRequest(message, session: self, batch: nil)
            server.handler.handle(request)
            if !request.isFinished { anonymous[ObjectIdentifier(request)] = request }
            return
        }
        batch?.expect()
        if inFlight[id] != nil {
            return answer(batch) {
                $0.errorResponse(
                    id, .invalidRequest("A request with this id is in flight on this connection: use another id."))
            }
        }
        // A batch's answers wait for its last one: without a bound a small batch of large answers fills the memory.
        guard requestsInFlight < limits.inFlight, (batch?.bytes ?? 0) <= limits.outboundBytes else {
            return answer(batch) { $0.errorResponse(id, .overloaded(retryAfterMilliseconds: 1000)) }
        }
        let request = PendingRequest(message, session: self, batch: batch)
        inFlight[id] = request
        server.handler.handle(request)
    }

    private func cancelRequest(_ params: JSONValue?) {
        guard let value = params?["id"], let id = RPCID(value) else { return }
        inFlight[id]?.work?.cancel(.asked)
    }

    func finished(_ request: PendingRequest) {
        if let id = request.message.id {
            inFlight[id] = nil
        } else {
            anonymous[ObjectIdentifier(request)] = nil
        }
        guard requestsInFlight == 0 else { return }
        server.sessionIsQuiet()
        if inputEnded {
            EventLoop.shared.atEndOfTurn { [weak self] in
                guard let self, self.requestsInFlight == 0 else { return }
                self.connection.closeWhenFlushed()
            }
        }
    }

    func connectionInputEnded() {
        inputEnded = true
        if requestsInFlight == 0 { connection.closeWhenFlushed() }
    }

    func connectionDrained() {
        for request in inFlight.values { request.work?.resume() }
        for request in anonymous.values { request.work?.resume() }
    }

    func connectionClosed() {
        let orphans = Array(inFlight.values) + Array(anonymous.values)
        server.ended(self)
        for request in orphans where !request.isDetached { request.work?.cancel(.clientGone) }
        for request in orphans where request.isDetached { request.work?.resume() }
    }
}

/// The answers of one batch, sent together when the last one is there.
@LoopActor
final class Batch {
    private var writer = JSONWriter()
    private var awaited = 0
    private var expected = 0
    /// All requests of the batch have been handed out.
    var isWhole = false

    init() { writer.beginArray() }

    /// Bytes of the answers so far.
    var bytes: Int { writer.bytes.count }

    func expect() {
        awaited += 1
        expected += 1
    }

    func add(_ write: (inout JSONWriter) -> Void) {
        write(&writer)
        awaited -= 1
    }

    /// The whole array, once; nil while answers are missing, and for a batch of notifications.
    func takeCompleted() -> [UInt8]? {
        guard isWhole, awaited == 0, expected > 0 else { return nil }
        expected = 0
        writer.endArray()
        return writer.bytes
    }
}
