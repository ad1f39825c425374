import TandemBase
import TandemHTTP
import TandemLoop
import TandemPolicy
import TandemTestSupport
import Testing

@testable import TandemProviders

/// One client for the test process: libcurl holds unretained pointers to it.
@LoopActor let client = try? HTTPClient()

/// Providers over scripted upstreams, and calls to them.
final class Bench: Sendable {
    @LoopActor
    final class State {
        let registry = ProviderRegistry()
        var models: [ModelSettings] = []
        /// Calls do not own their owners.
        var callers: [Caller] = []
    }

    let state: State

    init(_ urls: String..., configure: @escaping @Sendable (inout ProviderSettings) -> Void = { _ in }) throws {
        let state = try onLoop { State() }
        self.state = state
        try onLoop {
            let client = try #require(client)
            var providers: [Provider] = []
            for (index, url) in urls.enumerated() {
                var settings = ProviderSettings(name: "p\(index)", kind: .openai, baseURL: url)
                settings.apiKey = Secret("sk-very-secret-key")
                configure(&settings)
                providers.append(Provider(settings, client: client))
                state.models.append(ModelSettings(name: "m\(index)", provider: "p\(index)", model: "up\(index)"))
            }
            state.registry.replace(with: providers)
        }
    }

    func provider<Value: Sendable>(_ index: Int = 0, _ body: @escaping @LoopActor (Provider) -> Value) throws -> Value {
        let state = self.state
        return try onLoop { body(state.registry.providers[index]) }
    }

    /// Begins a call.
    func call(
        timeout: TimeSpan = .seconds(15), commits: Bool = true, wantsStream: Bool = true,
        prompt: String = "what is the question",
        _ prepare: @escaping @LoopActor (Caller) -> Void = { _ in }
    ) throws -> Caller {
        let state = self.state
        return try onLoop {
            let caller = Caller(
                state.models, state.registry, prompt, wantsStream: wantsStream, timeout: timeout, commits: commits)
            state.callers.append(caller)
            prepare(caller)
            caller.call?.start()
            return caller
        }
    }

    /// Nothing is held of any provider any more.
    func isAtRest() throws -> Bool {
        let state = self.state
        return try onLoopEventually {
            state.registry.providers.allSatisfy { $0.inFlight == 0 && $0.gate.inFlight == 0 && $0.gate.queued == 0 }
        }
    }
}

/// What a call told its owner.
@LoopActor
final class Caller: UpstreamCallDelegate {
    private(set) var call: UpstreamCall?
    let trace: RequestTrace
    var content = ""
    var reasoning = ""
    var steps: [Int] = []
    var notices: [String] = []
    var result: Result<Completion, UpstreamCallFailure>?
    var finishes = 0
    var onDelta: (@LoopActor (UpstreamCall) -> Void)?
    private let commits: Bool
    nonisolated let finished = Gate()
    nonisolated let firstDelta = Gate()

    init(
        _ models: [ModelSettings], _ registry: ProviderRegistry, _ prompt: String, wantsStream: Bool, timeout: TimeSpan,
        commits: Bool
    ) {
        trace = RequestTrace(deadline: .now() + timeout)
        self.commits = commits
        let messages = Array("[{\"role\":\"user\",\"content\":\(quoted(prompt))}]".utf8)
        var asked = Prompt(messages: messages[...])
        asked.wantsStream = wantsStream
        call = UpstreamCall(
            .direct, candidates: models, prompt: asked, trace: trace, providers: registry, delegate: self)
    }

    func call(_ call: UpstreamCall, began step: Int) { steps.append(step) }

    func call(_ call: UpstreamCall, produced delta: Delta) {
        switch delta {
        case .content(let text): content += text
        case .reasoning(let text): reasoning += text
        case .toolCall: break
        }
        if commits { call.commit() }
        onDelta?(call)
        firstDelta.open()
    }

    func call(_ call: UpstreamCall, noticed notice: Notice) { notices.append(notice.code) }

    func call(_ call: UpstreamCall, finished result: Result<Completion, UpstreamCallFailure>) {
        self.result = result
        finishes += 1
        finished.open()
    }

    var completion: Completion? { if case .success(let completion)? = result { completion } else { nil } }
    var failure: UpstreamCallFailure? { if case .failure(let failure)? = result { failure } else { nil } }
    var kinds: [String] { trace.attempts.map(\.failure.failure.kind) }
}
