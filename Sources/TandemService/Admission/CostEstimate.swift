import TandemLoop
import TandemProviders
import TandemWorkflows

extension Daemon {
    /// USD that a request to `model` may cost, for a budget to reserve: each part of a workflow once, of two arms the
    /// dearer one. Nil where no price is known; a part without one counts nothing.
    /// - Parameter completionTokens: what an answer is taken for that has no limit of its own.
    func estimatedCost(_ model: String, _ prompt: TokenEstimate, completionTokens: Int) -> Double? {
        func cost(_ part: String, after drafts: Int = 0, maxTokens: Int? = nil) -> Double? {
            var prompt = prompt
            prompt.promptTokens += drafts * (prompt.maxTokens ?? completionTokens)
            prompt.maxTokens = maxTokens ?? prompt.maxTokens
            return estimatedCost(part, prompt, completionTokens: completionTokens)
        }
        func sum(_ costs: Double?...) -> Double? {
            let known = costs.compactMap(\.self)
            return known.isEmpty ? nil : known.reduce(0, +)
        }
        switch configuration.resolve(model) {
        case .leaf(let leaf): return leaf.estimatedCost(of: prompt, completionTokens: completionTokens)
        case .workflow(let workflow):
            switch workflow.settings {
            case .chain(let chain): return sum(cost(chain.reasoner), cost(chain.coder, after: 1))
            case .route(let route):
                let draft = [cost(route.code), cost(route.general)].compactMap(\.self).max()
                return sum(draft, route.polish.flatMap { cost($0.model, after: 1, maxTokens: $0.maxTokens) })
            case .expert(let expert) where !expert.dualModel: return cost(expert.coder)
            // The router asks for code once, and answers with it.
            case .expert(let expert): return sum(cost(expert.router), cost(expert.coder), cost(expert.router, after: 1))
            case .escalate(let escalate):
                return sum(cost(escalate.defaultModel), escalate.enabled ? cost(escalate.reasoning) : nil)
            }
        case nil: return nil
        }
    }
}

/// What is known of a call's length before it is made.
struct TokenEstimate {
    var promptTokens: Int
    /// nil where the request sets no limit.
    var maxTokens: Int?

    init(_ prompt: Prompt) {
        promptTokens = prompt.estimatedPromptTokens
        maxTokens = prompt.maxTokens
    }
}

extension ModelSettings {
    /// USD that a call may cost: the prompt by its length, the answer by its limit or else `completionTokens`.
    func estimatedCost(of prompt: TokenEstimate, completionTokens: Int) -> Double? {
        guard let price else { return nil }
        var usage = Usage()
        usage.promptTokens = prompt.promptTokens
        usage.completionTokens = prompt.maxTokens ?? completionTokens
        return price.cost(of: usage)
    }
}
