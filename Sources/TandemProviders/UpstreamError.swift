import CLinux
import TandemBase
import TandemJSON
import TandemPolicy

/// An upstream's own error object, as far as it tells what to do.
package struct UpstreamErrorObject: Hashable, Sendable {
    package var message: String?
    package var type: String?
    package var code: String?
    /// How long the upstream asks to wait, where it says so in the error itself (google.rpc.RetryInfo).
    package var retryDelay: TimeSpan?

    package init(message: String?) { self.message = message }

    static func contentFilter(_ message: String) -> UpstreamErrorObject {
        var error = UpstreamErrorObject(message: message)
        error.code = "content_filter"
        return error
    }

    package init(_ error: JSONValue) {
        if let text = error.string {
            message = text
        } else {
            message = error["message"]?.string ?? error["msg"]?.string
            type = error["type"]?.string ?? error["status"]?.string
            code = error["code"]?.string ?? error["code"]?.int.map(String.init)
            for detail in error["details"]?.elements.map({ $0 }) ?? [] {
                if let delay = detail["retryDelay"]?.string.flatMap({ parseDuration($0) }) { retryDelay = delay }
            }
        }
    }

    /// Reads the body of a failed response; nil where it holds no error object.
    package init?(body: [UInt8]) {
        guard let root = try? JSONDocument(body).root else { return nil }
        if let error = root["error"], !error.isNull {
            self.init(error)
        } else if let error = root[0]?["error"] {
            self.init(error)
        } else if let text = root["message"]?.string ?? root["detail"]?.string {
            self.init(message: text)
        } else {
            return nil
        }
    }

    /// The HTTP status that the error stands for, where its code is one: some gateways report a failed upstream inside
    /// a 200 stream like that.
    var status: Int? { code.flatMap { Int($0) }.flatMap { (400...599).contains($0) ? $0 : nil } }

    private func says(_ words: [String]) -> Bool {
        let text = "\(code ?? "") \(type ?? "") \(message ?? "")".lowercased()
        return words.contains { text.contains($0) }
    }

    var isContextLength: Bool {
        says([
            "context_length", "context length", "context window", "maximum context", "too many tokens",
            "prompt is too long", "exceeds the available context size", "exceed_context_size",
        ])
    }

    /// Google answers a wrong key with 400.
    var isInvalidKey: Bool { says(["api key not valid", "api_key_invalid"]) }

    /// A server that does not know a member that is sent to count the tokens of streams.
    var refusesStreamOptions: Bool { says(["stream_options", "include_usage"]) }

    var isContentFilter: Bool { says(["content_filter", "content_policy", "responsibleai"]) }
}

/// How one upstream call failed: for the policy, and in words.
package struct UpstreamFailure: Error, Hashable, Sendable {
    package var failure: CallFailure
    /// For people; holds neither key nor prompt.
    package var message: String
    /// The request never reached the server: it counts for no quota.
    package var nothingSent: Bool

    package init(_ failure: CallFailure, _ message: String, nothingSent: Bool = false) {
        self.failure = failure
        self.message = message
        self.nothingSent = nothingSent
    }

    /// The status that the upstream answered with, where it did.
    package var status: Int? {
        if case .status(let code, _) = failure { code } else { nil }
    }
}

/// Makes an upstream's words fit to be shown: short, one line, without the key and without the prompt, both of which
/// servers like to quote.
struct UpstreamWords {
    /// Bytes of an upstream's message that are shown.
    static let shownLimit = 200
    /// A run of this many bytes that also stands in a text of the prompt is taken for a quotation of it.
    static let quotationLength = 16
    /// A text of the prompt of at least this many bytes is recognized when it is quoted whole.
    static let shortestQuotation = 6
    /// Requests above this are not searched for quotations: nothing of the message is shown instead.
    static let searchedRequestLimit = 256 << 10

    var request: [UInt8]
    var key: Secret?

    func shown(_ message: String?) -> String? {
        guard let message, !message.isEmpty, request.count <= Self.searchedRequestLimit else { return nil }
        let line = String(
            message.map {
                $0.isNewline || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0
            })
        let shown = line.utf8.count <= Self.shownLimit ? line : String(line.prefix(Self.shownLimit)) + "…"
        if let key, !key.isEmpty, key.reveal({ containsPart(of: $0, in: shown) }) { return nil }
        return quotesPrompt(Array(shown.utf8)) ? nil : shown
    }

    /// Servers mask keys ("sk-ab***yz"); eight bytes in a row of one are too much already.
    private func containsPart(of key: String, in text: String) -> Bool {
        let key = Array(key.utf8)
        let text = Array(text.utf8)
        let length = min(8, key.count)
        guard length > 0, text.count >= length else { return false }
        for start in 0...(key.count - length) where contains(text, key[start..<start + length]) { return true }
        return false
    }

    /// Compares what the prompt says, not how the client happened to escape it. Names that a request cannot do
    /// without (the model's, roles, types) are no prompt: errors are about them.
    private func quotesPrompt(_ text: [UInt8]) -> Bool {
        // Escaped text is an echo of something; whose is not worth finding out.
        if contains(text, Array("\\u".utf8)[...]) { return true }
        guard let root = try? JSONDocument(request).root else { return true }
        return root.members.contains { $0.key != "model" && quotes(text, partOf: $0.value) }
    }

    private func quotes(_ text: [UInt8], partOf value: JSONValue) -> Bool {
        switch value.kind {
        case .string: quotes(text, (value.utf8 ?? []).map { $0 < 0x20 ? 0x20 : $0 })
        case .array: value.elements.contains { quotes(text, partOf: $0) }
        case .object:
            value.members.contains { $0.key != "role" && $0.key != "type" && quotes(text, partOf: $0.value) }
        case .null, .bool, .number: false
        }
    }

    private func quotes(_ text: [UInt8], _ prompt: [UInt8]) -> Bool {
        if prompt.count < Self.quotationLength {
            return prompt.count >= Self.shortestQuotation && contains(text, prompt[...])
        }
        guard text.count >= Self.quotationLength else { return false }
        return (0...(text.count - Self.quotationLength)).contains {
            contains(prompt, text[$0..<$0 + Self.quotationLength])
        }
    }

    private func contains(_ haystack: [UInt8], _ needle: ArraySlice<UInt8>) -> Bool {
        haystack.withUnsafeBytes { haystack in
            needle.withUnsafeBytes { needle in
                cl_find(haystack.baseAddress, haystack.count, needle.baseAddress, needle.count) >= 0
            }
        }
    }
}
