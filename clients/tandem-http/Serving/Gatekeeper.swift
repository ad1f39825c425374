import TandemBase

/// Who may ask on TCP. A page in a browser can make requests to a port of this machine: by a name that it points here
/// (DNS rebinding), which Host tells, or across origins, which Origin tells. Neither gets as far as the token.
enum Gatekeeper {
    /// Why a request is refused; nil when it may pass.
    static func refusal(host: String?, origin: String?) -> OpenAIError? {
        guard let host, isAddress(host) else {
            return OpenAIError(
                403, "this Host is not served: use an IP address or localhost in the URL", type: "permission_error",
                code: "host_not_allowed")
        }
        if let origin, origin.lowercased() != "http://" + host.lowercased() {
            return OpenAIError(
                403, "requests from web pages of other origins are not served", type: "permission_error",
                code: "origin_not_allowed")
        }
        return nil
    }

    /// Why a request is refused without the right token; nil when it may pass.
    static func refusal(authorization: String?, token: Secret) -> OpenAIError? {
        if BearerToken.matches(authorization, token) { return nil }
        let fault = authorization == nil ? "no API key was sent" : "the API key is wrong"
        return OpenAIError(
            401, "\(fault): send the token that 'tandem http --show-token' prints as Authorization: Bearer",
            code: "invalid_api_key")
    }

    /// An IP address or localhost, with or without a port: no name that somebody else's DNS could answer for.
    private static func isAddress(_ host: String) -> Bool {
        var name = Substring(host.lowercased())
        if name.first == "[" {
            guard let end = name.firstIndex(of: "]") else { return false }
            let port = name[name.index(after: end)...]
            let address = name[..<end].dropFirst()
            return (port.isEmpty || isPort(port)) && address.contains(":")
                && address.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        if let colon = name.firstIndex(of: ":") {
            guard isPort(name[colon...]) else { return false }
            name = name[..<colon]
        }
        if name == "localhost" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// A colon and a number.
    private static func isPort(_ text: Substring) -> Bool { text.first == ":" && UInt16(text.dropFirst()) != nil }
}
