import Glibc
import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop

/// Whether a provider answers, and in words why not and what to do.
package struct Reachability: Hashable, Sendable {
    package var isReached: Bool
    /// For people; holds no key.
    package var message: String
    package var latency: TimeSpan
}

extension Provider {
    /// Asks the provider for its models, which costs nothing, and says once what came of it: at once where nothing has
    /// to be asked, else on the loop within `timeout`.
    package func probe(
        within timeout: TimeSpan, client: HTTPClient, _ done: @escaping @LoopActor (Reachability) -> Void
    ) {
        func known(_ isReached: Bool, _ message: String) {
            done(Reachability(isReached: isReached, message: message, latency: .zero))
        }
        if let problem = settings.apiKeyProblem { return known(false, problem) }
        let path: String
        switch settings.kind {
        case .offline: return known(true, "answers by itself, without a model")
        case .llama where settings.baseURL.isEmpty:
            // Starting a server to ask it would cost what it is there to spare.
            if let path = settings.llama?.modelPath, access(path, R_OK) == 0 {
                return known(true, "starts its server when it is needed")
            }
            return known(false, "its model cannot be read: correct model_path of [providers.\(settings.name)]")
        case .runloop: path = (settings.baseURL.hasSuffix("/v1") ? "" : "/v1") + "/devboxes?limit=1"
        case .openai, .anthropic, .gemini, .llama: path = "/models"
        }
        let start = MonotonicTime.now()
        HTTPFetch(endpointSettings(path: path, method: "GET"), timeout: timeout, client: client) { [self] result in
            let (isReached, message) = verdict(result)
            done(Reachability(isReached: isReached, message: message, latency: MonotonicTime.now() - start))
        }
    }

    private func verdict(_ result: Result<HTTPResponse, TransferFailure>) -> (Bool, String) {
        let section = "[providers.\(settings.name)]"
        switch result {
        case .failure(let fault):
            let isLocal = settings.preset.flatMap { Preset.named($0) }?.isLocal == true
            let advice = isLocal ? "start the server or correct" : "check the network and"
            return (false, "\(fault.message): \(advice) base_url of \(section)")
        case .success(let response):
            switch response.status {
            case 200..<300:
                let list = (try? JSONDocument(response.body))?.root
                guard let models = list?["data"] ?? list?["models"], models.kind == .array else {
                    return (true, "answers")
                }
                return (true, "answers with \(models.count) model\(models.count == 1 ? "" : "s")")
            case 401, 403,
                400 where refusesKey(response.body):
                return (false, "refuses the key (HTTP \(response.status)): correct api_key of \(section)")
            case 404, 405: return (true, "answers, but lists no models (HTTP \(response.status))")
            case let status: return (false, "answers HTTP \(status): try again later, or check base_url of \(section)")
            }
        }
    }

    /// Google answers a wrong key with 400.
    private func refusesKey(_ body: [UInt8]) -> Bool { UpstreamErrorObject(body: body)?.isInvalidKey == true }
}
