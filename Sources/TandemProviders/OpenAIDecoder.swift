import TandemJSON

/// What a decoder makes of a piece of an upstream's answer.
package enum DecodedPiece: Sendable {
    case delta(Delta)
    case finish(FinishReason)
    case usage(Usage)
    /// An error object, inside a 200 answer too.
    case failure(UpstreamErrorObject)
}

/// Reads chat-completion chunks and whole completions alike: a chunk has `delta` where a completion has `message`.
package struct OpenAIDecoder: Sendable {
    private var thinking = ThinkSplitter()
    private var hasReasoningMember = false

    package init() {}

    /// Hands on what one chunk says. False when it is no chat completion at all.
    package mutating func decode(_ chunk: JSONValue, _ emit: (DecodedPiece) -> Void) -> Bool {
        guard chunk.kind == .object else { return false }
        if let error = chunk["error"], !error.isNull {
            emit(.failure(UpstreamErrorObject(error)))
            return true
        }
        let choices = chunk["choices"]
        // Of several answers (`n` among the provider options) only the first is ours to hand on.
        if let choice = choices?[0], (choice["index"]?.int ?? 0) == 0 { decodeChoice(choice, emit) }
        // Groq sends the usage of streams under x_groq; most others send `null` until the last chunk.
        for usage in [chunk["usage"], chunk["x_groq"]?["usage"]] where usage?.kind == .object {
            if let usage { emit(.usage(Usage(openAI: usage))) }
            return true
        }
        return choices != nil
    }

    /// The answer has ended: what was held back as a possible `<think>` is let go.
    package mutating func finish(_ emit: (DecodedPiece) -> Void) {
        thinking.finish { emit(.delta($0)) }
    }

    private mutating func decodeChoice(_ choice: JSONValue, _ emit: (DecodedPiece) -> Void) {
        if let part = choice["delta"] ?? choice["message"] {
            for (name, value) in part.members {
                switch name {
                case "content":
                    if let text = value.string {
                        if !text.isEmpty { content(text, emit) }
                    } else {
                        for element in value.elements {
                            if let text = element["text"]?.string, !text.isEmpty { content(text, emit) }
                        }
                    }
                case "reasoning_content", "reasoning":
                    if let text = value.string, !text.isEmpty,
                        name == "reasoning_content" || part["reasoning_content"]?.string == nil
                    {
                        hasReasoningMember = true
                        emit(.delta(.reasoning(text)))
                    }
                case "refusal":
                    if let text = value.string, !text.isEmpty { emit(.delta(.content(text))) }
                case "tool_calls":
                    for (position, call) in value.elements.enumerated() {
                        let function = call["function"]
                        let piece = ToolCall(
                            id: call["id"]?.string, name: function?["name"]?.string,
                            arguments: function?["arguments"].map(argumentText) ?? "")
                        emit(.delta(.toolCall(index: call["index"]?.int ?? position, piece)))
                    }
                default: break
                }
            }
        }
        if let reason = choice["finish_reason"]?.string { emit(.finish(FinishReason(openAI: reason))) }
    }

    private mutating func content(_ text: String, _ emit: (DecodedPiece) -> Void) {
        // A server that sends reasoning apart has no inline traces: its `<think>` is the answer's own text.
        if hasReasoningMember { return emit(.delta(.content(text))) }
        thinking.feed(text) { emit(.delta($0)) }
    }

    /// Ollama and others send the arguments as an object, not as a string.
    private func argumentText(_ value: JSONValue) -> String {
        value.string ?? (value.isNull ? "" : String(decoding: value.raw, as: UTF8.self))
    }
}

extension FinishReason {
    init(openAI reason: String) {
        switch reason {
        case "length", "max_tokens": self = .length
        case "tool_calls", "function_call": self = .toolCalls
        case "content_filter": self = .contentFilter
        default: self = .stop
        }
    }
}

extension Usage {
    init(openAI usage: JSONValue) {
        func count(_ value: JSONValue?) -> Int? {
            value?.int.map { min(max($0, 0), Self.countLimit) }
        }
        self.init()
        promptTokens = count(usage["prompt_tokens"]) ?? 0
        completionTokens = count(usage["completion_tokens"]) ?? 0
        reasoningTokens = count(usage["completion_tokens_details"]?["reasoning_tokens"]) ?? 0
        // DeepSeek's own name for it is the second one.
        cachedTokens =
            count(usage["prompt_tokens_details"]?["cached_tokens"]) ?? count(usage["prompt_cache_hit_tokens"]) ?? 0
    }
}
