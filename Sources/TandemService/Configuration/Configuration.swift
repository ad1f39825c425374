import TandemBase
import TandemPolicy
import TandemProviders
import TandemWorkflows

/// The whole configuration, read, checked and complete: defaults are filled in and every name in it resolves.
package struct Configuration: Sendable {
    /// The name of the provider and of the model that are always there, as the last resort.
    package static let offlineName = "offline"

    /// Where the main file is or would be; nil without a home or a file.
    package var path: String?
    /// The files that were read, in the order they were merged.
    package var files: [String] = []
    /// What works, but not as it was probably meant: a key that cannot be had.
    package var warnings: [ConfigurationFault] = []

    /// A name that `resolve` knows.
    package var defaultModel = offlineName
    /// Whether `default_model` was configured; if not, a local server that answers may become the default.
    package var defaultModelIsConfigured = false
    /// In the order of the source, `offline` last.
    package var providers: [ProviderSettings] = []
    /// Leaves and workflows in the order of the source, `offline` last.
    package var models: [ConfiguredModel] = []
    /// Servers on this machine that are used if they answer `GET /models`; see `addLocal`. Only without `[providers]`.
    package var localCandidates: [ProviderSettings] = []

    package var plan = PlanSettings()
    package var verifiers: [VerifierSettings] = []
    package var limits = LimitSettings()
    package var budget = BudgetSettings()
    package var breaker = BreakerSettings()
    package var responseCache = CacheSettings(enabled: false, ttl: .hours(1), entries: 1000)
    package var daemon = DaemonSettings()
    /// `[history] content`: whether the ledger keeps prompts and answers.
    package var historyContent = false
    package var access = AccessSettings()

    /// Where each configured provider stands, for warnings.
    var providerOrigins: [String: ConfigurationFault] = [:]
    private var modelIndex: [String: Int] = [:]
    private var leafIndex: [String: Int] = [:]
    private var providerIndex: [String: Int] = [:]

    package init() {}

    /// The provider of that name.
    package func provider(_ name: String) -> ProviderSettings? { providerIndex[name].map { providers[$0] } }

    /// What a client's model name stands for: a model's name, an alias, or `provider/model` for a model of a provider
    /// that is not configured. Two or three dictionary look-ups.
    package func resolve(_ name: String) -> ConfiguredModel? {
        if let index = modelIndex[name] { return models[index] }
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let model = String(name[name.utf8.index(after: slash)...])
        let provider = String(name[..<slash])
        guard providerIndex[provider] != nil, !model.isEmpty else { return nil }
        var leaf = ModelSettings(name: name, provider: provider, model: model)
        leaf.price = providerIndex[provider].flatMap { providers[$0].ownPrice }
        if let index = leafIndex[name], case .leaf(let known) = models[index] {
            leaf.price = known.price
            leaf.context = known.context
        }
        return .leaf(leaf)
    }

    /// The first model whose provider is not switched off.
    var firstEnabledModel: String? {
        models.first { model in
            guard case .leaf(let leaf) = model else { return true }
            return provider(leaf.provider)?.enabled ?? true
        }?.name
    }

    /// Up to three known names that `name` may be a slip for, the nearest first.
    package func suggestions(for name: String) -> [String] {
        var names = Set(modelIndex.keys)
        var found: [String] = []
        while found.count < 3, let nearest = nearestName(to: name, among: names.sorted()) {
            found.append(nearest)
            names.remove(nearest)
        }
        return found
    }

    /// Adds a candidate that answered, before `offline`, with its models under the names that are still free; all of
    /// them are also `provider/model`.
    package mutating func addLocal(_ provider: ProviderSettings, models names: [String]) {
        guard providerIndex[provider.name] == nil else { return }
        let last = providers.last?.kind == .offline ? providers.count - 1 : providers.count
        providers.insert(provider, at: last)
        for name in names where modelIndex[name] == nil {
            let place = models.last?.name == Self.offlineName ? models.count - 1 : models.count
            models.insert(.leaf(ModelSettings(name: name, provider: provider.name, model: name)), at: place)
        }
        buildIndex()
        if !defaultModelIsConfigured, defaultModel == Self.offlineName, let first = names.first {
            defaultModel = modelIndex[first] == nil ? "\(provider.name)/\(first)" : first
        }
    }

    /// Fills in the key of a provider whose source is a command, or says why there is none.
    package mutating func setKey(_ key: Result<Secret, KeyProblem>, of provider: String) {
        guard let index = providerIndex[provider] else { return }
        providers[index].setKey(key)
    }

    /// Variables that lead to keys. Programs that the daemon starts do not get them: a verifier runs code that a model
    /// may have written.
    package func keyVariables(of environment: [String: String]) -> Set<String> {
        let named = Set(providers.flatMap(\.apiKeyVariables))
        return Set(
            environment.keys.filter {
                named.contains($0) || $0.hasSuffix("_API_KEY") || $0 == "CREDENTIALS_DIRECTORY"
            })
    }

    mutating func buildIndex() {
        setOwnPrices()
        modelIndex = [:]
        leafIndex = [:]
        for (index, model) in models.enumerated() {
            modelIndex[model.name] = index
            if case .leaf(let leaf) = model { leafIndex["\(leaf.provider)/\(leaf.model)"] = index }
        }
        for (index, model) in models.enumerated() {
            for alias in model.aliases where modelIndex[alias] == nil { modelIndex[alias] = index }
        }
        providerIndex = [:]
        for (index, provider) in providers.enumerated() { providerIndex[provider.name] = index }
    }
}

