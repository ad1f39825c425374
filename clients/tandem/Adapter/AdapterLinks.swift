import TandemBase
import TandemJSON
import TandemProtocol

/// The most requests to the editor that are not answered yet.
private let editorRequestLimit = 256

/// What an editor is told when a request fails.
struct EditorError: Error {
    var code: Int
    var message: String
    /// What the daemon's own error says beyond its message: raw JSON.
    var data: [UInt8]?

    init(_ code: Int, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The editor's protocol has codes of its own, with meanings of their own: the daemon's code goes into `data`.
    init(_ error: RPCError) {
        code = error.code == .invalidParams ? -32602 : error.code == .cancelled ? -32800 : -32603
        message = error.message
        data = object { writer in
            writer.member("code", error.code.rawValue)
            writer.member("kind", error.code.kind)
            writer.member("retryable", error.retryable)
            writer.member("request_id", ifPresent: error.requestID)
        }
    }

    static let cancelled = EditorError(-32800, "the request was cancelled")
    static func invalidParams(_ message: String) -> EditorError { EditorError(-32602, message) }
    static func methodNotFound(_ method: String) -> EditorError {
        EditorError(-32601, "there is no method \(method)")
    }
}

/// One JSON object.
func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    members(&writer)
    writer.endObject()
    return writer.bytes
}

/// Requests to the daemon, each awaited by the task that sent it.
@AdapterActor
final class DaemonLink {
    final class Reply {
        let onEvent: @AdapterActor (JSONValue) -> Void
        let promise: Promise<Result<JSONValue, RPCError>>

        init(_ onEvent: @escaping @AdapterActor (JSONValue) -> Void, _ promise: Promise<Result<JSONValue, RPCError>>) {
            self.onEvent = onEvent
            self.promise = promise
        }
    }

    private(set) var calls = DaemonCalls<Reply>()

    /// Sends a request and waits for its end. A task that is cancelled gets -32800 at once, and no event any more; the
    /// daemon is told.
    func call(
        _ method: String, onEvent: @escaping @AdapterActor (JSONValue) -> Void, _ params: (inout JSONWriter) -> Void
    ) async throws(RPCError) -> JSONValue {
        if Task.isCancelled { throw .cancelled() }
        let promise = Promise<Result<JSONValue, RPCError>>()
        let id = calls.send(method, params: object(params), Reply(onEvent, promise))
        let result = await withTaskCancellationHandler {
            await promise.value()
        } onCancel: {
            AdapterActor.assumeIsolated {
                calls[id] = Reply({ _ in }, promise)
                _ = calls.cancel(id)
                promise.settle(.failure(.cancelled()))
            }
        }
        return try result.get()
    }

    func call(
        _ method: String, _ params: (inout JSONWriter) -> Void = { _ in }
    ) async throws(RPCError) -> JSONValue {
        try await call(method, onEvent: { _ in }, params)
    }

    func take(_ bytes: [UInt8]) {
        switch calls.take(bytes) {
        case .event(let id, let params): calls[id]?.onEvent(params)
        case .result(_, let reply, let value): reply.promise.settle(.success(value))
        case .failure(_, let reply, let error): reply.promise.settle(.failure(error))
        case nil: break
        }
    }

    func wrote(_ count: Int) { calls.wrote(count) }

    func connectionLost() { fail(calls.connectionLost()) }
    func dialFailed(_ message: String) { fail(calls.dialFailed(message)) }

    private func fail(_ failed: [DaemonCalls<Reply>.Failed]) {
        for call in failed { call.context.promise.settle(.failure(call.error)) }
    }
}

/// Messages to the editor, its requests in progress, and our own requests to it.
@AdapterActor
final class EditorLink {
    /// Who answers each request of the editor.
    var tasks: [RPCID: Task<Void, Never>] = [:]
    private var output: [[UInt8]] = []
    private var waiting: [Int: Promise<Result<JSONValue, EditorError>>] = [:]
    private var lastID = 0

    func takeOutput() -> [[UInt8]] {
        defer { output = [] }
        return output
    }

    func notify(_ method: String, _ params: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginRequest(nil, method: method)
        writer.raw(object(params))
        writer.endRequest()
        output.append(writer.bytes)
    }

    func answer(_ id: RPCID, _ result: [UInt8]) {
        var writer = JSONWriter(reserving: result.count + 64)
        writer.response(id, result: result)
        output.append(writer.bytes)
    }

    func answer(_ id: RPCID, _ error: EditorError) {
        output.append(
            object { writer in
                writer.member("jsonrpc", "2.0")
                writer.member("id", raw: id.raw)
                writer.key("error")
                writer.raw(
                    object { writer in
                        writer.member("code", error.code)
                        writer.member("message", error.message)
                        if let data = error.data { writer.member("data", raw: data) }
                    })
            })
    }

    /// Asks the editor and waits. A task that is cancelled waits no longer; an answer that comes later is dropped.
    func call(
        _ method: String, _ params: (inout JSONWriter) -> Void
    ) async throws(EditorError) -> JSONValue {
        if Task.isCancelled { throw .cancelled }
        guard waiting.count < editorRequestLimit else {
            throw EditorError(-32603, "the editor has not answered \(editorRequestLimit) requests")
        }
        lastID += 1
        let id = lastID
        var writer = JSONWriter()
        writer.beginRequest(RPCID(id), method: method)
        writer.raw(object(params))
        writer.endRequest()
        output.append(writer.bytes)
        let promise = Promise<Result<JSONValue, EditorError>>()
        waiting[id] = promise
        let result = await withTaskCancellationHandler {
            await promise.value()
        } onCancel: {
            AdapterActor.assumeIsolated {
                waiting[id] = nil
                promise.settle(.failure(.cancelled))
            }
        }
        return try result.get()
    }

    /// Takes an answer of the editor.
    func take(_ message: JSONValue) {
        guard let id = message["id"]?.int, let promise = waiting.removeValue(forKey: id) else { return }
        if let error = message["error"] {
            promise.settle(
                .failure(EditorError(error["code"]?.int ?? -32603, error["message"]?.string ?? "unknown error")))
        } else {
            promise.settle(.success(message["result"] ?? nullValue))
        }
    }
}

private let nullValue: JSONValue = {
    // The four bytes are JSON.
    guard let document = try? JSONDocument(Array("null".utf8)) else { preconditionFailure("null is JSON") }
    return document.root
}()
