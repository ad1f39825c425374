import TandemBase
import TandemJSON
import TandemPolicy
import TandemProviders
import TandemWorkflows

/// `[models.NAME]`: a leaf, or a workflow of other models.
extension ConfigurationReader {
    private enum WorkflowKind: String, CaseIterable { case chain, route, expert, escalate }

    mutating func readModels(_ root: inout Section) {
        root.tables("models") { name, section in
            modelPositions[name] = section.position
            modelPaths[name] = section.path
            let aliases = section.strings("aliases") ?? []
            for alias in aliases {
                let position = section.position(of: "aliases")
                aliasReferences.append(.init(name: alias, path: section.path(of: "aliases"), position: position))
            }
            guard section.value("workflow") != nil else {
                if let leaf = readLeaf(name, aliases, &section) { configuration.models.append(.leaf(leaf)) }
                return
            }
            let kind = section.choice("workflow", "workflow", of: WorkflowKind.self)
            let settings: WorkflowSettings?
            switch kind {
            case .chain: settings = readChain(&section)
            case .route: settings = readRoute(&section)
            case .expert: settings = readExpert(&section)
            case .escalate: settings = readEscalate(&section)
            case nil:
                section.acceptEverything()
                settings = nil
            }
            guard let settings else { return }
            configuration.models.append(.workflow(.init(name: name, aliases: aliases, settings: settings)))
        }
    }

    // MARK: Leaves

    private mutating func readLeaf(_ name: String, _ aliases: [String], _ section: inout Section) -> ModelSettings? {
        let provider = section.requiredName("provider")
        let model = section.requiredName("model")
        if let provider {
            providerReferences.append(
                .init(name: provider, path: section.path(of: "provider"), position: section.position(of: "provider")))
        }
        var leaf = ModelSettings(name: name, provider: provider ?? "", model: model ?? "")
        leaf.aliases = aliases
        let expected = "USD per million tokens"
        leaf.price = section.table("price") { price in
            Price(
                input: price.amount("input", expected: expected), output: price.amount("output", expected: expected),
                cachedInput: price.amount("cached_input", expected: expected))
        }
        leaf.context = section.count("context")
        leaf.fallbacks = section.strings("fallbacks") ?? []
        for fallback in leaf.fallbacks {
            fallbackReferences.append(
                .init(name: fallback, path: section.path(of: "fallbacks"), position: section.position(of: "fallbacks")))
        }
        leaf.defaults = section.table("limits") { RequestDefaults.read(&$0) } ?? []
        return provider == nil || model == nil ? nil : leaf
    }

    // MARK: Workflows

    private mutating func requiredPart(_ key: String, _ section: inout Section) -> String? {
        if section.value(key) == nil {
            log.missing(section.position, section.path(of: key), "missing; expected the name of a model")
        }
        return reference(key, in: &section)
    }

    private mutating func readChain(_ section: inout Section) -> WorkflowSettings? {
        let reasoner = requiredPart("reasoner", &section)
        let coder = requiredPart("coder", &section)
        var chain = ChainSettings(reasoner: reasoner ?? "", coder: coder ?? "")
        section.table("reasoning_cache") { readCache(&$0, into: &chain.reasoningCache) }
        if let depth = section.choice("depth", "depth", of: ReasoningDepth.self) { chain.depth = depth }
        chain.instructions = section.string("instructions")
        return reasoner == nil || coder == nil ? nil : .chain(chain)
    }

    private mutating func readRoute(_ section: inout Section) -> WorkflowSettings? {
        let code = requiredPart("code", &section)
        let general = requiredPart("general", &section)
        var route = RouteSettings(code: code ?? "", general: general ?? "")
        if let share = section.share("code_share") { route.codeShare = share }
        if let attribution = section.bool("attribution") { route.attribution = attribution }
        route.polish =
            section.table("polish") { polish -> PolishSettings? in
                let model = requiredPart("model", &polish)
                var settings = PolishSettings(model: model ?? "")
                if let length = polish.count("min_length") { settings.minLength = length }
                if let tokens = polish.count("max_tokens") { settings.maxTokens = tokens }
                return model == nil ? nil : settings
            } ?? nil
        return code == nil || general == nil ? nil : .route(route)
    }

    private mutating func readExpert(_ section: inout Section) -> WorkflowSettings? {
        let router = requiredPart("router", &section)
        let coder = requiredPart("coder", &section)
        var expert = ExpertSettings(router: router ?? "", coder: coder ?? "")
        if let dual = section.bool("dual_model") { expert.dualModel = dual }
        if flag("DUAL_MODEL_MODE") == false { expert.dualModel = false }
        if let tools = section.strings("tools") {
            let known = ExpertSettings(router: "", coder: "").tools
            for tool in tools where !known.contains(tool) {
                section.fault(
                    "tools", "unknown tool \(shown(tool)); expected \(known.joined(separator: ", "))",
                    suggestion: nearestName(to: tool, among: known))
            }
            expert.tools = tools
        }
        if let rounds = section.count("max_rounds") { expert.maxRounds = rounds }
        return router == nil || coder == nil ? nil : .expert(expert)
    }

    private mutating func readEscalate(_ section: inout Section) -> WorkflowSettings? {
        let base = requiredPart("default", &section)
        let reasoning = requiredPart("reasoning", &section)
        var escalate = EscalateSettings(defaultModel: base ?? "", reasoning: reasoning ?? "")
        if let signal = section.name("signal") { escalate.signal = signal }
        if let enabled = section.bool("enabled") { escalate.enabled = enabled }
        if let notify = section.bool("notify_user") { escalate.notifyUser = notify }
        return base == nil || reasoning == nil ? nil : .escalate(escalate)
    }
}
