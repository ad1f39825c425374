import Glibc
import TandemBase
import TandemJSON
import TandemProtocol

/// Codes of the Agent Client Protocol beyond JSON-RPC's.
private let resourceNotFound = -32002
/// Conversations that one page of `session/list` gives.
private let listPageSize = 50

/// An agent of the Agent Client Protocol, version 1 (https://agentclientprotocol.com), over the daemon.
@AdapterActor
final class ACPServer: AsyncServer {
    static nonisolated var framing: MessageFraming { .newline }

    let daemon = DaemonLink()
    let editor = EditorLink()
    let log: AdapterLog
    private(set) var canReadFiles = false
    private(set) var canWriteFiles = false
    var models: ACPModels?
    private var sessions: [String: ACPSession] = [:]

    init(log: AdapterLog) { self.log = log }

    var exitStatus: ExitCode? { nil }

    var nextFlush: MonotonicTime? {
        sessions.values.flatMap { [$0.updates.due] + $0.tools.map(\.nextDeadline) }.compactMap { $0 }.min()
    }

    func flush(now: MonotonicTime) {
        for session in sessions.values {
            if let due = session.updates.due, due <= now { session.updates.flush(now: now) }
            for server in session.tools { server.expire(now: now) }
        }
        ToolServer.reap()
    }

    var watched: [pollfd] { sessions.values.flatMap { $0.tools.flatMap(\.watched) } }

    func ready(_ descriptor: Int32, _ events: Int16) {
        for session in sessions.values {
            for server in session.tools where server.owns(descriptor) { return server.ready(descriptor, events) }
        }
    }

    func end() {
        for session in sessions.values { close(session) }
    }

    // MARK: requests

