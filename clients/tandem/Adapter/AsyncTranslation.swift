import Glibc
import TandemBase
import TandemJSON
import TandemProtocol

/// An adapter whose requests are answered by tasks.
@AdapterActor
protocol AsyncServer: AnyObject {
    static nonisolated var framing: MessageFraming { get }

    var daemon: DaemonLink { get }
    var editor: EditorLink { get }
    /// Set when the editor asked for the end.
    var exitStatus: ExitCode? { get }
    /// When `flush` is due next.
    var nextFlush: MonotonicTime? { get }
    func flush(now: MonotonicTime)

    /// Begins what a request asks for, in its task. What it gives is the answer; messages before the answer go to
    /// `editor`.
    func answer(_ id: RPCID, _ method: String, _ params: JSONValue?) async throws(EditorError) -> [UInt8]
    /// Called at once when a request came, before its task runs.
    func began(_ id: RPCID, _ method: String, _ params: JSONValue?, _ task: Task<Void, Never>)
    /// Called after an answer was queued.
    func answered(_ method: String, _ params: JSONValue?, _ result: [UInt8])
    func notified(_ method: String, _ params: JSONValue?)
    /// stdin ended.
    func end()

    /// Descriptors to watch besides, and what to do when one is ready.
    var watched: [pollfd] { get }
    func ready(_ descriptor: Int32, _ events: Int16)
}

/// The shell around an `AsyncServer`: what the pump brings in goes to it on the adapter's executor. `@unchecked`,
/// because pump and executor are the same thread.
final class AsyncTranslation<Server: AsyncServer>: Translation, @unchecked Sendable {
    static var framing: MessageFraming? { Server.framing }

    private let server: Server

    init(_ make: @AdapterActor () -> Server) { server = AdapterActor.assumeIsolated(make) }

    var outbox: DaemonOutbox { AdapterActor.assumeIsolated { server.daemon.calls.outbox } }
    var exitStatus: ExitCode? { AdapterActor.assumeIsolated { server.exitStatus } }
    var hasRequests: Bool { AdapterActor.assumeIsolated { !server.editor.tasks.isEmpty } }
    var nextFlush: MonotonicTime? { AdapterActor.assumeIsolated { server.nextFlush } }
    var watched: [pollfd] { AdapterActor.assumeIsolated { server.watched } }

    func takeEditorOutput() -> [[UInt8]] { AdapterActor.assumeIsolated { server.editor.takeOutput() } }
    func flush(now: MonotonicTime) { AdapterActor.run { server.flush(now: now) } }
    func wrote(_ count: Int) { AdapterActor.assumeIsolated { server.daemon.wrote(count) } }
    func fromDaemon(_ bytes: [UInt8], now: MonotonicTime) { AdapterActor.run { server.daemon.take(bytes) } }
    func connectionLost(now: MonotonicTime) { AdapterActor.run { server.daemon.connectionLost() } }
    func dialFailed(_ message: String, now: MonotonicTime) { AdapterActor.run { server.daemon.dialFailed(message) } }
    func ready(_ descriptor: Int32, _ events: Int16) { AdapterActor.run { server.ready(descriptor, events) } }

    func cancelAll() {
        AdapterActor.run {
            for task in server.editor.tasks.values { task.cancel() }
            server.end()
        }
    }

    func fromEditor(_ event: MessageFramer.Event, now: MonotonicTime) {
        AdapterActor.run { take(event) }
    }

    @AdapterActor
    private func take(_ event: MessageFramer.Event) {
        switch event {
        case .message(let bytes):
            do {
                take(try JSONDocument(bytes).root)
            } catch {
                refuse(nil, .parseError(error))
            }
        case .tooLarge(let id): refuse(id, .tooLarge(limitBytes: adapterMessageLimit))
        case .unsupportedFraming, .malformedHeader:
            refuse(nil, RPCError(.parseError, "the framing cannot be understood: mend the client"))
        }
    }

    @AdapterActor
    private func take(_ message: JSONValue) {
        guard message.kind == .object else {
            return refuse(nil, .invalidRequest("a message is one object here: batches are not part of this protocol"))
        }
        let params = message["params"].flatMap { $0.isNull ? nil : $0 }
        guard let method = message["method"]?.string else {
            guard message["result"] != nil || message["error"] != nil else {
                return refuse(message["id"].flatMap(RPCID.init), .invalidRequest("neither a request nor an answer"))
            }
            return server.editor.take(message)
        }
        guard let member = message["id"] else { return notified(method, params) }
        guard let id = RPCID(member), server.editor.tasks[id] == nil else {
            return refuse(RPCID(member), .invalidRequest("this id cannot be used: send a new one"))
        }
        guard server.editor.tasks.count < inFlightLimit else { return refuse(id, .tooManyInFlight) }
        let task = startOnAdapter { [self] in
            do throws(EditorError) {
                let result = try await server.answer(id, method, params)
                server.editor.answer(id, result)
                server.answered(method, params, result)
            } catch {
                server.editor.answer(id, error)
            }
            server.editor.tasks[id] = nil
        }
        server.editor.tasks[id] = task
        server.began(id, method, params, task)
    }

    @AdapterActor
    private func notified(_ method: String, _ params: JSONValue?) {
        // ACP's name and member, and LSP's.
        if method == "$/cancel_request" || method == "$/cancelRequest" {
            let id = (params?["requestId"] ?? params?["id"]).flatMap(RPCID.init)
            if let id { server.editor.tasks[id]?.cancel() }
            return
        }
        server.notified(method, params)
    }

    @AdapterActor
    private func refuse(_ id: RPCID?, _ error: RPCError) {
        var refusal = EditorError(error)
        refusal.code = error.code.rawValue
        server.editor.answer(id ?? .null, refusal)
    }
}
