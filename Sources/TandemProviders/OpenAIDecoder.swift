import TandemJSON

/// What a decoder makes of a piece of an upstream's answer.
package enum DecodedPiece: Sendable {
    case delta(Delta)
    case finish(FinishReason)
    case usage(Usage)
    /// Of a few tokens: elements of an array, as the server sent them.
    case logprobs(ArraySlice<UInt8>)
    /// An error object, inside a 200 answer too.
    case failure(UpstreamErrorObject)
}

/// Reads chat-completion chunks and whole completions alike: a chunk has `delta` where a completion has `message`.
package struct OpenAIDecoder: Sendable {
    private var thinking = ThinkSplitter()
    private var hasReasoningMember = false
    private var toolCalls = ToolCallOrder()

    package init() {}

    private static let chunkMembers = JSONNameTable(["error", "choices", "usage", "x_groq"])
    private static let choiceMembers = JSONNameTable(["index", "delta", "message", "finish_reason", "logprobs"])
    private static let partMembers = JSONNameTable([
        "content", "reasoning_content", "reasoning", "refusal", "tool_calls",
    ])

    /// Hands on what one chunk says. False when it is no chat completion at all.
    package mutating func decode(_ chunk: JSONValue, _ emit: (DecodedPiece) -> Void) -> Bool {
        let places = chunk.places(of: Self.chunkMembers)
        if let error = chunk[places, 0], !error.isNull {
            emit(.failure(UpstreamErrorObject(error)))
            return true
        }
        let choices = chunk[places, 1]
        // Of several answers (`n` among the provider options) only the first is ours to hand on.
        if let choice = choices?[0] { decodeChoice(choice, emit) }
        var usage = chunk[places, 2]
        // Groq sends the usage of streams under x_groq; most others send `null` until the last chunk.
        if usage?.kind != .object { usage = chunk[places, 3]?["usage"] }
        if let usage, usage.kind == .object {
            emit(.usage(Usage(openAI: usage)))
            return true
        }
        return choices != nil
    }

    /// The answer has ended: what was held back as a possible `<think>` is let go.
    package mutating func finish(_ emit: (DecodedPiece) -> Void) {
        thinking.finish { emit(.delta($0)) }
    }

    private mutating func decodeChoice(_ choice: JSONValue, _ emit: (DecodedPiece) -> Void) {
        let places = choice.places(of: Self.choiceMembers)
        if let index = choice[places, 0]?.int, index != 0 { return }
        if let part = choice[places, 1] ?? choice[places, 2] { decodePart(part, emit) }
        if let tokens = choice[places, 4]?["content"], tokens.kind == .array, tokens.count > 0 {
            emit(.logprobs(tokens.raw.dropFirst().dropLast()))
        }
        if let reason = choice[places, 3]?.string { emit(.finish(FinishReason(openAI: reason))) }
    }

    private mutating func decodePart(_ part: JSONValue, _ emit: (DecodedPiece) -> Void) {
        let places = part.places(of: Self.partMembers)
        // First what was thought first; and then what the content says of thinking is the content's own.
        if let text = part[places, 1]?.string ?? part[places, 2]?.string, !text.isEmpty {
            hasReasoningMember = true
            emit(.delta(.reasoning(text)))
        }
        if let value = part[places, 0] {
            if let text = value.string {
                if !text.isEmpty { content(text, emit) }
            } else {
                for element in value.elements { contentPart(element, emit) }
            }
        }
        if let text = part[places, 3]?.string, !text.isEmpty { emit(.delta(.content(text))) }
        guard let calls = part[places, 4] else { return }
        for (position, call) in calls.elements.enumerated() { toolCall(call, at: position, emit) }
    }

    /// Text, or what Mistral's models think.
    private mutating func contentPart(_ part: JSONValue, _ emit: (DecodedPiece) -> Void) {
        if let text = part["text"]?.string, !text.isEmpty { content(text, emit) }
        guard let thoughts = part["thinking"] else { return }
        hasReasoningMember = true
        for thought in thoughts.elements {
            if let text = thought["text"]?.string, !text.isEmpty { emit(.delta(.reasoning(text))) }
        }
    }

    private mutating func content(_ text: String, _ emit: (DecodedPiece) -> Void) {
        // A server that sends reasoning apart has no inline traces: its `<think>` is the answer's own text.
        if hasReasoningMember { return emit(.delta(.content(text))) }
        thinking.feed(text) { emit(.delta($0)) }
    }

    private mutating func toolCall(_ call: JSONValue, at position: Int, _ emit: (DecodedPiece) -> Void) {
        let function = call["function"]
        // Some servers send empty ones with all pieces but the first.
        let name = function?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let known = call["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let (place, id) = toolCalls.place(index: call["index"]?.int ?? position, id: known, hasName: name != nil)
        let arguments = function?["arguments"].map(argumentText) ?? ""
        emit(.delta(.toolCall(index: place, ToolCall(id: id, name: name, arguments: arguments))))
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
    private static let members = JSONNameTable([
        "prompt_tokens", "completion_tokens", "completion_tokens_details", "prompt_tokens_details",
        "prompt_cache_hit_tokens",
    ])

    init(openAI usage: JSONValue) {
        self.init()
        let places = usage.places(of: Self.members)
        promptTokens = Self.count(usage[places, 0]) ?? 0
        completionTokens = Self.count(usage[places, 1]) ?? 0
        reasoningTokens = Self.count(usage[places, 2]?["reasoning_tokens"]) ?? 0
        // The second is DeepSeek's own name for it.
        cachedTokens = Self.count(usage[places, 3]?["cached_tokens"]) ?? Self.count(usage[places, 4]) ?? 0
    }

    private static func count(_ value: JSONValue?) -> Int? {
        guard let count = value?.int else { return nil }
        return min(max(count, 0), countLimit)
    }
}
