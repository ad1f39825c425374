import TandemJSON

/// Writes a Messages request (https://platform.claude.com/docs/en/api/messages) from a chat-completions one.
///
/// What has no counterpart there and is left out: `seed`, `presence_penalty`, `frequency_penalty`, `logprobs`.
/// - `response_format` of type `json_schema` becomes `output_config.format`; of type `json_object`, which the API does
///   not have, a sentence in the system text.
/// - `reasoning_effort` becomes a thinking budget, or `adaptive` thinking with an effort where the model wants that
///   (`AnthropicGeneration`). Thinking excludes `temperature`, `top_p` and a forced tool, so the former two are left out
///   and the latter wins. Chat messages carry no thinking blocks: while tool results come back, models with budgets
///   go on without thinking, because they insist on the signed block that the calls began with. A client that keeps
///   those blocks may send them as content parts; parts of kinds that only Anthropic has pass as they are.
struct AnthropicRequest {
    /// The API wants a limit for the answer; without `max_tokens` it is this, in tokens, and at most half the context.
    static let defaultMaxTokens = 8192

    private static let jsonDemand = "Answer with one JSON object and nothing else."

    private let members: [String: JSONValue]
    private let overlay: Overlay
    private let prompt: Prompt
    private let messages: [JSONValue]
    private let model: ModelSettings
    private let generation: AnthropicGeneration
    private var writer: JSONWriter

    static func bytes(_ prompt: Prompt, model: ModelSettings) -> [UInt8] {
        var request = AnthropicRequest(prompt, model)
        request.write()
        return request.writer.bytes
    }

    private init(_ prompt: Prompt, _ model: ModelSettings) {
        self.prompt = prompt
        members = RequestMembers(prompt, model).parsed()
        overlay = Overlay(prompt, model)
        messages = parsedMessages(prompt)
        self.model = model
        generation = AnthropicGeneration(model: model.model)
        writer = JSONWriter(reserving: prompt.messages.count + 1024)
    }

    private mutating func member(_ name: String, _ write: (inout JSONWriter) -> Void) {
        guard !overlay.covers(name) else { return }
        writer.key(name)
        write(&writer)
    }

