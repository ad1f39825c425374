import TandemBase
import TandemJSON
import TandemProtocol

/// What `tandem stdio` does with messages: it passes them on, with the editor's own ids.
struct Relay: Translation {
    static var framing: MessageFraming? { nil }

    private(set) var outbox = DaemonOutbox()
    private(set) var exitStatus: ExitCode?

    private var editorOutput: [[UInt8]] = []
    private var inFlight: [RPCID: RequestInFlight] = [:]
    private var isShutDown = false
    private var lastBatch = 0
    /// Why the daemon closes, said before it does (a refused peer).
    private var refusal: [UInt8]?

    var hasRequests: Bool { !inFlight.isEmpty }

    var nextFlush: MonotonicTime? { inFlight.values.compactMap(\.due).min() }

    mutating func takeEditorOutput() -> [[UInt8]] {
        defer { editorOutput = [] }
        return editorOutput
    }

    // MARK: from the editor

    mutating func fromEditor(_ event: MessageFramer.Event, now: MonotonicTime) {
        switch event {
        case .message(let bytes):
            do {
                fromEditor(try JSONDocument(bytes).root, now: now)
            } catch {
                answer(nil, .parseError(error))
            }
        case .tooLarge(let id): answer(id, .tooLarge(limitBytes: adapterMessageLimit))
        case .unsupportedFraming:
            answer(nil, RPCError(.parseError, "neither JSON lines nor Content-Length headers: send one of them"))
        case .malformedHeader:
            answer(nil, RPCError(.parseError, "a header block needs one Content-Length: mend the client"))
        }
    }

    private mutating func fromEditor(_ message: JSONValue, now: MonotonicTime) {
        guard message.kind == .array, message.count > 0 else { return single(message, now: now) }
        lastBatch += 1
        let ids = message.elements.compactMap { $0["id"].flatMap(RPCID.init) }
        guard Set(ids).count == ids.count, !ids.contains(where: { inFlight[$0] != nil }) else {
            return answer(nil, RPCError(.invalidRequest, "an id of this batch is already in flight: use a new one"))
        }
        guard inFlight.count + ids.count <= inFlightLimit else { return answer(nil, .tooManyInFlight) }
        var writer = JSONWriter(reserving: message.raw.count + 64)
        writer.beginArray()
        for element in message.elements {
            writer.raw(pass(element, batch: lastBatch))
        }
        writer.endArray()
        outbox.append(writer.bytes, ids: ids)
    }

    private mutating func single(_ message: JSONValue, now: MonotonicTime) {
        let id = message["id"].flatMap(RPCID.init)
        let method = message["method"]?.string ?? ""
        switch (method, id) {
        case ("initialize", let id?): reply(id, Self.initializeResult)
        case ("shutdown", let id?):
            isShutDown = true
            reply(id, Array("null".utf8))
        case ("exit", nil): exitStatus = isShutDown ? .success : .failure
        case ("initialized", nil): break
        case ("$/cancelRequest", nil):
            guard let target = message["params"]?["id"].flatMap(RPCID.init), inFlight[target] != nil else { return }
            outbox.append(message.raw, ids: [])
        case ("window/workDoneProgress/cancel", nil):
            let token = message["params"]?["token"].map { Array($0.raw) }
            guard let token, let target = inFlight.values.first(where: { $0.token == token }) else { return }
            outbox.cancel(target.id)
        case (_, nil) where method.hasPrefix("$/"): break
        case (_, let id?) where isShutDown:
            answer(id, RPCError(.invalidRequest, "shutdown was asked for: only exit may follow"))
        case (_, let id?) where inFlight[id] != nil:
            answer(id, RPCError(.invalidRequest, "this id is already in flight: use a new one"))
        case (_, let id?) where inFlight.count >= inFlightLimit:
            answer(id, .tooManyInFlight)
        default:
            outbox.append(pass(message, batch: nil), ids: id.map { [$0] } ?? [])
        }
    }

    /// Notes a request as in flight; gives what the daemon is to see of it: without `params: null`, without
    /// `workDoneToken`, and with `stream` where the token makes events needed.
    private mutating func pass(_ message: JSONValue, batch: Int?) -> [UInt8] {
        guard let id = message["id"].flatMap(RPCID.init) else { return strip(message, addStream: false) }
        let method = message["method"]?.string ?? ""
        let streams = ["chat", "plan", "executePlan", "solve", "escalate"].contains(method)
        let request = RequestInFlight(id: id, batch: batch, params: message["params"])
        inFlight[id] = request
        if let begin = request.progressBegin { editorOutput.append(begin) }
        return strip(message, addStream: request.token != nil && !request.wantsEvents && streams)
    }

