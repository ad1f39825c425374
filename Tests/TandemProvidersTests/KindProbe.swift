import Synchronization
import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemTestSupport

@testable import TandemProviders

/// One client for the test process: libcurl keeps pointers to it.
@LoopActor
enum TestClient {
    static let shared: HTTPClient? = try? HTTPClient()
}

struct NoClient: Error {}

/// A key that must turn up in headers and nowhere else.
let testKey = "sk-test-0123456789abcdef"

/// One call through the real `UpstreamCall` to one or more providers, seen from the test's thread.
final class KindProbe: Sendable {
    struct Seen: Sendable {
        var deltas: [Delta] = []
        var notices: [Notice] = []
        var result: Result<Completion, UpstreamCallFailure>?
        var steps: [StepTrace] = []
        var attempts: [AttemptTrace] = []
        var inFlight = 0
        var breakerSamples = 0
    }

    let ended = Gate()
    let firstDelta = Gate()
    /// Lives as long as the call.
    private let upstream: ScriptedUpstream?
    private let state = Mutex(Seen())
    private let recorder = Mutex<Recorder?>(nil)

    /// Starts the call; the models are its candidates, each at the provider of the same index.
    init(
        _ providers: [ProviderSettings], _ prompt: Prompt, models: [ModelSettings]? = nil,
        timeout: TimeSpan = testDeadline, keeping upstream: ScriptedUpstream? = nil, llama: LlamaPool? = nil
    ) throws {
        self.upstream = upstream
        let models =
            models ?? providers.map { ModelSettings(name: $0.name, provider: $0.name, model: "model-1") }
        let recorder = try onLoop {
            guard let client = TestClient.shared else { throw NoClient() }
            return Recorder(
                providers.map { Provider($0, client: client, llama: llama) }, models, prompt, timeout, self)
        }
        self.recorder.withLock { $0 = recorder }
        try onLoop { recorder.start() }
    }

    var seen: Seen { state.withLock { $0 } }

    /// Waits for the end; the answer, or nil where the call failed.
    @discardableResult
    func completion() -> Completion? {
        guard ended.wait(), case .success(let completion)? = seen.result else { return nil }
        return completion
    }

    /// Waits for the end; how the attempts failed.
    func failures() -> [CallFailure] {
        ended.wait()
        return seen.attempts.map(\.failure.failure)
    }

    func cancel() throws {
        guard let recorder = recorder.withLock({ $0 }) else { return }
        try onLoop { recorder.cancel() }
    }

    func pause() throws { try withCall { $0.pause() } }
    func resume() throws { try withCall { $0.resume() } }

    private func withCall(_ body: @escaping @LoopActor (UpstreamCall) -> Void) throws {
        guard let recorder = recorder.withLock({ $0 }) else { return }
        try onLoop { if let call = recorder.call { body(call) } }
    }

    fileprivate func update(_ change: (inout Seen) -> Void) { state.withLock { change(&$0) } }
}

@LoopActor
private final class Recorder: UpstreamCallDelegate {
    private let registry = ProviderRegistry()
    private let trace: RequestTrace
    private unowned let probe: KindProbe
    private(set) var call: UpstreamCall?
    private let make: @LoopActor (Recorder) -> UpstreamCall

    init(
        _ providers: [Provider], _ models: [ModelSettings], _ prompt: Prompt, _ timeout: TimeSpan, _ probe: KindProbe
    ) {
        registry.replace(with: providers)
        let trace = RequestTrace(deadline: .now() + timeout)
        self.trace = trace
        self.probe = probe
        let registry = registry
        make = {
            UpstreamCall(
                .direct, candidates: models, prompt: prompt, trace: trace, providers: registry, delegate: $0)
        }
    }

    func start() {
        let call = make(self)
        self.call = call
        call.start()
    }

    func cancel() {
        call?.cancel()
        note()
        probe.ended.open()
    }

    private func note() {
        let inFlight = registry.providers.reduce(0) { $0 + $1.inFlight }
        probe.update {
            $0.steps = trace.steps
            $0.attempts = trace.attempts
            $0.inFlight = inFlight
        }
    }

    func call(_ call: UpstreamCall, began step: Int) {}
    func call(_ call: UpstreamCall, noticed notice: Notice) { probe.update { $0.notices.append(notice) } }
    func call(_ call: UpstreamCall, produced delta: Delta) {
        probe.update { $0.deltas.append(delta) }
        probe.firstDelta.open()
    }
    func call(_ call: UpstreamCall, finished result: Result<Completion, UpstreamCallFailure>) {
        note()
        probe.update { $0.result = result }
        probe.ended.open()
    }
}

/// A provider of some kind with short timeouts and the test's key.
func provider(_ kind: ProviderKind, _ baseURL: String, name: String = "p") -> ProviderSettings {
    var settings = ProviderSettings(name: name, kind: kind, baseURL: baseURL)
    settings.apiKey = Secret(testKey)
    return settings
}

/// A prompt from the text of a chat request's params.
func prompt(_ params: String) throws -> Prompt {
    let root = try JSONDocument(Array(params.utf8)).root
    var prompt = Prompt(messages: root["messages"]?.raw ?? [])
    prompt.providerOptions = root["provider_options"]
    for (name, value) in root.members where name != "messages" && name != "provider_options" {
        prompt.members.append(Prompt.Member(name, value.raw))
    }
    return prompt
}

/// What the pieces of an answer come to, however they were cut.
struct Answer: Equatable {
    var completion = Completion()
    var usage: Usage?
    var failure: UpstreamErrorObject?
    var isWellFormed = true

    mutating func take(_ piece: DecodedPiece) {
        switch piece {
        case .delta(let delta): isWellFormed = completion.append(delta) && isWellFormed
        case .finish(let reason): completion.finishReason = reason
        case .usage(let usage): self.usage = usage
        case .logprobs: break
        case .failure(let error): failure = error
        }
    }
}

/// Decodes an event stream cut in two at `position`.
func decode(_ stream: [UInt8], splitAt position: Int, with decoder: some AnswerDecoder) -> Answer {
    var decoder = decoder
    var events = SSEDecoder()
    var answer = Answer()
    for piece in [stream[..<position], stream[position...]] {
        Array(piece).withUnsafeBytes { bytes in
            try? events.feed(bytes) { name, data in
                guard let value = try? JSONDocument(Array(data)).root else { return false }
                _ = decoder.decode(value, event: name) { answer.take($0) }
                return true
            }
        }
    }
    decoder.finish { answer.take($0) }
    return answer
}

/// Decodes one JSON body.
func decode(_ body: String, with decoder: some AnswerDecoder) throws -> Answer {
    var decoder = decoder
    var answer = Answer()
    answer.isWellFormed = decoder.decode(try JSONDocument(Array(body.utf8)).root, event: "") { answer.take($0) }
    decoder.finish { answer.take($0) }
    return answer
}

/// JSON in its canonical form, for comparing requests.
func canonical(_ json: some Collection<UInt8>) throws -> String {
    String(decoding: try JSONDocument(Array(json)).root.canonicalBytes, as: UTF8.self)
}

func canonical(_ json: String) throws -> String { try canonical(Array(json.utf8)) }
