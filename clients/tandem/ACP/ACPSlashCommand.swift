import TandemBase
import TandemJSON
import TandemProtocol

/// A command that begins a prompt.
struct ACPSlashCommand {
    enum Name: String, CaseIterable {
        case plan, execute, escalate, undo, model, stats

        var description: String {
            switch self {
            case .plan: "Plan edits and show them; changes nothing"
            case .execute: "Carry the last plan out, each file with your permission"
            case .escalate: "Ask the reasoning model, the last question again without one"
            case .undo: "Take the last edit back"
            case .model: "Choose the model; without a name, list them"
            case .stats: "Show what was asked today, and what it cost"
            }
        }

        /// Whether the turn belongs to the conversation, for the model and when the session is loaded again.
        var isPartOfConversation: Bool { self != .model && self != .stats }

        var hint: String? {
            switch self {
            case .plan: "what is to be done"
            case .escalate: "a question"
            case .model: "a model's name"
            default: nil
            }
        }
    }

    var name: Name
    /// What stands behind it.
    var rest: String

    /// Nil when the text begins with no command of ours.
    init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        let word = text.dropFirst().prefix { !$0.isWhitespace }
        guard let name = Name(rawValue: String(word)) else { return nil }
        self.name = name
        var rest = text.dropFirst(1 + word.count)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        self.rest = String(rest)
    }
}

