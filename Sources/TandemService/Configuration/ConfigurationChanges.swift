import TandemBase
import TandemPolicy
import TandemProviders
import TandemWorkflows

extension Configuration {
    /// The dotted keys whose values differ (`providers.groq.enabled`), sorted; what was added or removed whole is
    /// named once (`providers.groq`). Keys only, never values.
    package static func changes(from old: Configuration, to new: Configuration) -> [String] {
        let before = old.settings
        let after = new.settings
        var changed: Set<String> = []
        for group in Set(before.keys).union(after.keys) {
            guard let left = before[group], let right = after[group] else {
                changed.insert(group)
                continue
            }
            for key in Set(left.keys).union(right.keys) where left[key] != right[key] {
                changed.insert(group.isEmpty ? key : "\(group).\(key)")
            }
        }
        return changed.sorted()
    }

    /// A value that can be compared. Secrets stay secrets.
    enum Setting: Hashable, Sendable {
        case text(String)
        case secret(Secret?)
    }

    /// Every setting by group ("providers.groq") and key within the group.
    private var settings: [String: [String: Setting]] {
        var groups: [String: [String: Setting]] = [:]
        groups[""] = Self.texts([("default_model", defaultModel)])
        groups["limits"] = Self.texts([
            ("user", limits.user), ("global", limits.global), ("reasoning_user", limits.reasoningUser),
            ("reasoning_global", limits.reasoningGlobal), ("message_bytes", limits.messageBytes),
            ("write_stall", limits.writeStall), ("outbound_bytes", limits.outboundBytes),
        ])
        groups["budget"] = Self.texts([("daily_usd", budget.dailyUSD), ("monthly_usd", budget.monthlyUSD)])
        groups["breaker"] = Self.texts(Self.values(breaker))
        groups["cache.responses"] = Self.texts(Self.values(responseCache))
        groups["history"] = Self.texts([("content", historyContent)])
        groups["daemon"] = Self.texts([
            ("idle_exit", daemon.idleExit), ("drain_timeout", daemon.drainTimeout),
            ("retain.history", daemon.retainHistory), ("retain.transactions", daemon.retainTransactions),
            ("state_dir", daemon.stateDirectory),
        ])
        groups["access"] = Self.texts([("users", access.users), ("groups", access.groups), ("roots", access.roots)])
        groups["plan"] = Self.texts([
            ("planner", plan.planner), ("executor", plan.executor), ("verifier", plan.verifier), ("mode", plan.mode),
        ])
        for verifier in verifiers {
            groups["verifiers.\(verifier.name)"] = Self.texts([
                ("command", verifier.command), ("timeout", verifier.timeout),
            ])
        }
        for provider in providers { groups["providers.\(provider.name)"] = Self.settings(of: provider) }
        for model in models { groups["models.\(model.name)"] = Self.settings(of: model) }
        return groups
    }

    private static func texts(_ values: [(String, Any?)]) -> [String: Setting] {
        Dictionary(values.map { ($0, .text($1.map { String(reflecting: $0) } ?? "")) }) { $1 }
    }

    private static func values(_ breaker: BreakerSettings) -> [(String, Any?)] {
        [
            ("window", breaker.window), ("error_rate", breaker.errorRate), ("min_samples", breaker.minSamples),
            ("open_for", breaker.openFor), ("half_open_probes", breaker.halfOpenProbes),
        ]
    }

    private static func values(_ cache: CacheSettings) -> [(String, Any?)] {
        [("enabled", cache.enabled), ("ttl", cache.ttl), ("entries", cache.entries)]
    }

    private static func prefixed(_ prefix: String, _ values: [(String, Any?)]) -> [(String, Any?)] {
        values.map { ("\(prefix).\($0)", $1) }
    }

    private static func settings(of provider: ProviderSettings) -> [String: Setting] {
        var values: [(String, Any?)] = [
            ("kind", provider.kind), ("preset", provider.preset), ("base_url", provider.baseURL),
            ("enabled", provider.enabled), ("connect_timeout", provider.timeouts.connect),
            ("first_token_timeout", provider.timeouts.firstToken), ("idle_timeout", provider.timeouts.idle),
            ("max_in_flight", provider.maxInFlight), ("limit.requests", provider.quota.requests),
            ("limit.tokens", provider.quota.tokens),
        ]
        values += prefixed("breaker", Self.values(provider.breaker))
        if let runloop = provider.runloop {
            values += [
                ("devbox", runloop.devbox), ("blueprint", runloop.blueprint), ("command", runloop.command),
            ]
        }
        if let llama = provider.llama {
            values += [
                ("command", llama.command), ("model_path", llama.modelPath), ("idle_stop", llama.idleStop),
            ]
        }
        var settings = texts(values)
        settings["api_key"] = .secret(provider.apiKey)
        return settings
    }

    private static func settings(of model: ConfiguredModel) -> [String: Setting] {
        var values: [(String, Any?)] = [("aliases", model.aliases)]
        switch model {
        case .leaf(let leaf):
            values += [
                ("provider", leaf.provider), ("model", leaf.model), ("price", leaf.price), ("context", leaf.context),
                ("fallbacks", leaf.fallbacks), ("limits", leaf.defaults.map { "\($0.name)=\($0.json)" }),
            ]
        case .workflow(let workflow):
            values += [("workflow", workflow.settings.kind)] + self.values(of: workflow.settings)
        }
        return texts(values)
    }

    private static func values(of workflow: WorkflowSettings) -> [(String, Any?)] {
        let parts: [(String, Any?)] = workflow.parts.map { ($0.key, $0.model) }
        switch workflow {
        case .chain(let chain):
            return parts + prefixed("reasoning_cache", values(chain.reasoningCache))
                + [("depth", chain.depth), ("instructions", chain.instructions)]
        case .route(let route):
            return parts + [
                ("code_share", route.codeShare), ("polish.min_length", route.polish?.minLength),
                ("polish.max_tokens", route.polish?.maxTokens), ("attribution", route.attribution),
            ]
        case .expert(let expert):
            return parts + [
                ("dual_model", expert.dualModel), ("tools", expert.tools), ("max_rounds", expert.maxRounds),
            ]
        case .escalate(let escalate):
            return parts + [
                ("signal", escalate.signal), ("enabled", escalate.enabled), ("notify_user", escalate.notifyUser),
            ]
        }
    }
}
