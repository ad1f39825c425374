import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

// A chat whose model is a workflow: one task, with the chat as its listener. Everything around it (limits, budgets,
// conversations, deadline, ledger) is that of any chat.
extension ChatRun: WorkflowListener {
    /// `direct` for a provider's model.
    var workflowKind: String {
        escalation != nil ? "escalate" : workflowModel?.settings.kind ?? "direct"
    }

    var method: StaticString { escalation == nil ? "chat" : "escalate" }

    func start(_ model: WorkflowModel) {
        workflowModel = model
        // What the prompt has to fit into, and what it may cost, is judged by the model that answers in the end.
        start(daemon.leaves(of: model))
    }

    func runWorkflow() {
        let run = WorkflowRun(
            environment: ChatEnvironment(daemon, client: client, requestID: requestID),
            options: chat.workflowOptions(uid: request.peer.uid, id: id), trace: trace, listener: self)
        let task = startOnLoop { [self] in
            let result: Result<Completion, WorkflowFailure>
            do throws(WorkflowFailure) {
                if let escalation {
                    result = .success(
                        try await run.escalate(
                            to: escalation.model, chat.prompt, earlier: escalation.earlierAnswer,
                            signal: escalation.signal))
                } else {
                    result = .success(try await run.answer(modelName, chat.prompt))
                }
            } catch {
                result = .failure(error)
            }
            outcome = run.outcome
            if let workflowKey, !isOver, case .success(let completion) = result {
                daemon.responses.keep(CachedAnswer(completion, trace, outcome), for: workflowKey)
            }
            finish(result.mapError { rpcError($0) })
        }
        workflow = (run, task)
    }

    /// Cancels everything under way; upstream transfers are closed when this returns.
    func stopWorkflow() {
        guard let workflow else { return }
        workflow.task.cancel()
        outcome = workflow.run.outcome
    }

    private func rpcError(_ failure: WorkflowFailure) -> RPCError {
        switch failure {
        case .cancelled: .cancelled(requestID: requestID)
        case .unknownModel(let name): .unknownModel(name, didYouMean: nil)
        case .refused(let error): error
        case .upstream(let failure): rpcError(failure)
        }
    }

    // MARK: the client

    func workflow(began step: Int) { tell(step, trace.steps[step]) }
    func workflow(noticed notice: Notice) { tell(notice) }

    func workflow(said piece: WorkflowPiece) -> Bool {
        guard !isOver else { return false }
        switch piece {
        case .began: break
        case .delta(let delta): tell(delta)
        case .reset(let reason):
            if chat.streams { request.event("reset") { $0.member("reason", reason.rawValue) } }
        }
        return chat.streams
    }
}

extension RequestRecord {
    mutating func note(_ outcome: WorkflowOutcome) {
        escalated = outcome.escalated
        polished = outcome.polished
        arm = outcome.arm
        guard !outcome.qualityIssues.isEmpty else { return }
        var writer = JSONWriter()
        writer.beginArray()
        for issue in outcome.qualityIssues { writer.string(issue) }
        writer.endArray()
        qualityIssues = writer.bytes
    }
}

extension Daemon {
    /// The leaf that a workflow's answers mostly come from, and its fallbacks.
    func leaves(of workflow: WorkflowModel) -> [ModelSettings] {
        switch configuration.resolve(workflow.settings.answeringPart) {
        case .leaf(let leaf): candidates(for: leaf)
        case .workflow(let inner): leaves(of: inner)
        // Checked when the configuration was read.
        case nil: [ModelSettings(name: workflow.name, provider: "", model: "")]
        }
    }
}
