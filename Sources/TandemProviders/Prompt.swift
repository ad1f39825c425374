import TandemJSON

/// What a model is asked: the messages and the sampling members of a chat request, as raw JSON that is passed on
/// byte for byte.
package struct Prompt: Sendable {
    package struct Member: Sendable {
        package var name: String
        package var json: ArraySlice<UInt8>

        package init(_ name: String, _ json: ArraySlice<UInt8>) {
            self.name = name
            self.json = json
        }
    }

    /// A JSON array of OpenAI chat messages.
    package var messages: ArraySlice<UInt8>
    /// `temperature`, `tools` and the like, in the client's order.
    package var members: [Member]
    /// Whether the answer is wanted piece by piece.
    package var wantsStream = true
    /// An object laid over the upstream request as it is.
    package var providerOptions: JSONValue?
    /// "low", "medium" or "high": how far a model is to think, where the provider has a member for it. A member that
    /// the client sent itself goes first.
    package var reasoningEffort: String?

    package init(messages: ArraySlice<UInt8>, members: [Member] = [], providerOptions: JSONValue? = nil) {
        self.messages = messages
        self.members = members
        self.providerOptions = providerOptions
    }

    /// Tokens that the prompt will about cost.
    package var estimatedPromptTokens: Int {
        estimatedTokens(bytes: members.reduce(messages.count) { $1.name == "tools" ? $0 + $1.json.count : $0 })
    }

    /// The request's own limit for the answer, in tokens.
    package var maxTokens: Int? {
        guard let json = members.first(where: { $0.name == "max_tokens" })?.json else { return nil }
        return Int(String(decoding: json, as: UTF8.self)).map { min(max($0, 0), Usage.countLimit) }
    }
}
