import TandemJSON

/// Reads GenerateContentResponse objects (https://ai.google.dev/api/generate-content), one event each with `alt=sse`,
/// a list of them without.
struct GeminiDecoder: AnswerDecoder {
    private var calls = 0

    init() {}

    mutating func decode(_ value: JSONValue, event: String, _ emit: (DecodedPiece) -> Void) -> Bool {
        if value.kind == .array {
            var isAnswer = false
            for element in value.elements where decode(element, event: event, emit) { isAnswer = true }
            return isAnswer
        }
        if let error = value["error"], error.kind == .object {
            emit(.failure(UpstreamErrorObject(error)))
            return true
        }
        let usage = value["usageMetadata"]
        if let usage { emit(.usage(Usage(gemini: usage))) }
        if let reason = value["promptFeedback"]?["blockReason"]?.string {
            emit(.failure(.contentFilter("the prompt was blocked (\(reason))")))
            return true
        }
        guard let candidate = value["candidates"]?[0] else { return usage != nil || value["candidates"] != nil }
        for part in candidate["content"]?["parts"]?.elements.map({ $0 }) ?? [] {
            decode(part: part, response: value["responseId"]?.string ?? "", emit)
        }
        if let reason = candidate["finishReason"]?.string { finish(reason, emit) }
        return true
    }

    mutating func finish(_ emit: (DecodedPiece) -> Void) {}

    private mutating func decode(part: JSONValue, response: String, _ emit: (DecodedPiece) -> Void) {
        if let call = part["functionCall"] {
            let id = call["id"]?.string ?? "\(GeminiContents.madeUpIdentifier)\(response)-\(calls)"
            let arguments = call["args"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
            emit(.delta(.toolCall(index: calls, ToolCall(id: id, name: call["name"]?.string, arguments: arguments))))
            calls += 1
        } else if let text = part["text"]?.string, !text.isEmpty {
            emit(.delta(part["thought"]?.bool == true ? .reasoning(text) : .content(text)))
        }
    }

    private func finish(_ reason: String, _ emit: (DecodedPiece) -> Void) {
        switch reason {
        case "MAX_TOKENS": emit(.finish(.length))
        case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
            emit(.finish(.contentFilter))
        case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE":
            emit(.failure(UpstreamErrorObject(message: "the model called a tool wrongly (\(reason))")))
        case "FINISH_REASON_UNSPECIFIED": break
        default: emit(.finish(.stop))
        }
    }
}

extension Usage {
    init(gemini usage: JSONValue) {
        self.init()
        promptTokens = (usage["promptTokenCount"]?.int ?? 0) + (usage["toolUsePromptTokenCount"]?.int ?? 0)
        reasoningTokens = usage["thoughtsTokenCount"]?.int ?? 0
        completionTokens = (usage["candidatesTokenCount"]?.int ?? 0) + reasoningTokens
        cachedTokens = usage["cachedContentTokenCount"]?.int ?? 0
    }
}
