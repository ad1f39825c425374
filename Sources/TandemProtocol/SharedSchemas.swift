import TandemJSON

// What several methods have in common. Named schemas are described once, under `components`.
extension Schema {
    static let usage = Schema.named(
        "Usage",
        .members([
            Member("prompt_tokens", .count), Member("completion_tokens", .count), Member("reasoning_tokens", .count),
            Member("cached_tokens", .count),
            Member("estimated", .boolean, "Whether the counts are estimates because the provider sent none."),
        ]))

    static let step = Schema.named(
        "Step",
        .members([
            Member(
                "role",
                .choice(
                    "direct", "reasoner", "coder", "router", "expert", "default", "reasoning", "draft", "polish",
                    "planner", "executor", "verifier")),
            Member("provider", .text), Member("model", .text), Member("status", .text), Member("cached", .boolean),
            Member("latency_ms", .amount), Member("first_token_ms", .nullable(.amount)), Member("usage", usage),
            Member("cost_usd", .nullable(.amount), "Null where the price is unknown."),
        ]))

    static let notice = Schema.named("Notice", .members([Member("code", .text), Member("message", .text)]))

    static let documents = Schema.list(
        of: .named(
            "Document",
            .members([
                Member("path", .name, required: true, "Relative, with / between its parts."),
                Member("content", .text, required: true, "The whole text."),
            ])))

    static let reasoning = Schema.named(
        "Reasoning",
        .members([
            Member("depth", .choice("low", "medium", "high"), "How far the reasoning goes."),
            Member("instructions", .text, "Replaces the instruction that the reasoner gets."),
            Member("show", .boolean, "Whether the reasoning is part of the result and of the events."),
        ]))

    /// Assistant messages come back from clients as other services wrote them, so those members are known too.
    static let message = Schema.named(
        "Message",
        .object(
            ObjectSchema(
                [
                    Member("role", .choice("system", "developer", "user", "assistant", "tool"), required: true),
                    Member("content", .either([.text, .array(of: part, atLeast: 1)]), "Text, or an array of parts."),
                    Member("name", .text), Member("tool_calls", .list(of: .anyObject)), Member("tool_call_id", .text),
                    Member("refusal", .text), Member("reasoning_content", .text), Member("reasoning", .text),
                    Member("reasoning_details", .any), Member("annotations", .any), Member("audio", .any),
                    Member("function_call", .any),
                ],
                lacking: { message in
                    // An assistant that calls tools may say nothing.
                    let isSilent = message["content"].map(\.isNull) ?? true
                    let isAssistant = message["role"].map { $0.isString("assistant" as StaticString) } ?? false
                    return isSilent && !isAssistant ? "content" : nil
                })))

    /// A content part. Its own members pass through; only the ones Tandem reads are checked.
    private static let part = Schema.named(
        "ContentPart",
        .object(
            ObjectSchema(
                [Member("type", .name, required: true, "For example text or image_url."), Member("text", .text)],
                open: true,
                lacking: { part in
                    let isText = part["type"].map { $0.isString("text" as StaticString) } ?? false
                    return isText && part["text"] == nil ? "text" : nil
                })))

    static let messages = Schema.array(of: message, atLeast: 1)
}

extension Schema.Member {
    static let messages = Self("messages", .messages, required: true, "The conversation, oldest first.")
    static let optionalMessages = Self("messages", .messages, "The conversation, oldest first.")
    static let model = Self("model", .name, "A configured model or workflow; default: the configured default.")
    static let user = Self("user", .name, "Limits are counted for each peer uid and user.")
    static let session = Self("session", .name, "A conversation kept by the daemon: earlier turns are prepended.")
    static let stream = Self("stream", .boolean, default: "false", "Whether `$/event` notifications are sent.")
    static let timeout = Self("timeout_ms", .positive, "The whole request's deadline in milliseconds.")
    static let metadata = Self("metadata", .anyObject, "Any object; stored with the request.")
    static let detach = Self("detach", .boolean, default: "false", "Whether the request outlives its connection.")
    static let cache = Self(
        "cache", .choice("use", "refresh", "bypass", "only"),
        "How caches are used; by default answers at temperature 0 are kept and used where the configuration says so. A workflow's answer is kept as a whole, but for the expert's, which may depend on files."
    )
    static let root = Self("root", .name, "A folder on this host.")
    static let documents = Self("documents", .documents, "Files by content; nothing is read or written on disk.")
    static let limit = Self("limit", .integer(1...10_000), "At most so many entries.")
    static let dryRun = Self("dry_run", .boolean, default: "false", "Resolve and verify, but change nothing.")

    // Of results.
    static let requestID = Self("request_id", .name)
    static let usage = Self("usage", .usage)
    static let cost = Self("cost_usd", .nullable(.amount), "Null where a step's price is unknown.")
    static let latency = Self("latency_ms", .amount)
    static let steps = Self("steps", .list(of: .step))
}