extension ACPUpdates {
    func announceCommands() {
        send("available_commands_update") { writer in
            writer.key("availableCommands")
            writer.beginArray()
            for name in ACPSlashCommand.Name.allCases {
                writer.beginObject()
                writer.member("name", name.rawValue)
                writer.member("description", name.description)
                if let hint = name.hint { writer.member("input", raw: object { $0.member("hint", hint) }) }
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

extension ACPServer {
    /// Does what a command says; gives the stop reason.
    func run(
        _ command: ACPSlashCommand, _ content: ACPPromptContent, _ session: ACPSession
    ) async throws(RPCError) -> String {
        var content = content
        content.text = command.rest
        switch command.name {
        case .plan:
            if content.chatText.isEmpty {
                session.updates.message("Say what is to be done: /plan make the parser accept empty input\n")
            } else {
                _ = try await plan(content, session)
            }
        case .execute:
            guard let plan = session.lastPlan else {
                session.updates.message("There is no plan yet: /plan makes one.\n")
                break
            }
            try await execute(plan, session)
        case .escalate: return try await escalate(content, session)
        case .undo: try await undo(session)
        case .model: try await chooseModel(command.rest, session)
        case .stats: try await showStats(session)
        }
        return "end_turn"
    }

    private func escalate(_ content: ACPPromptContent, _ session: ACPSession) async throws(RPCError) -> String {
        var requestID = session.lastRequestID
        if content.chatText.isEmpty, requestID == nil {
            let history = try await daemon.call("history") { writer in
                writer.member("session", session.id)
                writer.member("limit", 1)
            }
            requestID = history["requests"]?[0]?["request_id"]?.string
        }
        guard !content.chatText.isEmpty || requestID != nil else {
            session.updates.message("There is nothing to escalate yet: ask something first, or /escalate QUESTION.\n")
            return "end_turn"
        }
        let earlier = content.chatText.isEmpty ? [] : await conversationSoFar(session)
        let view = ACPAnswerView(session)
        do throws(RPCError) {
            let result = try await daemon.call("escalate", onEvent: { view.take($0) }) { writer in
                writer.member("stream", true)
                if content.chatText.isEmpty {
                    writer.member("request_id", ifPresent: requestID)
                } else {
                    writer.key("messages")
                    writer.beginArray()
                    for message in earlier { writer.value(message) }
                    writer.raw(content.message)
                    writer.endArray()
                }
            }
            view.finish(result)
            account(result, session)
        } catch {
            guard error.code == .methodNotFound else { throw error }
            session.updates.message("This tandemd cannot escalate yet: update it, then ask again.\n")
        }
        return "end_turn"
    }

    /// What was said in the session; nothing where nothing was, or where it cannot be read.
    private func conversationSoFar(_ session: ACPSession) async -> [JSONValue] {
        let result = try? await daemon.call("sessions") { $0.member("session", session.id) }
        return result?["messages"].map { Array($0.elements) } ?? []
    }

    // MARK: undo

    private func undo(_ session: ACPSession) async throws(RPCError) {
        var undo = session.undo
        if undo == nil {
            let list = try await daemon.call("transactions") { writer in
                writer.member("root", session.cwd)
                writer.member("limit", transactionsLookedAt)
            }
            undo = newestChange(in: list["transactions"]).map { ACPUndo(transaction: $0) }
        }
        guard let undo else { return session.updates.message("There is nothing to undo.\n") }
        var restored: [String] = []
        for buffer in undo.buffers {
            do throws(EditorError) {
                restored.append(try await restore(buffer, session))
            } catch {
                if Task.isCancelled { throw .cancelled() }
                session.updates.message("\(buffer.path): \(error.message)\n")
            }
        }
        if let id = undo.transaction {
            do throws(RPCError) {
                let result = try await daemon.call("undo") { $0.member("transaction_id", id) }
                restored += result["files"]?.elements.compactMap { $0["path"]?.string } ?? []
            } catch {
                return try tell(error, session)
            }
        }
        session.undo = nil
        let names = restored.joined(separator: ", ")
        session.updates.message(restored.isEmpty ? "Nothing was restored.\n" : "Restored \(names).\n")
    }

    private func restore(
        _ buffer: (path: String, before: String?, after: String), _ session: ACPSession
    ) async throws(EditorError) -> String {
        guard let before = buffer.before else {
            throw EditorError(-32603, "was new: delete it in the editor if it is not wanted")
        }
        guard try await readFile(buffer.path, session) == buffer.after else {
            throw EditorError(-32603, "was changed since: undo it in the editor")
        }
        _ = try await editor.call("fs/write_text_file") { writer in
            writer.member("sessionId", session.id)
            writer.member("path", buffer.path)
            writer.member("content", before)
        }
        return relativePath(buffer.path, below: session.cwd) ?? buffer.path
    }

    // MARK: model, stats

    private func chooseModel(_ name: String, _ session: ACPSession) async throws(RPCError) {
        let models = ACPModels(try await daemon.call("models"))
        self.models = models
        let current = session.model ?? models.defaultName
        if name.isEmpty {
            let lines = models.models.map { model in
                "- \(model.name)\(model.name == current ? " (current)" : "") \(model.description)"
            }
            return session.updates.message(lines.joined(separator: "\n") + "\n")
        }
        guard models.models.contains(where: { $0.name == name }) else {
            let near = nearestName(to: name, among: models.models.map(\.name)).map { ", did you mean \($0)?" } ?? ""
            return session.updates.message("There is no model \(name)\(near)\n")
        }
        session.model = name
        session.updates.send("config_option_update") { session.writeOptions(models, to: &$0) }
        session.updates.message("The model is \(name) from now on.\n")
    }

    private func showStats(_ session: ACPSession) async throws(RPCError) {
        let result: JSONValue
        do throws(RPCError) {
            result = try await daemon.call("stats") { writer in
                writer.member("since", "24h")
                writer.member("by", "model")
            }
        } catch {
            guard error.code == .methodNotFound else { throw error }
            return session.updates.message("This tandemd keeps no statistics yet: update it.\n")
        }
        let rows = result["rows"].map { Array($0.elements) } ?? []
        var text = "The last 24 hours:\n\n| model | requests | errors | cost |\n|---|---|---|---|\n"
        for row in rows {
            let name = row["model"]?.string ?? row["key"]?.string ?? "?"
            let cost = row["cost_usd"]?.double.map(humanCost) ?? "unknown"
            text += "| \(name) | \(row["requests"]?.int ?? 0) | \(row["errors"]?.int ?? 0) | \(cost) |\n"
        }
        session.updates.message(rows.isEmpty ? "Nothing was asked in the last 24 hours.\n" : text)
    }
}
