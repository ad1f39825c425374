/// What is known about a provider by its name: address, where its key is looked for, and models worth a short name.
package struct Preset: Hashable, Sendable {
    package var name: String
    package var kind: ProviderKind
    /// Without a trailing slash.
    package var baseURL: String
    /// Environment variables that may hold the key, in the order they are tried; empty where no key is needed.
    package var keyVariables: [String]
    /// Short names for well-known models, the best general one first.
    package var models: [PresetModel]
    /// Runs on this machine: there is no key to find it by, it has to be asked.
    package var isLocal: Bool { keyVariables.isEmpty }
}

/// A model that a provider is known for. No prices: they change, and a stale one would be a made-up cost.
package struct PresetModel: Hashable, Sendable {
    package var name: String
    /// The model's name at the provider.
    package var model: String
    package var aliases: [String]
    /// Context window in tokens; nil where unknown.
    package var context: Int?

    init(_ name: String, _ model: String, aliases: [String] = [], context: Int? = nil) {
        self.name = name
        self.model = model
        self.aliases = aliases
        self.context = context
    }
}

extension Preset {
    /// The preset of that name; nil where there is none.
    package static func named(_ name: String) -> Preset? { all.first { $0.name == name } }

    /// In the order in which providers found in the environment are preferred.
    package static let all: [Preset] = [
        Preset(
            name: "groq", kind: .openai, baseURL: "https://api.groq.com/openai/v1", keyVariables: ["GROQ_API_KEY"],
            models: [
                PresetModel("llama-70b", "llama-3.3-70b-versatile", context: 131_072),
                PresetModel("qwen", "qwen/qwen3-32b", aliases: ["qwen3-32b"], context: 131_072),
                PresetModel("deepseek-r1", "deepseek-r1-distill-llama-70b", context: 131_072),
            ]),
        Preset(
            name: "openai", kind: .openai, baseURL: "https://api.openai.com/v1", keyVariables: ["OPENAI_API_KEY"],
            models: [
                PresetModel("gpt-4o", "gpt-4o", context: 128_000),
                PresetModel("gpt-4o-mini", "gpt-4o-mini", context: 128_000),
            ]),
        Preset(
            name: "anthropic", kind: .anthropic, baseURL: "https://api.anthropic.com/v1",
            keyVariables: ["ANTHROPIC_API_KEY"],
            models: [
                PresetModel("claude-sonnet", "claude-sonnet-4-5", aliases: ["claude-sonnet-4-5"], context: 200_000),
                PresetModel("claude-haiku", "claude-haiku-4-5", aliases: ["claude-haiku-4-5"], context: 200_000),
            ]),
        Preset(
            name: "gemini", kind: .gemini, baseURL: "https://generativelanguage.googleapis.com/v1beta",
            keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            models: [
                PresetModel("gemini-flash", "gemini-2.5-flash", aliases: ["gemini-2.5-flash"], context: 1_048_576),
                PresetModel("gemini-pro", "gemini-2.5-pro", aliases: ["gemini-2.5-pro"], context: 1_048_576),
            ]),
        Preset(
            name: "deepseek", kind: .openai, baseURL: "https://api.deepseek.com/v1",
            keyVariables: ["DEEPSEEK_API_KEY"],
            models: [
                PresetModel("deepseek-v3", "deepseek-chat", aliases: ["deepseek-chat"]),
                PresetModel("deepseek-r1", "deepseek-reasoner", aliases: ["deepseek-reasoner"]),
            ]),
        Preset(
            name: "mistral", kind: .openai, baseURL: "https://api.mistral.ai/v1", keyVariables: ["MISTRAL_API_KEY"],
            models: [
                PresetModel("mistral-large", "mistral-large-latest"),
                PresetModel("codestral", "codestral-latest"),
            ]),
        Preset(
            name: "openrouter", kind: .openai, baseURL: "https://openrouter.ai/api/v1",
            keyVariables: ["OPENROUTER_API_KEY"],
            models: [
                PresetModel("llama-70b", "meta-llama/llama-3.3-70b-instruct"),
                PresetModel("deepseek-r1", "deepseek/deepseek-r1"),
                PresetModel("qwen-coder", "qwen/qwen-2.5-coder-32b-instruct"),
            ]),
        Preset(
            name: "together", kind: .openai, baseURL: "https://api.together.xyz/v1",
            keyVariables: ["TOGETHER_API_KEY"],
            models: [
                PresetModel("llama-70b", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
                PresetModel("qwen-coder", "Qwen/Qwen2.5-Coder-32B-Instruct"),
            ]),
        Preset(
            name: "cerebras", kind: .openai, baseURL: "https://api.cerebras.ai/v1",
            keyVariables: ["CEREBRAS_API_KEY"],
            models: [
                PresetModel("llama-70b", "llama-3.3-70b"),
                PresetModel("qwen", "qwen-3-32b"),
            ]),
        Preset(
            name: "fireworks", kind: .openai, baseURL: "https://api.fireworks.ai/inference/v1",
            keyVariables: ["FIREWORKS_API_KEY"],
            models: [
                PresetModel("llama-70b", "accounts/fireworks/models/llama-v3p3-70b-instruct"),
                PresetModel("deepseek-r1", "accounts/fireworks/models/deepseek-r1"),
            ]),
        Preset(
            name: "runloop", kind: .runloop, baseURL: "https://api.runloop.ai/v1", keyVariables: ["RUNLOOP_API_KEY"],
            models: [PresetModel("qwen-runloop", "qwen2.5-coder")]),
        Preset(
            name: "ollama", kind: .openai, baseURL: "http://127.0.0.1:11434/v1", keyVariables: [], models: []),
        Preset(
            name: "llama-server", kind: .openai, baseURL: "http://127.0.0.1:8080/v1", keyVariables: [], models: []),
        Preset(
            name: "lmstudio", kind: .openai, baseURL: "http://127.0.0.1:1234/v1", keyVariables: [], models: []),
        Preset(
            name: "vllm", kind: .openai, baseURL: "http://127.0.0.1:8000/v1", keyVariables: [], models: []),
    ]
}
