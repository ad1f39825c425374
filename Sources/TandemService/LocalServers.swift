import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemProviders

extension Daemon {
    /// A server on this machine answers at once or is not there.
    private static let probeTimeout = TimeSpan.milliseconds(250)
    /// Models of one server that are taken up.
    private static let modelLimit = 256

    /// Asks the usual local servers for their models and hands on those that answer. Without candidates (a provider is
    /// configured) that is at once.
    func probe(
        _ candidates: [ProviderSettings],
        _ done: @escaping @LoopActor (_ found: [(provider: ProviderSettings, models: [String])]) -> Void
    ) {
        guard !candidates.isEmpty else { return done([]) }
        var answers = [[String]?](repeating: nil, count: candidates.count)
        var missing = candidates.count
        for (index, candidate) in candidates.enumerated() {
            let provider = Provider(candidate, client: client)
            HTTPFetch(
                provider.endpointSettings(path: "/models", method: "GET"), timeout: Self.probeTimeout, client: client
            ) { [self] result in
                if case .success(let response) = result, response.status == 200 {
                    answers[index] = modelNames(response.body)
                }
                missing -= 1
                guard missing == 0 else { return }
                let found = zip(candidates, answers).compactMap { candidate, models in models.map { (candidate, $0) } }
                for (candidate, models) in found {
                    log(.info, "found a local server with \(models.count) models", .provider(candidate.name))
                }
                done(found)
            }
        }
    }

    /// The names in an answer of `GET /models`; nil when it is none.
    private func modelNames(_ body: [UInt8]) -> [String]? {
        guard let list = (try? JSONDocument(body))?.root["data"], list.kind == .array else { return nil }
        return list.elements.prefix(Self.modelLimit).compactMap { $0["id"]?.string }
    }
}
