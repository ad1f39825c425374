import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders
import TandemWorkflows

/// An answer that was not made for the request that gets it: from the cache, or from an equal request in flight.
struct CachedAnswer: Sendable {
    /// A model that was asked for it.
    struct Step: Hashable, Sendable {
        var role: StepRole
        var provider: String
        var model: String
        var call: SparedCall
    }

    var completion: Completion
    /// What is said of a workflow's answer beside it.
    var outcome = WorkflowOutcome()
    /// Failed ones are left out.
    var steps: [Step]

    /// Bytes it takes in memory, about.
    var size: Int { completion.content.utf8.count + completion.reasoning.utf8.count + 256 + 160 * steps.count }

    init(completion: Completion, steps: [Step], outcome: WorkflowOutcome = WorkflowOutcome()) {
        self.completion = completion
        self.outcome = outcome
        self.steps = steps
        // Nothing is used up by an answer that exists already.
        self.completion.usage = Usage()
    }

    @LoopActor
    init(_ completion: Completion, _ trace: RequestTrace, _ outcome: WorkflowOutcome = WorkflowOutcome()) {
        let steps = trace.steps.filter { $0.status == .ok }
        self.init(
            completion: completion,
            steps: steps.map { Step(role: $0.role, provider: $0.provider, model: $0.model, call: SparedCall($0)) },
            outcome: outcome)
    }

    /// Its steps for the trace of a request that gets it.
    @LoopActor
    var tracedSteps: [StepTrace] {
        steps.map { step in
            var copy = StepTrace(
                role: step.role, provider: step.provider, model: step.model, startedAt: EventLoop.shared.now)
            copy.status = .ok
            copy.cached = true
            copy.cost = 0
            copy.spared = step.call
            return copy
        }
    }

    /// Whether it may be kept: not one that was cut short, was filtered, says nothing, calls tools or has logprobs, and
    /// of a workflow only what all its parts were well for.
    var isKeepable: Bool {
        !outcome.fallback && !outcome.fellShort && completion.finishReason == .stop && completion.toolCalls.isEmpty
            && !completion.content.isEmpty && completion.logprobs.isEmpty
    }

    // MARK: for the disk

    var encoded: [UInt8] {
        var writer = JSONWriter(reserving: size + 64)
        writer.beginObject()
        writer.member("content", completion.content)
        writer.member("reasoning", completion.reasoning)
        writer.key("steps")
        writer.beginArray()
        for step in steps {
            writer.beginArray()
            writer.string(step.role.rawValue)
            writer.string(step.provider)
            writer.string(step.model)
            writer.sparedCall(step.call)
            writer.endArray()
        }
        writer.endArray()
        writer.member("escalated", outcome.escalated)
        writer.member("polished", outcome.polished)
        writer.member("quality_issues", outcome.qualityIssues)
        writer.member("arm", ifPresent: outcome.arm)
        writer.endObject()
        return writer.bytes
    }

    /// Nil for what was not written by `encoded`.
    init?(encoded bytes: [UInt8]) {
        guard let root = try? JSONDocument(bytes).root, let content = root["content"]?.string,
            let reasoning = root["reasoning"]?.string, let list = root["steps"]
        else { return nil }
        var completion = Completion()
        completion.content = content
        completion.reasoning = reasoning
        let steps: [Step] = list.elements.compactMap { step in
            guard let role = step[0]?.string.flatMap({ StepRole(rawValue: $0) }), let provider = step[1]?.string,
                let model = step[2]?.string
            else { return nil }
            return Step(role: role, provider: provider, model: model, call: SparedCall(elements: step, from: 3))
        }
        var outcome = WorkflowOutcome()
        outcome.escalated = root["escalated"]?.bool ?? false
        outcome.polished = root["polished"]?.bool ?? false
        outcome.qualityIssues = root["quality_issues"]?.elements.compactMap(\.string) ?? []
        outcome.arm = root["arm"]?.string
        self.init(completion: completion, steps: steps, outcome: outcome)
    }
}
