import Glibc
import TandemBase
import TandemProviders

/// What is there without being configured: providers whose key variable is set, local servers to ask, `offline`.
extension ConfigurationReader {
    mutating func completeProviders() {
        if configuration.providers.isEmpty { findProviders() }
        if configuration.models.isEmpty { addWellKnownModels() }
        addOffline()
    }

    private mutating func findProviders() {
        let named = namedProviders
        for preset in Preset.all where !preset.isLocal {
            let hasKey = preset.keyVariables.contains { environment[$0].map { !$0.isEmpty } ?? false }
            if hasKey || named.contains(preset.name) { configuration.providers.append(provider(of: preset)) }
        }
        for preset in Preset.all where preset.isLocal {
            if named.contains(preset.name) {
                configuration.providers.append(provider(of: preset))
            } else if ["ollama", "llama-server"].contains(preset.name) {
                configuration.localCandidates.append(provider(of: preset))
            }
        }
        if let path = environment["LANGUAGE_MODEL_PATH"], !path.isEmpty, isProgram("llama-server") {
            var local = ProviderSettings(name: "local", kind: .llama, baseURL: "")
            local.breaker = configuration.breaker
            local.enabled = isEnabledByEnvironment(local.name) ?? true
            var llama = LlamaSettings()
            llama.modelPath = paths.absolute(path, in: "")
            local.llama = llama
            configuration.providers.append(local)
        }
    }

    /// Without `[providers]` a model may name a preset as its provider; it is there even if its key is not.
    private var namedProviders: Set<String> {
        var names = Set(providerReferences.map(\.name))
        for reference in references + fallbackReferences where modelPositions[reference.name] == nil {
            if let slash = reference.name.firstIndex(of: "/") { names.insert(String(reference.name[..<slash])) }
        }
        return names
    }

    private func provider(of preset: Preset) -> ProviderSettings {
        var provider = ProviderSettings(name: preset.name, kind: preset.kind, baseURL: baseURL(of: preset))
        provider.preset = preset.name
        provider.breaker = configuration.breaker
        provider.enabled = isEnabledByEnvironment(preset.name) ?? true
        if preset.kind == .runloop { provider.runloop = .found(in: environment) }
        if !preset.keyVariables.isEmpty { resolveKey(.environment(preset.keyVariables), of: &provider) }
        return provider
    }

    /// Without `[models]`, every provider brings the models its preset knows. A short name that several have goes to
    /// the first that can be used; the others are reached as `provider/model`.
    private mutating func addWellKnownModels() {
        func isUsable(_ provider: ProviderSettings) -> Bool { provider.enabled && provider.apiKeyProblem == nil }
        let usable = configuration.providers.filter(isUsable)
        var taken: Set<String> = [Configuration.offlineName]
        for provider in usable + configuration.providers.filter({ !isUsable($0) }) {
            for known in provider.preset.flatMap(Preset.named)?.models ?? [] where taken.insert(known.name).inserted {
                var leaf = ModelSettings(name: known.name, provider: provider.name, model: known.model)
                leaf.context = known.context
                leaf.aliases = known.aliases.filter { taken.insert($0).inserted }
                configuration.models.append(.leaf(leaf))
            }
            if provider.kind == .llama, taken.insert(provider.name).inserted {
                let leaf = ModelSettings(name: provider.name, provider: provider.name, model: provider.name)
                configuration.models.append(.leaf(leaf))
            }
        }
    }

    private mutating func addOffline() {
        let name = Configuration.offlineName
        if !configuration.providers.contains(where: { $0.name == name }) {
            var offline = ProviderSettings(name: name, kind: .offline, baseURL: "")
            offline.breaker = configuration.breaker
            offline.enabled = isEnabledByEnvironment(name) ?? true
            configuration.providers.append(offline)
        }
        let isOffline = configuration.providers.contains { $0.name == name && $0.kind == .offline }
        if modelPositions[name] == nil, isOffline {
            configuration.models.append(.leaf(ModelSettings(name: name, provider: name, model: name)))
        }
    }

    /// `OLLAMA_HOST` as Ollama itself reads it: `host`, `:port`, `host:port` or a URL; nil where unset or unusable.
    var ollamaURL: String? {
        guard let text = environment["OLLAMA_HOST"]?.trimmingSpaces, !text.isEmpty else { return nil }
        var scheme = "http"
        var port = "11434"
        var rest = Substring(text)
        for (prefix, standard) in [("http", "80"), ("https", "443")] where rest.hasPrefix("\(prefix)://") {
            scheme = prefix
            port = standard
            rest = rest.dropFirst(prefix.count + 3)
        }
        var host = rest.prefix { $0 != "/" }
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            port = String(host[host.index(after: colon)...])
            host = host[..<colon]
        }
        let isHost = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }
        guard isHost, let number = Int(port), (1...65535).contains(number) else { return nil }
        let everywhere = host.isEmpty || host == "0.0.0.0" || host == "[::]"
        return "\(scheme)://\(everywhere ? "127.0.0.1" : String(host)):\(number)/v1"
    }

    private func isProgram(_ name: String) -> Bool {
        (environment["PATH"] ?? "").split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }
}
