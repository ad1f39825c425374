import TandemBase
import TandemPolicy
import TandemProviders

/// `[providers.NAME]`.
extension ConfigurationReader {
    mutating func readProviders(_ root: inout Section) {
        root.tables("providers") { name, section in
            if name.contains("/") {
                log.fault(
                    section.position, section.path, "a provider's name has no slash: provider/model names a model")
            }
            providerPositions[name] = section.position
            configuration.providers.append(readProvider(name, &section))
        }
    }

    /// Which of them belong is not known where `kind` is not.
    private static let keysOfOneKind = ["devbox", "blueprint", "command", "model_path", "idle_stop"]

    private func readProvider(_ name: String, _ section: inout Section) -> ProviderSettings {
        let presetName = section.string("preset")
        var preset = presetName.flatMap(Preset.named)
        if let presetName, preset == nil {
            let names = Preset.all.map(\.name)
            section.fault(
                "preset", "unknown preset \(shown(presetName)); expected \(names.joined(separator: ", "))",
                suggestion: nearestName(to: presetName, among: names))
        }
        let hasKind = section.value("kind") != nil
        var kind = section.choice("kind", "kind", of: ProviderKind.self)
        if !hasKind, presetName == nil {
            let kinds = ProviderKind.allCases.map(\.rawValue).joined(separator: ", ")
            log.missing(section.position, section.path(of: "kind"), "missing; expected kind (\(kinds)) or preset")
        }
        if !hasKind { kind = preset?.kind }
        let baseURL = readBaseURL(&section)
        // "openai" without an address is OpenAI itself; with one it is any server that speaks like it.
        if presetName == nil, section.value("base_url") == nil, let kind { preset = Preset.named(kind.rawValue) }

        // After a fault in kind or preset the rest is read all the same, to tell its faults too.
        let address = baseURL ?? preset.map(baseURL(of:)) ?? ""
        var provider = ProviderSettings(name: name, kind: kind ?? .openai, baseURL: address)
        provider.preset = preset?.name
        provider.breaker = configuration.breaker
        readCommon(&section, into: &provider)
        switch kind {
        case .runloop: provider.runloop = readRunloop(&section)
        case .llama: provider.llama = readLlama(&section)
        case .offline, .openai, .anthropic, .gemini: break
        case nil: for key in Self.keysOfOneKind { _ = section.value(key) }
        }
        let source = readKeySource("api_key", in: &section)
        if section.value("api_key") == nil, let variables = preset?.keyVariables, !variables.isEmpty {
            resolveKey(.environment(variables), of: &provider)
        } else if let source {
            resolveKey(source, of: &provider)
        }
        return provider
    }

    private func readCommon(_ section: inout Section, into provider: inout ProviderSettings) {
        if let enabled = section.bool("enabled") { provider.enabled = enabled }
        if let enabled = isEnabledByEnvironment(provider.name) { provider.enabled = enabled }
        if let span = section.duration("connect_timeout") { provider.timeouts.connect = span }
        if let span = section.duration("first_token_timeout") {
            provider.timeouts.firstToken = span
            provider.timeouts.firstTokenIsConfigured = true
        }
        if let span = section.duration("idle_timeout") { provider.timeouts.idle = span }
        if let count = section.count("max_in_flight") { provider.maxInFlight = count }
        section.table("limit") { limit in
            if let rate = limit.rateOrNone("requests") { provider.quota.requests = rate }
            if let rate = limit.rateOrNone("tokens") { provider.quota.tokens = rate }
        }
        section.table("breaker") { readBreaker(&$0, into: &provider.breaker) }
    }

    /// `TANDEM_<NAME>_ENABLED`, and `QWEN_ENABLED` for the provider of that name.
    func isEnabledByEnvironment(_ provider: String) -> Bool? {
        let name = String(
            decoding: provider.uppercased().utf8.map { byte in
                let isPlain = byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A
                return isPlain ? byte : UInt8(ascii: "_")
            }, as: UTF8.self)
        return flag("TANDEM_\(name)_ENABLED") ?? (provider.lowercased() == "qwen" ? flag("QWEN_ENABLED") : nil)
    }

    /// A variable that says yes or no; anything else is told and left aside.
    func flag(_ variable: String) -> Bool? {
        guard let text = environment[variable]?.trimmingSpaces.lowercased(), !text.isEmpty else { return nil }
        switch text {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default:
            log.warn(nil, variable, "expected true or false; ignored")
            return nil
        }
    }

    /// The preset's address, for Ollama the one that its own variable names.
    func baseURL(of preset: Preset) -> String {
        preset.name == "ollama" ? ollamaURL ?? preset.baseURL : preset.baseURL
    }

