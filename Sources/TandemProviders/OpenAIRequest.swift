import TandemJSON

/// What servers of one dialect take differently.
package struct OpenAIQuirks: Sendable {
    /// Takes `stream_options.include_usage`; others refuse unknown members.
    package var streamOptions = true
    /// Calls it `max_completion_tokens` and refuses `max_tokens` for its newer models.
    package var maxCompletionTokens = false

    package init() {}
}

/// Writes a chat-completions request (https://platform.openai.com/docs/api-reference/chat/create). The upstream is
/// always asked to stream, for unstreamed clients too: only then can a first token, a stall and the tokens until a
/// cancellation be seen. `provider_options` may say otherwise; the answer is understood either way.
func openAIRequest(_ prompt: Prompt, model: ModelSettings, quirks: OpenAIQuirks) -> [UInt8] {
    var writer = JSONWriter(reserving: prompt.messages.count + 512)
    let options = prompt.providerOptions
    func isOverridden(_ name: String) -> Bool { options.map { $0[name] != nil } ?? false }
    writer.beginObject()
    if !isOverridden("model") { writer.member("model", model.model) }
    if !isOverridden("messages") { writer.member("messages", raw: prompt.messages) }
    for member in prompt.members where !isOverridden(member.name) {
        writer.key(quirks.maxCompletionTokens && member.name == "max_tokens" ? "max_completion_tokens" : member.name)
        writer.raw(member.json)
    }
    for member in model.defaults
    where !isOverridden(member.name) && !prompt.members.contains(where: { $0.name == member.name }) {
        writer.key(member.name)
        writer.raw(member.json)
    }
    if !isOverridden("stream") { writer.member("stream", true) }
    if quirks.streamOptions, !isOverridden("stream"), !isOverridden("stream_options") {
        writer.member("stream_options", raw: #"{"include_usage":true}"#.utf8)
    }
    if let options {
        for (name, value) in options.members where !value.isNull || name != "stream_options" {
            writer.key(name)
            writer.value(value)
        }
    }
    writer.endObject()
    return writer.bytes
}
