import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@Suite struct ExpertTests {
    private func home(
        phi: [Reply], qwen: [Reply] = [.stream(["def f(): ", "pass"])], more: String = "", roots: String? = nil,
        environment: [String: String] = [:]
    ) throws -> WorkflowHome {
        try WorkflowHome(
            "[models.expert]\nworkflow = \"expert\"\nrouter = \"phi\"\ncoder = \"qwen\"\n\(more)\n",
            models: ["phi": phi, "qwen": qwen], settings: roots.map { "[access]\nroots = [\"\($0)\"]\n" } ?? "",
            environment: environment)
    }

    private static func native(_ name: String, _ arguments: String, id: String = "c1") -> Reply {
        .sse([
            .event(OpenAIMaterial.toolCall(id: id, name: name, arguments: arguments)),
            .event(OpenAIMaterial.finish("tool_calls")), .done,
        ])
    }

    @Test(arguments: [false, true]) func theCodeModelWritesTheCode(isNative: Bool) throws {
        let call: Reply =
            isNative
            ? Self.native("generate_code", #"{"prompt":"a function f"}"#)
            : .stream(["Let me see.\n", "{\"tool\":\"generate", "_code\",\"prompt\":\"a function f\"}"])
        let home = try home(phi: [call, .stream(["Here: ", "def f(): pass"])])
        let chat = try home.chat("expert")
        #expect(chat.steps == ["router phi ok", "expert qwen ok", "router phi ok"])
        #expect(chat.content == (isNative ? "" : "Let me see.\n\n\n") + "Here: def f(): pass")
        #expect(!chat.lines.contains { $0.contains("generate_code") || $0.contains("tool_call") })
        #expect(chat.result?["finish_reason"]?.string == "stop" && chat.result?["workflow"]?.string == "expert")
        let coder = try home.server.body("qwen")["messages"]
        #expect(coder?.count == 2 && coder?[1]?["content"]?.string == "a function f")
        let second = home.server.requests("phi")[1].text
        #expect(second.contains("def f(): pass"))
        #expect(try home.ledger().steps == chat.steps)
    }

    @Test func withoutDualModelTheCoderAnswersAlone() throws {
        let home = try home(phi: [.failure(400)], environment: ["DUAL_MODEL_MODE": "false"])
        let chat = try home.chat("expert")
        #expect(chat.lines == ["started", "step 0 expert qwen", "content: def f(): pass"])
        #expect(home.server.calls == ["qwen"])
    }

    @Test func filesAreReadBelowTheRootsOnly() throws {
        let files = try TemporaryHome()
        try files.write("src/main.py", "print('needle')\n")
        try files.write(".secret", "hidden")
        symlink("/etc/passwd", files.path + "/link")
        let calls = [
            Self.native("read_file", #"{"path":"src/main.py"}"#), Self.native("list_files", "{}"),
            Self.native("search", #"{"query":"needle"}"#), Self.native("read_file", #"{"path":"link"}"#),
            Self.native("read_file", #"{"path":"../../etc/passwd"}"#), Self.native("read_file", #"{"path":".secret"}"#),
        ]
        let home = try home(phi: calls + [.stream(["done"])], roots: files.path)
        let chat = try home.chat("expert")
        #expect(chat.content == "done")
        let last = try #require(home.server.body("phi", 6)["messages"])
        let results = last.elements.filter { $0["role"]?.string == "tool" }.compactMap { $0["content"]?.string }
        #expect(results.count == 6)
        #expect(results[0] == "print('needle')\n" && results[1].contains("src/main.py"))
        #expect(!results[1].contains("secret") && results[2] == "src/main.py:1: print('needle')")
        #expect(results[3...].allSatisfy { $0.hasPrefix("error") })
    }

    @Test func theClientsToolsPassAndTheLoopGoesOn() throws {
        let home = try home(phi: [Self.native("run", #"{"x":1}"#, id: "c7"), .stream(["it ran"])])
        let tools = #","tools":[{"type":"function","function":{"name":"run","parameters":{}}}]"#
        let chat = try home.chat("expert", more: tools)
        #expect(chat.lines.last == "tool_call 0 c7 run {\"x\":1}")
        #expect(chat.result?["finish_reason"]?.string == "tool_calls" && chat.result?["tool_calls"]?.count == 1)
        let messages = """
            [{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"c7","type":"function",\
            "function":{"name":"run","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c7","content":"ran"}]
            """
        let next = try home.call("chat", "{\"model\":\"expert\",\"stream\":true,\"messages\":\(messages)\(tools)}")
        #expect(next.content == "it ran")
    }

    /// What the expert did before it called the client's tool is there when the client comes back, and only then.
    @Test(arguments: [false, true]) func whatCameBeforeTheClientsToolIsNotLost(atOnce: Bool) throws {
        let code = #"{"prompt":"a function f"}"#
        let both = Reply.sse([
            .event(OpenAIMaterial.toolCall(index: 0, id: "c1", name: "generate_code", arguments: code)),
            .event(OpenAIMaterial.toolCall(index: 1, id: "c2", name: "run", arguments: "{}")),
            .event(OpenAIMaterial.finish("tool_calls")), .done,
        ])
        let apart = [Self.native("generate_code", code), Self.native("run", "{}", id: "c2")]
        let home = try home(phi: (atOnce ? [both] : apart) + [.stream(["def f(): pass ran"])])
        let tools = #","tools":[{"type":"function","function":{"name":"run","parameters":{}}}]"#
        let chat = try home.chat("expert", "go", more: tools)
        #expect(chat.result?["finish_reason"]?.string == "tool_calls" && chat.result?["tool_calls"]?.count == 1)
        #expect(chat.steps == ["router phi ok", "expert qwen ok"] + (atOnce ? [] : ["router phi ok"]))
        #expect(chat.lines.last == "tool_call 0 c2 run {}" || atOnce)
        func resume(_ question: String) throws -> JSONValue {
            // Written anew, as clients do.
            let messages = """
                [{"content":"\(question)","role":"user"}, {"role":"assistant","content":null,"tool_calls":[{"id":"c2",\
                "type":"function","function":{"name":"run","arguments":"{}"}}]}, \
                {"role":"tool","tool_call_id":"c2","content":"ran"}]
                """
            let next = try home.call("chat", "{\"model\":\"expert\",\"stream\":true,\"messages\":\(messages)\(tools)}")
            #expect(next.content == "def f(): pass ran")
            return try #require(home.server.body("phi", home.server.requests("phi").count - 1)["messages"])
        }
        let roles = try resume("go").elements.map { $0["role"]?.string }
        #expect(roles == ["system", "user", "assistant", "tool", "assistant", "tool"])
        let told = try resume("go")
        #expect(told[3]?["content"]?.string == "def f(): pass" && told[3]?["tool_call_id"]?.string == "c1")
        #expect(told[2]?["tool_calls"]?.count == 1 && told[4]?["tool_calls"]?[0]?["id"]?.string == "c2")
        #expect(try resume("something else").count == 4)
    }

    @Test func callsThatCannotBeCarriedOutAreAnsweredAndThreeEndTheLoop() throws {
        let home = try home(phi: [
            Self.native("fly", "{}"), Self.native("generate_code", "not json"), Self.native("read_file", "{}"),
        ])
        let chat = try home.chat("expert")
        #expect(chat.steps == ["router phi ok", "router phi ok", "router phi ok"] && chat.content == "")
        #expect(home.server.requests("phi")[1].text.contains("The tools are: generate_code"))
        #expect(home.server.requests("phi")[2].text.contains("not a JSON object"))
    }

    @Test func roundsEnd() throws {
        let home = try home(phi: [Self.native("generate_code", #"{"prompt":"x"}"#)], more: "max_rounds = 3")
        let chat = try home.chat("expert")
        #expect(home.server.requests("phi").count == 3 && chat.content == "def f(): pass")
    }
}