    /// Without a trailing slash.
    private func readBaseURL(_ section: inout Section) -> String? {
        guard let text = section.string("base_url") else { return nil }
        let isPrintable = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        let rest = ["https://", "http://", "unix:"].first { text.hasPrefix($0) }.map { text.dropFirst($0.count) }
        guard isPrintable, let rest, let first = rest.first, first != "/" || text.hasPrefix("unix:") else {
            section.fault("base_url", "expected a URL such as \"https://host/v1\" or \"unix:/path.sock:/v1\"")
            return nil
        }
        guard !rest.prefix(while: { $0 != "/" }).contains("@") else {
            section.fault("base_url", "a URL must hold no user or password; use api_key")
            return nil
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            section.fault("base_url", "expected a URL without query or fragment")
            return nil
        }
        var trimmed = Substring(text)
        while trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        return String(trimmed)
    }

    private func readRunloop(_ section: inout Section) -> RunloopSettings {
        var runloop = RunloopSettings.found(in: environment)
        if let devbox = stringOrVariable("devbox", in: &section) {
            runloop.devbox = devbox.value ?? RunloopSettings.found(in: environment).devbox
        }
        if let blueprint = stringOrVariable("blueprint", in: &section) { runloop.blueprint = blueprint.value }
        if let command = section.name("command") { runloop.command = command }
        return runloop
    }

    private func readLlama(_ section: inout Section) -> LlamaSettings {
        var llama = LlamaSettings()
        if let command = section.command("command") { llama.command = command }
        llama.modelPath = environment["LANGUAGE_MODEL_PATH"].flatMap { $0.isEmpty ? nil : $0 }
        if let path = stringOrVariable("model_path", in: &section) { llama.modelPath = path.value }
        if let path = llama.modelPath { llama.modelPath = expand(path, "model_path", section) }
        if let span = section.duration("idle_stop") { llama.idleStop = span }
        return llama
    }

    private struct Setting { var value: String? }

    /// A string, or `{ env = "NAME" }`, whose value is nil where the variable is not set.
    private func stringOrVariable(_ key: String, in section: inout Section) -> Setting? {
        guard let value = section.value(key) else { return nil }
        switch value.content {
        case .string: return section.name(key).map { Setting(value: $0) }
        case .table:
            return section.table(key) { table -> Setting? in
                guard let name = table.requiredName("env") else { return nil }
                return Setting(value: environment[name].flatMap { $0.isEmpty ? nil : $0 })
            } ?? nil
        default:
            section.fault(key, "expected a string or { env = \"NAME\" }, found \(value.typeName)")
            return nil
        }
    }

    /// The table of `api_key`. A plain string is refused and never repeated: it may be the key.
    private func readKeySource(_ key: String, in section: inout Section) -> KeySource? {
        let forms =
            "{ env = \"NAME\" }, { credential = \"name\" }, { file = \"~/path\" } or { command = [\"program\"] }"
        guard let value = section.value(key) else { return nil }
        guard case .table(let table) = value.content else {
            section.fault(key, "a key is not written here; say where it is: \(forms)")
            return nil
        }
        var sources: [KeySource] = []
        let hasForm = table.members.contains { KeySource.Form(rawValue: $0.key) != nil }
        section.table(key) { source in
            if let name = source.name("env") { sources.append(.environment([name])) }
            if let name = source.name("credential") {
                if name.contains("/") || name == "." || name == ".." {
                    source.fault("credential", "expected a credential's name, found a path")
                } else {
                    sources.append(.credential(name))
                }
            }
            if let path = source.name("file"), let absolute = expand(path, "file", source) {
                sources.append(.file(absolute))
            }
            if let words = source.command("command") { sources.append(.command(words)) }
        }
        if !hasForm || sources.count > 1 { section.fault(key, "expected one of \(forms)") }
        return sources.first
    }

    func resolveKey(_ source: KeySource, of provider: inout ProviderSettings) {
        provider.apiKeySource = source.description
        if case .command(let words) = source { provider.apiKeyCommand = words }
        if case .environment(let names) = source { provider.apiKeyVariables = names }
        do { provider.setKey(.success(try source.resolve(environment: environment))) } catch {
            provider.setKey(.failure(error))
        }
    }
}

extension RunloopSettings {
    static func found(in environment: [String: String]) -> RunloopSettings {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var runloop = RunloopSettings()
        runloop.devbox = value("RUNLOOP_DEVBOX_ID") ?? value("RUNLOOP_DEVOX_ID")
        runloop.blueprint = value("QWEN_OLLAMA_BLUEPRINT_ID")
        return runloop
    }
}
