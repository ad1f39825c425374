import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol

/// Why a request is to stop.
package enum CancellationCause: Hashable, Sendable {
    /// `$/cancelRequest` or the method `cancel`.
    case asked
    /// The client's connection ended.
    case clientGone
    /// The daemon's drain timeout ran out.
    case shutdown
}

/// Work in flight for a request: told to stop, and to slow down and go on.
@LoopActor
package protocol RequestWork: AnyObject {
    /// Stop, release everything, and end the request (by `fail(.cancelled)`); at once, or at least within 100 ms.
    func cancel(_ cause: CancellationCause)
    /// False once `cancel` has nothing left to stop.
    var canBeCancelled: Bool { get }
    /// The client takes bytes again after `PendingRequest.isCongested`.
    func resume()
}

extension RequestWork {
    package var canBeCancelled: Bool { true }
}

/// One request from its arrival to its answer. It is answered exactly once; what comes later is dropped.
@LoopActor
package final class PendingRequest {
    /// The method's name, params and id as they came.
    package let message: RPCRequest
    package let peer: Peer
    package let arrival: MonotonicTime
    /// What is to be cancelled with the request. Set it before the handler returns.
    package var work: (any RequestWork)?
    /// The client asked for the request to go on without it.
    package var isDetached = false

    private weak var session: Session?
    private let batch: Batch?
    private var eventCount = 0
    package private(set) var isFinished = false

    init(_ message: RPCRequest, session: Session, batch: Batch?) {
        self.message = message
        self.session = session
        self.batch = batch
        arrival = EventLoop.shared.now
        peer = session.peer
    }

    package var params: JSONValue? { message.params }

    /// The client reads slower than we write: pause the upstream until `RequestWork.resume`.
    package var isCongested: Bool { session?.isCongested ?? false }

    /// Answers with the one JSON value that `write` writes.
    package func respond(_ write: (inout JSONWriter) -> Void) {
        guard let session = finish(), let id = message.id else { return }
        session.answer(batch) { writer in
            writer.beginResponse(id)
            write(&writer)
            writer.endResponse()
        }
    }

    package func fail(_ error: RPCError) {
        guard let session = finish(), let id = message.id else { return }
        session.answer(batch) { $0.errorResponse(id, error) }
    }

    private func finish() -> Session? {
        guard !isFinished else { return nil }
        isFinished = true
        work = nil
        session?.finished(self)
        return session
    }

    /// Events that go on under this request's id after its answer, until the connection ends; nil for a notification
    /// or when the client has gone. Take it before the answer, and send no `event` of the request itself after that.
    package func makeEventStream() -> EventStream? {
        guard let session, let id = message.id else { return nil }
        return EventStream(session, id, sequence: eventCount)
    }

    /// Sends `$/event`; `write` adds the members behind `type`. Dropped for notifications and finished requests.
    package func event(_ type: StaticString, _ write: (inout JSONWriter) -> Void) {
        guard !isFinished, let session, let id = message.id else { return }
        let sequence = eventCount
        eventCount += 1
        session.send { writer in
            writer.beginEvent(id, sequence: sequence, type: type)
            write(&writer)
            writer.endEvent()
        }
    }
}

/// `$/event` notifications that are nobody's answer any more (PROTOCOL.md, subscribe).
@LoopActor
package final class EventStream {
    private weak var session: Session?
    private let id: RPCID
    private var sequence: Int

    fileprivate init(_ session: Session, _ id: RPCID, sequence: Int) {
        self.session = session
        self.id = id
        self.sequence = sequence
    }

    /// False once the connection has ended.
    package var isOpen: Bool { session?.isOpen ?? false }

    /// The client reads slower than we write.
    package var isCongested: Bool { session?.isCongested ?? false }

    package func send(_ type: StaticString, _ write: (inout JSONWriter) -> Void) {
        guard let session else { return }
        defer { sequence += 1 }
        session.send { writer in
            writer.beginEvent(id, sequence: sequence, type: type)
            write(&writer)
            writer.endEvent()
        }
    }
}
