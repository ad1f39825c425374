import TandemBase
import TandemJSON
import TandemProtocol

/// How long a client may keep the list of tools and the answer to `server/discover`, in milliseconds.
private let freshness = 3_600_000

/// `tandem mcp`: what Model Context Protocol messages mean. Both eras are served side by side: a request that names its
/// revision is served without any state, and `initialize` sets the revision of all that name none.
struct MCPServer: Translation {
    static var framing: MessageFraming? { .newline }

    /// What comes back from the daemon belongs to this call of the client's.
    struct Origin {
        var id: RPCID
        var step = Step.work
    }

    /// What a call waits for. An escalation within a conversation takes three requests.
    enum Step {
        /// The conversation's messages, to go on with these arguments.
        case lookup(JSONValue)
        case work
        /// The conversation to take up what was said; then this result goes out.
        case keeping([UInt8])
    }

    private struct Batch {
        var waiting: Int
        var answers: [[UInt8]] = []
    }

    private let folder: String
    private var handshake: MCPRevision?
    private var daemon = DaemonCalls<Origin>()
    private var calls: [RPCID: MCPCall] = [:]
    private var batches: [Int: Batch] = [:]
    private var lastBatch = 0
    private var output: [[UInt8]] = []

    /// - Parameter folder: what a relative `root` is relative to.
    init(folder: String) { self.folder = folder }

    var outbox: DaemonOutbox { daemon.outbox }
    var exitStatus: ExitCode? { nil }
    var hasRequests: Bool { !calls.isEmpty }
    var nextFlush: MonotonicTime? { calls.values.compactMap(\.due).min() }

    mutating func takeEditorOutput() -> [[UInt8]] {
        defer { output = [] }
        return output
    }

    // MARK: from the client

    mutating func fromEditor(_ event: MessageFramer.Event, now: MonotonicTime) {
        switch event {
        case .message(let bytes):
            guard let document = try? JSONDocument(bytes) else {
                return fail(nil, MCPError(-32700, "the message is not valid JSON: send one object on a line"))
            }
            if document.root.kind == .array { batch(document.root, now: now) } else { single(document.root, nil, now) }
        case .tooLarge(let id):
            fail(id, MCPError(-32600, "the message is larger than \(adapterMessageLimit) bytes: send less"))
        case .unsupportedFraming, .malformedHeader: break
        }
    }

    /// Batches were part of the protocol up to 2025-03-26.
    private mutating func batch(_ message: JSONValue, now: MonotonicTime) {
        guard handshake?.hasBatches == true, message.count > 0 else {
            return fail(nil, MCPError(-32600, "a batch is not part of this protocol revision: send one message a line"))
        }
        lastBatch += 1
        // One more than there are, so that no answer closes the batch before all of it is read.
        batches[lastBatch] = Batch(waiting: 1)
        for element in message.elements { single(element, lastBatch, now) }
        finish(batch: lastBatch)
    }

    private mutating func single(_ message: JSONValue, _ batch: Int?, _ now: MonotonicTime) {
        // Answers come to no question: this server asks none.
        if message["method"] == nil, message["result"] != nil || message["error"] != nil { return }
        let request: RPCRequest
        do throws(InvalidRequest) {
            request = try RPCRequest(message)
        } catch {
            if let batch { batches[batch]?.waiting += 1 }
            let id = error.id == .null ? nil : error.id
            return fail(id, MCPError(error.error.code.rawValue, error.error.message), batch)
        }
        let method = request.name.string ?? ""
        guard let id = request.id else {
            if method == "notifications/cancelled" { cancelled(request.params) }
            return
        }
        if let batch { batches[batch]?.waiting += 1 }
        guard id != .null else {
            return fail(nil, MCPError(-32600, "the id is null: send a string or an integer"), batch)
        }
        guard calls[id] == nil else {
            return fail(id, MCPError(-32600, "this id is already in flight: use a new one"), batch)
        }
        do throws(MCPError) {
            try answer(id, method, request.params, batch, now)
        } catch {
            fail(id, error, batch)
        }
    }

    private mutating func answer(
        _ id: RPCID, _ method: String, _ params: JSONValue?, _ batch: Int?, _ now: MonotonicTime
    ) throws(MCPError) {
        if method == "initialize" { return reply(id, try initialize(params), batch) }
        if method == "ping", params?["_meta"]?[MCPMeta.revision] == nil { return reply(id, Array("{}".utf8), batch) }
        let revision = try revision(of: params)
        switch method {
        case "tools/list": reply(id, toolList(revision), batch)
        case "tools/call": try call(id, params, revision, batch, now)
        case "server/discover" where revision.isStateless: reply(id, discovery(revision), batch)
        default: throw .methodNotFound(method)
        }
    }

