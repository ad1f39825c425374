import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@Suite struct RouteTests {
    private static let code = "Write a Python function that reverses a linked list"
    private static let talk = "Write a poem about the sea in autumn"
    private static let good =
        "Here it is, reversing the pointers one after another:\n\n```python\ndef f(x): return x\n```\n"

    private func home(
        qwen: [Reply] = [.stream([good])], llama: [Reply] = [.stream(["general ", "answer"])],
        polish: [Reply]? = nil, more: String = "", provider: String = ""
    ) throws -> WorkflowHome {
        var route = "[models.auto]\nworkflow = \"route\"\ncode = \"qwen\"\ngeneral = \"llama\"\n\(more)\n"
        if polish != nil { route += "polish = { model = \"finish\", max_tokens = 777 }\n" }
        return try WorkflowHome(
            route, models: ["qwen": qwen, "llama": llama].merging(polish.map { ["finish": $0] } ?? [:]) { $1 },
            provider: provider)
    }

    @Test func codeGoesToTheCodeModelTheRestToTheGeneralOne() throws {
        let home = try home(polish: [.stream(["never"])])
        let code = try home.chat("auto", Self.code)
        #expect(code.lines == ["started", "step 0 draft qwen", "content: \(Self.good)"])
        #expect(code.steps == ["draft qwen ok"] && code.notices == [] && !code.flag("polished"))
        #expect(code.result?["quality_issues"]?.count == 0 && code.result?["workflow"]?.string == "route")
        #expect(try home.ledger().row["arm"]?.string == "code")
        let talk = try home.chat("auto", Self.talk)
        #expect(talk.lines == ["started", "step 0 direct llama", "content: general answer"])
        #expect(try home.ledger().row["arm"] == nil)
        #expect(home.server.calls == ["qwen", "llama"])
    }

    @Test func theShareSplitsSessionsAndKeepsThem() throws {
        let home = try home(more: "code_share = 0.5")
        var arms: [String: Set<String>] = [:]
        for index in 0..<24 {
            let session = "s\(index % 12)"
            _ = try home.chat("auto", Self.code, more: ",\"session\":\"\(session)\"")
            arms[session, default: []].insert(try home.ledger().row["arm"]?.string ?? "none")
        }
        #expect(arms.values.allSatisfy { $0.count == 1 })
        #expect(Set(arms.values.flatMap { $0 }) == ["code", "general"])
        let none = try self.home(more: "code_share = 0.0")
        #expect(try none.chat("auto", Self.code).steps == ["direct llama ok"])
    }

    @Test func aBadDraftIsPolished() throws {
        let home = try home(qwen: [.stream(["I would ", "loop"])], polish: [.stream(["much ", "better"])])
        let chat = try home.chat("auto", Self.code, more: ",\"temperature\":0.1")
        #expect(
            chat.lines == [
                "started", "step 0 draft qwen", "content: I would loop", "notice polishing", "step 1 polish finish",
                "reset polished", "content: much better",
            ])
        #expect(chat.flag("polished") && !chat.flag("fallback") && chat.content == "much better")
        let issues = chat.result?["quality_issues"]?.elements.compactMap(\.string) ?? []
        #expect(issues.contains("too_short") && issues.contains("missing_code_block"))
        #expect(chat.steps == ["draft qwen ok", "polish finish ok"])
        let body = try home.server.body("finish")
        let prompt = try #require(body["messages"]?[0]?["content"]?.string)
        #expect(prompt.hasPrefix(Self.code) && prompt.contains("I would loop") && prompt.contains("too_short"))
        #expect(body["max_tokens"]?.int == 777 && body["messages"]?.count == 1)
        let row = try home.ledger().row
        #expect(row["polished"]?.bool == true && row["quality_issues"]?.count == issues.count)
    }

    @Test func codeThatDoesNotParseIsPolished() throws {
        let broken = "Here it is, reversing the pointers one by one:\n\n```python\ndef f(x:\n    return x\n```\n"
        let home = try home(qwen: [.stream([broken])], polish: [.stream([Self.good])])
        let chat = try home.chat("auto", Self.code)
        #expect(chat.flag("polished") && chat.content == Self.good)
        #expect(chat.result?["quality_issues"]?.elements.map(\.string) == ["syntax"])
        #expect(try home.server.body("finish")["messages"]?[0]?["content"]?.string?.contains("does not parse") == true)
    }

    @Test func routeSaysWhatARequestWouldUseAndSendsNothing() throws {
        let home = try WorkflowHome(
            "[models.deep]\nworkflow = \"chain\"\nreasoner = \"r1\"\ncoder = \"qwen\"\n"
                + "[models.auto]\nworkflow = \"route\"\ncode = \"deep\"\ngeneral = \"llama\"\ncode_share = 0.5\n"
                + "polish = { model = \"llama\" }\n",
            models: ["r1": [.stream(["plan"])], "qwen": [.stream([Self.good])], "llama": [.stream(["g"])]])
        let client = try home.daemon.client()
        func route(_ prompt: String, _ more: String = "") throws -> JSONValue {
            let params = "{\"model\":\"auto\",\"prompt\":\(quoted(prompt))\(more)}"
            return try #require(JSONDocument(Array(client.call("route", params).utf8)).root["result"])
        }
        let talk = try route(Self.talk)
        #expect(talk["is_code"]?.bool == false && (talk["score"]?.double ?? 1) < 0.5)
        #expect(talk["arm"]?.string == "general" && talk["chosen"]?.string == "llama")
        #expect(talk["parts"]?.elements.map { $0["used"]?.string } == ["never", "first", "never"])
        let code = try route(Self.code)
        #expect(code["is_code"]?.bool == true && (code["score"]?.double ?? 0) > 0.5)
        #expect(code["reasons"]?[0]?["reason"]?.string != nil && (code["reasons"]?[0]?["weight"]?.double ?? 0) > 0)
        #expect(code["arm"]?.isNull == true && code["why"]?.string?.contains("50 %") == true)
        #expect(code["parts"]?[0]?["parts"]?[1]?["candidates"]?[0]?["model"]?.string == "qwen")
        #expect(code["parts"]?[0]?["parts"]?[1]?["chosen"]?.string == "qwen")
        #expect(home.server.calls == [])
        // A session's arm is the one its requests get.
        for session in ["a", "b", "c", "d", "e"] {
            let said = try route(Self.code, ",\"session\":\"\(session)\"")
            _ = try home.chat("auto", Self.code, more: ",\"session\":\"\(session)\"")
            #expect(try home.ledger().row["arm"]?.string == said["arm"]?.string)
            #expect(said["chosen"]?.string == (said["arm"]?.string == "code" ? "deep" : "llama"))
        }
        // What was said before counts.
        #expect(try route("And in Rust?", ",\"session\":\"a\"")["is_code"]?.bool == true)
    }

    @Test(arguments: [
        Reply.failure(400), .sse([.event(OpenAIMaterial.content("half")), .reset]), .stream([" \n"]),
    ])
    func aFailingPolishLeavesTheDraft(polish: Reply) throws {
        let home = try home(qwen: [.stream(["I would ", "loop"])], polish: [polish])
        let chat = try home.chat("auto", Self.code)
        #expect(chat.content == "I would loop" && !chat.flag("polished") && !chat.flag("fallback"))
        #expect(chat.notices == ["polishing", "polish_failed"])
        #expect(chat.result?["quality_issues"]?.count ?? 0 > 0)
    }

    @Test(arguments: [Reply.failure(400), .sse([.event(OpenAIMaterial.content("half")), .reset]), .hang])
    func theGeneralModelAnswersForAFailingCodeModel(qwen: Reply) throws {
        let home = try home(qwen: [qwen], provider: "first_token_timeout = \"80ms\"")
        let chat = try home.chat("auto", Self.code)
        #expect(chat.content == "general answer" && chat.flag("fallback") && chat.notices == ["fallback"])
        #expect(chat.steps.first == "draft qwen failed" && chat.steps.last == "direct llama ok")
        #expect(chat.lines.contains("reset fallback") == chat.lines.contains("content: half"))
        // The server may notice later than the daemon gave up.
        #expect(home.server.waitForCall("qwen") && home.server.requests("qwen").count == 1)
        #expect(try home.ledger().row["fallback"]?.bool == true)
    }

    @Test func theLineUnderTheAnswerIsThereOnlyWhenAskedFor() throws {
        let server = try ModelServer([
            "qwen2.5-coder": [.stream(["I would loop"]), .stream([Self.good])], "llama": [.stream(["better"])],
        ])
        let config = """
            [providers.runloop-box]
            kind = "openai"
            base_url = "\(server.baseURL)"
            [providers.groq]
            kind = "openai"
            base_url = "\(server.baseURL)"
            [models.qwen-runloop]
            provider = "runloop-box"
            model = "qwen2.5-coder"
            [models.llama-70b]
            provider = "groq"
            model = "llama"
            [models.auto]
            workflow = "route"
            code = "qwen-runloop"
            general = "llama-70b"
            polish = { model = "llama-70b" }
            attribution = true
            """
        let daemon = try DaemonProcess(config: config)
        let polished = try WorkflowHome.follow(daemon.client(), "chat", WorkflowHome.params("auto", Self.code))
        #expect(polished.content == "better\n\n---\n_Powered by Qwen (local) + Groq (polish)_")
        let draft = try WorkflowHome.follow(daemon.client(), "chat", WorkflowHome.params("auto", Self.code))
        #expect(draft.content == Self.good + "\n\n---\n_Powered by Qwen (local)_")
    }

    @Test func theCodeModelMayBeAChain() throws {
        let home = try WorkflowHome(
            "[models.deep]\nworkflow = \"chain\"\nreasoner = \"r1\"\ncoder = \"qwen\"\n"
                + "[models.auto]\nworkflow = \"route\"\ncode = \"deep\"\ngeneral = \"llama\"\n",
            models: ["r1": [.stream(["plan"])], "qwen": [.stream([Self.good])], "llama": [.stream(["g"])]])
        let chat = try home.chat("auto", Self.code)
        #expect(
            chat.lines == [
                "started", "step 0 reasoner r1", "reasoning: plan", "step 1 coder qwen", "content: \(Self.good)",
            ])
    }

    @Test func toolCallsOfTheClientPass() throws {
        let call = OpenAIMaterial.toolCall(id: "c1", name: "run", arguments: "{}")
        let home = try home(
            qwen: [.sse([.event(call), .event(OpenAIMaterial.finish("tool_calls")), .done])],
            polish: [.stream(["never"])])
        let chat = try home.chat(
            "auto", Self.code, more: ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"run\"}}]")
        #expect(chat.lines.last == "tool_call 0 c1 run {}")
        #expect(chat.result?["finish_reason"]?.string == "tool_calls" && chat.steps == ["draft qwen ok"])
    }
}
