import TandemBase
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemText

/// A piece of what a part of a workflow says.
package enum WorkflowPiece: Hashable, Sendable {
    /// A part begins, or begins anew: what it said before, and nobody was shown, counts no more. A part of several calls
    /// says so for the whole: what an earlier call of it said stands.
    case began
    case delta(Delta)
    /// Everything said so far counts no more; the client is told to drop its content.
    case reset(ResetReason)
}

/// Why a client is told to drop the content so far.
package enum ResetReason: String, Hashable, Sendable { case escalated, polished, fallback }

/// Takes the pieces of a part as they come; true when the piece went to the client, from where it cannot be taken back
/// without a `reset`.
package typealias WorkflowOutput = @LoopActor (WorkflowPiece) -> Bool

/// Why a workflow, or a part of one, has no answer.
package enum WorkflowFailure: Error, Hashable, Sendable {
    case upstream(UpstreamCallFailure)
    /// The request is over, or whoever asked for this part no longer wants it.
    case cancelled
    /// Limits or a budget have no room.
    case refused(RPCError)
    /// A part's model does not exist any more.
    case unknownModel(String)

    /// Nobody can help: the request itself is over.
    var endsRequest: Bool { self == .cancelled || self == .upstream(.deadlineExceeded) }
}

/// What a model's name stands for.
package enum WorkflowPart: Sendable {
    /// A provider's model and its fallbacks.
    case leaf([ModelSettings])
    case workflow(name: String, WorkflowSettings)
}

/// What workflows need of the daemon, as it was configured when the request came.
@LoopActor
package protocol WorkflowEnvironment: AnyObject {
    var providers: ProviderRegistry { get }
    func part(_ model: String) -> WorkflowPart?
    /// Opens a connection for a model that is soon to be asked; harmless where that fails.
    func warm(_ model: String)
    /// Carries out one of the expert's file tools; its result, or what is wrong, in words.
    func lookUp(_ tool: ExpertTool, _ argument: String, below folder: String) async -> String
    /// Has a draft judged, off the loop and with the checkers of syntax that this host has.
    func issues(of draft: Completion, by check: QualityCheck) async -> [QualityIssue]
    var expertMemory: ExpertMemory { get }
    /// Takes one request from the reasoning limits.
    func takeReasoningLimits() -> ReasoningGrant
    /// The reasoning cache of the chain of that name.
    func reasoningCache(of chain: String, _ settings: CacheSettings) -> ReasoningCache
}

/// Hears what a client is to be told. All calls come on the loop.
@LoopActor
package protocol WorkflowListener: AnyObject {
    /// An upstream call goes out; `step` is its index in the trace.
    func workflow(began step: Int)
    /// True when it went to the client.
    func workflow(said piece: WorkflowPiece) -> Bool
    func workflow(noticed notice: Notice)
    /// The client reads slower than we write.
    var isCongested: Bool { get }
}

/// What the request says about workflows.
package struct WorkflowOptions: Sendable {
    /// Whether what caches hold may be used, and whether they may keep what comes.
    package enum CacheUse: Hashable, Sendable { case use, refresh, bypass }

    package var uid: UInt32
    /// Stable for a session, else for the request: what A/B shares go by.
    package var stickiness: UInt64 = 0
    package var depth: ReasoningDepth?
    package var instructions: String?
    package var cache = CacheUse.use

    package init(uid: UInt32) { self.uid = uid }
}

/// What is said of a request beside its answer.
package struct WorkflowOutcome: Hashable, Sendable {
    package var fallback = false
    package var escalated = false
    package var polished = false
    package var qualityIssues: [String] = []
    /// A part could not do what was asked of it, and nobody took its place: the next time the answer may be another.
    package var fellShort = false
    /// The branch of an A/B split.
    package var arm: String?

    package init() {}
}

