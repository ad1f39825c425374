import TandemJSON

/// Writes a generateContent request (https://ai.google.dev/api/generate-content) from a chat-completions one. The
/// model stands in the URL (`geminiPath`), not in the body.
///
/// What has no counterpart and is left out: `parallel_tool_calls`, `logprobs`. `provider_options` replace members of
/// the body; those of an object `generationConfig` in them join ours instead of replacing them all.
struct GeminiRequest {
    /// Stop sequences that the API takes; more are left out.
    static let stopLimit = 5
    /// Tokens that thinking may cost for each `reasoning_effort`, for models before Gemini 3; source:
    /// https://ai.google.dev/gemini-api/docs/openai.
    static let budgets = ["none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576]

    private let members: [String: JSONValue]
    private let overlay: Overlay
    private let prompt: Prompt
    private let messages: [JSONValue]
    private let model: String
    private var writer: JSONWriter

    static func bytes(_ prompt: Prompt, model: ModelSettings) -> [UInt8] {
        var request = GeminiRequest(prompt, model)
        request.write()
        return request.writer.bytes
    }

    private init(_ prompt: Prompt, _ model: ModelSettings) {
        self.prompt = prompt
        members = RequestMembers(prompt, model).parsed()
        overlay = Overlay(prompt, model)
        messages = parsedMessages(prompt)
        self.model = model.model
        writer = JSONWriter(reserving: prompt.messages.count + 1024)
    }

    private mutating func member(_ name: String, _ write: (inout JSONWriter) -> Void) {
        guard !overlay.covers(name) else { return }
        writer.key(name)
        write(&writer)
    }

    private mutating func write() {
        writer.beginObject()
        let system = messages.filter { isSystem($0) }
        let conversation = messages.filter { !isSystem($0) }
        let texts = system.map { messageText($0["content"]) }.filter { !$0.isEmpty }
        if !texts.isEmpty, !conversation.isEmpty {
            member("systemInstruction") { writer in
                writer.beginObject()
                writer.key("parts")
                writer.beginArray()
                for text in texts { GeminiContents.writeText(text, into: &writer) }
                writer.endArray()
                writer.endObject()
            }
        }
        let needsSignatures = isGemini3
        member("contents") { writer in
            var contents = GeminiContents(needsSignatures: needsSignatures)
            writer.beginArray()
            // Nothing but a system message is asked as a question: contents must not be empty.
            for message in conversation.isEmpty ? system : conversation { contents.write(message, into: &writer) }
            contents.end(&writer)
            writer.endArray()
        }
        writeTools()
        writeGenerationConfig()
        overlay.write(into: &writer) { name, value in name == "generationConfig" && value.kind == .object }
        writer.endObject()
    }

    private func isSystem(_ message: JSONValue) -> Bool {
        guard let role = message["role"] else { return false }
        return role.isString("system") || role.isString("developer")
    }

    /// From Gemini 3 on thinking has levels instead of budgets, and calls must carry their thought's signature.
    private var isGemini3: Bool {
        guard let range = model.utf8.indices.first(where: { model.utf8[$0...].starts(with: "gemini-".utf8) }) else {
            return false
        }
        let digits = model[range...].dropFirst("gemini-".count).prefix { $0.isNumber }
        return (Int(digits) ?? 0) >= 3
    }

    // MARK: generationConfig

    private mutating func writeGenerationConfig() {
        let given = overlay["generationConfig"]
        if let given, given.kind != .object { return }
        var config = JSONWriter()
        config.beginObject()
        func isFree(_ name: String) -> Bool { given?[name] == nil }
        for (name, ours) in Self.sampling where isFree(ours) {
            guard let value = members[name] else { continue }
            config.key(ours)
            config.value(value)
        }
        if let stop = members["stop"], isFree("stopSequences") {
            let stops = stop.string.map { [$0] } ?? stop.elements.compactMap(\.string)
            config.member("stopSequences", stops.prefix(Self.stopLimit))
        }
        writeFormat(into: &config, isFree)
        let depth = isGemini3 || model.contains("gemini-2.5") ? prompt.reasoningEffort : nil
        if let effort = members["reasoning_effort"]?.string ?? depth, isFree("thinkingConfig") {
            writeThinking(effort, into: &config)
        }
        if let given { for (name, value) in given.members { config.memberNamed(name, value) } }
        config.endObject()
        if config.bytes.count > 2 { writer.member("generationConfig", raw: config.bytes) }
    }

    private static let sampling = [
        ("temperature", "temperature"), ("top_p", "topP"), ("max_tokens", "maxOutputTokens"),
        ("max_completion_tokens", "maxOutputTokens"), ("seed", "seed"), ("presence_penalty", "presencePenalty"),
        ("frequency_penalty", "frequencyPenalty"),
    ]

    private func writeFormat(into config: inout JSONWriter, _ isFree: (String) -> Bool) {
        guard let format = members["response_format"], let type = format["type"]?.string, type.hasPrefix("json"),
            isFree("responseMimeType")
        else { return }
        config.member("responseMimeType", "application/json")
        if let schema = format["json_schema"]?["schema"], isFree("responseSchema"), isFree("responseJsonSchema") {
            config.member("responseJsonSchema", schema)
        }
    }

    private func writeThinking(_ effort: String, into config: inout JSONWriter) {
        config.key("thinkingConfig")
        config.beginObject()
        if isGemini3 {
            // Gemini 3 cannot be kept from thinking; the least there is stands for "none".
            let level = effort == "none" || effort == "minimal" ? "low" : effort == "xhigh" ? "high" : effort
            config.member("thinkingLevel", level)
        } else {
            config.member("thinkingBudget", Self.budgets[effort] ?? -1)
        }
        if effort != "none" { config.member("includeThoughts", true) }
        config.endObject()
    }

    // MARK: tools

    private mutating func writeTools() {
        guard let tools = members["tools"], tools.count > 0 else { return }
        member("tools") { writer in
            writer.beginArray()
            let functions = tools.elements.compactMap { $0["function"] }
            if !functions.isEmpty {
                writer.beginObject()
                writer.key("functionDeclarations")
                writer.beginArray()
                for function in functions {
                    writer.beginObject()
                    writer.member("name", function["name"]?.string ?? "")
                    writer.member("description", ifPresent: function["description"]?.string)
                    if let parameters = function["parameters"], parameters.kind == .object {
                        writer.member("parametersJsonSchema", parameters)
                    }
                    writer.endObject()
                }
                writer.endArray()
                writer.endObject()
            }
            // Google's own tools, such as {"google_search":{}}.
            for tool in tools.elements where tool["function"] == nil { writer.value(tool) }
            writer.endArray()
        }
        guard let choice = members["tool_choice"] else { return }
        member("toolConfig") { writer in
            writer.beginObject()
            writer.key("functionCallingConfig")
            writer.beginObject()
            switch choice.string {
            case "none": writer.member("mode", "NONE")
            case "required": writer.member("mode", "ANY")
            case nil:
                writer.member("mode", "ANY")
                if let name = choice["function"]?["name"]?.string { writer.member("allowedFunctionNames", [name]) }
            default: writer.member("mode", "AUTO")
            }
            writer.endObject()
            writer.endObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func memberNamed(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }
}

/// The path of a model's streaming method below the base URL.
func geminiPath(model: String) -> String {
    // `tunedModels/…` and `models/…` are whole names; dots alone would climb out of the path.
    let parts = model.split(separator: "/", omittingEmptySubsequences: false)
    let isWhole = parts.count > 1 && !parts.contains { $0.allSatisfy { $0 == "." } }
    let name = urlPathComponent(model, keepsSlashes: isWhole)
    return "/\(isWhole ? name : "models/" + name):streamGenerateContent?alt=sse"
}
