import TandemBase
import TandemJSON
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemStore

extension TokenCounts {
    init(_ usage: Usage) {
        self.init()
        prompt = usage.promptTokens
        completion = usage.completionTokens
        reasoning = usage.reasoningTokens
        cached = usage.cachedTokens
        estimated = usage.estimated
    }
}

extension StepRecord {
    init(_ step: StepTrace) {
        self.init(role: step.role.rawValue, provider: step.provider, model: step.model)
        status = step.status.rawValue
        errorKind = step.failure?.failure.kind
        errorMessage = step.failure?.message
        httpStatus = step.failure?.status
        cached = step.cached
        latencyMilliseconds = step.latency.milliseconds
        firstTokenMilliseconds = step.firstToken?.milliseconds
        tokens = TokenCounts(step.usage)
        costUSD = step.cost
    }
}

extension RequestRecord {
    /// Notes how the request ended; an error's message holds neither key nor prompt.
    mutating func note(_ error: RPCError) {
        outcome = error.code.kind
        errorCode = error.code.rawValue
        errorMessage = error.message
    }
}