/// One request's way through its workflow, whatever that is made of: all parts share this run's trace (deadline,
/// attempt budget, steps), its cancellation and its back-pressure.
@LoopActor
package final class WorkflowRun {
    package let environment: any WorkflowEnvironment
    package let options: WorkflowOptions
    package let trace: RequestTrace
    package var outcome = WorkflowOutcome()
    private unowned let listener: any WorkflowListener
    private var calls: [ObjectIdentifier: any PausableCall] = [:]

    /// - Parameter listener: has to live until `answer` has returned.
    package init(
        environment: any WorkflowEnvironment, options: WorkflowOptions, trace: RequestTrace,
        listener: any WorkflowListener
    ) {
        self.environment = environment
        self.options = options
        self.trace = trace
        self.listener = listener
    }

    /// Runs the whole: what the model says goes to the listener, its answer comes back.
    package func answer(_ model: String, _ prompt: Prompt) async throws(WorkflowFailure) -> Completion {
        try await ask(model, as: .direct, prompt) { [self] piece in say(piece) }
    }

    /// Asks a model by its name. A workflow gives its own roles to its own calls.
    /// - Parameter hasAlternative: somebody takes over where the model fails, so it is not waited for as if it were the
    ///   only one.
    package func ask(
        _ model: String, as role: StepRole, _ prompt: Prompt, hasAlternative: Bool = false,
        output: @escaping WorkflowOutput
    ) async throws(WorkflowFailure) -> Completion {
        switch environment.part(model) {
        case .leaf(let candidates):
            return try await LeafCall(
                self, role, candidates, hasAlternative: hasAlternative, prompt, output: output
            ).answer()
        case .workflow(let name, .chain(let settings)):
            return try await Chain(run: self, name: name, settings: settings, hasAlternative: hasAlternative)
                .answer(prompt, output: output)
        case .workflow(_, .route(let settings)):
            return try await Route(run: self, settings: settings, hasAlternative: hasAlternative)
                .answer(prompt, output: output)
        case .workflow(_, .escalate(let settings)):
            return try await Escalation(run: self, settings: settings, hasAlternative: hasAlternative)
                .answer(prompt, output: output)
        case .workflow(_, .expert(let settings)):
            return try await Expert(run: self, settings: settings, hasAlternative: hasAlternative)
                .answer(prompt, output: output)
        case nil: throw .unknownModel(model)
        }
    }

    /// The first leaf that a name leads to: what an answer that nobody had to ask for is attributed to.
    func firstLeaf(_ model: String) -> ModelSettings? {
        switch environment.part(model) {
        case .leaf(let candidates): candidates.first
        case .workflow(_, .chain(let chain)): firstLeaf(chain.coder)
        case .workflow(_, .route(let route)): firstLeaf(route.code)
        case .workflow(_, .expert(let expert)): firstLeaf(expert.router)
        case .workflow(_, .escalate(let escalate)): firstLeaf(escalate.defaultModel)
        case nil: nil
        }
    }

    // MARK: the client

    func say(_ piece: WorkflowPiece) -> Bool { listener.workflow(said: piece) }
    func notice(_ code: String, _ message: String) { relay(Notice(code, message)) }
    func relay(_ notice: Notice) { listener.workflow(noticed: notice) }
    func began(step: Int) { listener.workflow(began: step) }
    var isCongested: Bool { listener.isCongested }

    /// The client takes bytes again.
    package func resume() { for call in Array(calls.values) { call.resumeCall() } }

    func track(_ call: any PausableCall) { calls[ObjectIdentifier(call)] = call }
    func untrack(_ call: any PausableCall) { calls[ObjectIdentifier(call)] = nil }
}

/// A call that rests while its client is congested.
@LoopActor
protocol PausableCall: AnyObject {
    func resumeCall()
}

/// Runs `body` on the loop: at once for the loop's own thread, so that a cancellation has taken effect when the call
/// that caused it returns.
func onLoop(_ body: @escaping @LoopActor @Sendable () -> Void) {
    if EventLoop.shared.isOnLoop {
        LoopActor.assumeIsolated(body)
    } else {
        startOnLoop { body() }
    }
}
