import TandemJSON
import TandemProtocol

/// The result of `chat` as OpenAI's `chat.completion`.
/// - Parameter created: seconds since 1970.
func completion(_ result: JSONValue, created: Int) -> [UInt8] {
    var writer = JSONWriter(reserving: result.raw.count + 512)
    writer.beginObject()
    writer.member("id", completionID(result["request_id"]))
    writer.member("object", "chat.completion")
    writer.member("created", created)
    writer.member("model", result["model"]?.string ?? "")
    writer.key("choices")
    writer.beginArray()
    writer.beginObject()
    writer.member("index", 0)
    writer.key("message")
    writer.beginObject()
    writer.member("role", "assistant")
    let calls = result["tool_calls"].flatMap { $0.count > 0 ? $0 : nil }
    let content = result["content"]
    writer.key("content")
    // As OpenAI has it: a message that only calls tools says nothing.
    if let content, calls == nil || content.isString("") == false { writer.value(content) } else { writer.null() }
    writer.key("refusal")
    writer.null()
    if let reasoning = result["reasoning"], reasoning.kind == .string, !reasoning.isString("") {
        writer.member("reasoning_content", reasoning)
    }
    writer.member("tool_calls", ifPresent: calls)
    writer.endObject()
    writer.key("logprobs")
    if let logprobs = result["logprobs"] { writer.value(logprobs) } else { writer.null() }
    writer.member("finish_reason", result["finish_reason"]?.string ?? "stop")
    writer.endObject()
    writer.endArray()
    writer.key("usage")
    writer.openAIUsage(result["usage"])
    writer.key("system_fingerprint")
    writer.null()
    writer.endObject()
    return writer.bytes
}

func completionID(_ requestID: JSONValue?) -> String { "chatcmpl-" + (requestID?.string ?? "") }

extension JSONWriter {
    mutating func openAIUsage(_ usage: JSONValue?) {
        let prompt = usage?["prompt_tokens"]?.int ?? 0
        let completion = usage?["completion_tokens"]?.int ?? 0
        beginObject()
        member("prompt_tokens", prompt)
        member("completion_tokens", completion)
        member("total_tokens", prompt + completion)
        key("prompt_tokens_details")
        beginObject()
        member("cached_tokens", usage?["cached_tokens"]?.int ?? 0)
        endObject()
        key("completion_tokens_details")
        beginObject()
        member("reasoning_tokens", usage?["reasoning_tokens"]?.int ?? 0)
        endObject()
        endObject()
    }
}

/// The daemon's list of models as OpenAI's.
/// - Parameter created: seconds since 1970; OpenAI's clients want some.
func modelList(_ models: JSONValue, created: Int) -> [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    writer.beginObject()
    writer.member("object", "list")
    writer.key("data")
    writer.beginArray()
    for model in models["models"].map({ Array($0.elements) }) ?? [] {
        writer.model(model["name"]?.string ?? "", created: created)
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
}

/// One of the models, by its name or an alias; nil when there is none of that name.
func modelEntry(_ name: String, in models: JSONValue, created: Int) -> [UInt8]? {
    let isKnown = models["models"]?.elements.contains { model in
        model["name"]?.isString(name) == true || model["aliases"]?.elements.contains { $0.isString(name) } == true
    }
    guard isKnown == true else { return nil }
    var writer = JSONWriter()
    writer.model(name, created: created)
    return writer.bytes
}

extension JSONWriter {
    fileprivate mutating func model(_ name: String, created: Int) {
        beginObject()
        member("id", name)
        member("object", "model")
        member("created", created)
        member("owned_by", "tandem")
        endObject()
    }
}
