// The methods that call models or edit files.
private let upstreamErrors: [ErrorCode] = [
    .cancelled, .rateLimited, .providersFailed, .deadlineExceeded, .unknownModel, .overloaded, .shuttingDown,
    .budgetExceeded,
]

extension MethodDescription {
    static let modelWork: [MethodDescription] = [
        MethodDescription(
            method: .chat, summary: "Answers a conversation with a model or a workflow.",
            params: ObjectSchema([
                .model, .messages, .init("temperature", .number(0...2)), .init("top_p", .number(0...1)),
                .init("max_tokens", .positive), .init("stop", .either([.text, .list(of: .text)])),
                .init("seed", .integer(Int.min ... .max)), .init("presence_penalty", .number(-2...2)),
                .init("frequency_penalty", .number(-2...2)), .init("tools", .list(of: .anyObject)),
                .init("tool_choice", .either([.name, .anyObject])), .init("parallel_tool_calls", .boolean),
                .init("response_format", .anyObject), .init("reasoning_effort", .name), .init("logprobs", .boolean),
                .stream, .init("provider_options", .anyObject, "Laid over the upstream request as it is."),
                .session, .user, .cache, .timeout, .init("reasoning", .reasoning),
                .init("notify", .boolean, "Whether notices are sent, for example on escalation."), .detach, .metadata,
            ]),
            result: chatResult, errors: upstreamErrors + [.notFound]),
        MethodDescription(
            method: .plan, summary: "Has the planner model write an edit plan, which is kept for 24 hours.",
            params: ObjectSchema(
                planning + [.root, .documents, .stream, .timeout, .user, .cache, .detach, .metadata],
                atMostOneOf: [["root", "documents"]]),
            result: .named(
                "PlanResult",
                .members(planMembers + [.usage, .cost, .latency, .steps, .init("warnings", .list(of: .text))])),
            errors: upstreamErrors + [.forbidden, .planInvalid]),
        MethodDescription(
            method: .executePlan, summary: "Carries an edit plan out, all or nothing.",
            params: ObjectSchema(
                [
                    .init("plan", .anyObject, "The plan itself."), .init("plan_id", .name, "A plan made by `plan`."),
                ] + executing + [.stream, .user, .timeout, .detach, .metadata],
                exactlyOneOf: [["plan", "plan_id"], ["root", "documents"]]),
            result: .named("ExecuteResult", .members(executeMembers)), errors: executeErrors),
        MethodDescription(
            method: .solve, summary: "Plans and executes in one: edits are resolved while the planner still writes.",
            params: ObjectSchema(
                planning + executing + [.stream, .user, .timeout, .cache, .detach, .metadata],
                exactlyOneOf: [["root", "documents"]]),
            result: .named("SolveResult", .members(planMembers + executeMembers)), errors: executeErrors),
        MethodDescription(
            method: .undo, summary: "Takes a committed transaction back; files changed since are merged.",
            params: ObjectSchema([.init("transaction_id", .name, required: true), .dryRun]),
            result: .named("ExecuteResult", .members(executeMembers)),
            errors: [.cancelled, .forbidden, .planConflict, .notFound, .shuttingDown]),
        MethodDescription(
            method: .escalate, summary: "Asks the reasoning model, under the reasoning limits.",
            params: ObjectSchema(
                [
                    .optionalMessages,
                    .init("request_id", .name, "An earlier chat: its messages and answer are taken up."), .model,
                    .user, .stream, .init("reasoning", .reasoning), .timeout, .detach, .metadata,
                ], exactlyOneOf: [["messages", "request_id"]]),
            result: chatResult, errors: upstreamErrors + [.notFound]),
        MethodDescription(
            method: .route, summary: "Says what a request would use and why, and sends nothing.",
            params: ObjectSchema(
                [.init("prompt", .name, "Short for one user message."), .optionalMessages, .model, .user, .session],
                exactlyOneOf: [["prompt", "messages"]]),
            result: .members(
                [
                    .init("model", .text), .init("workflow", .text),
                    .init("is_code", .boolean, "Of a route, with all members up to `why`: what the classifier says."),
                    .init("score", .number(0...1), "How probable a request for code is."),
                    .init(
                        "reasons",
                        .list(of: .members([.init("reason", .text), .init("weight", .real)])),
                        "What spoke for code (a positive weight) or against it, the strongest first."),
                    .init("code_share", .number(0...1)),
                    .init("arm", .nullable(.choice("code", "general")), "null where each request is drawn anew."),
                    .init("chosen", .nullable(.text), "The model that is asked first."), .init("why", .text),
                    .init(
                        "parts", .list(of: .anyObject),
                        "Of a workflow: each part with its model, when it is `used`, and what that model uses."),
                    .init("candidates", .list(of: .anyObject), "Of a provider's model: in the order they are tried."),
                    .init("limits", .anyObject),
                ], open: true), errors: [.unknownModel]),
    ]

