import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders

/// Reason, then code: the reasoner thinks the request through, the coder answers the original conversation with that
/// in mind. Whatever becomes of the reasoner, the coder answers.
@LoopActor
struct Chain {
    let run: WorkflowRun
    let name: String
    let settings: ChainSettings
    let hasAlternative: Bool

    func answer(_ prompt: Prompt, output: @escaping WorkflowOutput) async throws(WorkflowFailure) -> Completion {
        _ = output(.began)
        let reasoning = try await reason(prompt, output)
        var coding = prompt
        if let reasoning { coding = prompt.addingToSystem(codingInstruction(reasoning: reasoning.forCoder)) }
        let shown = reasoning?.shown ?? ""
        var hasSaidReasoning = !shown.isEmpty
        var hasAnswered = false
        var isShown = false
        var completion = try await run.ask(settings.coder, as: .coder, coding, hasAlternative: hasAlternative) {
            piece in
            switch piece {
            case .began where !hasAnswered: return false
            case .began:
                // The coder begins anew; the reasoning stands.
                hasAnswered = false
                _ = output(.began)
                return output(.delta(.reasoning(shown)))
            case .delta(.reasoning) where hasSaidReasoning:
                hasSaidReasoning = false
                _ = output(.delta(.reasoning("\n\n")))
            case .delta(.content): hasAnswered = true
            default: break
            }
            isShown = output(piece)
            return isShown
        }
        if !isShown { completion = completion.separatingUnopenedTrace() ?? completion }
        if !shown.isEmpty {
            completion.reasoning = completion.reasoning.isEmpty ? shown : shown + "\n\n" + completion.reasoning
        }
        return completion
    }

    /// The reasoning; nil where there is none, and then the request is marked and the client told.
    private func reason(_ prompt: Prompt, _ output: @escaping WorkflowOutput) async throws(WorkflowFailure)
        -> Reasoning?
    {
        let attempts = run.trace.attempts.count
        let steps = run.trace.steps.count
        do throws(WorkflowFailure) {
            let reasoning = try await fetchReasoning(prompt, output)
            if !reasoning.forCoder.isEmpty { return reasoning }
            goOnAlone(because: "it said nothing")
        } catch {
            if error.endsRequest, error == .cancelled || EventLoop.shared.now >= run.trace.deadline { throw error }
            let last = run.trace.attempts.count > attempts ? run.trace.attempts.last : nil
            // A call that our own rules held back left no step; the trace shows it all the same.
            if run.trace.steps.count == steps, let leaf = run.firstLeaf(settings.reasoner) {
                var step = StepTrace(
                    role: .reasoner, provider: last?.provider ?? leaf.provider, model: last?.model ?? leaf.model,
                    startedAt: EventLoop.shared.now)
                step.status = .failed
                step.failure = last?.failure
                run.trace.steps.append(step)
            }
            goOnAlone(because: last?.failure.message ?? "it could not be asked")
        }
        return nil
    }

    private func goOnAlone(because reason: String) {
        run.outcome.fallback = true
        run.notice(
            "fallback", "\(settings.coder) answers without reasoning, for \(settings.reasoner) gave none: \(reason)")
    }

    private func fetchReasoning(
        _ prompt: Prompt, _ output: @escaping WorkflowOutput
    ) async throws(WorkflowFailure) -> Reasoning {
        let depth = run.options.depth ?? settings.depth
        let request = prompt.reasoning(depth, instructions: run.options.instructions ?? settings.instructions)
        let cache = run.environment.reasoningCache(of: name, settings.reasoningCache)
        let key = reasoningKey(request, depth)
        if run.options.cache == .use, let reasoning = cache.lookUp(key) {
            showCached(reasoning, output)
            return reasoning
        }
        return try await cache.reason(settings.reasoner, request, key: key, for: run) { piece in
            guard piece == .began else { return output(piece) }
            // When the call is on its way: on the same server the coder will have its connection.
            EventLoop.shared.atEndOfTurn { run.environment.warm(settings.coder) }
            return false
        }
    }

    private func showCached(_ reasoning: Reasoning, _ output: WorkflowOutput) {
        var step = StepTrace(
            role: .reasoner, provider: reasoning.provider, model: reasoning.model, startedAt: EventLoop.shared.now)
        step.status = .ok
        step.cached = true
        step.cost = 0
        step.spared = reasoning.call
        run.trace.steps.append(step)
        run.began(step: run.trace.steps.count - 1)
        let age = EventLoop.shared.now - reasoning.saidAt
        run.notice("cached", "The reasoning is \(age.wholeMilliseconds / 1000) s old and comes from the cache.")
        _ = output(.delta(.reasoning(reasoning.shown)))
    }

    /// SHA-256 over everything that the reasoning depends on, and whom it belongs to.
    private func reasoningKey(_ request: Prompt, _ depth: ReasoningDepth) -> [UInt8] {
        var writer = JSONWriter(reserving: request.messages.count + 512)
        writer.beginObject()
        writer.member("schema", reasoningSchemaVersion)
        writer.member("uid", run.options.uid)
        writer.key("models")
        writer.beginArray()
        for leaf in leaves(settings.reasoner) {
            writer.string(leaf.provider)
            writer.string(run.environment.providers[leaf.provider]?.settings.baseURL ?? "")
            writer.string(leaf.model)
            for member in leaf.defaults {
                writer.string(member.name)
                writer.raw(member.json)
            }
        }
        writer.endArray()
        writer.member("depth", depth.rawValue)
        writer.key("messages")
        if let messages = request.parsedMessages { writer.canonical(messages) } else { writer.raw(request.messages) }
        // Sorted, for the order of members says nothing.
        for member in request.members.sorted(by: { $0.name < $1.name }) {
            writer.key("member:" + member.name)
            writer.raw(member.json)
        }
        if let options = request.providerOptions {
            writer.key("provider_options")
            writer.canonical(options)
        }
        writer.endObject()
        return sha256(writer.bytes)
    }

    /// All provider models that a name stands for, those of a workflow's parts included.
    private func leaves(_ model: String) -> [ModelSettings] {
        switch run.environment.part(model) {
        case .leaf(let candidates): candidates
        case .workflow(_, let workflow): workflow.modelNames.flatMap { leaves($0) }
        case nil: []
        }
    }
}

/// Counts up when what goes into the key, or what is kept under it, changes its meaning.
private let reasoningSchemaVersion = 1

extension WorkflowSettings {
    /// The parts by name.
    var modelNames: [String] {
        switch self {
        case .chain(let chain): [chain.reasoner, chain.coder]
        case .route(let route): [route.code, route.general] + (route.polish.map { [$0.model] } ?? [])
        case .expert(let expert): [expert.router, expert.coder]
        case .escalate(let escalate): [escalate.defaultModel, escalate.reasoning]
        }
    }
}
