import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

/// What the method `escalate` asks for.
struct EscalationRequest {
    /// The reasoning model.
    var model: String
    /// What stands where the reasoning model cannot answer.
    var earlierAnswer: String?
    /// Taken out of the earlier answer.
    var signal: String
}

extension Daemon {
    /// Asks the reasoning model, with new messages or with those of an earlier chat and its answer.
    func escalate(_ request: PendingRequest) throws(RPCError) {
        guard let params = request.params else { return }
        let (model, escalation) = try escalationTarget(params["model"]?.string)
        let chat = ChatRequest(params)
        guard let text = params["request_id"]?.string else {
            return start(chat, model, escalation, for: request)
        }
        guard let id = ULID(text) else { throw .notFound(what: "request", id: text) }
        let uid = isOwner(request.peer) ? nil : request.peer.uid
        if let earlier = recentChats.chat(id, uid: uid) {
            return start(chat, model, escalation, with: earlier, for: request)
        }
        guard configuration.historyContent else { throw .notFound(what: "request", id: text) }
        var query = HistoryQuery()
        query.requestID = id
        query.uid = uid
        request.work = WaitingRequest(request)
        store.history(query) { result in
            startOnLoop { [self] in
                guard !request.isFinished else { return }
                request.work = nil
                switch result {
                case .success(let entries):
                    guard let record = entries.first?.request, !record.prompt.isEmpty else {
                        return request.fail(.notFound(what: "request", id: text))
                    }
                    let earlier = RecentChats.Chat(
                        uid: record.uid, messages: record.prompt,
                        answer: String(decoding: record.answer, as: UTF8.self))
                    start(chat, model, escalation, with: earlier, for: request)
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }

    private func start(
        _ chat: ChatRequest, _ model: ConfiguredModel, _ escalation: EscalationRequest,
        with earlier: RecentChats.Chat? = nil, for request: PendingRequest
    ) {
        var escalation = escalation
        if let earlier, let document = try? JSONDocument(followUp(earlier)) {
            chat.replaceMessages(with: document.root)
            escalation.earlierAnswer = earlier.answer
        }
        let run = ChatRun(request, chat, model: model.name, daemon: self)
        run.escalation = escalation
        switch configuration.resolve(escalation.model) {
        case .leaf(let leaf): run.start(candidates(for: leaf))
        case .workflow(let workflow): run.start(leaves(of: workflow))
        case nil: request.fail(.unknownModel(escalation.model, didYouMean: nil))
        }
    }

    /// The reasoning model that a name leads to: of an escalation its reasoning part, else the model itself. Without a
    /// name the default model, if it is an escalation, else the first escalation there is, else the stand-in where that
    /// is all there is.
    private func escalationTarget(_ name: String?) throws(RPCError) -> (ConfiguredModel, EscalationRequest) {
        var chosen: ConfiguredModel?
        if let name {
            chosen = configuration.resolve(name)
            if chosen == nil { throw .unknownModel(name, didYouMean: configuration.suggestions(for: name).first) }
        } else if let usual = configuration.resolve(configuration.defaultModel), usual.escalation != nil {
            chosen = usual
        } else if let escalation = configuration.models.first(where: { $0.escalation != nil }) {
            chosen = escalation
        } else if configuration.defaultModel == Configuration.offlineName {
            // A fresh machine: the stand-in shows this method, too.
            chosen = configuration.resolve(Configuration.offlineName)
        }
        guard let chosen else {
            throw .invalidParams(
                path: "/model", expected: "a model, or a workflow of kind escalate",
                "No escalation is configured: name the reasoning model as `model`, or configure a workflow \"escalate\"."
            )
        }
        let settings = chosen.escalation
        return (
            chosen,
            EscalationRequest(
                model: settings?.reasoning ?? chosen.name,
                signal: settings?.signal ?? EscalateSettings(defaultModel: "", reasoning: "").signal)
        )
    }

    /// The earlier conversation with its answer, and the request to do better.
    private func followUp(_ earlier: RecentChats.Chat) -> [UInt8] {
        var writer = JSONWriter(reserving: earlier.messages.count + earlier.answer.utf8.count + 512)
        writer.beginArray()
        for message in (try? JSONDocument(earlier.messages))?.root.elements.map({ $0 }) ?? [] {
            writer.value(message)
        }
        if !earlier.answer.isEmpty {
            writer.message("assistant", earlier.answer)
            writer.message("user", Self.secondLook)
        }
        writer.endArray()
        return writer.bytes
    }

    private static let secondLook =
        "Think my request through once more, thoroughly: check your answer, and give a complete and correct one."
}

extension ConfiguredModel {
    /// The settings of an escalation; nil for anything else.
    fileprivate var escalation: EscalateSettings? {
        if case .workflow(let workflow) = self, case .escalate(let settings) = workflow.settings {
            settings
        } else {
            nil
        }
    }
}