    private static let planning: [Schema.Member] = [
        .init("problem", .name, required: true, "What is to be done."),
        .init("files", .list(of: .name), "Paths or globs under root to show the planner."), .model,
        .init("context_tokens", .positive, "How much of the files the planner is shown at most."),
    ]

    private static let executing: [Schema.Member] = [
        .root, .documents, .init("mode", .choice("adaptive", "hybrid", "sequential"), default: "\"adaptive\""),
        .dryRun,
        .init("verify", .name, default: "\"syntax\"", "none, syntax, model, or a configured verifier's name."),
        .init("on_conflict", .choice("abort", "skip"), default: "\"abort\""),
        .init("base", .map(of: .name), "The SHA-256 that files must have, by path."),
        .init("idempotency_key", .name, "The same key and params give the stored result."),
    ]

    private static let executeErrors = upstreamErrors + [.forbidden, .planInvalid, .planConflict, .notFound]

    private static let planMembers: [Schema.Member] = [.init("plan_id", .name), .init("plan", .anyObject)]

    private static let executeMembers: [Schema.Member] = [
        .init("transaction_id", .nullable(.name)), .init("status", .choice("committed", "dry_run", "nothing_to_do")),
        .init(
            "files",
            .list(
                of: .members([
                    .init("path", .text), .init("action", .choice("modify", "create", "delete", "rename")),
                    .init("sha256_before", .nullable(.text)), .init("sha256_after", .nullable(.text)),
                    .init("diff", .text, "A unified diff that git apply accepts."),
                    .init("content", .text, "In documents mode only."),
                ]))),
        .init(
            "edits",
            .list(
                of: .members([
                    .init("index", .count), .init("file", .text), .init("type", .text),
                    .init("status", .choice("applied", "already_applied", "skipped", "failed")),
                    .init("match", .choice("exact", "eol", "trailing_space", "indent", "model")),
                    .init("attempts", .count), .init("message", .text), .init("line", .positive),
                ]))),
        .init("warnings", .list(of: .text), "What a person should know about how it was done."),
        .init(
            "verify",
            .members([
                .init("status", .choice("passed", "failed", "skipped")),
                .init(
                    "checks",
                    .list(
                        of: .members([
                            .init("file", .text), .init("name", .text), .init("status", .text), .init("output", .text),
                        ]))),
            ])),
        .usage, .cost, .latency, .steps,
        .init(
            "counts",
            .members([
                .init("edits", .count), .init("deterministic", .count), .init("model", .count), .init("files", .count),
            ])),
    ]

    private static let chatResult = Schema.named(
        "ChatResult",
        .members([
            .requestID, .init("model", .text), .init("content", .text), .init("reasoning", .text),
            .init("tool_calls", .list(of: .anyObject)),
            .init(
                "logprobs", .anyObject,
                "As the model's server sent them; of a provider's model that was asked for them."),
            .init("finish_reason", .choice("stop", "length", "tool_calls", "content_filter")), .usage, .cost, .latency,
            .init("first_token_ms", .nullable(.amount)), .init("workflow", .text), .init("cached", .boolean),
            .init("escalated", .boolean), .init("polished", .boolean), .init("fallback", .boolean),
            .init("quality_issues", .list(of: .text)), .steps, .init("notices", .list(of: .notice)),
        ]))
}
