import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC

/// `cache` of `plan` and `solve`: a planner's answer to the same question, kept with the answers of chats. It means what
/// it means there.
@LoopActor
struct PlannerCache {
    private let run: PlanRun
    private let wish: CacheUse?
    private let model: String
    /// What of the configuration an answer depends on; nil where it depends on more.
    private let identity: [UInt8]?
    /// Without a wish the temperature decides.
    private let isDeterministicPlanner: Bool

    init(_ run: PlanRun, model: String, _ wish: String?) {
        self.run = run
        self.model = model
        self.wish = wish.flatMap { CacheUse(rawValue: $0) }
        switch run.daemon.configuration.resolve(model) {
        case .leaf(let leaf):
            identity = run.daemon.identity(of: leaf)
            isDeterministicPlanner = isDeterministic(leaf)
        case .workflow(let workflow):
            identity = run.daemon.identity(of: workflow, stickiness: PlanModels.stickiness)
            isDeterministicPlanner = false
        case nil:
            identity = nil
            isDeterministicPlanner = false
        }
    }

    /// - Throws: -32012 where the cache has to answer and cannot.
    func answer(to question: String) throws(RPCError) -> Completion? {
        if reads, let key = key(question), let answer = run.daemon.responses.answer(for: key) {
            let first = run.trace.steps.count
            run.trace.steps += answer.tracedSteps
            for step in run.trace.steps.indices[first...] { run.workflow(began: step) }
            run.workflow(noticed: Notice("cached", "the plan comes from the cache"))
            return answer.completion
        }
        if wish == .only { throw .noCachedAnswer(model: model, requestID: run.id.description) }
        return nil
    }

    /// Keeps an answer that became a plan.
    func keep(_ completion: Completion, for question: String) {
        guard fills, let key = key(question), !run.trace.steps.contains(where: \.cached) else { return }
        run.daemon.responses.keep(CachedAnswer(completion, run.trace, run.models.outcome), for: key)
    }

    private var reads: Bool {
        switch wish {
        case .use, .only: true
        case .refresh, .bypass: false
        case nil: isDeterministicPlanner
        }
    }

    private var fills: Bool {
        switch wish {
        case .use, .refresh: true
        case .bypass, .only: false
        case nil: isDeterministicPlanner
        }
    }

    private func key(_ question: String) -> ResponseCache.Key? {
        guard let identity, run.daemon.responses.isEnabled else { return nil }
        return plannerKey(
            uid: run.request.peer.uid, system: PlannerPrompt.blocks, question: question,
            modelIdentity: identity)
    }
}
