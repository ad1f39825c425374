import TandemJSON
import TandemProtocol

/// The events of a streamed `chat` as OpenAI's server-sent events: the role first, then pieces, an empty piece with the
/// finish_reason, the usage where it was asked for, and `[DONE]`. No input or output of its own.
struct ChunkStream {
    /// Bytes that wait to be sent.
    private(set) var output: [UInt8] = []
    private(set) var isFinished = false

    private let includesUsage: Bool
    /// Text waits until the answer stands.
    private let holdsText: Bool
    private let created: Int
    private var id = ""
    private var model: String
    private var hasBegun = false
    private var sentText = false
    private var sentCalls = false

    /// - Parameters:
    ///   - holdsText: the model may start over, and text that was sent cannot be taken back.
    ///   - created: seconds since 1970.
    init(model: String?, includesUsage: Bool, holdsText: Bool, created: Int) {
        self.model = model ?? ""
        self.includesUsage = includesUsage
        self.holdsText = holdsText
        self.created = created
    }

    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Takes in the params of an `$/event`.
    mutating func event(_ params: JSONValue) {
        guard !isFinished, let type = params["type"] else { return }
        if type.isString("content") {
            begin()
            if !holdsText, let text = params["text"] { self.text(text) }
        } else if type.isString("reasoning") {
            begin()
            if let text = params["text"] { delta { $0.member("reasoning_content", text) } }
        } else if type.isString("tool_call") {
            begin()
            toolCall(params)
        } else if type.isString("started") {
            id = completionID(params["request_id"])
            model = params["model"]?.string ?? model
        } else if type.isString("reset"), sentText || sentCalls {
            fail(
                RPCError(
                    .providersFailed,
                    "the model failed in the middle of its answer and another one started over: ask again"))
        }
    }

    /// The answer stands: what of it was not sent yet goes out, and the end.
    mutating func finish(_ result: JSONValue) {
        guard !isFinished else { return }
        if id.isEmpty { id = completionID(result["request_id"]) }
        if let name = result["model"]?.string { model = name }
        begin()
        if !sentText, let content = result["content"], content.kind == .string, !content.isString("") { text(content) }
        if !sentCalls, let calls = result["tool_calls"] {
            for (index, call) in calls.elements.enumerated() { wholeCall(index, call) }
        }
        // All at once: clients add up what the chunks have, and only the answer says which tokens are its own.
        chunk { writer in
            writer.choice(
                finishReason: result["finish_reason"]?.string ?? "stop", logprobs: result["logprobs"]
            ) { _ in }
        }
        if includesUsage {
            chunk(usage: result["usage"]) { writer in
                writer.key("choices")
                writer.beginArray()
                writer.endArray()
            }
        }
        output += Array("data: [DONE]\n\n".utf8)
        isFinished = true
    }

    /// Ends a stream that has begun; the SDKs raise what follows `error`.
    mutating func fail(_ error: RPCError) {
        guard !isFinished else { return }
        output += Array("data: ".utf8) + OpenAIError(error).body + Array("\n\n".utf8)
        isFinished = true
    }

    /// Something for the client to see while there is nothing to say: a comment, which every client skips.
    mutating func keepAlive() { output += Array(": waiting\n\n".utf8) }

    // MARK: pieces

    private mutating func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        delta { writer in
            writer.member("role", "assistant")
            writer.member("content", "")
            writer.key("refusal")
            writer.null()
        }
    }

    private mutating func text(_ text: JSONValue) {
        sentText = true
        delta { $0.member("content", text) }
    }

    private mutating func toolCall(_ params: JSONValue) {
        sentCalls = true
        delta { writer in
            writer.key("tool_calls")
            writer.beginArray()
            writer.beginObject()
            writer.member("index", ifPresent: params["index"])
            if let id = params["call_id"], !id.isNull {
                writer.member("id", id)
                writer.member("type", "function")
            }
            writer.key("function")
            writer.beginObject()
            writer.member("name", ifPresent: params["name"].flatMap { $0.isNull ? nil : $0 })
            writer.member("arguments", params["arguments"]?.string ?? "")
            writer.endObject()
            writer.endObject()
            writer.endArray()
        }
    }

    private mutating func wholeCall(_ index: Int, _ call: JSONValue) {
        delta { writer in
            writer.key("tool_calls")
            writer.beginArray()
            writer.beginObject()
            writer.member("index", index)
            for (name, value) in call.members where name != "index" {
                writer.key(name)
                writer.value(value)
            }
            writer.endObject()
            writer.endArray()
        }
    }

    private mutating func delta(_ members: (inout JSONWriter) -> Void) {
        chunk { $0.choice(finishReason: nil, members) }
    }

    private mutating func chunk(usage: JSONValue? = nil, _ choices: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("id", id)
        writer.member("object", "chat.completion.chunk")
        writer.member("created", created)
        writer.member("model", model)
        writer.key("system_fingerprint")
        writer.null()
        choices(&writer)
        if includesUsage {
            writer.key("usage")
            if let usage { writer.openAIUsage(usage) } else { writer.null() }
        }
        writer.endObject()
        output += Array("data: ".utf8)
        output += writer.bytes
        output += Array("\n\n".utf8)
    }
}

extension JSONWriter {
    fileprivate mutating func choice(
        finishReason: String?, logprobs: JSONValue? = nil, _ delta: (inout JSONWriter) -> Void
    ) {
        key("choices")
        beginArray()
        beginObject()
        member("index", 0)
        key("delta")
        beginObject()
        delta(&self)
        endObject()
        key("logprobs")
        if let logprobs { value(logprobs) } else { null() }
        key("finish_reason")
        if let finishReason { string(finishReason) } else { null() }
        endObject()
        endArray()
    }
}
