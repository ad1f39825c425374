import TandemBase
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemText

/// Whether the reasoning limits have room.
package enum ReasoningGrant {
    /// Taken; call it with whether anything was sent, once.
    case granted(end: @LoopActor (_ wasSent: Bool) -> Void)
    /// -32001 with the scope and the time to wait, or a budget that is spent.
    case refused(RPCError)
}

/// The default model asks for help: it answers with a signal where the task is beyond it, and the reasoning model takes
/// over if its limits have room. The client never sees the signal.
@LoopActor
struct Escalation {
    let run: WorkflowRun
    let settings: EscalateSettings
    let hasAlternative: Bool

    func answer(_ prompt: Prompt, output: @escaping WorkflowOutput) async throws(WorkflowFailure) -> Completion {
        guard settings.enabled else {
            return try await run.ask(
                settings.defaultModel, as: .default, prompt, hasAlternative: hasAlternative, output: output)
        }
        var grant: (@LoopActor (Bool) -> Void)?
        let part = PartCall()
        let stream = CleanedStream(settings.signal, output: output) {
            grant = takeLimits()
            // Only now: over the limit the default answer is needed whole.
            if grant != nil { part.cancel() }
            return grant != nil
        }
        let instructed = prompt.addingToSystem(escalationInstruction(signal: settings.signal))
        do throws(WorkflowFailure) {
            var completion = try await part.run { [self] () async throws(WorkflowFailure) in
                try await run.ask(settings.defaultModel, as: .default, instructed, hasAlternative: hasAlternative) {
                    stream.hear($0)
                }
            }
            if grant == nil {
                stream.finish()
                completion.content = stream.shown
                completion.reasoning = stream.thoughts
                if stream.foundSignal, stream.shown.isEmpty, completion.toolCalls.isEmpty {
                    return try await askWithoutInstruction(prompt, output)
                }
                return completion
            }
        } catch {
            // Cancelled by the signal, and not from outside.
            guard error == .cancelled, grant != nil, !Task.isCancelled else {
                grant?(false)
                throw error
            }
        }
        return try await escalate(prompt, instead: stream, grant ?? { _ in }, output)
    }

    /// The reasoning model answers under its limits; says why where they have no room.
    private func takeLimits() -> (@LoopActor (Bool) -> Void)? {
        if settings.notifyUser {
            run.notice("escalating", "\(settings.defaultModel) asks for help: \(settings.reasoning) is to take over.")
        }
        switch run.environment.takeReasoningLimits() {
        case .granted(let end): return end
        case .refused(let error):
            run.outcome.fellShort = true
            run.notice("rate_limited_fallback", "\(error.message) Until then \(settings.defaultModel) answers.")
            return nil
        }
    }

    private func escalate(
        _ prompt: Prompt, instead stream: CleanedStream, _ end: @LoopActor (Bool) -> Void,
        _ output: @escaping WorkflowOutput
    ) async throws(WorkflowFailure) -> Completion {
        let steps = run.trace.steps.count
        defer { end(run.trace.steps.count > steps) }
        _ = output(.reset(.escalated))
        let tracker = ContentTracker(output)
        // It was not told of the signal, but the conversation may speak of it.
        let cleaned = CleanedStream(settings.signal) { tracker.hear($0) }
        do throws(WorkflowFailure) {
            var completion = try await run.askReasoning(settings.reasoning, prompt, hasAlternative: true) {
                cleaned.hear($0)
            }
            cleaned.finish()
            completion.content = cleaned.shown
            completion.reasoning = cleaned.thoughts
            run.outcome.escalated = true
            return completion
        } catch {
            guard !error.endsRequest, tracker.canStartOver else { throw error }
            run.outcome.fallback = true
            run.notice(
                "fallback",
                "\(settings.reasoning) failed\(run.lastFailure): \(settings.defaultModel) answers instead.")
        }
        tracker.startOver(.fallback)
        // The default answer was cut short at the signal, so it is given once more, whole and without one.
        do throws(WorkflowFailure) {
            return try await askWithoutInstruction(prompt) { tracker.hear($0) }
        } catch {
            let rest = stream.shown.trimmed
            guard !error.endsRequest, tracker.canStartOver, !rest.isEmpty else { throw error }
            tracker.startOver(.fallback)
            var completion = Completion()
            completion.content = rest
            completion.finishReason = .length
            _ = output(.delta(.content(rest)))
            return completion
        }
    }

