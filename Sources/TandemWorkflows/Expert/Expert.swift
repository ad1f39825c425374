import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders

/// A small router model with a tool loop: it talks, the code model writes the code.
@LoopActor
struct Expert {
    /// Calls in a row that cannot be carried out, after which the loop ends with what there is.
    private static let faultLimit = 3
    /// Bytes of a tool's result that go back to the router.
    private static let resultLimit = 64 << 10

    let run: WorkflowRun
    let settings: ExpertSettings
    let hasAlternative: Bool

    /// A call as the router made it.
    private struct Call {
        var name: String
        var arguments: JSONValue?
        /// nil for one that stood in the text.
        var id: String?
        /// What is wrong with it.
        var fault: String?
    }

    func answer(_ prompt: Prompt, output: @escaping WorkflowOutput) async throws(WorkflowFailure) -> Completion {
        let tracker = ContentTracker(output)
        guard settings.dualModel else { return try await askCoder(prompt, tracker) }
        let tools = settings.tools.compactMap { ExpertTool(rawValue: $0) }
        let clientTools = toolNames(prompt)
        var conversation = offering(tools, run.environment.expertMemory.completing(prompt, uid: run.options.uid))
            .addingToSystem(routerInstruction(tools))
        // What happens before the client's tools are called.
        var inner: [[UInt8]] = []
        var said = ""
        var thoughts = ""
        var code = ""
        var faults = 0
        for round in 1...max(1, settings.maxRounds) {
            let stream = RouterStream(clientTools: clientTools, earlier: round == 1 ? nil : said, tracker)
            // The last round has to be an answer.
            let request = round == settings.maxRounds && round > 1 ? withoutTools(conversation, prompt) : conversation
            var completion: Completion
            do throws(WorkflowFailure) {
                completion = try await run.ask(settings.router, as: .router, request, hasAlternative: true) {
                    stream.hear($0)
                }
            } catch {
                guard !error.endsRequest, tracker.canStartOver else { throw error }
                run.outcome.fallback = true
                run.notice("fallback", "\(settings.router) failed\(run.lastFailure): \(settings.coder) answers alone.")
                tracker.startOver(.fallback)
                return try await askCoder(prompt, tracker)
            }
            stream.finish()
            said += stream.said
            thoughts += completion.reasoning
            let calls = calls(of: completion, stream)
            let forClient = clientCalls(completion, calls, clientTools, tracker)
            let ours = calls.filter { !clientTools.contains($0.name) }
            if !ours.isEmpty, round < settings.maxRounds, faults < Self.faultLimit {
                var results: [String] = []
                for call in ours {
                    let (result, isFault) = try await carryOut(call, tools, &code)
                    faults = isFault ? faults + 1 : 0
                    results.append(String(decoding: Array(result.utf8.prefix(Self.resultLimit)), as: UTF8.self))
                }
                let messages = messages(of: completion, ours, results)
                inner += messages
                conversation = conversation.appending { writer in for message in messages { writer.raw(message) } }
                if forClient.isEmpty, faults < Self.faultLimit { continue }
            }
            if !forClient.isEmpty {
                completion.finishReason = .toolCalls
                run.environment.expertMemory.keep(
                    inner, after: prompt.parsedMessages?.elements.map { $0 } ?? [],
                    before: forClient.map { $0.id ?? "" }, uid: run.options.uid)
            } else if completion.finishReason == .toolCalls {
                completion.finishReason = .stop
            }
            completion.toolCalls = forClient
            return end(completion, said, thoughts, forClient.isEmpty ? code : "", tracker)
        }
        return end(Completion(), said, thoughts, code, tracker)
    }

    /// What was said in all rounds; the code that was written where nothing was said at all.
    private func end(
        _ completion: Completion, _ said: String, _ thoughts: String, _ code: String, _ tracker: ContentTracker
    ) -> Completion {
        var completion = completion
        completion.content = said
        completion.reasoning = thoughts
        if said.isEmpty, !code.isEmpty {
            completion.content = code
            _ = tracker.hear(.delta(.content(code)))
        }
        return completion
    }

    private func askCoder(_ prompt: Prompt, _ tracker: ContentTracker) async throws(WorkflowFailure) -> Completion {
        try await run.ask(settings.coder, as: .expert, prompt, hasAlternative: hasAlternative) { tracker.hear($0) }
    }

    // MARK: calls

    private func calls(of completion: Completion, _ stream: RouterStream) -> [Call] {
        if !completion.toolCalls.isEmpty {
            return completion.toolCalls.map { call in
                let text = call.arguments.isEmpty ? "{}" : call.arguments
                let arguments = (try? JSONDocument(Array(text.utf8)))?.root
                let isObject = arguments?.kind == .object
                return Call(
                    name: call.name ?? "", arguments: isObject ? arguments : nil, id: call.id ?? "",
                    fault: isObject ? nil : "the arguments are not a JSON object")
            }
        }
        switch stream.textualCall {
        case .call(let tool, let object): return [Call(name: tool, arguments: object)]
        case .malformed(_, let fault): return [Call(name: "", fault: fault)]
        case nil: return []
        }
    }

