import TandemBase
import TandemHTTP
import TandemLoop
import TandemPolicy

/// What became different about a provider.
package enum ProviderChange: Hashable, Sendable {
    /// A sample, a quota: nothing that anybody has to be told.
    case counted
    case breaker(model: String)
    /// It asked for a pause, or refused the key.
    case health
    /// `setProvider`.
    case switched
}

/// One provider at work: its endpoint, its health, its limits. All requests share it.
@LoopActor
package final class Provider {
    package private(set) var settings: ProviderSettings
    /// What `setProvider` said; nil follows the configuration.
    package var enabledOverride: Bool? {
        didSet { if enabledOverride != oldValue { onChange?(self, .switched) } }
    }
    /// Called after each change; must not call the provider's calls back.
    package var onChange: (@LoopActor (Provider, ProviderChange) -> Void)?
    package var health = ProviderHealth()
    package private(set) var breakers: [String: CircuitBreaker] = [:]
    package var gate: ConcurrencyGate<@LoopActor () -> Void>
    package var requestQuota: SlidingWindowLimiter?
    package var tokenQuota: SlidingWindowLimiter?
    package private(set) var inFlight = 0
    /// What went wrong last, in words for people.
    package private(set) var lastError: (message: String, at: WallTime)?

    private var quirks: OpenAIQuirks
    private let client: HTTPClient
    /// Kind `runloop`: made with the first request.
    private var devbox: RunloopDevbox?
    private let llama: LlamaPool?
    private var endpoints: [String: HTTPEndpoint] = [:]
    /// Prepared endpoints, one for each path in use.
    private static let endpointLimit = 32

    /// `llama` runs the model servers of kind `llama`; without it they are nobody's and cannot be used.
    package init(_ settings: ProviderSettings, client: HTTPClient, llama: LlamaPool? = nil) {
        self.settings = settings
        quirks = OpenAIQuirks(settings)
        self.client = client
        self.llama = llama
        gate = ConcurrencyGate(limit: settings.maxInFlight)
        requestQuota = settings.quota.requests.map { SlidingWindowLimiter($0) }
        tokenQuota = settings.quota.tokens.map { SlidingWindowLimiter($0) }
    }

    package var isEnabled: Bool { enabledOverride ?? settings.enabled }

    /// An attempt at one of the provider's models.
    package func makeAttempt(
        _ prompt: Prompt, _ model: ModelSettings, _ delegate: any AttemptDelegate
    ) -> any Attempt {
        switch settings.kind {
        case .offline: OfflineAttempt(prompt, model, delegate)
        case .anthropic:
            httpAttempt(
                prompt, "/messages", AnthropicRequest.bytes(prompt, model: model), AnthropicDecoder(), delegate)
        case .gemini:
            httpAttempt(
                prompt, geminiPath(model: model.model), GeminiRequest.bytes(prompt, model: model), GeminiDecoder(),
                delegate)
        case .runloop:
            RunloopAttempt(
                api: runloopAPI, devbox: runloopDevbox, settings: settings.runloop ?? RunloopSettings(),
                timeouts: settings.timeouts, model: model, prompt: prompt, delegate: delegate)
        case .llama: llamaAttempt(prompt, model, delegate)
        case .openai:
            httpAttempt(
                prompt, "/chat/completions", openAIRequest(prompt, model: model, quirks: quirks), OpenAIDecoder(),
                delegate)
        }
    }

    /// Opens a connection for an attempt that is soon to be made.
    package func warm(for model: ModelSettings) {
        guard isEnabled else { return }
        switch settings.kind {
        case .offline, .runloop, .llama: break
        case .openai: client.warm(endpoint("/chat/completions"))
        case .anthropic: client.warm(endpoint("/messages"))
        case .gemini: client.warm(endpoint(geminiPath(model: model.model)))
        }
    }

    private var runloopAPI: RunloopAPI {
        RunloopAPI(client: client, root: endpointSettings(path: ""), key: settings.apiKey)
    }

    private var runloopDevbox: RunloopDevbox {
        if let devbox { return devbox }
        let devbox = RunloopDevbox(api: runloopAPI, settings: settings.runloop ?? RunloopSettings())
        self.devbox = devbox
        return devbox
    }

    private func llamaAttempt(
        _ prompt: Prompt, _ model: ModelSettings, _ delegate: any AttemptDelegate
    ) -> any Attempt {
        // With an address the server is somebody else's.
        guard settings.baseURL.isEmpty, let llama else {
            return httpAttempt(
                prompt, "/chat/completions", openAIRequest(prompt, model: model, quirks: quirks), OpenAIDecoder(),
                delegate)
        }
        return LlamaAttempt(
            pool: llama, settings: settings, estimatedPromptTokens: prompt.estimatedPromptTokens, delegate: delegate
        ) { [self] settings, delegate in
            HTTPAttempt(
                client: client, endpoint: endpoint("/chat/completions", of: settings), timeouts: settings.timeouts,
                key: settings.apiKey, request: openAIRequest(prompt, model: model, quirks: quirks),
                estimatedPromptTokens: prompt.estimatedPromptTokens, expectsStream: expectsStream(prompt),
                decoder: OpenAIDecoder(), delegate: delegate)
        }
    }

    private func httpAttempt(
        _ prompt: Prompt, _ path: String, _ request: [UInt8], _ decoder: any AnswerDecoder,
        _ delegate: any AttemptDelegate
    ) -> any Attempt {
        HTTPAttempt(
            client: client, endpoint: endpoint(path), timeouts: settings.timeouts, key: settings.apiKey,
            request: request, estimatedPromptTokens: prompt.estimatedPromptTokens,
            expectsStream: expectsStream(prompt), decoder: decoder, delegate: delegate)
    }

    /// What `openAIRequest` asks for; the other kinds always ask for a stream.
    private func expectsStream(_ prompt: Prompt) -> Bool {
        let speaksOpenAI = settings.kind == .openai || settings.kind == .llama
        return prompt.wantsStream || !speaksOpenAI || quirks.countsStreams
    }

    private func endpoint(_ path: String, of other: ProviderSettings? = nil) -> HTTPEndpoint {
        let key = other.map { $0.baseURL + path } ?? path
        if let known = endpoints[key] { return known }
        // A path may hold the model's name, and that may come from a client.
        if endpoints.count >= Self.endpointLimit { endpoints.removeAll() }
        let endpoint = HTTPEndpoint((other ?? settings).endpoint(path: path), client: client)
        endpoints[key] = endpoint
        return endpoint
    }

    /// Where a path of this provider's API lies, with the key in a header and nowhere else.
    package func endpointSettings(path: String, method: String = "POST") -> HTTPEndpoint.Settings {
        settings.endpoint(path: path, method: method)
    }

    // MARK: what calls tell it

    package func withBreaker<Value>(of model: String, _ body: (inout CircuitBreaker) -> Value) -> Value {
        body(&breakers[model, default: CircuitBreaker(settings.breaker)])
    }

    /// After a reload: the calls under way give back to this same object what they hold of it, so health, samples,
    /// places and counts go on where they were. A refused key gets another chance.
    package func update(_ settings: ProviderSettings) {
        let before = self.settings
        self.settings = settings
        quirks = OpenAIQuirks(settings)
        endpoints = [:]
        health.reload()
        let speaksAsBefore = settings.baseURL == before.baseURL && settings.apiKey == before.apiKey
        if !speaksAsBefore || settings.runloop != before.runloop { devbox = nil }
        for model in breakers.keys { breakers[model]?.update(settings.breaker) }
        Self.update(&requestQuota, settings.quota.requests)
        Self.update(&tokenQuota, settings.quota.tokens)
        for next in gate.update(limit: settings.maxInFlight) { EventLoop.shared.atEndOfTurn(next) }
    }

    private static func update(_ quota: inout SlidingWindowLimiter?, _ rate: Rate?) {
        guard let rate else { return quota = nil }
        if quota == nil { quota = SlidingWindowLimiter(rate) } else { quota?.update(rate) }
    }

    package func restore(_ breaker: CircuitBreaker, of model: String) { breakers[model] = breaker }

    package func resetBreakers() {
        let open = breakers.filter { $0.value.reopensAt != nil }.keys
        for model in breakers.keys { breakers[model]?.reset() }
        health.reset()
        onChange?(self, .health)
        for model in open.sorted() { onChange?(self, .breaker(model: model)) }
    }

    /// Takes a permit back with what became of its call.
    func record(
        _ outcome: CircuitBreaker.Outcome, _ permit: CircuitBreaker.Permit, of model: String, at time: MonotonicTime
    ) {
        let change = withBreaker(of: model) { $0.record(outcome, permit, at: time) }
        onChange?(self, change == nil ? .counted : .breaker(model: model))
    }

    func began() { inFlight += 1 }

    func ended(_ failure: UpstreamFailure?, at time: MonotonicTime) {
        inFlight -= 1
        guard let failure else { return }
        lastError = (failure.message, .now())
        switch failure.failure {
        case .status(401, _), .status(403, _):
            health.authFailed(reason: authAdvice)
            onChange?(self, .health)
        case .status(429, let retryAfter):
            health.rateLimited(retryAfter: retryAfter, at: time)
            if retryAfter != nil { onChange?(self, .health) }
        default: break
        }
    }

    private var authAdvice: String {
        if let source = settings.apiKeySource {
            return "the provider refused the API key from \(source): correct it, then run `tandem call reload`"
        }
        return "the provider wants an API key: set one for [providers.\(settings.name)], then run `tandem call reload`"
    }
}
