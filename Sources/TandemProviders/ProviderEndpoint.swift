import TandemBase
import TandemHTTP

extension ProviderSettings {
    /// Where a path of this provider's API lies, with the key in a header and nowhere else.
    func endpoint(path: String, method: String = "POST") -> HTTPEndpoint.Settings {
        var base = baseURL
        var socket: String?
        // unix:/run/server.sock:/v1, the path behind the last colon being the URL's.
        if base.hasPrefix("unix:") {
            let rest = base.dropFirst(5)
            let colon = rest.lastIndex(of: ":")
            socket = String(rest[..<(colon ?? rest.endIndex)])
            base = "http://localhost" + (colon.map { String(rest[rest.index(after: $0)...]) } ?? "")
        }
        while base.hasSuffix("/") { base.removeLast() }
        var endpoint = HTTPEndpoint.Settings(url: base + path)
        endpoint.method = method
        endpoint.unixSocket = socket
        endpoint.connectTimeout = timeouts.connect
        endpoint.headers = [("Content-Type", Secret("application/json"))]
        if kind == .anthropic {
            endpoint.headers.append(("anthropic-version", Secret(Self.anthropicVersion)))
        }
        if let key = apiKey, !key.isEmpty {
            switch kind {
            case .anthropic: endpoint.headers.append(("x-api-key", key))
            case .gemini: endpoint.headers.append(("x-goog-api-key", key))
            default: endpoint.headers.append(("Authorization", key.reveal { Secret("Bearer \($0)") }))
            }
        }
        return endpoint
    }

    /// https://platform.claude.com/docs/en/api/versioning
    private static let anthropicVersion = "2023-06-01"
}
