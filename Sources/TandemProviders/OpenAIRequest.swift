import TandemJSON

/// What servers of one dialect take differently.
package struct OpenAIQuirks: Sendable {
    /// Takes `stream_options.include_usage`; others refuse unknown members.
    package var streamOptions = true
    /// Calls it `max_completion_tokens` and refuses `max_tokens` for its newer models.
    package var maxCompletionTokens = false
    /// Counts tokens in streams, too, so that an unstreamed request loses nothing by being streamed.
    package var countsStreams = false
    /// Takes `reasoning_effort` for every model, and ignores it where it means nothing.
    package var reasoningEffort = false

    package init() {}

    init(_ settings: ProviderSettings) {
        streamOptions = settings.preset != "mistral"
        maxCompletionTokens = settings.preset == "openai" && settings.baseURL.contains("//api.openai.com/")
        // Servers behind another address than the preset's own may be anything.
        countsStreams = settings.preset.flatMap { Preset.named($0) }.map { $0.baseURL == settings.baseURL } ?? false
        reasoningEffort = settings.preset == "openrouter"
    }
}

/// Writes a chat-completions request (https://platform.openai.com/docs/api-reference/chat/create). A server that is
/// known to count tokens in streams is asked to stream for unstreamed clients, too: only then can a first token, a
/// stall and the tokens until a cancellation be seen. Others may send no usage with a stream, so they are asked as the
/// client asked. `provider_options` may say otherwise; the answer is understood either way.
func openAIRequest(_ prompt: Prompt, model: ModelSettings, quirks: OpenAIQuirks) -> [UInt8] {
    var writer = JSONWriter(reserving: prompt.messages.count + 512)
    let overlay = Overlay(prompt, model)
    writer.beginObject()
    if !overlay.covers("model") { writer.member("model", model.model) }
    if !overlay.covers("messages") { writer.member("messages", raw: prompt.messages) }
    RequestMembers(prompt, model).forEach { name, json in
        guard !overlay.covers(name) else { return }
        writer.key(quirks.maxCompletionTokens && name == "max_tokens" ? "max_completion_tokens" : name)
        writer.raw(json)
    }
    if let effort = prompt.reasoningEffort, quirks.reasoningEffort || takesReasoningEffort(model.model),
        !overlay.covers("reasoning_effort"), !RequestMembers(prompt, model).contains("reasoning_effort")
    {
        writer.member("reasoning_effort", effort)
    }
    let streams = prompt.wantsStream || quirks.countsStreams
    if streams, !overlay.covers("stream") { writer.member("stream", true) }
    if streams, quirks.streamOptions, !overlay.covers("stream"), !overlay.covers("stream_options") {
        writer.member("stream_options", raw: #"{"include_usage":true}"#.utf8)
    }
    // TOML has no null: an empty table does for a model's default.
    overlay.write(into: &writer) { name, value in
        name == "stream_options" && (value.isNull || value.kind == .object && value.count == 0)
    }
    writer.endObject()
    return writer.bytes
}

/// Whether a model is one of those that take `reasoning_effort` wherever they are served; others answer 400.
private func takesReasoningEffort(_ model: String) -> Bool {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    return ["o1", "o3", "o4", "gpt-5", "gpt-oss"].contains { name.hasPrefix($0) }
}
