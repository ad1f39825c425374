import TandemJSON

/// Reads Messages answers: the events of a stream (https://platform.claude.com/docs/en/build-with-claude/streaming)
/// and whole messages. Events and blocks of kinds that came later are passed over.
struct AnthropicDecoder: AnswerDecoder {
    private struct Tool {
        var index: Int
        var hasArguments = false
        /// What the block began with; counts where no pieces follow.
        var input: JSONValue?
    }

    /// Calls by their block's index while they stream.
    private var tools: [Int: Tool] = [:]
    private var toolCount = 0
    private var usage = AnthropicUsage()

    init() {}

    mutating func decode(_ value: JSONValue, event: String, _ emit: (DecodedPiece) -> Void) -> Bool {
        switch value["type"]?.string {
        case "message_start":
            if let counts = value["message"]?["usage"] { emit(.usage(usage.take(counts))) }
        case "content_block_start": startBlock(value, emit)
        case "content_block_delta": decodeDelta(value, emit)
        case "content_block_stop": endTool(value["index"]?.int ?? -1, emit)
        case "message_delta":
            if let counts = value["usage"] { emit(.usage(usage.take(counts))) }
            if let reason = value["delta"]?["stop_reason"]?.string { emit(.finish(FinishReason(anthropic: reason))) }
        case "message": decodeMessage(value, emit)
        case "error": emit(.failure(UpstreamErrorObject(anthropic: value["error"] ?? value)))
        case "message_stop", "ping": break
        default: return false
        }
        return true
    }

    mutating func finish(_ emit: (DecodedPiece) -> Void) {}

    private mutating func startBlock(_ value: JSONValue, _ emit: (DecodedPiece) -> Void) {
        guard let block = value["content_block"] else { return }
        switch block["type"]?.string {
        case "text": self.text(block["text"], emit)
        case "thinking": thinking(block["thinking"], emit)
        case "tool_use":
            let index = toolCount
            toolCount += 1
            tools[value["index"]?.int ?? -1] = Tool(index: index, input: block["input"])
            let call = ToolCall(id: block["id"]?.string, name: block["name"]?.string)
            emit(.delta(.toolCall(index: index, call)))
        default: break
        }
    }

    private mutating func decodeDelta(_ value: JSONValue, _ emit: (DecodedPiece) -> Void) {
        guard let delta = value["delta"] else { return }
        switch delta["type"]?.string {
        case "text_delta": text(delta["text"], emit)
        case "thinking_delta": thinking(delta["thinking"], emit)
        case "input_json_delta":
            let block = value["index"]?.int ?? -1
            guard let tool = tools[block], let piece = delta["partial_json"]?.string, !piece.isEmpty else { return }
            tools[block]?.hasArguments = true
            emit(.delta(.toolCall(index: tool.index, ToolCall(arguments: piece))))
        default: break
        }
    }

    /// A call without arguments streams no piece of them; clients expect an object all the same.
    private mutating func endTool(_ block: Int, _ emit: (DecodedPiece) -> Void) {
        guard let tool = tools.removeValue(forKey: block), !tool.hasArguments else { return }
        let input = tool.input.map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
        emit(.delta(.toolCall(index: tool.index, ToolCall(arguments: input))))
    }

    private mutating func decodeMessage(_ message: JSONValue, _ emit: (DecodedPiece) -> Void) {
        for block in message["content"]?.elements.map({ $0 }) ?? [] {
            switch block["type"]?.string {
            case "text": text(block["text"], emit)
            case "thinking": thinking(block["thinking"], emit)
            case "tool_use":
                let input = block["input"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
                let call = ToolCall(id: block["id"]?.string, name: block["name"]?.string, arguments: input)
                emit(.delta(.toolCall(index: toolCount, call)))
                toolCount += 1
            default: break
            }
        }
        if let counts = message["usage"] { emit(.usage(usage.take(counts))) }
        if let reason = message["stop_reason"]?.string { emit(.finish(FinishReason(anthropic: reason))) }
    }

    private func text(_ value: JSONValue?, _ emit: (DecodedPiece) -> Void) {
        if let text = value?.string, !text.isEmpty { emit(.delta(.content(text))) }
    }

    private func thinking(_ value: JSONValue?, _ emit: (DecodedPiece) -> Void) {
        if let text = value?.string, !text.isEmpty { emit(.delta(.reasoning(text))) }
    }
}

/// The counts of one answer. They come in two events, each with the totals so far; the second may leave out what the
/// first said.
private struct AnthropicUsage {
    private var input = 0
    private var cacheCreation = 0
    private var cacheRead = 0
    private var output = 0
    private var thinking = 0

    mutating func take(_ counts: JSONValue) -> Usage {
        func update(_ count: inout Int, _ value: JSONValue?) { if let new = value?.int { count = new } }
        update(&input, counts["input_tokens"])
        update(&cacheCreation, counts["cache_creation_input_tokens"])
        update(&cacheRead, counts["cache_read_input_tokens"])
        update(&output, counts["output_tokens"])
        update(&thinking, counts["output_tokens_details"]?["thinking_tokens"])
        var usage = Usage()
        // `input_tokens` are only those that the cache had nothing to do with.
        usage.promptTokens = input + cacheCreation + cacheRead
        usage.cachedTokens = cacheRead
        usage.completionTokens = output
        usage.reasoningTokens = thinking
        return usage
    }
}

extension FinishReason {
    init(anthropic reason: String) {
        switch reason {
        case "max_tokens", "model_context_window_exceeded": self = .length
        case "tool_use": self = .toolCalls
        case "refusal": self = .contentFilter
        default: self = .stop
        }
    }
}

extension UpstreamErrorObject {
    /// An error event inside a 200 stream has the type of what would have been a status
    /// (https://platform.claude.com/docs/en/api/errors).
    init(anthropic error: JSONValue) {
        self.init(error)
        let status: Int? =
            switch type {
            case "invalid_request_error": 400
            case "authentication_error": 401
            case "billing_error": 402
            case "permission_error": 403
            case "not_found_error": 404
            case "request_too_large": 413
            case "rate_limit_error": 429
            case "api_error": 500
            case "timeout_error": 504
            case "overloaded_error": 529
            default: nil
            }
        if code == nil, let status { code = String(status) }
    }
}
