/// Bodies as OpenAI-compatible servers send them. Written apart from the code under test, so that both can be wrong
/// only separately.
package enum OpenAIMaterial {
    /// What a server counts.
    package struct Usage: Sendable {
        package var prompt: Int
        package var completion: Int
        package var reasoning: Int?
        package var cached: Int?

        package init(prompt: Int, completion: Int, reasoning: Int? = nil, cached: Int? = nil) {
            self.prompt = prompt
            self.completion = completion
            self.reasoning = reasoning
            self.cached = cached
        }

        package var json: String {
            var text = "{\"prompt_tokens\":\(prompt),\"completion_tokens\":\(completion)"
            text += ",\"total_tokens\":\(prompt + completion)"
            if let reasoning { text += ",\"completion_tokens_details\":{\"reasoning_tokens\":\(reasoning)}" }
            if let cached { text += ",\"prompt_tokens_details\":{\"cached_tokens\":\(cached)}" }
            return text + "}"
        }
    }

    /// One whole answer. `toolCalls` is the JSON of the array; `reasoningKey` is `reasoning_content` or `reasoning`.
    package static func completion(
        _ content: String, reasoning: String? = nil, reasoningKey: String = "reasoning_content",
        toolCalls: String? = nil, finish: String = "stop", model: String = "scripted",
        usage: Usage? = Usage(prompt: 5, completion: 7)
    ) -> String {
        var message = "{\"role\":\"assistant\",\"content\":\(quoted(content))"
        if let reasoning { message += ",\(quoted(reasoningKey)):\(quoted(reasoning))" }
        if let toolCalls { message += ",\"tool_calls\":\(toolCalls)" }
        message += "}"
        var text = "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\(quoted(model))"
        text += ",\"choices\":[{\"index\":0,\"message\":\(message),\"finish_reason\":\(quoted(finish))}]"
        if let usage { text += ",\"usage\":\(usage.json)" }
        return text + "}"
    }

    /// A chunk of a stream whose delta is the given JSON object.
    package static func chunk(delta: String, finish: String? = nil, model: String = "scripted") -> String {
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\(quoted(model))"
            + ",\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(finish.map(quoted) ?? "null")}]}"
    }

    package static func content(_ text: String) -> String { chunk(delta: "{\"content\":\(quoted(text))}") }

    package static func reasoning(_ text: String, key: String = "reasoning_content") -> String {
        chunk(delta: "{\(quoted(key)):\(quoted(text))}")
    }

    /// A piece of a tool call; the first one carries id and name.
    package static func toolCall(index: Int = 0, id: String? = nil, name: String? = nil, arguments: String) -> String {
        var call = "{\"index\":\(index)"
        if let id { call += ",\"id\":\(quoted(id)),\"type\":\"function\"" }
        call += ",\"function\":{" + (name.map { "\"name\":\(quoted($0))," } ?? "")
        call += "\"arguments\":\(quoted(arguments))}}"
        return chunk(delta: "{\"tool_calls\":[\(call)]}")
    }

    package static func finish(_ reason: String = "stop") -> String { chunk(delta: "{}", finish: reason) }

    /// The last chunk of a stream with `include_usage`: no choices.
    package static func usage(_ usage: Usage) -> String {
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"scripted\",\"choices\":[]"
            + ",\"usage\":\(usage.json)}"
    }

    /// The chunks of a whole streamed answer, in order, without `[DONE]`.
    package static func stream(
        _ pieces: [String], reasoning: [String] = [], finish reason: String = "stop",
        usage counted: Usage? = Usage(prompt: 5, completion: 7)
    ) -> [String] {
        [chunk(delta: "{\"role\":\"assistant\",\"content\":\"\"}")] + reasoning.map { self.reasoning($0) }
            + pieces.map(content) + [finish(reason)] + (counted.map { [usage($0)] } ?? [])
    }

    package static func error(_ message: String, type: String = "server_error", code: String? = nil) -> String {
        "{\"error\":{\"message\":\(quoted(message)),\"type\":\(quoted(type)),\"code\":\(code.map(quoted) ?? "null")}}"
    }

    /// `data: …` with its blank line.
    package static func event(_ json: String) -> String { "data: \(json)\n\n" }

    package static let done = "data: [DONE]\n\n"
}

/// A JSON string literal.
package func quoted(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case _ where scalar.value < 0x20:
            literal += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}
