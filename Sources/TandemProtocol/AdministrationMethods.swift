// The methods that look things up, and those that change the daemon's own state.
extension MethodDescription {
    static let questions: [MethodDescription] = [
        MethodDescription(
            method: .cancel, summary: "Cancels a request of any connection.",
            params: ObjectSchema([.init("request_id", .name, required: true)]),
            result: .members([.init("cancelled", .boolean)]), errors: [.forbidden]),
        MethodDescription(
            method: .feedback, summary: "Scores an earlier answer; it shows in `stats`.",
            params: ObjectSchema([
                .init("request_id", .name, required: true), .init("score", .number(-1...1), required: true),
                .init("comment", .text),
            ]),
            result: .members([]), errors: [.notFound]),
        MethodDescription(
            method: .models, summary: "Lists the models and workflows that can be asked.",
            params: ObjectSchema([]),
            result: .members([
                .init(
                    "models",
                    .list(
                        of: .members([
                            .init("name", .text), .init("workflow", .text), .init("provider", .text),
                            .init("model", .text), .init("available", .boolean), .init("aliases", .list(of: .text)),
                            .init("price", .anyObject), .init("parts", .any),
                        ]))),
                .init("default", .nullable(.text)),
            ]), errors: []),
        MethodDescription(
            method: .status, summary: "Tells how the daemon, its providers and its caches are.",
            params: ObjectSchema([
                .init(
                    "probe", .boolean, default: "false",
                    "Whether each enabled provider is asked for its models first (at most 3 s).")
            ]), result: status, errors: []),
        MethodDescription(
            method: .stats, summary: "Adds the ledger up: requests, tokens, cost, latency percentiles.",
            params: ObjectSchema([
                .init("since", .name, "RFC 3339, or a duration back from now such as 24h."),
                .init("until", .name, "RFC 3339, or a duration back from now."),
                .init("by", .choice("provider", "model", "workflow", "day", "user")),
            ]),
            result: .members([.init("rows", .list(of: .anyObject))], open: true), errors: []),
        MethodDescription(
            method: .history, summary: "Reads the ledger, newest first.",
            params: ObjectSchema([
                .limit, .init("before", .name, "Only entries older than this."), .session,
                .init("request_id", .name),
            ]),
            result: .members([], open: true), errors: []),
        MethodDescription(
            method: .sessions, summary: "Lists the conversations that the daemon keeps, or gives one's messages.",
            params: ObjectSchema([
                .init("session", .name, "The conversation whose messages are wanted."),
                .init("append", .messages, "Messages that are added to it first; it is made when it is new."),
            ]),
            result: .members(
                [.init("sessions", .list(of: .anyObject)), .init("messages", .list(of: .anyObject))], open: true),
            errors: [.notFound, .overloaded]),
        MethodDescription(
            method: .transactions, summary: "Lists edit transactions, newest first.",
            params: ObjectSchema([.limit, .root]),
            result: .members([.init("transactions", .list(of: .anyObject))], open: true), errors: []),
        MethodDescription(
            method: .ping, summary: "Answers at once.", params: ObjectSchema([]), result: .members([]), errors: []),
        MethodDescription(
            method: .discover, summary: "Describes this protocol as an OpenRPC document.", params: ObjectSchema([]),
            result: .anyObject, errors: []),
    ]

    static let administration: [MethodDescription] = [
        MethodDescription(
            method: .deleteSession, summary: "Deletes a conversation.",
            params: ObjectSchema([.init("session", .name, required: true)]),
            result: .members([], open: true), errors: [.notFound]),
        MethodDescription(
            method: .setProvider, summary: "Switches a provider on or off, or resets its breaker; survives a restart.",
            params: ObjectSchema([
                .init("provider", .name, required: true), .init("enabled", .boolean), .init("reset_breaker", .boolean),
            ]),
            result: .members([], open: true), errors: [.forbidden, .notFound]),
        MethodDescription(
            method: .clearCache, summary: "Empties one cache, or all.",
            params: ObjectSchema([.init("cache", .name, "A name as in `status`; default: all.")]),
            result: .members([.init("removed", .count)]), errors: [.notFound]),
        MethodDescription(
            method: .reload, summary: "Reads the configuration again; one that does not parse is refused.",
            params: ObjectSchema([]), result: .members([.init("changed", .list(of: .text))]), errors: [.forbidden]),
        MethodDescription(
            method: .subscribe, summary: "Sends `$/event` notifications of these topics until the connection ends.",
            params: ObjectSchema([
                .init(
                    "topics", .array(of: .choice("requests", "breakers", "limits", "config"), atLeast: 1),
                    required: true)
            ]),
            result: .members([]), errors: []),
        MethodDescription(
            method: .cancelRequest, summary: "Cancels a request of this connection, which then answers -32800.",
            params: ObjectSchema([
                .init("id", .either([.text, .real, .nullable(.text)]), required: true, "The request's id.")
            ]), result: nil, errors: []),
    ]

    private static let status = Schema.named(
        "Status",
        .members([
            .init("version", .text), .init("protocol", .text), .init("pid", .positive), .init("uptime_ms", .amount),
            .init("activated", .boolean), .init("config_path", .nullable(.text)),
            .init("config_problem", .text, "Why the last reload was refused; the old configuration is in use."),
            .init("connections", .count), .init("in_flight", .count),
            .init(
                "providers",
                .list(
                    of: .members(
                        [
                            .init("name", .text), .init("kind", .text), .init("enabled", .boolean),
                            .init("available", .boolean), .init("reason", .text, "Why it is not available."),
                            .init("base_url", .text), .init("key_source", .text), .init("key_problem", .text),
                            .init(
                                "breaker",
                                .members([
                                    .init("state", .text), .init("error_rate", .amount), .init("samples", .count),
                                    .init("reopens_at", .text), .init("model", .text, "The one whose breaker is open."),
                                ])), .init("limits", .any), .init("in_flight", .count), .init("last_error", .any),
                            .init(
                                "reachable",
                                .members([
                                    .init("ok", .boolean), .init("message", .text), .init("latency_ms", .amount),
                                ]), "Only with `probe`."),
                        ]))),
            .init(
                "caches",
                .list(
                    of: .members([
                        .init("name", .text), .init("entries", .count), .init("capacity", .count),
                        .init("ttl_ms", .amount), .init("hits", .count), .init("misses", .count),
                        .init("bytes", .count),
                    ]))), .init("budget", .anyObject, "Only where one is configured."), .init("memory_bytes", .count),
            .init(
                "database",
                .members([
                    .init("path", .text), .init("bytes", .count),
                    .init("unrecorded", .count, "Records lost since the start because the disk was full or slow."),
                    .init("failure", .text),
                ])),
        ]))
}