    /// The revision that a request is served by: the one it names, else the handshake's.
    private func revision(of params: JSONValue?) throws(MCPError) -> MCPRevision {
        guard let named = params?["_meta"]?[MCPMeta.revision] else {
            if let handshake { return handshake }
            throw .invalidParams("params._meta lacks \(MCPMeta.revision): send it, or begin with initialize")
        }
        guard let text = named.string else { throw .invalidParams("\(MCPMeta.revision) is not a string") }
        guard let revision = MCPRevision(rawValue: text), revision.isStateless else {
            throw .unsupportedRevision(text)
        }
        guard params?["_meta"]?[MCPMeta.capabilities]?.kind == .object else {
            throw .invalidParams("params._meta lacks the object \(MCPMeta.capabilities): send it with every request")
        }
        return revision
    }

    private mutating func initialize(_ params: JSONValue?) throws(MCPError) -> [UInt8] {
        guard let asked = params?["protocolVersion"]?.string else {
            throw .invalidParams("protocolVersion is missing: send the revision to speak")
        }
        let revision = MCPRevision(rawValue: asked).flatMap { $0.isStateless ? nil : $0 } ?? .newestHandshake
        handshake = revision
        var writer = JSONWriter(reserving: 512)
        writer.beginResult(revision)
        writer.member("protocolVersion", revision.rawValue)
        writer.capabilities()
        writer.key("serverInfo")
        writer.serverInfo()
        writer.member("instructions", instructions)
        writer.endObject()
        return writer.bytes
    }

