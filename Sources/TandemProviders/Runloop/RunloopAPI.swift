import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemPolicy

/// The few calls of Runloop's REST API that an execution needs; shapes as in the public SDK (`runloop_api_client`).
@LoopActor
struct RunloopAPI {
    /// A call that is no long poll answers within this.
    private static let callTimeout = TimeSpan.seconds(15)
    /// The longest that the server holds a `wait_for_status`, seconds.
    nonisolated static let longPollSeconds = 25
    private static let longPollSlack = TimeSpan.seconds(5)

    let client: HTTPClient
    /// With the key in its header; the URL is the API's root.
    private var root: HTTPEndpoint.Settings
    private let key: Secret?

    init(client: HTTPClient, root: HTTPEndpoint.Settings, key: Secret?) {
        self.client = client
        self.root = root
        self.key = key
        if !root.url.hasSuffix("/v1") { self.root.url += "/v1" }
    }

    func endpoint(_ method: String, _ path: String) -> HTTPEndpoint.Settings {
        var settings = root
        settings.method = method
        settings.url += path
        return settings
    }

    static func devboxPath(_ devbox: String) -> String { "/devboxes/\(urlPathComponent(devbox))" }

    static func executionPath(_ devbox: String, _ execution: String) -> String {
        "\(devboxPath(devbox))/executions/\(urlPathComponent(execution))"
    }

    /// Calls and hands over the JSON of a 2xx answer. With `holds` the server may take `longPollSeconds`.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ body: [UInt8] = [], holds: Bool = false,
        completion: @escaping @LoopActor (Result<JSONValue, UpstreamFailure>) -> Void
    ) -> HTTPFetch {
        let timeout = holds ? TimeSpan.seconds(Self.longPollSeconds) + Self.longPollSlack : Self.callTimeout
        return HTTPFetch(endpoint(method, path), body: body, timeout: timeout, client: client) { result in
            switch result {
            case .failure(let fault): completion(.failure(classifier(body).classify(fault, isAnswering: false)))
            case .success(let response) where (200..<300).contains(response.status):
                guard let value = try? JSONDocument(response.body).root else {
                    return completion(.failure(UpstreamFailure(.malformed, "Runloop answered without JSON")))
                }
                completion(.success(value))
            case .success(let response):
                let retryAfter = response.retryAfter.flatMap { parseRetryAfter($0, now: .now()) }
                completion(
                    .failure(
                        classifier(body).classify(
                            UpstreamErrorObject(body: response.body), status: response.status, retryAfter: retryAfter)))
            }
        }
    }

    func call(
        _ method: String, _ path: String, _ body: [UInt8] = [], holds: Bool = false
    ) async throws(UpstreamFailure) -> JSONValue {
        let result = await withCheckedContinuation { continuation in
            call(method, path, body, holds: holds) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Ends an execution and all that it started; nobody waits for it, so a lost connection is tried once more.
    func kill(_ devbox: String, _ execution: String, isRepeated: Bool = false) {
        let path = Self.executionPath(devbox, execution) + "/kill"
        ExecutionEndings.shared.began()
        call("POST", path, Array(#"{"kill_process_group":true}"#.utf8)) { result in
            defer { ExecutionEndings.shared.ended() }
            guard case .failure(let failure) = result, failure.failure == .connect, !isRepeated else { return }
            kill(devbox, execution, isRepeated: true)
        }
    }

    func classifier(_ request: [UInt8]) -> FailureClassifier {
        FailureClassifier(words: UpstreamWords(request: request, key: key), connectTimeout: root.connectTimeout)
    }

    static func waitBody(_ statuses: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("statuses", statuses)
        writer.member("timeout_seconds", longPollSeconds)
        writer.endObject()
        return writer.bytes
    }
}

extension UpstreamFailure {
    /// A long poll that ended without its status; not a failure of anything.
    var isLongPollEnd: Bool { status == 408 }
}
