import TandemJSON
import TandemProtocol

/// A chat-completions request of the OpenAI API as the daemon's `chat` takes it. The daemon's params are that request
/// already, so values pass byte for byte; only what is spelled differently is put into its words here.
struct ChatTranslation {
    /// The model that was asked for; nil for the default.
    let model: String?
    let streams: Bool
    /// `stream_options.include_usage`.
    let includesUsage: Bool
    /// The params of `chat`.
    let params: [UInt8]

    /// What the adapter deals with itself.
    private static let own: Set<String> = ["n", "stream_options", "max_tokens", "max_completion_tokens"]
    /// Hints to OpenAI's own billing and storage, which mean nothing here.
    private static let ignored: Set<String> = [
        "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention",
    ]
    /// Members of OpenAI's, and of the servers for open models, that `chat` does not know by name and passes on.
    private static let passedOn: Set<String> = [
        "logit_bias", "top_logprobs", "verbosity", "prediction", "modalities", "audio", "web_search_options",
        "top_k", "min_p", "typical_p", "repeat_penalty", "repetition_penalty", "chat_template_kwargs",
    ]

    /// What the SDKs keep in an answer for themselves, and clients send back with it: openai's `parsed`, LiteLLM's others.
    private static let ownOfSDKs: Set<String> = ["parsed", "provider_specific_fields", "thinking_blocks"]

    /// Throws -32602 for what cannot be served.
    init(_ body: [UInt8]) throws(RPCError) {
        let request: JSONValue
        do {
            request = try JSONDocument(body).root
        } catch {
            throw .parseError(error)
        }
        guard request.kind == .object else {
            throw .invalidParams(path: "", expected: "an object", "The body is not a JSON object: send one.")
        }
        model = request["model"]?.string
        streams = request["stream"]?.bool ?? false
        includesUsage = request["stream_options"]?["include_usage"]?.bool ?? false
        if let count = request["n"], !count.isNull, count.int != 1 {
            throw .invalidParams(path: "/n", expected: "1", "One choice is made: leave `n` out.")
        }
        var options: [(name: String, value: JSONValue)] = []
        var writer = JSONWriter(reserving: body.count + 64)
        writer.beginObject()
        for (name, value) in request.members where !value.isNull {
            if Self.own.contains(name) || Self.ignored.contains(name) { continue }
            if Self.passedOn.contains(name) {
                options.append((name, value))
            } else if name == "provider_options" {
                options += value.members.map { ($0.key, $0.value) }
            } else if name == "messages" {
                writer.messages(value, without: Self.ownOfSDKs)
            } else {
                writer.key(name)
                writer.value(value)
            }
        }
        // The newer name counts where a client sends both.
        let limits = [request["max_completion_tokens"], request["max_tokens"]]
        writer.member("max_tokens", ifPresent: limits.compactMap { $0 }.first { !$0.isNull })
        if !options.isEmpty {
            writer.key("provider_options")
            writer.beginObject()
            for (name, value) in options {
                writer.key(name)
                writer.value(value)
            }
            writer.endObject()
        }
        writer.endObject()
        params = writer.bytes
    }
}

extension JSONWriter {
    /// The member `messages`, byte for byte but for the members that are not wanted.
    fileprivate mutating func messages(_ messages: JSONValue, without unwanted: Set<String>) {
        key("messages")
        guard messages.elements.contains(where: { $0.members.contains { unwanted.contains($0.key) } }) else {
            return value(messages)
        }
        beginArray()
        for message in messages.elements {
            guard message.kind == .object else {
                value(message)
                continue
            }
            beginObject()
            for (name, member) in message.members where !unwanted.contains(name) {
                key(name)
                value(member)
            }
            endObject()
        }
        endArray()
    }
}

/// Whether answers of a model may be dropped half-way for another model's (`reset`), by the daemon's list of models:
/// a draft that is polished, an answer that escalates. An OpenAI stream cannot take text back, so such text waits.
func mayStartOver(_ name: String?, in models: JSONValue, depth: Int = 0) -> Bool {
    let name = name ?? models["default"]?.string ?? ""
    let model = models["models"]?.elements.first { model in
        model["name"]?.isString(name) == true || model["aliases"]?.elements.contains { $0.isString(name) } == true
    }
    // A workflow of workflows ends somewhere; the bound is for a list that is no such thing.
    guard let model, depth < 16 else { return false }
    switch model["workflow"]?.string {
    case "escalate": return true
    case "route" where model["parts"]?.members.contains { $0.key.hasPrefix("polish") } == true: return true
    default:
        return model["parts"]?.members.contains { mayStartOver($0.value.string, in: models, depth: depth + 1) } ?? false
    }
}
