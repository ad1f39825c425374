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
        guard chunk.kind == .object else { return false }
        var choices: JSONValue?
        var usage: JSONValue?
        var groq: JSONValue?
        for member in chunk.rawMembers {
            switch Self.chunkMembers.index(of: member) {
            case 0 where !member.value.isNull:
                emit(.failure(UpstreamErrorObject(member.value)))
                return true
            case 1: choices = member.value
            case 2: usage = member.value
            case 3: groq = member.value
            default: break
            }
        }
        // Of several answers (`n` among the provider options) only the first is ours to hand on.
        if let choice = choices?[0] { decodeChoice(choice, emit) }
        // Groq sends the usage of streams under x_groq; most others send `null` until the last chunk.
        if usage?.kind != .object { usage = groq?["usage"] }
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
        var part: JSONValue?
        var finishReason: JSONValue?
        for member in choice.rawMembers {
            switch Self.choiceMembers.index(of: member) {
            case 0: if let index = member.value.int, index != 0 { return }
            case 1: part = member.value
            case 2: if part == nil { part = member.value }
            case 3: finishReason = member.value
            case 4:
                if let tokens = member.value["content"], tokens.kind == .array, tokens.count > 0 {
                    emit(.logprobs(tokens.raw.dropFirst().dropLast()))
                }
            default: break
            }
        }
        if let part { decodePart(part, emit) }
        if let reason = finishReason?.string { emit(.finish(FinishReason(openAI: reason))) }
    }

    private mutating func decodePart(_ part: JSONValue, _ emit: (DecodedPiece) -> Void) {
        for member in part.rawMembers {
            guard let index = Self.partMembers.index(of: member) else { continue }
            let value = member.value
            switch index {
            case 0:
                if let text = value.string {
                    if !text.isEmpty { content(text, emit) }
                } else {
                    for element in value.elements { contentPart(element, emit) }
                }
            case 1, 2:
                if let text = value.string, !text.isEmpty, index == 1 || part["reasoning_content"]?.string == nil {
                    hasReasoningMember = true
                    emit(.delta(.reasoning(text)))
                }
            case 3:
                if let text = value.string, !text.isEmpty { emit(.delta(.content(text))) }
            case 4:
                for (position, call) in value.elements.enumerated() { toolCall(call, at: position, emit) }
            default: break
            }
        }
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
        var cached: Int?
        var cacheHits: Int?
        for member in usage.rawMembers {
            switch Self.members.index(of: member) {
            case 0: promptTokens = Self.count(member.value) ?? 0
            case 1: completionTokens = Self.count(member.value) ?? 0
            case 2: reasoningTokens = Self.count(member.value["reasoning_tokens"]) ?? 0
            case 3: cached = Self.count(member.value["cached_tokens"])
            case 4: cacheHits = Self.count(member.value)
            default: break
            }
        }
        // The second is DeepSeek's own name for it.
        cachedTokens = cached ?? cacheHits ?? 0
    }

    private static func count(_ value: JSONValue?) -> Int? {
        guard let count = value?.int else { return nil }
        return min(max(count, 0), countLimit)
    }
}