    func answer(_ id: RPCID, _ method: String, _ params: JSONValue?) async throws(EditorError) -> [UInt8] {
        switch method {
        case "initialize": return initialize(params)
        case "session/new": return try await newSession(params)
        case "session/load": return try await openSession(params, replays: true)
        case "session/resume": return try await openSession(params, replays: false)
        case "session/list": return try await listSessions(params)
        case "session/close":
            let session = try session(params)
            close(session)
            sessions[session.id] = nil
            return object { _ in }
        case "session/set_mode":
            let session = try session(params)
            guard let mode = params?["modeId"]?.string.flatMap(ACPMode.init) else {
                throw .invalidParams("modeId is none of \(ACPMode.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            session.mode = mode
            if let models { session.updates.send("config_option_update") { session.writeOptions(models, to: &$0) } }
            return object { _ in }
        case "session/set_config_option": return try await setOption(params)
        case "session/prompt":
            let session = try session(params)
            let reason = try await prompt(session, params?["prompt"])
            session.updates.flush()
            return object { $0.member("stopReason", reason) }
        default: throw .methodNotFound(method)
        }
    }

    func began(_ id: RPCID, _ method: String, _ params: JSONValue?, _ task: Task<Void, Never>) {
        guard method == "session/prompt", let session = try? session(params) else { return }
        if session.turn == nil { session.turn = task }
    }

    func answered(_ method: String, _ params: JSONValue?, _ result: [UInt8]) {
        guard ["session/new", "session/load", "session/resume"].contains(method) else { return }
        let id = params?["sessionId"]?.string ?? (try? JSONDocument(result).root["sessionId"]?.string)
        if let id, let session = sessions[id] { session.updates.announceCommands() }
    }

    func notified(_ method: String, _ params: JSONValue?) {
        guard method == "session/cancel", let session = try? session(params) else { return }
        session.turn?.cancel()
    }

    // MARK: sessions

    private func initialize(_ params: JSONValue?) -> [UInt8] {
        let files = params?["clientCapabilities"]?["fs"]
        canReadFiles = files?["readTextFile"]?.bool == true
        canWriteFiles = files?["writeTextFile"]?.bool == true
        // What is not there is left out, as the protocol has it: some clients show whatever is named.
        let text = """
            {"protocolVersion":1,"agentCapabilities":{"loadSession":true,\
            "promptCapabilities":{"image":true,"embeddedContext":true},\
            "sessionCapabilities":{"list":{},"resume":{},"close":{}}},\
            "agentInfo":{"name":"tandem","title":"Tandem","version":"\(tandemVersion)"},"authMethods":[]}
            """
        return Array(text.utf8)
    }

    private func session(_ params: JSONValue?) throws(EditorError) -> ACPSession {
        guard let id = params?["sessionId"]?.string else { throw .invalidParams("sessionId is missing") }
        guard let session = sessions[id] else {
            throw EditorError(resourceNotFound, "there is no open session \(id): load or resume it")
        }
        return session
    }

    /// What can be asked, read again each time: the configuration may have changed.
    func loadModels() async throws(EditorError) -> ACPModels {
        do throws(RPCError) {
            let models = ACPModels(try await daemon.call("models"))
            self.models = models
            return models
        } catch {
            throw EditorError(error)
        }
    }

    private func newSession(_ params: JSONValue?) async throws(EditorError) -> [UInt8] {
        let cwd = try folder(params)
        let models = try await loadModels()
        let session = try open(ACPSession.newID(cwd: cwd), cwd, params)
        return object { writer in
            writer.member("sessionId", session.id)
            session.writeState(models, to: &writer)
        }
    }

    private func openSession(_ params: JSONValue?, replays: Bool) async throws(EditorError) -> [UInt8] {
        guard let id = params?["sessionId"]?.string else { throw .invalidParams("sessionId is missing") }
        let cwd = try folder(params)
        let models = try await loadModels()
        let messages = try await conversation(id)
        if let old = sessions[id] { close(old) }
        let session = try open(id, cwd, params)
        if replays { session.updates.replay(messages, cwd: cwd) }
        return object { session.writeState(models, to: &$0) }
    }

    private func folder(_ params: JSONValue?) throws(EditorError) -> String {
        guard let cwd = params?["cwd"]?.string, cwd.hasPrefix("/") else {
            throw .invalidParams("cwd is not an absolute path")
        }
        return cwd
    }

    private func open(_ id: String, _ cwd: String, _ params: JSONValue?) throws(EditorError) -> ACPSession {
        let session = ACPSession(id: id, cwd: cwd, editor: editor)
        for server in params?["mcpServers"]?.elements.map({ $0 }) ?? [] {
            // Those with a type speak HTTP, which is not among our capabilities.
            guard server["type"]?.string == nil || server["type"]?.string == "stdio" else { continue }
            session.tools.append(try ToolServer(server, cwd: cwd, log: log))
        }
        sessions[id] = session
        return session
    }

    private func close(_ session: ACPSession) {
        session.turn?.cancel()
        for server in session.tools { server.stop() }
        session.tools = []
    }

    /// The messages of a kept conversation.
    private func conversation(_ id: String) async throws(EditorError) -> [JSONValue] {
        do throws(RPCError) {
            let result = try await daemon.call("sessions") { $0.member("session", id) }
            guard let messages = result["messages"] else {
                throw RPCError(.notFound, "the daemon gave no messages")
            }
            return Array(messages.elements)
        } catch {
            if error.code == .notFound {
                // The daemon begins a conversation with its first answer: one of our names without any is empty.
                if ACPSession.cwd(ofID: id) != nil { return [] }
                throw EditorError(resourceNotFound, "there is no session \(id)")
            }
            if error.code == .methodNotFound || error.code == .invalidParams {
                throw EditorError(-32603, "this tandemd cannot give a conversation back: update it")
            }
            throw EditorError(error)
        }
    }

    private func listSessions(_ params: JSONValue?) async throws(EditorError) -> [UInt8] {
        let cursor = params?["cursor"]?.string
        let start = cursor.flatMap { Int($0) } ?? 0
        guard start >= 0, cursor == nil || start > 0 else { throw .invalidParams("the cursor is not one of ours") }
        let result: JSONValue
        do throws(RPCError) {
            result = try await daemon.call("sessions")
        } catch {
            throw EditorError(error)
        }
        let wanted = params?["cwd"]?.string
        let all = (result["sessions"]?.elements.map { $0 } ?? []).compactMap { session -> (JSONValue, String)? in
            guard let cwd = ACPSession.cwd(ofID: session["session"]?.string ?? ""), wanted == nil || cwd == wanted
            else { return nil }
            return (session, cwd)
        }
        return object { writer in
            writer.key("sessions")
            writer.beginArray()
            for (session, cwd) in all.dropFirst(start).prefix(listPageSize) {
                writer.beginObject()
                writer.member("sessionId", session["session"]?.string ?? "")
                writer.member("cwd", cwd)
                writer.member("title", ifPresent: session["title"]?.string)
                writer.member("updatedAt", ifPresent: session["updated_at"]?.string)
                writer.endObject()
            }
            writer.endArray()
            if all.count > start + listPageSize { writer.member("nextCursor", String(start + listPageSize)) }
        }
    }

    private func setOption(_ params: JSONValue?) async throws(EditorError) -> [UInt8] {
        let session = try session(params)
        guard let value = params?["value"]?.string else { throw .invalidParams("value is not a string") }
        // The list that the editor chose from; a model that is gone since is refused when it is asked.
        guard let models else { throw EditorError(-32603, "the models are not known: open the session again") }
        switch params?["configId"]?.string {
        case "mode":
            guard let mode = ACPMode(rawValue: value) else { throw .invalidParams("there is no mode \(value)") }
            session.mode = mode
            session.updates.send("current_mode_update") { $0.member("currentModeId", mode.rawValue) }
        case "model":
            guard models.models.contains(where: { $0.name == value }) else {
                throw .invalidParams("there is no model \(value)")
            }
            session.model = value
        case "thought_level":
            guard ACPSession.thoughtLevels.contains(value) else {
                throw .invalidParams("there is no thought level \(value)")
            }
            session.thought = value
        default: throw .invalidParams("there is no such option")
        }
        return object { session.writeOptions(models, to: &$0) }
    }

    // MARK: turns

    /// One turn, from the prompt to its stop reason.
    private func prompt(_ session: ACPSession, _ blocks: JSONValue?) async throws(EditorError) -> String {
        guard !session.isBusy else {
            throw EditorError(-32600, "a prompt of this session is being answered: wait for it, or cancel it")
        }
        session.isBusy = true
        defer {
            session.isBusy = false
            session.turn = nil
        }
        guard let blocks, blocks.kind == .array else { throw .invalidParams("prompt is not a list of content") }
        session.updates.beginMessage()
        do throws(EditorError) {
            let content = try await readPrompt(blocks, session)
            do throws(RPCError) {
                let reason = try await run(content, session)
                return Task.isCancelled ? "cancelled" : reason
            } catch {
                throw EditorError(error)
            }
        } catch {
            if Task.isCancelled || error.code == EditorError.cancelled.code { return "cancelled" }
            throw error
        }
    }

    private func run(_ content: ACPPromptContent, _ session: ACPSession) async throws(RPCError) -> String {
        let command = ACPSlashCommand(content.text)
        if command == nil, session.mode == .ask { return try await chat(content, session) }
        session.updates.transcript = []
        defer { session.updates.transcript = nil }
        if let command {
            let reason = try await run(command, content, session)
            if command.name.isPartOfConversation { await remember(content, session) }
            return reason
        }
        if let plan = try await plan(content, session), session.mode == .edit { try await execute(plan, session) }
        await remember(content, session)
        return "end_turn"
    }

    /// Adds a turn that was no chat to the session's conversation, with what was said in it.
    private func remember(_ content: ACPPromptContent, _ session: ACPSession) async {
        guard let said = session.updates.transcript, !said.isEmpty else { return }
        do throws(RPCError) {
            _ = try await daemon.call("sessions") { writer in
                writer.member("session", session.id)
                writer.key("append")
                writer.beginArray()
                writer.raw(content.message)
                writer.raw(
                    object { writer in
                        writer.member("role", "assistant")
                        writer.member("content", raw: [UInt8(ascii: "\"")] + said + [UInt8(ascii: "\"")])
                    })
                writer.endArray()
            }
        } catch {
            log.write("the turn is not kept in the conversation: \(error.message)")
        }
    }
}
