import TandemBase
import TandemPolicy

/// How a provider speaks.
package enum ProviderKind: String, CaseIterable, Hashable, Sendable {
    case openai, anthropic, gemini, runloop, llama, offline
}

/// The four timeouts of an upstream call; the fourth, of the whole request, is the request's own.
package struct TimeoutSettings: Hashable, Sendable {
    package var connect: TimeSpan = .seconds(2)
    /// From sending the request to the first piece of an answer; then the next candidate.
    package var firstToken: TimeSpan = .seconds(20)
    /// Whether the configuration names it. The default does not hold for an answer that comes whole: there is no first
    /// token to be seen, and a long answer is no fault.
    package var firstTokenIsConfigured = false
    /// Between two pieces of a stream.
    package var idle: TimeSpan = .seconds(30)

    package init() {}
}

/// The provider's own quota, honoured before it says 429.
package struct QuotaSettings: Hashable, Sendable {
    package var requests: Rate?
    package var tokens: Rate?

    package init(requests: Rate? = nil, tokens: Rate? = nil) {
        self.requests = requests
        self.tokens = tokens
    }
}

/// One `[providers.NAME]` with its preset filled in and its key resolved.
package struct ProviderSettings: Sendable {
    package var name: String
    package var kind: ProviderKind
    package var preset: String?
    /// Without a trailing slash. `unix:/path.sock:/v1` reaches an upstream on a Unix socket.
    package var baseURL: String
    package var apiKey: Secret?
    /// The program whose first line of output is the key; argument vector. nil for every other source.
    package var apiKeyCommand: [String]?
    /// The environment variables that may hold the key.
    package var apiKeyVariables: [String] = []
    /// Where the key comes from, in words for people ("environment variable GROQ_API_KEY"); never the key.
    package var apiKeySource: String?
    /// Why there is no key although the settings ask for one, and what to do; nil when all is well.
    package var apiKeyProblem: String?
    package var enabled = true
    package var timeouts = TimeoutSettings()
    package var maxInFlight = 64
    package var quota = QuotaSettings()
    package var breaker = BreakerSettings()
    /// Kind-specific settings.
    package var runloop: RunloopSettings?
    package var llama: LlamaSettings?

    package init(name: String, kind: ProviderKind, baseURL: String) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
    }
}

extension ProviderSettings {
    /// Whether it holds its models to a JSON schema (`response_format` of type `json_schema`); of other servers that
    /// speak OpenAI's dialect nobody knows.
    package var hasStructuredOutput: Bool {
        switch kind {
        case .anthropic, .gemini, .llama: true
        case .openai: preset == "openai"
        case .runloop, .offline: false
        }
    }
}

/// kind = "runloop": a command in a devbox that reads the prompt from its standard input.
package struct RunloopSettings: Hashable, Sendable {
    package var devbox: String?
    package var blueprint: String?
    /// Words for the devbox's shell; `{model}` becomes the model's name.
    package var command = "ollama run {model}"

    package init() {}
}

/// kind = "llama": a model server that is started on demand.
package struct LlamaSettings: Hashable, Sendable {
    /// Argument vector; `{model_path}` and `{port}` are filled in.
    package var command = ["llama-server", "--model", "{model_path}", "--port", "{port}"]
    package var modelPath: String?
    package var idleStop: TimeSpan = .minutes(10)

    package init() {}
}

/// USD per million tokens; nil where unknown.
package struct Price: Hashable, Sendable {
    package var input: Double?
    package var output: Double?
    package var cachedInput: Double?

    package init(input: Double? = nil, output: Double? = nil, cachedInput: Double? = nil) {
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
    }
}

/// One `[models.NAME]` that is a leaf: one provider's model.
package struct ModelSettings: Hashable, Sendable {
    package var name: String
    package var provider: String
    /// The model's name at the provider.
    package var model: String
    package var price: Price?
    /// Context window in tokens; nil where unknown.
    package var context: Int?
    package var fallbacks: [String] = []
    package var aliases: [String] = []
    /// Request members (JSON values by name) that are merged under the request's own.
    package var defaults: [DefaultMember] = []

    package struct DefaultMember: Hashable, Sendable {
        package var name: String
        /// One valid JSON value.
        package var json: [UInt8]

        package init(name: String, json: [UInt8]) {
            self.name = name
            self.json = json
        }
    }

    package init(name: String, provider: String, model: String) {
        self.name = name
        self.provider = provider
        self.model = model
    }
}
