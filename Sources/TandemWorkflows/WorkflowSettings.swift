import TandemBase
import TandemPolicy
import TandemText

/// One `[models.NAME]` that is a workflow. Parts name models, workflows included.
package enum WorkflowSettings: Sendable {
    case chain(ChainSettings)
    case route(RouteSettings)
    case expert(ExpertSettings)
    case escalate(EscalateSettings)
}

package enum ReasoningDepth: String, CaseIterable, Hashable, Sendable { case low, medium, high }

package struct ChainSettings: Sendable {
    package var reasoner: String
    package var coder: String
    package var reasoningCache = CacheSettings(enabled: true, ttl: .minutes(30), entries: 100)
    package var depth = ReasoningDepth.medium
    package var instructions: String?

    package init(reasoner: String, coder: String) {
        self.reasoner = reasoner
        self.coder = coder
    }
}

package struct RouteSettings: Sendable {
    package var code: String
    package var general: String
    /// The share of code requests that go to `code`, 0...1.
    package var codeShare = 1.0
    package var polish: PolishSettings?
    package var attribution = false

    package init(code: String, general: String) {
        self.code = code
        self.general = general
    }
}

package struct PolishSettings: Hashable, Sendable {
    package var model: String
    /// Characters below which a draft without code is `too_short`.
    package var minLength = QualityCheck.defaultMinLength
    package var maxTokens = 2000

    package init(model: String) { self.model = model }
}

package struct ExpertSettings: Sendable {
    package var router: String
    package var coder: String
    package var dualModel = true
    package var tools = ["generate_code", "read_file", "list_files", "search"]
    package var maxRounds = 8

    package init(router: String, coder: String) {
        self.router = router
        self.coder = coder
    }
}

package struct EscalateSettings: Sendable {
    package var defaultModel: String
    package var reasoning: String
    package var signal = "[USE_REASONING_MODEL]"
    package var enabled = true
    package var notifyUser = true

    package init(defaultModel: String, reasoning: String) {
        self.defaultModel = defaultModel
        self.reasoning = reasoning
    }
}