    private mutating func write() {
        let effort = thinkingEffort
        let budget = generation.thinksAdaptively ? nil : effort.flatMap { thinkingBudget($0) }
        let isThinking = budget != nil || generation.thinksAdaptively && effort != nil
        writer.beginObject()
        let name = model.model
        let limit = maxTokens(thinking: budget)
        member("model") { $0.string(name) }
        member("max_tokens") { $0.int(limit) }
        writeMessages()
        if !isThinking, generation.takesSampling {
            // Newer models refuse both at once.
            if let temperature = members["temperature"]?.double {
                member("temperature") { $0.double(min(temperature, 1)) }
            } else if let share = members["top_p"] {
                member("top_p") { $0.value(share) }
            }
        }
        if let stops = stopSequences {
            member("stop_sequences") { writer in
                writer.beginArray()
                for stop in stops { writer.string(stop) }
                writer.endArray()
            }
        }
        writeTools()
        if let budget {
            member("thinking") { writer in
                writer.beginObject()
                writer.member("type", "enabled")
                writer.member("budget_tokens", budget)
                writer.endObject()
            }
        } else if isThinking {
            member("thinking") { $0.raw(#"{"type":"adaptive","display":"summarized"}"#.utf8) }
        }
        writeOutputConfig(effort: budget == nil ? effort : nil)
        member("stream") { $0.bool(true) }
        overlay.write(into: &writer)
        writer.endObject()
    }

    // MARK: messages

    private var isPlainJSON: Bool { members["response_format"]?["type"]?.isString("json_object") == true }

    private mutating func writeMessages() {
        let system = messages.filter { isSystem($0) }
        let conversation = messages.filter { !isSystem($0) }
        // A conversation of nothing but a system message is refused: it is asked as a question then.
        let isOnlySystem = conversation.isEmpty
        if !isOnlySystem, !system.isEmpty || isPlainJSON {
            let asksForJSON = isPlainJSON
            member("system") { writer in
                writer.beginArray()
                for message in system { AnthropicBlocks.writeText(message["content"], into: &writer) }
                if asksForJSON { AnthropicBlocks.writeText(Self.jsonDemand, nil, into: &writer) }
                writer.endArray()
            }
        }
        member("messages") { writer in
            var blocks = AnthropicBlocks()
            writer.beginArray()
            for message in isOnlySystem ? system : conversation { blocks.write(message, into: &writer) }
            blocks.end(&writer)
            writer.endArray()
        }
    }

    private func isSystem(_ message: JSONValue) -> Bool {
        guard let role = message["role"] else { return false }
        return role.isString("system") || role.isString("developer")
    }

    private var stopSequences: [String]? {
        guard let stop = members["stop"] else { return nil }
        let all = stop.string.map { [$0] } ?? stop.elements.compactMap(\.string)
        // Blank ones are refused.
        let stops = all.filter { $0.contains { !$0.isWhitespace } }
        return stops.isEmpty ? nil : stops
    }

    // MARK: limits and thinking

    private func maxTokens(thinking budget: Int?) -> Int {
        if let given = members["max_tokens"]?.int ?? members["max_completion_tokens"]?.int { return given }
        let room = model.context.map { max(1, $0 / 2) } ?? .max
        return min(Self.defaultMaxTokens + (budget ?? 0), room)
    }

    /// How hard to think; nil where thinking was not asked for or cannot be.
    private var thinkingEffort: String? {
        let depth = generation.thinks ? prompt.reasoningEffort : nil
        guard let effort = members["reasoning_effort"]?.string ?? depth, effort != "none", effort != "minimal" else {
            return nil
        }
        let choice = members["tool_choice"]
        let isForced = choice?.isString("required") == true || choice?.kind == .object
        if isForced && members["tools"] != nil { return nil }
        return effort
    }

    private func thinkingBudget(_ effort: String) -> Int? {
        guard !isAnsweringTools else { return nil }
        let wanted = AnthropicGeneration.budgets[effort] ?? AnthropicGeneration.budgets["medium"] ?? 0
        // The budget is part of max_tokens, and the answer needs some of it.
        let budget = min(wanted, maxTokens(thinking: wanted) * 3 / 4)
        return budget >= AnthropicGeneration.leastBudget ? budget : nil
    }

    /// The conversation ends in results of tools whose calls came without their thinking block.
    private var isAnsweringTools: Bool {
        guard messages.last?["role"]?.isString("tool") == true,
            let call = messages.last(where: { $0["role"]?.isString("assistant") == true })
        else { return false }
        return !(call["content"]?.elements.contains { $0["type"]?.isString("thinking") == true } ?? false)
    }

    private mutating func writeOutputConfig(effort: String?) {
        let format = members["response_format"]
        let schema = format?["type"]?.isString("json_schema") == true ? format?["json_schema"]?["schema"] : nil
        guard schema != nil || effort != nil else { return }
        member("output_config") { writer in
            writer.beginObject()
            if let effort { writer.member("effort", effort) }
            if let schema {
                writer.key("format")
                writer.beginObject()
                writer.member("type", "json_schema")
                writer.member("schema", schema)
                writer.endObject()
            }
            writer.endObject()
        }
    }

    // MARK: tools

    private mutating func writeTools() {
        guard let tools = members["tools"], tools.count > 0 else { return }
        member("tools") { writer in
            writer.beginArray()
            for tool in tools.elements {
                guard let function = tool["function"] else {
                    writer.value(tool)
                    continue
                }
                writer.beginObject()
                writer.member("name", function["name"]?.string ?? "")
                writer.member("description", ifPresent: function["description"]?.string)
                if let parameters = function["parameters"], parameters.kind == .object {
                    writer.member("input_schema", parameters)
                } else {
                    writer.member("input_schema", raw: #"{"type":"object","properties":{}}"#.utf8)
                }
                writer.member("strict", ifPresent: function["strict"]?.bool)
                writer.endObject()
            }
            writer.endArray()
        }
        let choice = members["tool_choice"]
        let isSequential = members["parallel_tool_calls"]?.bool == false
        guard choice != nil || isSequential else { return }
        member("tool_choice") { writer in
            let type = choice?.string ?? (choice == nil ? "auto" : "tool")
            writer.beginObject()
            writer.member("type", type == "required" ? "any" : type)
            if type == "tool" {
                writer.member("name", choice?["function"]?["name"]?.string ?? choice?["name"]?.string ?? "")
            }
            if isSequential, type != "none" { writer.member("disable_parallel_tool_use", true) }
            writer.endObject()
        }
    }
}