    private func discovery(_ revision: MCPRevision) -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        writer.beginResult(revision)
        writer.member("supportedVersions", MCPRevision.names)
        writer.capabilities()
        writer.member("instructions", instructions)
        writer.member("ttlMs", freshness)
        writer.member("cacheScope", "public")
        writer.endObject()
        return writer.bytes
    }

    private func toolList(_ revision: MCPRevision) -> [UInt8] {
        var writer = JSONWriter(reserving: 16384)
        writer.beginResult(revision)
        writer.key("tools")
        writer.beginArray()
        for tool in MCPTool.all { writer.tool(tool) }
        writer.endArray()
        if revision.isStateless {
            writer.member("ttlMs", freshness)
            writer.member("cacheScope", "public")
        }
        writer.endObject()
        return writer.bytes
    }

    // MARK: tools

    private mutating func call(
        _ id: RPCID, _ params: JSONValue?, _ revision: MCPRevision, _ batch: Int?, _ now: MonotonicTime
    ) throws(MCPError) {
        guard let name = params?["name"]?.string else { throw .invalidParams("name is missing: name the tool to call") }
        guard let tool = MCPTool.named(name) else {
            let known = MCPTool.all.map(\.name).joined(separator: ", ")
            throw .invalidParams("Unknown tool: \(name.prefix(64)); there are \(known)")
        }
        let arguments = params?["arguments"]
        do throws(RPCError) {
            try tool.arguments.checkParams(arguments)
        } catch {
            // The model's own mistake, which it can mend.
            return reply(id, toolFailure(revision, error), batch)
        }
        guard calls.count < inFlightLimit else {
            return reply(id, toolFailure(revision, .tooManyInFlight), batch)
        }
        let token = params?["_meta"]?["progressToken"].flatMap {
            $0.kind == .string || $0.kind == .number ? Array($0.raw) : nil
        }
        let conversation = arguments?["conversation"]?.string
        var call = MCPCall(
            id: id, tool: tool, revision: revision, conversation: conversation, token: token, batch: batch, request: 0,
            now: now)
        if tool.method == .escalate, let conversation, let arguments {
            let params = object { $0.member("session", conversation) }
            call.request = daemon.send("sessions", params: params, Origin(id: id, step: .lookup(arguments)))
        } else {
            let params = MCPRequest(tool, arguments, folder: folder, streams: token != nil).params
            call.request = daemon.send(tool.method.rawValue, params: params, Origin(id: id))
        }
        calls[id] = call
    }

    /// No message about the call goes out any more (revision 2026-07-28, "Cancellation").
    private mutating func cancelled(_ params: JSONValue?) {
        guard let id = params?["requestId"].flatMap(RPCID.init), let call = calls.removeValue(forKey: id) else {
            return
        }
        _ = daemon.cancel(call.request)
        finish(batch: call.batch)
    }

    // MARK: from the daemon

    mutating func fromDaemon(_ bytes: [UInt8], now: MonotonicTime) {
        switch daemon.take(bytes) {
        case .event(let number, let params):
            guard let id = daemon[number]?.id, calls[id]?.request == number else { return }
            calls[id]?.event(params)
            report(id, now: now)
        case .result(let number, let origin, let value):
            guard let call = calls[origin.id], call.request == number else { return }
            switch origin.step {
            case .lookup(let arguments): escalate(call, arguments, earlier: value["messages"])
            case .work:
                if call.tool.method == .escalate, call.conversation != nil { return keep(call, value) }
                end(call, call.result(value))
            case .keeping(let result): end(call, result)
            }
        case .failure(let number, let origin, let error):
            guard let call = calls[origin.id], call.request == number else { return }
            if case .lookup(let arguments) = origin.step, error.code == .notFound {
                return escalate(call, arguments, earlier: nil)
            }
            end(call, origin, error)
        case nil: break
        }
    }

    private mutating func escalate(_ call: MCPCall, _ arguments: JSONValue, earlier: JSONValue?) {
        let params = MCPRequest.escalation(arguments, earlier: earlier, streams: call.token != nil)
        var call = call
        call.question = arguments["message"]
        call.request = daemon.send("escalate", params: params, Origin(id: call.id))
        calls[call.id] = call
    }

    /// The question and its answer join the conversation before they are told.
    private mutating func keep(_ call: MCPCall, _ value: JSONValue) {
        let params = object { writer in
            writer.member("session", call.conversation ?? "")
            writer.key("append")
            writer.beginArray()
            if let question = call.question { writer.message("user", question) }
            if let answer = value["content"] { writer.message("assistant", answer) }
            writer.endArray()
        }
        let step = Step.keeping(call.result(value))
        calls[call.id]?.request = daemon.send("sessions", params: params, Origin(id: call.id, step: step))
    }

    private mutating func end(_ call: MCPCall, _ origin: Origin, _ error: RPCError) {
        // What was answered is answered, kept or not.
        if case .keeping(let result) = origin.step { return end(call, result) }
        end(call, call.failure(error))
    }

    private mutating func end(_ call: MCPCall, _ result: [UInt8]) {
        calls[call.id] = nil
        reply(call.id, result, call.batch)
    }

    mutating func flush(now: MonotonicTime) { for id in Array(calls.keys) { report(id, now: now) } }

    private mutating func report(_ id: RPCID, now: MonotonicTime) {
        guard let due = calls[id]?.due, due <= now else { return }
        if let report = calls[id]?.report(now: now) { output.append(report) }
    }

    mutating func wrote(_ count: Int) { daemon.wrote(count) }

    mutating func connectionLost(now: MonotonicTime) { end(daemon.connectionLost()) }

    mutating func dialFailed(_ message: String, now: MonotonicTime) { end(daemon.dialFailed(message)) }

    mutating func cancelAll() { end(daemon.cancelAll()) }

    private mutating func end(_ failed: [DaemonCalls<Origin>.Failed]) {
        for request in failed {
            guard let call = calls[request.context.id], call.request == request.id else { continue }
            end(call, request.context, request.error)
        }
    }

    // MARK: answers

    private mutating func reply(_ id: RPCID, _ result: [UInt8], _ batch: Int?) {
        var writer = JSONWriter(reserving: result.count + 64)
        writer.response(id, result: result)
        send(writer.bytes, batch)
    }

    private mutating func fail(_ id: RPCID?, _ error: MCPError, _ batch: Int? = nil) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        if let id {
            writer.member("id", raw: id.raw)
        } else if handshake?.leavesUnknownIDOut == false {
            writer.member("id", raw: RPCID.null.raw)
        }
        writer.key("error")
        writer.beginObject()
        writer.member("code", error.code)
        writer.member("message", error.message)
        if let data = error.data { writer.member("data", raw: data) }
        writer.endObject()
        writer.endObject()
        send(writer.bytes, batch)
    }

    private mutating func send(_ message: [UInt8], _ batch: Int?) {
        guard let batch else { return output.append(message) }
        batches[batch]?.answers.append(message)
        finish(batch: batch)
    }

    /// One of a batch is done with.
    private mutating func finish(batch: Int?) {
        guard let batch, var state = batches[batch] else { return }
        state.waiting -= 1
        batches[batch] = state
        guard state.waiting == 0 else { return }
        batches[batch] = nil
        guard !state.answers.isEmpty else { return }
        var writer = JSONWriter()
        writer.beginArray()
        for answer in state.answers { writer.raw(answer) }
        writer.endArray()
        output.append(writer.bytes)
    }
}

private let instructions = """
    Tandem asks language models in pairs: one that reasons, one that codes. Use chat for a second opinion or code, plan \
    and then execute_plan (or solve for both at once) to change files with a diff and an undo, and escalate for what \
    needs the strongest reasoning.
    """

extension JSONWriter {
    fileprivate mutating func capabilities() {
        key("capabilities")
        beginObject()
        key("tools")
        beginObject()
        endObject()
        endObject()
    }
}
