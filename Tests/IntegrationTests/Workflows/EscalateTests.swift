import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@Suite struct EscalateTests {
    private static let signal = "[USE_REASONING_MODEL]"
    private static let assistant =
        "[models.assistant]\nworkflow = \"escalate\"\ndefault = \"small\"\nreasoning = \"big\"\n"

    private func home(
        small: [Reply], big: [Reply] = [.stream(["deep ", "thought"])], limits: String = "", more: String = ""
    ) throws -> WorkflowHome {
        try WorkflowHome(
            Self.assistant + more, models: ["small": small, "big": big],
            settings: limits.isEmpty ? "" : "[limits]\n\(limits)\n")
    }

    @Test func anAnswerWithoutTheSignalPasses() throws {
        let home = try home(small: [.stream(["Hello [US", "E] th", "ere \n"])])
        let chat = try home.chat("assistant")
        #expect(chat.lines == ["started", "step 0 default small", "content: Hello [USE] there \n"])
        #expect(chat.content == "Hello [USE] there \n" && !chat.flag("escalated"))
        #expect(chat.steps == ["default small ok"])
        #expect(chat.result?["workflow"]?.string == "escalate")
        let system = try home.server.body("small")["messages"]?[0]
        #expect(system?["role"]?.string == "system" && system?["content"]?.string?.contains(Self.signal) == true)
    }

    @Test func withoutEnabledThereIsNoInstruction() throws {
        let home = try home(small: [.stream(["Hello ", Self.signal])], more: "enabled = false\n")
        let chat = try home.chat("assistant")
        #expect(chat.content == "Hello " + Self.signal)
        #expect(!home.server.requests("small")[0].text.contains(Self.signal))
    }

    @Test func theSignalCallsTheReasoningModel() throws {
        let home = try home(
            small: [
                .sse([
                    .event(OpenAIMaterial.content("Let me [USE_REA")), .event(OpenAIMaterial.content("SONING_MODEL]x")),
                    .hang,
                ])
            ])
        let chat = try home.chat("assistant")
        #expect(
            chat.lines == [
                "started", "step 0 default small", "content: Let me", "notice escalating", "reset escalated",
                "step 1 reasoning big", "content: deep thought",
            ])
        #expect(chat.content == "deep thought" && chat.flag("escalated") && !chat.flag("fallback"))
        #expect(chat.steps == ["default small cancelled", "reasoning big ok"])
        #expect(chat.notices == ["escalating"])
        #expect(home.server.requests("small")[0].abandoned.wait())
        #expect(try home.server.body("big")["messages"]?.count == 1)
        let ledger = try home.ledger()
        #expect(ledger.outcome == "ok" && ledger.row["escalated"]?.bool == true)
        #expect(ledger.steps == ["default small cancelled", "reasoning big ok"])
    }

    @Test func notifyUserFalseSaysNothing() throws {
        let home = try home(small: [.stream([Self.signal])], more: "notify_user = false\n")
        let chat = try home.chat("assistant")
        #expect(chat.notices == [] && chat.flag("escalated") && chat.content == "deep thought")
    }

    @Test func overTheLimitTheDefaultAnswerStandsWhole() throws {
        let home = try home(
            small: [.stream(["My gue", "ss [USE_REASONING", "_MODEL] is ", "42. \n"])],
            limits: "reasoning_user = \"1/1h\"")
        #expect(try home.chat("assistant").content == "deep thought")
        let chat = try home.chat("assistant")
        #expect(
            chat.lines == [
                "started", "step 0 default small", "content: My guess", "notice escalating",
                "notice rate_limited_fallback", "content:   is 42.",
            ])
        #expect(chat.content == "My guess  is 42." && !chat.flag("escalated"))
        #expect(chat.steps == ["default small ok"])
        #expect(chat.notices == ["escalating", "rate_limited_fallback"])
        #expect(chat.result?["notices"]?[1]?["message"]?.string?.contains(" s") == true)
        #expect(home.server.calls == ["small", "big", "small"])
        // Another user has limits of their own.
        #expect(try home.chat("assistant", more: ",\"user\":\"other\"").flag("escalated"))
        let plain = try home.chat("assistant", stream: false)
        #expect(plain.content == "My guess  is 42.")
    }

    @Test func whereNothingIsLeftTheDefaultModelIsAskedOnceMore() throws {
        let home = try home(
            small: [.stream(["\n[USE_REASONING_", "MODEL]\n"]), .stream(["a plain ", "answer"])],
            limits: "reasoning_global = \"1/1h\"\nreasoning_user = \"none\"")
        _ = try home.call("escalate", WorkflowHome.params("assistant", "warm-up"))
        let chat = try home.chat("assistant")
        #expect(chat.content == "a plain answer")
        #expect(chat.steps == ["default small ok", "default small ok"])
        #expect(chat.notices == ["escalating", "rate_limited_fallback"])
        #expect(try home.server.body("small", 1)["messages"]?.count == 1)
        #expect(home.server.calls == ["big", "small", "small"])
    }

    @Test(arguments: [Reply.failure(400), .sse([.event(OpenAIMaterial.content("I beg")), .reset])])
    func aFailingReasoningModelIsReplaced(big: Reply) throws {
        let home = try home(small: [.stream(["Hm. ", Self.signal]), .stream(["plain"])], big: [big])
        let chat = try home.chat("assistant")
        #expect(chat.content == "plain" && !chat.flag("escalated") && chat.flag("fallback"))
        #expect(chat.notices == ["escalating", "fallback"])
        #expect(chat.steps == ["default small cancelled", "reasoning big failed", "default small ok"])
        #expect(home.server.calls == ["small", "big", "small"])
    }

    @Test func withTheReasoningModelAndTheSecondCallDownTheRestIsLeft() throws {
        let home = try home(small: [.stream(["Hm. ", Self.signal]), .failure(400)], big: [.failure(400)])
        let chat = try home.chat("assistant")
        #expect(chat.content == "Hm." && chat.result?["finish_reason"]?.string == "length")
        let nothing = try self.home(small: [.stream([Self.signal]), .failure(400)], big: [.failure(400)])
        #expect(try nothing.chat("assistant").errorCode == -32002)
    }

    @Test func theDefaultLimitIsAnError() throws {
        let home = try home(small: [.stream(["ok"])], limits: "user = \"1/1h\"")
        _ = try home.chat("assistant")
        let chat = try home.chat("assistant")
        #expect(chat.errorCode == -32001)
        #expect(chat.response["error"]?["data"]?["scope"]?.string == "default")
    }

    @Test func noCutOfTheStreamShowsAByteOfTheSignal() throws {
        let text = "a [US [USE_REASONING_MODEL]]b"
        let bytes = Array(text.utf8)
        let replies = (1..<bytes.count).map { cut in
            Reply.stream([
                String(decoding: bytes[..<cut], as: UTF8.self), String(decoding: bytes[cut...], as: UTF8.self),
            ])
        }
        let home = try home(small: replies, limits: "reasoning_global = \"1/1h\"")
        _ = try home.call("escalate", WorkflowHome.params("assistant", "takes the limit"))
        for _ in replies {
            let chat = try home.chat("assistant")
            #expect(chat.content == "a [US ]b")
            #expect(!chat.lines.contains { $0.contains("[USE") || $0.contains("REASONING_MODEL") })
        }
    }

    @Test func theMethodAsksTheReasoningModelUnderItsLimits() throws {
        let home = try home(small: [.stream(["x"])], limits: "reasoning_user = \"1/1h\"")
        let chat = try home.call(
            "escalate",
            "{\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"why?\"}],\"reasoning\":{\"instructions\":\"Be deep.\"}}"
        )
        #expect(chat.lines == ["started", "step 0 reasoning big", "content: deep thought"])
        #expect(chat.flag("escalated") && chat.result?["workflow"]?.string == "escalate")
        #expect(try home.server.body("big")["messages"]?[0]?["content"]?.string == "Be deep.")
        let refused = try home.call("escalate", "{\"messages\":[{\"role\":\"user\",\"content\":\"why?\"}]}")
        #expect(refused.errorCode == -32001)
        #expect(refused.response["error"]?["data"]?["scope"]?.string == "reasoning")
        #expect(home.server.calls == ["big"])
        let row = try home.daemon.client().call("history", "{\"limit\":2}")
        #expect(row.contains("\"method\":\"escalate\""))
    }

    @Test func theMethodTakesAnEarlierChatUp() throws {
        let home = try home(
            small: [.stream(["first answer"])], limits: "reasoning_user = \"1/1h\"")
        let earlier = try home.chat("small", "the question")
        let id = try #require(earlier.result?["request_id"]?.string)
        let chat = try home.call("escalate", "{\"stream\":true,\"request_id\":\"\(id)\",\"model\":\"assistant\"}")
        #expect(chat.content == "deep thought" && chat.flag("escalated"))
        let messages = try #require(home.server.body("big")["messages"])
        #expect(messages[0]?["content"]?.string == "the question")
        #expect(messages[1]?["content"]?.string == "first answer")
        #expect(messages.count == 3)
        let refused = try home.call("escalate", "{\"stream\":true,\"request_id\":\"\(id)\"}")
        #expect(refused.content == "first answer" && !refused.flag("escalated"))
        #expect(refused.notices == ["rate_limited_fallback"])
        let unknown = try home.call("escalate", "{\"request_id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}")
        #expect(unknown.errorCode == -32012)
    }

    @Test func theStandInEscalatesWhereItIsAllThereIs() throws {
        let daemon = try DaemonProcess(config: "[providers.offline]\nkind = \"offline\"\n")
        let client = try daemon.client()
        let earlier = try WorkflowHome.follow(client, "chat", WorkflowHome.params("offline", "the question"))
        let id = try #require(earlier.result?["request_id"]?.string)
        let chat = try WorkflowHome.follow(client, "escalate", "{\"stream\":true,\"request_id\":\"\(id)\"}")
        #expect(chat.content.hasPrefix("[offline]") && chat.flag("escalated"))
    }

    @Test func anEarlierChatIsFoundInTheLedgerAfterARestart() throws {
        let server = try ModelServer(["small": [.stream(["first [USE_REASONING_MODEL]"])], "big": [.failure(400)]])
        let config = """
            [history]
            content = true
            [providers.up]
            kind = "openai"
            base_url = "\(server.baseURL)"
            [models.small]
            provider = "up"
            model = "small"
            [models.big]
            provider = "up"
            model = "big"
            \(Self.assistant)
            """
        let daemon = try DaemonProcess(config: config)
        let earlier = try WorkflowHome.follow(daemon.client(), "chat", WorkflowHome.params("small", "the question"))
        let id = try #require(earlier.result?["request_id"]?.string)
        daemon.stop()
        try daemon.start()
        try daemon.waitUntilReady()
        let chat = try WorkflowHome.follow(
            daemon.client(), "escalate", "{\"stream\":true,\"request_id\":\"\(id)\"}")
        #expect(chat.content == "first" && chat.notices == ["fallback"] && !chat.flag("escalated"))
        #expect(try server.body("big")["messages"]?[0]?["content"]?.string == "the question")
    }

    @Test func aChainCanBeTheReasoningModel() throws {
        let home = try WorkflowHome(
            "[models.deep]\nworkflow = \"chain\"\nreasoner = \"r1\"\ncoder = \"qwen\"\n"
                + "[models.assistant]\nworkflow = \"escalate\"\ndefault = \"small\"\nreasoning = \"deep\"\n",
            models: ["small": [.stream([Self.signal])], "r1": [.stream(["plan"])], "qwen": [.stream(["code"])]])
        let chat = try home.chat("assistant")
        #expect(
            chat.lines == [
                "started", "step 0 default small", "notice escalating", "reset escalated", "step 1 reasoner r1",
                "reasoning: plan", "step 2 coder qwen", "content: code",
            ])
        #expect(chat.steps == ["default small cancelled", "reasoner r1 ok", "coder qwen ok"])
    }
}