    /// The calls that the client has to run. One that stood in the text is made a proper one.
    private func clientCalls(
        _ completion: Completion, _ calls: [Call], _ clientTools: Set<String>, _ tracker: ContentTracker
    ) -> [ToolCall] {
        let native = completion.toolCalls.filter { clientTools.contains($0.name ?? "") }
        guard native.isEmpty, let call = calls.first, call.id == nil, clientTools.contains(call.name) else {
            return native
        }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in (call.arguments?["arguments"] ?? call.arguments)?.members.map({ $0 }) ?? []
        where name != "tool" {
            writer.key(name)
            writer.value(value)
        }
        writer.endObject()
        let made = ToolCall(
            id: "call_\(run.trace.steps.count)", name: call.name,
            arguments: String(decoding: writer.bytes, as: UTF8.self))
        _ = tracker.hear(.delta(.toolCall(index: 0, made)))
        return [made]
    }

    private func carryOut(
        _ call: Call, _ tools: [ExpertTool], _ code: inout String
    ) async throws(WorkflowFailure) -> (result: String, isFault: Bool) {
        if let fault = call.fault {
            return ("error: \(fault). Call a tool with one JSON object, or answer the user.", true)
        }
        guard let tool = tools.first(where: { $0.rawValue == call.name }) else {
            let names = tools.map(\.rawValue).joined(separator: ", ")
            return ("error: there is no tool \"\(call.name.prefix(64))\". The tools are: \(names).", true)
        }
        let argument = call.arguments?[tool.argument.name] ?? call.arguments?["arguments"]?[tool.argument.name]
        guard argument?.string != nil || !tool.argument.isRequired else {
            return ("error: \(tool.rawValue) needs the member \"\(tool.argument.name)\", a string.", true)
        }
        guard tool == .generateCode else {
            let folder = call.arguments?["path"] ?? call.arguments?["arguments"]?["path"]
            return (await run.environment.lookUp(tool, argument?.string ?? ".", below: folder?.string ?? "."), false)
        }
        do throws(WorkflowFailure) {
            code = try await generate(argument?.string ?? "")
            return (code, false)
        } catch {
            guard !error.endsRequest else { throw error }
            run.outcome.fallback = true
            run.notice("fallback", "\(settings.coder) failed\(run.lastFailure): \(settings.router) goes on without it.")
            return ("error: the code model failed; answer the user yourself.", false)
        }
    }

    private func generate(_ task: String) async throws(WorkflowFailure) -> String {
        var writer = JSONWriter(reserving: task.utf8.count + 256)
        writer.beginArray()
        writer.message("system", coderInstruction)
        writer.message("user", task)
        writer.endArray()
        let prompt = Prompt(messages: writer.bytes[...])
        return try await run.ask(settings.coder, as: .expert, prompt, hasAlternative: true) { _ in false }.content
    }

    // MARK: the conversation

    private func toolNames(_ prompt: Prompt) -> Set<String> {
        Set(parsedTools(prompt)?.elements.compactMap { $0["function"]?["name"]?.string } ?? [])
    }

    private func parsedTools(_ prompt: Prompt) -> JSONValue? {
        prompt.members.first { $0.name == "tools" }.flatMap { try? JSONDocument(Array($0.json)).root }
    }

    /// Our tools before the client's; one of the client's that bears the name of ours stays the client's.
    private func offering(_ tools: [ExpertTool], _ prompt: Prompt) -> Prompt {
        let names = toolNames(prompt)
        var writer = JSONWriter()
        writer.beginArray()
        for tool in tools where !names.contains(tool.rawValue) { tool.writeNative(&writer) }
        for tool in parsedTools(prompt)?.elements.map({ $0 }) ?? [] { writer.value(tool) }
        writer.endArray()
        return prompt.setting("tools", writer.bytes)
    }

    private func withoutTools(_ conversation: Prompt, _ prompt: Prompt) -> Prompt {
        let final = conversation.removing(["tools", "tool_choice", "parallel_tool_calls"])
            .addingToSystem("No tool can be called any more: answer the user now.")
        guard let own = prompt.members.first(where: { $0.name == "tools" }) else { return final }
        return final.setting("tools", own.json)
    }

    /// A round of ours as the router is shown it: its calls and their results.
    private func messages(of completion: Completion, _ calls: [Call], _ results: [String]) -> [[UInt8]] {
        guard calls[0].id != nil else {
            // The call as text, and its result as the user's next message: all that such a model knows of tools.
            return [
                message { $0.message("assistant", completion.content) },
                message { $0.message("user", "Result of the tool \(calls[0].name):\n\(results[0])") },
            ]
        }
        let ours = Set(calls.compactMap(\.id))
        var messages = [
            message { writer in
                writer.beginObject()
                writer.member("role", "assistant" as StaticString)
                writer.member("content", completion.content)
                writer.key("tool_calls")
                writer.beginArray()
                for call in completion.toolCalls where ours.contains(call.id ?? "") {
                    writer.beginObject()
                    writer.member("id", call.id ?? "")
                    writer.member("type", "function" as StaticString)
                    writer.key("function")
                    writer.beginObject()
                    writer.member("name", call.name ?? "")
                    writer.member("arguments", call.arguments)
                    writer.endObject()
                    writer.endObject()
                }
                writer.endArray()
                writer.endObject()
            }
        ]
        for (call, result) in zip(calls, results) {
            messages.append(
                message { writer in
                    writer.beginObject()
                    writer.member("role", "tool" as StaticString)
                    writer.member("tool_call_id", call.id ?? "")
                    writer.member("content", result)
                    writer.endObject()
                })
        }
        return messages
    }

    private func message(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        write(&writer)
        return writer.bytes
    }
}