    private func strip(_ message: JSONValue, addStream: Bool) -> [UInt8] {
        guard let params = message["params"], params.isNull || params["workDoneToken"] != nil else {
            return Array(message.raw)
        }
        var writer = JSONWriter(reserving: message.raw.count + 16)
        writer.beginObject()
        for (name, value) in message.members {
            if name == "params", value.isNull { continue }
            writer.key(name)
            guard name == "params" else {
                writer.raw(value.raw)
                continue
            }
            writer.beginObject()
            for (name, value) in params.members where name != "workDoneToken" && !(addStream && name == "stream") {
                writer.key(name)
                writer.raw(value.raw)
            }
            if addStream { writer.member("stream", true) }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    // MARK: from the daemon

    mutating func fromDaemon(_ bytes: [UInt8], now: MonotonicTime) {
        guard let message = try? JSONDocument(bytes).root else { return }
        if message["method"]?.isString("$/event") == true, let params = message["params"],
            let id = params["id"].flatMap(RPCID.init), inFlight[id] != nil
        {
            editorOutput += inFlight[id]?.event(params, now: now) ?? []
            return
        }
        if message["method"] == nil {
            if message["id"]?.isNull == true, let error = message["error"], inFlight[.null] == nil {
                refusal = Array(error.raw)
                return
            }
            for answer in message.kind == .array ? Array(message.elements) : [message] {
                if let id = answer["id"].flatMap(RPCID.init) { finish(id, now: now) }
            }
        }
        editorOutput.append(bytes)
    }

    mutating func flush(now: MonotonicTime) {
        for (id, request) in inFlight {
            guard let due = request.due, due <= now else { continue }
            editorOutput += inFlight[id]?.flush(now: now) ?? []
        }
    }

    /// Everything of a request goes out before its response.
    private mutating func finish(_ id: RPCID, now: MonotonicTime) {
        guard var request = inFlight.removeValue(forKey: id) else { return }
        editorOutput += request.flush(now: now)
        if let end = request.progressEnd { editorOutput.append(end) }
    }

    // MARK: the connection

    mutating func wrote(_ count: Int) {
        for id in outbox.wrote(count) { inFlight[id]?.isSent = true }
    }

    mutating func connectionLost(now: MonotonicTime) {
        if let refusal {
            self.refusal = nil
            outbox.removeAll()
            fail(where: { _ in true }, now: now) { $0.raw(refusal) }
            return
        }
        outbox.keepUnsent()
        fail(where: \.isSent, now: now) { $0.error(.connectionLost) }
    }

    mutating func dialFailed(_ message: String, now: MonotonicTime) {
        outbox.removeAll()
        fail(where: { _ in true }, now: now) { $0.error(RPCError(.shuttingDown, message)) }
    }

    mutating func cancelAll() {
        for request in inFlight.values where !request.isDetached { outbox.cancel(request.id) }
    }

    private mutating func fail(
        where isMeant: (RequestInFlight) -> Bool, now: MonotonicTime, _ error: (inout JSONWriter) -> Void
    ) {
        var batches: [Int: [[UInt8]]] = [:]
        for request in inFlight.values where isMeant(request) {
            finish(request.id, now: now)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("jsonrpc", "2.0")
            writer.key("id")
            writer.raw(request.id.raw)
            writer.key("error")
            error(&writer)
            writer.endObject()
            if let batch = request.batch {
                batches[batch, default: []].append(writer.bytes)
            } else {
                editorOutput.append(writer.bytes)
            }
        }
        for answers in batches.values {
            var writer = JSONWriter()
            writer.beginArray()
            for answer in answers { writer.raw(answer) }
            writer.endArray()
            editorOutput.append(writer.bytes)
        }
    }

    private mutating func answer(_ id: RPCID?, _ error: RPCError) {
        var writer = JSONWriter()
        writer.errorResponse(id ?? .null, error)
        editorOutput.append(writer.bytes)
    }

    private mutating func reply(_ id: RPCID, _ result: [UInt8]) {
        var writer = JSONWriter()
        writer.response(id, result: result)
        editorOutput.append(writer.bytes)
    }

    private static var initializeResult: [UInt8] {
        Array("{\"capabilities\":{},\"serverInfo\":{\"name\":\"tandem\",\"version\":\"\(tandemVersion)\"}}".utf8)
    }
}