extension Configuration {
    /// What runs on this machine costs nothing unless the configuration says so; everything else is unknown.
    fileprivate mutating func setOwnPrices() {
        let prices = Dictionary(providers.map { ($0.name, $0.ownPrice) }) { first, _ in first }
        models = models.map { model in
            guard case .leaf(var leaf) = model, leaf.price == nil, let price = prices[leaf.provider] else {
                return model
            }
            leaf.price = price
            return .leaf(leaf)
        }
    }
}

extension ProviderSettings {
    private static let freePresets: Set<String> = ["ollama", "lmstudio", "llama-server"]

    /// The price of a model whose price is not configured; nil where unknown.
    fileprivate var ownPrice: Price? {
        let isFree = kind == .offline || kind == .llama || preset.map(Self.freePresets.contains) == true
        return isFree ? Price(input: 0, output: 0) : nil
    }
}

/// One `[models.NAME]`.
package enum ConfiguredModel: Sendable {
    case leaf(ModelSettings)
    case workflow(WorkflowModel)

    package var name: String {
        switch self {
        case .leaf(let leaf): leaf.name
        case .workflow(let workflow): workflow.name
        }
    }

    package var aliases: [String] {
        switch self {
        case .leaf(let leaf): leaf.aliases
        case .workflow(let workflow): workflow.aliases
        }
    }
}

/// A workflow with the name that clients call it by.
package struct WorkflowModel: Sendable {
    package var name: String
    package var aliases: [String] = []
    package var settings: WorkflowSettings

    package init(name: String, aliases: [String] = [], settings: WorkflowSettings) {
        self.name = name
        self.aliases = aliases
        self.settings = settings
    }
}

extension WorkflowSettings {
    /// As in `workflow = "…"`.
    package var kind: String {
        switch self {
        case .chain: "chain"
        case .route: "route"
        case .expert: "expert"
        case .escalate: "escalate"
        }
    }

    /// The part that mostly gives the answer.
    package var answeringPart: String {
        switch self {
        case .chain(let chain): chain.coder
        case .route(let route): route.general
        case .expert(let expert): expert.dualModel ? expert.router : expert.coder
        case .escalate(let escalate): escalate.defaultModel
        }
    }

    /// The models it is made of: the key each stands under and its name.
    package var parts: [(key: String, model: String)] {
        switch self {
        case .chain(let chain): [("reasoner", chain.reasoner), ("coder", chain.coder)]
        case .route(let route):
            [("code", route.code), ("general", route.general)]
                + (route.polish.map { [("polish.model", $0.model)] } ?? [])
        case .expert(let expert):
            [("router", expert.router), ("coder", expert.coder)]
        case .escalate(let escalate): [("default", escalate.defaultModel), ("reasoning", escalate.reasoning)]
        }
    }
}

extension ProviderSettings {
    mutating func setKey(_ key: Result<Secret, KeyProblem>) {
        switch key {
        case .success(let secret):
            apiKey = secret
            apiKeyProblem = nil
        case .failure(let problem):
            apiKey = nil
            apiKeyProblem = problem.description
        }
    }
}
