import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemWorkflows

/// The models that a plan's work asks: planner, executor and verifier, workflows included. All calls share the
/// request's trace, cancellation and back-pressure.
@LoopActor
final class PlanModels {
    /// Plans take the same branch of an A/B split each time.
    static let stickiness: UInt64 = 0

    private unowned let run: PlanRun
    private let workflows: WorkflowRun
    private let plan: PlanSettings
    private let defaultModel: String
    private let client: LimitSet.Client
    private var ticket: AdmissionTicket?
    private var isAdmitted = false

    init(_ run: PlanRun) {
        self.run = run
        let configuration = run.daemon.configuration
        plan = configuration.plan
        defaultModel = configuration.defaultModel
        client = LimitSet.Client(uid: run.request.peer.uid, user: run.user)
        var options = WorkflowOptions(uid: run.request.peer.uid)
        options.stickiness = Self.stickiness
        workflows = WorkflowRun(
            environment: ChatEnvironment(run.daemon, client: client, requestID: run.id.description),
            options: options, trace: run.trace, listener: run)
    }

    var planner: String { plan.planner ?? defaultModel }
    var executor: String { plan.executor ?? planner }
    var verifier: String { plan.verifier ?? planner }

    /// What the workflows that were asked said beside their answers.
    var outcome: WorkflowOutcome { workflows.outcome }

    func resume() { workflows.resume() }

    /// Asks a model; `output` hears what it says as it comes, and when it starts over.
    func ask(
        _ model: String, as role: StepRole, system: String, user: String, members: [Prompt.Member] = [],
        output: @escaping @LoopActor (WorkflowPiece) -> Void = { _ in }
    ) async throws(RPCError) -> Completion {
        var writer = JSONWriter(reserving: system.utf8.count + user.utf8.count + 128)
        writer.beginArray()
        for (role, text) in [("system", system), ("user", user)] {
            writer.beginObject()
            writer.member("role", role)
            writer.member("content", text)
            writer.endObject()
        }
        writer.endArray()
        let prompt = Prompt(messages: writer.bytes[...], members: members)
        try admit(model, prompt)
        do throws(WorkflowFailure) {
            return try await workflows.ask(model, as: role, prompt) { [run] piece in
                output(piece)
                return run.workflow(said: piece)
            }
        } catch {
            throw rpcError(error)
        }
    }

    /// The first call takes the request's limits and budget; a plan that needs no model takes none.
    private func admit(_ model: String, _ prompt: Prompt) throws(RPCError) {
        guard !isAdmitted else { return }
        ticket = try run.daemon.admission.admit(for: client, requestID: run.id.description) { completionTokens in
            run.daemon.estimatedCost(model, TokenEstimate(prompt), completionTokens: completionTokens)
        }
        isAdmitted = true
    }

    /// Gives back what was taken; called once, at the request's end.
    func release() {
        ticket?.settle(run.trace)
        ticket = nil
    }

    private func rpcError(_ failure: WorkflowFailure) -> RPCError {
        let id = run.id.description
        switch failure {
        case .cancelled: return .cancelled(requestID: id)
        case .unknownModel(let name): return .unknownModel(name, didYouMean: nil)
        case .refused(let error): return error
        case .upstream(let failure): return RPCError(failure, run.trace, timeout: run.timeout, requestID: id)
        }
    }
}