    /// A model that learned of the signal once may still use it, so its stream is cleaned all the same.
    private func askWithoutInstruction(
        _ prompt: Prompt, _ output: @escaping WorkflowOutput
    ) async throws(WorkflowFailure) -> Completion {
        let stream = CleanedStream(settings.signal, output: output)
        var completion = try await run.ask(settings.defaultModel, as: .default, prompt) { stream.hear($0) }
        stream.finish()
        completion.content = stream.shown
        completion.reasoning = stream.thoughts
        return completion
    }
}

private func escalationInstruction(signal: String) -> String {
    """
    A stronger reasoning model stands behind you. If a task is beyond your abilities, because it needs deep reasoning, \
    long derivations or careful planning that you cannot do reliably, answer with exactly \(signal) and nothing else, \
    and that model takes over. Answer every other task yourself, and never mention this.
    """
}

extension WorkflowRun {
    /// Asks the reasoning model of an escalation. What the request says of depth and instructions holds for it, unless
    /// it is a workflow, which reads them itself.
    func askReasoning(
        _ model: String, _ prompt: Prompt, hasAlternative: Bool, output: @escaping WorkflowOutput
    ) async throws(WorkflowFailure) -> Completion {
        var prompt = prompt
        if case .leaf? = environment.part(model) {
            if let instructions = options.instructions { prompt = prompt.addingToSystem(instructions) }
            prompt.reasoningEffort = options.depth?.rawValue
        }
        return try await ask(model, as: .reasoning, prompt, hasAlternative: hasAlternative, output: output)
    }

    /// What went wrong last, for a sentence.
    var lastFailure: String { trace.attempts.last.map { " (\($0.failure.message))" } ?? "" }

    /// The method `escalate`: the reasoning model answers, under the reasoning limits. An earlier answer, if there is
    /// one, stands where it cannot.
    package func escalate(
        to model: String, _ prompt: Prompt, earlier: String?, signal: String
    ) async throws(WorkflowFailure) -> Completion {
        let tracker = ContentTracker { [self] piece in say(piece) }
        let end: @LoopActor (Bool) -> Void
        switch environment.takeReasoningLimits() {
        case .granted(let taken): end = taken
        case .refused(let error):
            guard let earlier else { throw .refused(error) }
            notice("rate_limited_fallback", "\(error.message) Until then the earlier answer stands.")
            return stand(earlier, signal, tracker)
        }
        let steps = trace.steps.count
        defer { end(trace.steps.count > steps) }
        do throws(WorkflowFailure) {
            let completion = try await askReasoning(model, prompt, hasAlternative: earlier != nil) { tracker.hear($0) }
            outcome.escalated = true
            return completion
        } catch {
            guard let earlier, !error.endsRequest, tracker.canStartOver else { throw error }
            outcome.fallback = true
            notice("fallback", "\(model) failed\(lastFailure): the earlier answer stands.")
            tracker.startOver(.fallback)
            return stand(earlier, signal, tracker)
        }
    }

    private func stand(_ earlier: String, _ signal: String, _ tracker: ContentTracker) -> Completion {
        var completion = Completion()
        var scanner = SignalScanner(signal: signal)
        completion.content = scanner.push(earlier) + String(decoding: scanner.finish(), as: UTF8.self)
        if scanner.found { completion.content = completion.content.trimmed }
        _ = tracker.hear(.delta(.content(completion.content)))
        return completion
    }
}
