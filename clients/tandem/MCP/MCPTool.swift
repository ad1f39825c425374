import TandemJSON
import TandemProtocol

/// A tool: a method of the daemon, as a model sees it.
struct MCPTool: Sendable {
    var name: String
    var title: String
    var description: String
    var method: Method
    var arguments: ObjectSchema
    var hints: Hints

    /// What hosts decide on whether to ask a person first.
    struct Hints: Sendable {
        var readOnly = false
        var destructive = false
        var idempotent = false
        /// Whether it talks to model providers.
        var openWorld = true
    }

    static func named(_ name: String) -> MCPTool? { all.first { $0.name == name } }

    /// In the order in which they are listed, which never changes.
    static let all: [MCPTool] = [
        MCPTool(
            name: "chat", title: "Ask a model",
            description: """
                Asks one of Tandem's models or two-model workflows and returns its answer. Give a conversation id to \
                go on with an earlier conversation, or a new id to begin one that can be gone on with.
                """,
            method: .chat,
            arguments: ObjectSchema([
                message, model, .init("system", .name, "Instructions for the model, ahead of the message."),
                conversation,
            ]), hints: Hints(readOnly: true)),
        MCPTool(
            name: "plan", title: "Plan edits",
            description: """
                Has a planner model write a plan of edits to the files of a folder, and changes nothing. Carry it out \
                with execute_plan and the plan_id, which is kept for 24 hours.
                """,
            method: .plan, arguments: ObjectSchema([problem, root, files, model]), hints: Hints(readOnly: true)),
        MCPTool(
            name: "execute_plan", title: "Carry out a plan",
            description: """
                Carries out an edit plan in a folder, all edits or none. Give either plan_id or plan. The result has a \
                diff of each file and a transaction_id for undo.
                """,
            method: .executePlan,
            arguments: ObjectSchema(
                [
                    .init("plan_id", .name, "A plan made by the tool plan."),
                    .init("plan", .anyObject, "The plan itself, as the tool plan returned it."), root, dryRun, mode,
                    verify,
                ], exactlyOneOf: [["plan_id", "plan"]]), hints: Hints(destructive: true)),
        MCPTool(
            name: "solve", title: "Plan and edit",
            description: """
                Plans edits to the files of a folder and carries them out, all or none. The result has a diff of each \
                file and a transaction_id for undo.
                """,
            method: .solve, arguments: ObjectSchema([problem, root, files, model, dryRun, mode, verify]),
            hints: Hints(destructive: true)),
        MCPTool(
            name: "escalate", title: "Ask the reasoning model",
            description: """
                Asks the reasoning model, which is slower, costs more and has limits of its own. For what the other \
                models could not do. With a conversation id the conversation so far goes along.
                """,
            method: .escalate, arguments: ObjectSchema([message, conversation, model]), hints: Hints(readOnly: true)),
        MCPTool(
            name: "undo", title: "Undo edits",
            description: """
                Takes the edits of execute_plan or solve back. Files that were changed since are merged. The undo has \
                a transaction_id of its own and can be undone.
                """,
            method: .undo,
            arguments: ObjectSchema([
                .init("transaction_id", .name, required: true, "From the result of execute_plan, solve or undo.")
            ]), hints: Hints(destructive: true, openWorld: false)),
    ]

    private static let message = Schema.Member("message", .name, required: true, "What to ask.")
    private static let model = Schema.Member(
        "model", .name, "A model or workflow of Tandem's configuration; left out, its default.")
    private static let conversation = Schema.Member(
        "conversation", .name, "The id of a conversation: any text, the same one each time.")
    private static let problem = Schema.Member("problem", .name, required: true, "What is to be done.")
    private static let root = Schema.Member("root", .name, required: true, "The folder, best as an absolute path.")
    private static let files = Schema.Member(
        "files", .list(of: .name), "Paths or globs below root to show the planner; left out, they are chosen.")
    private static let dryRun = Schema.Member(
        "dry_run", .boolean, default: "false", "Show what would change, and change nothing.")
    private static let mode = Schema.Member(
        "mode", .choice("adaptive", "hybrid", "sequential"), default: "\"adaptive\"",
        "How far edits that do not match exactly are left to a model.")
    private static let verify = Schema.Member(
        "verify", .name, default: "\"syntax\"", "none, syntax, model, or the name of a configured verifier.")

    // MARK: results

    /// What a model has no use for stays out of a result, and so out of its context.
    static let omitted = ["steps", "latency_ms", "first_token_ms", "reasoning", "tool_calls"]

    /// The schema of the structured result, from the method's own.
    var result: Schema {
        let description = MethodTable.descriptions.first { $0.method == method }
        var members = description?.result?.members ?? []
        members.removeAll { Self.omitted.contains($0.name) }
        if arguments.member("conversation") != nil {
            members.append(.init("conversation", .text, "The conversation it belongs to, where one was named."))
        }
        return .members(members)
    }
}

extension Schema {
    fileprivate var members: [Member] {
        switch self {
        case .named(_, let schema): schema.members
        case .object(let object): object.members
        default: []
        }
    }
}

extension JSONWriter {
    /// The tool as `tools/list` shows it.
    mutating func tool(_ tool: MCPTool) {
        beginObject()
        member("name", tool.name)
        member("title", tool.title)
        member("description", tool.description)
        key("inputSchema")
        schema(.object(tool.arguments), style: .input)
        key("outputSchema")
        schema(tool.result, style: .output)
        key("annotations")
        beginObject()
        member("title", tool.title)
        member("readOnlyHint", tool.hints.readOnly)
        member("destructiveHint", tool.hints.destructive)
        member("idempotentHint", tool.hints.idempotent)
        member("openWorldHint", tool.hints.openWorld)
        endObject()
        endObject()
    }
}
