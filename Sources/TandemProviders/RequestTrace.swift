import TandemBase
import TandemLoop
import TandemPolicy

/// The part a call plays in a request (PROTOCOL.md, chat).
package enum StepRole: String, Hashable, Sendable {
    case direct, reasoner, coder, router, expert, `default`, reasoning, draft, polish, planner, executor, verifier
}

/// One upstream call of a request, as clients and the ledger see it.
package struct StepTrace: Sendable {
    package enum Status: String, Hashable, Sendable { case running, ok, failed, cancelled }

    package var role: StepRole
    package var provider: String
    /// The model's name at the provider.
    package var model: String
    package var status = Status.running
    package var cached = false
    package var startedAt: MonotonicTime
    package var latency = TimeSpan.zero
    package var firstToken: TimeSpan?
    package var usage = Usage()
    /// nil where the price is unknown.
    package var cost: Double?
    package var failure: UpstreamFailure?
    /// Of a cached step: the call that was not made again.
    package var spared: SparedCall?

    package init(role: StepRole, provider: String, model: String, startedAt: MonotonicTime) {
        self.role = role
        self.provider = provider
        self.model = model
        self.startedAt = startedAt
    }

    mutating func end(
        _ status: Status, after latency: TimeSpan, usage: Usage, failure: UpstreamFailure?, cost: Double?
    ) {
        self.status = status
        self.latency = latency
        self.usage = usage
        self.failure = failure
        self.cost = cost
    }
}

/// An attempt that failed, or was not even sent.
package struct AttemptTrace: Sendable {
    package var provider: String
    package var model: String
    package var failure: UpstreamFailure
    package var latency: TimeSpan
}

/// Something a person should see.
package struct Notice: Hashable, Sendable {
    package var code: String
    package var message: String

    package init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What all calls of one request share: one deadline, one attempt budget, one list of steps.
@LoopActor
package final class RequestTrace {
    package let deadline: MonotonicTime
    package var budget = AttemptBudget()
    package var steps: [StepTrace] = []
    package var attempts: [AttemptTrace] = []
    package var notices: [Notice] = []

    package init(deadline: MonotonicTime) { self.deadline = deadline }

    /// The usage of all steps together.
    package var usage: Usage {
        var total = Usage()
        for step in steps { total += step.usage }
        return total
    }

    /// What the request cost in USD; nil where a step that used tokens has no known price.
    package var cost: Double? {
        var total = 0.0
        for step in steps where step.usage.promptTokens + step.usage.completionTokens > 0 && !step.cached {
            guard let cost = step.cost else { return nil }
            total += cost
        }
        return total
    }
}
