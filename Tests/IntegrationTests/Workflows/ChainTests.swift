import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@Suite struct ChainTests {
    private static let chain = "[models.r1sonqwen]\nworkflow = \"chain\"\nreasoner = \"r1\"\ncoder = \"qwen\"\n"

    private func home(
        r1: [Reply], qwen: [Reply], more: [String: [Reply]] = [:], chain: String = chain, provider: String = "",
        settings: String = ""
    ) throws -> WorkflowHome {
        try WorkflowHome(
            chain, models: ["r1": r1, "qwen": qwen].merging(more) { $1 }, provider: provider, settings: settings)
    }

    @Test func streamsBothModels() throws {
        let home = try home(
            r1: [.stream(["plan ", "it"], reasoning: ["hm, ", "well"])], qwen: [.stream(["let ", "x = 1"])])
        let chat = try home.chat("r1sonqwen")
        #expect(
            chat.lines == [
                "started", "step 0 reasoner r1", "reasoning: hm, well\n\nplan it", "step 1 coder qwen",
                "content: let x = 1",
            ])
        #expect(chat.content == "let x = 1")
        #expect(chat.result?["reasoning"]?.string == "hm, well\n\nplan it")
        #expect(chat.result?["workflow"]?.string == "chain")
        #expect(chat.steps == ["reasoner r1 ok", "coder qwen ok"])
        #expect(chat.notices == [] && !chat.flag("fallback"))
        #expect(home.server.calls == ["r1", "qwen"])
        let ledger = try home.ledger()
        #expect(ledger.outcome == "ok" && ledger.workflow == "chain")
        #expect(ledger.steps == ["reasoner r1 ok", "coder qwen ok"])
    }

    @Test func theCoderGetsTheOriginalConversationAndTheAnswerOnly() throws {
        let home = try home(r1: [.stream(["<thi", "nk>trace</th", "ink>the plan"])], qwen: [.stream(["ok"])])
        let messages =
            #"[{"role":"user","content":[{"type":"text","text":"hä?"}]},{"role":"system","content":"Be kind"}]"#
        let tools = #"[{"type":"function","function":{"name":"t","parameters":{}}}]"#
        let chat = try home.call(
            "chat",
            "{\"model\":\"r1sonqwen\",\"stream\":true,\"messages\":\(messages),\"tools\":\(tools),\"temperature\":0.5}")
        #expect(chat.lines.contains("reasoning: trace\n\nthe plan"))
        let reasoner = try home.server.body("r1")
        let coder = try home.server.body("qwen")
        let told = try #require(reasoner["messages"]?[1]?["content"]?.string)
        #expect(told.hasPrefix("Be kind\n\n") && told.contains("do NOT"))
        #expect(reasoner["tools"] == nil && reasoner["max_tokens"]?.int == 4096)
        #expect(reasoner["temperature"]?.double == 0.5)
        let system = try #require(coder["messages"]?[1]?["content"]?.string)
        #expect(system.hasPrefix("Be kind\n\n") && system.contains("the plan") && !system.contains("trace"))
        #expect(system.contains("complete and working implementation") && !system.contains("do NOT"))
        #expect(coder["messages"]?[0]?["content"]?[0]?["text"]?.string == "hä?")
        #expect(coder["messages"]?.count == 2 && coder["tools"]?.count == 1 && coder["max_tokens"] == nil)
    }

    @Test func aTraceIsPassedOnOnlyWithoutAnAnswer() throws {
        let home = try home(r1: [.stream([], reasoning: ["only a trace"])], qwen: [.stream(["ok"])])
        let chat = try home.chat("r1sonqwen")
        #expect(chat.result?["reasoning"]?.string == "only a trace" && !chat.flag("fallback"))
        let coder = try home.server.body("qwen")
        #expect(coder["messages"]?[0]?["role"]?.string == "system")
        #expect(coder["messages"]?[0]?["content"]?.string?.contains("only a trace") == true)
        #expect(coder["messages"]?.count == 2)
    }

    /// The server's template has put `<think>` into the prompt.
    @Test(arguments: [true, false]) func aTraceWithoutItsOpeningTagIsNotPassedOn(_ streams: Bool) throws {
        let home = try home(
            r1: [.stream(["trace\n</thi", "nk>\n\nthe plan"])], qwen: [.stream(["hm.</think>", "\nok"])])
        let chat = try home.call(
            "chat",
            "{\"model\":\"r1sonqwen\",\"stream\":\(streams),\"messages\":[{\"role\":\"user\",\"content\":\"hä?\"}]}")
        let system = try #require(try home.server.body("qwen")["messages"]?[0]?["content"]?.string)
        #expect(system.contains("the plan") && !system.contains("trace") && !system.contains("think>"))
        // What a stream has shown stays as it was shown.
        #expect(chat.result?["content"]?.string == (streams ? "hm.</think>\nok" : "ok"))
        #expect(chat.result?["reasoning"]?.string == "trace\n\n\nthe plan" + (streams ? "" : "\n\nhm."))
    }

    @Test func depthAndInstructionsOfTheRequestHold() throws {
        let home = try home(r1: [.stream(["p"])], qwen: [.stream(["ok"])])
        _ = try home.chat("r1sonqwen", more: ",\"reasoning\":{\"depth\":\"high\"}")
        let chat = try home.chat(
            "r1sonqwen", more: ",\"reasoning\":{\"depth\":\"low\",\"instructions\":\"Say why.\",\"show\":false}")
        #expect(try home.server.body("r1", 0)["max_tokens"]?.int == 16384)
        #expect(try home.server.body("r1", 1)["max_tokens"]?.int == 1024)
        #expect(try home.server.body("r1", 1)["messages"]?[0]?["content"]?.string == "Say why.")
        #expect(chat.result?["reasoning"]?.string == "" && !chat.lines.contains { $0.hasPrefix("reasoning") })
    }

    @Test func completeReasoningIsCachedForOneUserAndRequest() throws {
        let home = try home(r1: [.stream(["the plan"])], qwen: [.stream(["ok"])])
        _ = try home.chat("r1sonqwen")
        let second = try home.chat("r1sonqwen")
        #expect(
            second.lines == [
                "started", "step 0 reasoner r1", "notice cached", "reasoning: the plan", "step 1 coder qwen",
                "content: ok",
            ])
        #expect(second.steps == ["reasoner r1 ok cached", "coder qwen ok"])
        _ = try home.chat("r1sonqwen", "something else")
        _ = try home.chat("r1sonqwen", more: ",\"cache\":\"bypass\"")
        _ = try home.chat("r1sonqwen", more: ",\"reasoning\":{\"depth\":\"low\"}")
        #expect(home.server.calls == ["r1", "qwen", "qwen", "r1", "qwen", "r1", "qwen", "r1", "qwen"])
    }

    @Test func reasoningIsWarmAfterARestart() throws {
        let home = try home(r1: [.stream(["the plan"])], qwen: [.stream(["ok"])])
        _ = try home.chat("r1sonqwen")
        home.daemon.stop()
        try home.daemon.start()
        let again = try home.chat("r1sonqwen")
        #expect(again.steps == ["reasoner r1 ok cached", "coder qwen ok"])
        #expect(again.result?["reasoning"]?.string == "the plan")
        #expect(home.server.calls == ["r1", "qwen", "qwen"])
    }

    @Test func cutReasoningIsUsedButNotCached() throws {
        let home = try home(r1: [.stream(["half a pl"], finish: "length")], qwen: [.stream(["ok"])])
        for _ in 0..<2 {
            let chat = try home.chat("r1sonqwen")
            #expect(chat.steps == ["reasoner r1 ok", "coder qwen ok"] && !chat.flag("fallback"))
        }
    }

    @Test func equalRequestsInFlightShareOneReasoner() throws {
        let gate = Gate()
        let home = try home(
            r1: [
                .sse([
                    .event(OpenAIMaterial.content("the ")), .wait(gate), .event(OpenAIMaterial.content("plan")),
                    .event(OpenAIMaterial.finish()), .done,
                ])
            ],
            qwen: [.stream(["ok"])])
        let params = WorkflowHome.params("r1sonqwen")
        let clients = try (0..<4).map { _ in try home.daemon.client() }
        for (index, client) in clients.enumerated() {
            try client.send(RawClient.request("chat", params))
            // Each has joined when it hears what was said so far.
            #expect(try hear(client, "\"text\":\"the \""), "client \(index)")
        }
        // The leader and one follower leave; the others are not disturbed.
        try clients[0].send(cancelRequest)
        #expect(try clients[0].response().contains("-32800"))
        try clients[1].send(cancelRequest)
        #expect(try clients[1].response().contains("-32800"))
        gate.open()
        for client in clients[2...] {
            let result = try JSONDocument(Array(client.response().utf8)).root["result"]
            #expect(result?["content"]?.string == "ok" && result?["reasoning"]?.string == "the plan")
        }
        #expect(home.server.calls == ["r1", "qwen", "qwen"])
        #expect(!home.server.requests("r1")[0].abandoned.isOpen)
    }

    private func hear(_ client: RawClient, _ text: String) throws -> Bool {
        while let message = try client.receive() {
            if message.contains(text) { return true }
            if !message.contains("$/event") { return false }
        }
        return false
    }

    @Test func theLastOneToLeaveClosesTheReasoner() throws {
        let home = try home(r1: [.sse([.event(OpenAIMaterial.content("the ")), .hang])], qwen: [.stream(["ok"])])
        var times = EndingTimes()
        for round in 0..<EndingTimes.rounds {
            let clients = try (0..<2).map { _ in try home.daemon.client() }
            for client in clients {
                try client.send(RawClient.request("chat", WorkflowHome.params("r1sonqwen", "question \(round)")))
                #expect(try hear(client, "\"text\":\"the \""))
            }
            #expect(home.server.calls.count == round + 1)
            let request = home.server.requests("r1")[round]
            try clients[0].send(cancelRequest)
            #expect(try clients[0].response().contains("-32800"))
            #expect(!request.abandoned.isOpen)
            let time = MonotonicTime.now()
            try clients[1].send(cancelRequest)
            #expect(try clients[1].response().contains("-32800"))
            #expect(request.abandoned.wait())
            times.add(since: time, until: try #require(request.abandonedAt))
        }
        #expect(times.keepThePromise, "\(times)")
    }

    // MARK: failures

    @Test(arguments: [
        Reply.failure(400), .failure(422), .garbage, .nonsense, .sse([.event(OpenAIMaterial.content("ha")), .reset]),
    ])
    func aFailingReasonerLeavesTheCoderAlone(reply: Reply) throws {
        let home = try home(r1: [reply], qwen: [.stream(["ok"])], provider: "[providers.two]\nkind=\"offline\"")
        let chat = try home.chat("r1sonqwen")
        #expect(chat.content == "ok" && chat.flag("fallback") && chat.notices == ["fallback"])
        #expect(chat.steps.first == "reasoner r1 failed")
        #expect(try home.ledger().row["fallback"]?.bool == true)
    }

    /// Each model with a provider of its own.
    private static func daemon(
        _ reasoner: ModelServer, _ coder: ModelServer, _ settings: String = ""
    ) throws -> DaemonProcess {
        let config = """
            [providers.a]
            kind = "openai"
            base_url = "\(reasoner.baseURL)"
            \(settings)
            [providers.b]
            kind = "openai"
            base_url = "\(coder.baseURL)"
            [models.r1]
            provider = "a"
            model = "r1"
            [models.qwen]
            provider = "b"
            model = "qwen"

            """
        return try DaemonProcess(config: config + chain)
    }

    @Test func anOpenBreakerOrLimitOfTheReasonerLeavesTheCoderAlone() throws {
        let server = try ModelServer(["r1": [.stream(["plan"])], "qwen": [.stream(["ok"])]])
        let daemon = try Self.daemon(server, server, "limit = { requests = \"1/1h\" }")
        let client = try daemon.client()
        _ = try WorkflowHome.follow(client, "chat", WorkflowHome.params("r1sonqwen"))
        let chat = try WorkflowHome.follow(client, "chat", WorkflowHome.params("r1sonqwen", "another"))
        #expect(chat.lines == ["started", "notice fallback", "step 1 coder qwen", "content: ok"])
        #expect(chat.steps == ["reasoner r1 failed", "coder qwen ok"] && chat.flag("fallback"))
        #expect(chat.result?["steps"]?[0]?["error"]?["kind"]?.string == "rate_limited")
        #expect(server.calls == ["r1", "qwen", "qwen"])
    }

    @Test func anOpenBreakerIsNotProbedWhereTheCoderCanAnswer() throws {
        let home = try home(
            r1: [.failure(500)], qwen: [.stream(["ok"])], settings: "[breaker]\nmin_samples = 1\nerror_rate = 0.1")
        for _ in 0..<2 {
            let chat = try home.chat("r1sonqwen")
            #expect(chat.content == "ok" && chat.flag("fallback") && chat.notices == ["fallback"])
            #expect(chat.steps == ["reasoner r1 failed", "coder qwen ok"])
        }
        #expect(home.server.calls == ["r1", "qwen", "qwen"])
    }

    @Test func aSilentReasonerIsLeftAtItsFirstTokenTimeout() throws {
        let home = try home(r1: [.hang], qwen: [.stream(["ok"])], provider: "first_token_timeout = \"50ms\"")
        let chat = try home.chat("r1sonqwen")
        #expect(chat.content == "ok" && chat.flag("fallback"))
        #expect(chat.steps == ["reasoner r1 failed", "coder qwen ok"])
    }

    /// While the reasoner speaks the coder's server has a connection and no request; the request comes on it.
    @Test func theCodersConnectionIsWarmedWhileTheReasonerSpeaks() throws {
        let gate = Gate()
        let reasoner = try ModelServer([
            "r1": [
                .sse([
                    .event(OpenAIMaterial.content("plan")), .wait(gate), .event(OpenAIMaterial.finish()), .done,
                ])
            ]
        ])
        let coder = try ModelServer(["qwen": [.stream(["ok"])]])
        let daemon = try Self.daemon(reasoner, coder)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", WorkflowHome.params("r1sonqwen")))
        #expect(try hear(client, "\"text\":\"plan\""))
        #expect(eventually { coder.connections == 1 })
        #expect(coder.calls == [])
        gate.open()
        #expect(try client.response().contains("\"content\":\"ok\""))
        #expect(coder.connections == 1 && coder.requests("qwen").first?.connection == 0)
    }

    /// On the reasoner's own server its connection is there for the coder: no other is made.
    @Test func oneServerNeedsOneConnection() throws {
        let home = try home(r1: [.stream(["plan"])], qwen: [.stream(["ok"])])
        #expect(try home.chat("r1sonqwen").content == "ok")
        #expect(home.server.connections == 1)
    }

    @Test func theCodersFallbackAnswersForIt() throws {
        let chain = Self.chain.replacing("coder = \"qwen\"", with: "coder = \"main\"")
        let home = try WorkflowHome(
            chain + "[models.main]\nprovider = \"up\"\nmodel = \"main\"\nfallbacks = [\"spare\"]\n",
            models: ["r1": [.stream(["plan"])], "spare": [.stream(["spare ok"])]])
        let chat = try home.chat("r1sonqwen")
        #expect(chat.content == "spare ok" && chat.flag("fallback") && chat.notices == ["fallback"])
        #expect(chat.steps == ["reasoner r1 ok", "coder main failed", "coder spare ok"])
    }

    @Test(arguments: [0, 1], [false, true]) func leavingEndsEitherStep(hanging: Int, isGone: Bool) throws {
        let broken = Reply.sse([.event(OpenAIMaterial.content("half")), .hang])
        let home = try home(r1: [hanging == 0 ? broken : .stream(["plan"])], qwen: [broken])
        let hung = hanging == 0 ? "r1" : "qwen"
        let client = try home.daemon.client()
        try client.send(RawClient.request("chat", WorkflowHome.params("r1sonqwen")))
        #expect(try hear(client, "\"text\":\"half\""))
        if isGone {
            shutdown(client.descriptor, Int32(SHUT_RDWR))
        } else {
            try client.send(cancelRequest)
            #expect(try client.response().contains("-32800"))
        }
        #expect(home.server.requests(hung)[0].abandoned.wait())
        let ledger = try home.ledger()
        #expect(ledger.outcome == "cancelled")
        #expect(
            ledger.steps == (hanging == 0 ? ["reasoner r1 cancelled"] : ["reasoner r1 ok", "coder qwen cancelled"]))
        #expect((ledger.row["usage"]?["completion_tokens"]?.int ?? 0) > 0)
    }

    /// Equal requests over and over: what the chain adds to its two upstream calls.
    @Test func theChainItselfCostsNextToNothing() throws {
        let home = try home(r1: [.stream(["plan"])], qwen: [.stream(["ok"])])
        let client = try home.daemon.client()
        var overheads: [Double] = []
        for index in 0..<60 {
            let params = WorkflowHome.params("r1sonqwen", "request \(index)", stream: false)
            let answer = try client.call("chat", params)
            let result = try #require(JSONDocument(Array(answer.utf8)).root["result"])
            let calls = result["steps"]?.elements.reduce(0.0) { $0 + ($1["latency_ms"]?.double ?? 0) } ?? 0
            overheads.append((result["latency_ms"]?.double ?? .infinity) - calls)
        }
        overheads.sort()
        // The median: a loaded machine may take the processor away in any single one.
        #expect(overheads[overheads.count / 2] < 1.0, "median overhead \(overheads[overheads.count / 2]) ms")
    }
}
