import TandemBase
import TandemJSON
import TandemProtocol

/// So many times in one turn the model may call tools.
private let toolRoundLimit = 25
/// What a context window is taken to hold where the daemon does not say, in tokens.
private let assumedContext = 131_072

extension ACPServer {
    /// Answers one prompt of ask mode; gives the stop reason.
    func chat(_ content: ACPPromptContent, _ session: ACPSession) async throws(RPCError) -> String {
        let tools = await ACPTools(session)
        for problem in tools.problems { session.updates.thought("Tandem: \(problem)\n") }
        var messages = content.message
        for _ in 0..<toolRoundLimit {
            let view = ACPAnswerView(session)
            let result = try await daemon.call("chat", onEvent: { view.take($0) }) { writer in
                writer.member("session", session.id)
                writer.member("stream", true)
                writer.member("model", ifPresent: session.model)
                writer.member("messages", raw: [UInt8(ascii: "[")] + messages + [UInt8(ascii: "]")])
                if session.thought != ACPSession.thoughtLevels[0] {
                    writer.member("reasoning", raw: object { $0.member("depth", session.thought) })
                }
                tools.write(to: &writer)
            }
            view.finish(result)
            account(result, session)
            let calls = result["tool_calls"].map { Array($0.elements) } ?? []
            guard result["finish_reason"]?.string == "tool_calls", !calls.isEmpty else {
                return stopReason(result)
            }
            var results: [[UInt8]] = []
            for call in calls { results.append(try await run(call, tools, session)) }
            messages = Array(results.joined(separator: [UInt8(ascii: ",")]))
            session.updates.beginMessage()
        }
        return "max_turn_requests"
    }

    private func stopReason(_ result: JSONValue) -> String {
        switch result["finish_reason"]?.string {
        case "length": "max_tokens"
        case "content_filter": "refusal"
        default: "end_turn"
        }
    }

    /// Tells what a request cost, and how full the model's context is.
    func account(_ result: JSONValue, _ session: ACPSession) {
        if let id = result["request_id"]?.string { session.lastRequestID = id }
        if let cost = result["cost_usd"]?.double { session.costUSD? += cost } else { session.costUSD = nil }
        guard let usage = result["usage"], let prompt = usage["prompt_tokens"]?.int else { return }
        let used = prompt + (usage["completion_tokens"]?.int ?? 0)
        let name = result["model"]?.string ?? session.model ?? models?.defaultName
        let context = models?.models.first { $0.name == name }?.context ?? assumedContext
        session.updates.send("usage_update") { writer in
            writer.member("used", used)
            writer.member("size", max(used, context))
            if let cost = session.costUSD {
                writer.key("cost")
                writer.raw(
                    object { writer in
                        writer.member("amount", cost)
                        writer.member("currency", "USD")
                    })
            }
        }
    }

    /// Runs one call that the model asked for; gives the message with its result.
    private func run(_ call: JSONValue, _ tools: ACPTools, _ session: ACPSession) async throws(RPCError) -> [UInt8] {
        let name = call["function"]?["name"]?.string ?? ""
        let arguments = Array((call["function"]?["arguments"]?.string ?? "{}").utf8)
        let input = (try? JSONDocument(arguments.isEmpty ? Array("{}".utf8) : arguments))?.root
        var shown = ACPToolCall(id: session.updates.newIdentifier(), title: name, kind: "other")
        shown.rawInput = input.map { Array($0.raw) }
        let text: String
        let failed: Bool
        if let tool = tools[name], let input, input.kind == .object {
            shown.title = tool.title
            shown.kind = tool.isReadOnly ? "read" : "other"
            session.updates.begin(shown)
            if tool.isReadOnly {
                session.updates.update(shown, "in_progress")
                (text, failed) = try await tool.run(input)
            } else if try await isPermitted(shown, what: "tool \(name)", session) {
                session.updates.update(shown, "in_progress")
                (text, failed) = try await tool.run(input)
            } else {
                (text, failed) = ("The user did not permit this call. Go on without it, or ask what to do.", true)
            }
        } else {
            session.updates.begin(shown)
            let names = tools.names.joined(separator: ", ")
            text = tools[name] == nil ? "There is no tool \(name); there are: \(names)" : "The arguments are no object."
            failed = true
        }
        session.updates.update(shown, failed ? "failed" : "completed", content: [ACPToolCall.text(text)])
        return object { writer in
            writer.member("role", "tool")
            writer.member("tool_call_id", call["id"]?.string ?? "")
            writer.member("content", text)
        }
    }

    /// Whether something may be done: as decided for the session before, else the person is asked.
    /// - Parameter what: what a decision for the session counts for.
    func isPermitted(_ call: ACPToolCall, what: String, _ session: ACPSession) async throws(RPCError) -> Bool {
        if session.allowed.contains(what) { return true }
        if session.rejected.contains(what) { return false }
        session.updates.flush()
        let answer: JSONValue
        do throws(EditorError) {
            answer = try await editor.call("session/request_permission") { writer in
                writer.member("sessionId", session.id)
                writer.key("toolCall")
                writer.beginObject()
                call.write("pending", to: &writer)
                writer.endObject()
                writer.key("options")
                writer.beginArray()
                for (id, name) in [
                    ("allow_once", "Allow"), ("allow_always", "Allow for this session"), ("reject_once", "Reject"),
                    ("reject_always", "Reject for this session"),
                ] {
                    writer.beginObject()
                    writer.member("optionId", id)
                    writer.member("name", name)
                    writer.member("kind", id)
                    writer.endObject()
                }
                writer.endArray()
            }
        } catch {
            if Task.isCancelled { throw .cancelled() }
            log.write("the editor cannot ask for permission: \(error.message)")
            return false
        }
        let outcome = answer["outcome"]
        if outcome?["outcome"]?.string == "cancelled" { throw .cancelled() }
        switch outcome?["optionId"]?.string {
        case "allow_once": return true
        case "allow_always":
            session.allowed.insert(what)
            return true
        case "reject_always":
            session.rejected.insert(what)
            return false
        default: return false
        }
    }
}

/// Shows the events of one request as updates of its session.
@AdapterActor
final class ACPAnswerView {
    private let updates: ACPUpdates
    private var steps: [String] = []
    private var hasContent = false

    init(_ session: ACPSession) { updates = session.updates }

    func take(_ event: JSONValue) {
        switch event["type"]?.string {
        case "content":
            hasContent = true
            if let text = event["text"] { updates.message(text) }
        case "reasoning":
            if let text = event["text"] { updates.thought(text) }
        case "reset":
            // What was said cannot be taken back: the new answer is a message of its own, below a line.
            updates.beginMessage()
            if hasContent { updates.message("\n\n---\n\n") }
            hasContent = false
        case "notice":
            if let text = event["message"]?.string { updates.thought("Tandem: \(text)\n") }
        case "step":
            let role = event["role"]?.string ?? ""
            let model = event["model"]?.string ?? ""
            // One call to one model is no plan.
            if steps.isEmpty, role == "direct" || role == "default" { return }
            steps.append("\(role): \(model)")
            show(isOver: false)
        default: break
        }
    }

    /// The request is over.
    func finish(_ result: JSONValue) {
        if !hasContent, let text = result["content"], text.kind == .string { updates.message(text) }
        if !steps.isEmpty { show(isOver: true) }
    }

    private func show(isOver: Bool) {
        updates.plan(
            steps.enumerated().map { index, step in
                (step, isOver || index < steps.count - 1 ? .completed : .inProgress)
            })
    }
}
