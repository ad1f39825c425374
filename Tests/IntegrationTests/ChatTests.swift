import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// `chat` end to end where the fault matrix does not look: order of events, cancellation, deadlines, secrets, prices.
@Suite struct ChatTests {
    private static func chat(_ members: String = "", id: String = "1", text: String = "hello") -> String {
        RawClient.request("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\(quoted(text))}]\(members)}", id: id)
    }

    private func waitUntilIdle(_ service: TestService) throws {
        let other = try service.another()
        #expect(
            try eventually {
                let status = try Answer(other.call("status"))
                return status["in_flight"]?.int == 0 && status["providers.0.in_flight"]?.int == 0
            })
    }

    @Test func eventsComeInOrderAndBeforeTheAnswer() throws {
        let service = try TestService { _ in .stream(["größer ", "🦊"], reasoning: ["why"]) }
        try service.client.send(Self.chat(",\"stream\":true", id: "\"\\u0061\""))
        var types: [String] = []
        var text = ""
        let answer = try Answer(
            service.client.response { event in
                let params = try #require(try JSONDocument(Array(event.utf8)).root["params"])
                let id = params["id"].map { String(decoding: $0.raw, as: UTF8.self) }
                #expect(id == "\"\\u0061\"" && params["seq"]?.int == types.count)
                types.append(params["type"]?.string ?? "")
                if types.last == "content" { text += params["text"]?.string ?? "" }
            })
        #expect(types == ["started", "step", "reasoning", "content", "content"])
        #expect(text == "größer 🦊" && answer["content"]?.string == text && answer["reasoning"]?.string == "why")
        #expect(answer["steps.0.role"]?.string == "direct" && answer["finish_reason"]?.string == "stop")
    }

    @Test func aTraceWithoutItsOpeningTagIsSeparatedWhereNobodySawIt() throws {
        let service = try TestService { _ in .stream(["why\n</thi", "nk>\n\nso"]) }
        try service.client.send(Self.chat())
        let whole = try Answer(service.client.response())
        #expect(whole["content"]?.string == "so" && whole["reasoning"]?.string == "why\n")
        var text = ""
        try service.client.send(Self.chat(",\"stream\":true"))
        let streamed = try Answer(
            service.client.response { event in
                let params = try #require(try JSONDocument(Array(event.utf8)).root["params"])
                if params["type"]?.string == "content" { text += params["text"]?.string ?? "" }
            })
        #expect(text == "why\n</think>\n\nso" && streamed["content"]?.string == text)
    }

    /// One write holds the request and its end: the daemon must survive the shortest life a request can have.
    @Test(arguments: [
        "[providers.off]\nkind=\"openai\"\nbase_url=\"{url}\"\nenabled=false\n[models.n]\nprovider=\"off\"\nmodel=\"x\"",
        "",
    ])
    func aRequestCancelledInTheSameBreath(extra: String) throws {
        let service = try TestService(extra) { _ in .hang }
        let model = extra.isEmpty ? "m" : "n"
        for round in 0..<50 {
            let both =
                Self.chat(",\"model\":\"\(model)\"", id: "\(round)") + "\n"
                + "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":\(round)}}\n"
            try service.client.sendRaw(Array(both.utf8))
            #expect(try Answer(service.client.next()).code == -32800)
        }
        try waitUntilIdle(service)
    }

    @Test func cancelFromAnotherConnection() throws {
        let service = try TestService { _ in .sse([.event(OpenAIMaterial.content("a")), .hang]) }
        try service.client.send(Self.chat(",\"stream\":true"))
        var id: String?
        while try Answer(service.client.next()).root["params"]?["type"]?.string != "content" {}
        let other = try service.another()
        let request = try #require(service.upstream.request())
        // Its identifier is in the first event; the second way to it is not needed here.
        let streaming = try service.another()
        try streaming.send(Self.chat(",\"stream\":true"))
        id = try Answer(streaming.next()).root["params"]?["request_id"]?.string
        let second = try #require(service.upstream.request(1))
        let start = MonotonicTime.now()
        let answer = try Answer(other.call("cancel", "{\"request_id\":\"\(try #require(id))\"}"))
        #expect(answer["cancelled"]?.bool == true)
        #expect(try Answer(streaming.response()).code == -32800)
        #expect(second.abandoned.wait())
        #expect(try #require(second.abandonedAt) - start < .milliseconds(100))
        #expect(!request.abandoned.isOpen)
        let again = try Answer(other.call("cancel", "{\"request_id\":\"\(try #require(id))\"}"))
        #expect(again["cancelled"]?.bool == false)
        #expect(try Answer(other.call("cancel", "{\"request_id\":\"nonsense\"}"))["cancelled"]?.bool == false)
    }

    @Test func aDeadlineEndsTheRequestAlsoWhileItsClientReadsNothing() throws {
        let piece = OpenAIMaterial.event(OpenAIMaterial.content(String(repeating: "x", count: 60000)))
        let service = try TestService { request in
            request.text.contains("flood") ? .sse((0..<1000).map { _ in .text(piece) }) : .hang
        }
        let start = MonotonicTime.now()
        let late = try service.chat(",\"timeout_ms\":150")
        #expect(late.code == -32004 && late.data?["timeout_ms"]?.int == 150)
        #expect(MonotonicTime.now() - start < .seconds(2))

        let slow = try service.another()
        try slow.send(Self.chat(",\"stream\":true,\"timeout_ms\":700", text: "flood"))
        let request = try #require(service.upstream.request(1))
        #expect(request.abandoned.wait())
        var last = ""
        while !last.contains("\"error\"") { last = try slow.next() }
        #expect(try Answer(last).code == -32004)
        try waitUntilIdle(service)
    }

    @Test func aClientThatLeavesEndsItsRequestButNotADetachedOne() throws {
        let gate = Gate()
        let service = try TestService { $0.text.contains("stay") ? Reply.chat("done").after(gate) : .hang }
        do {
            let leaving = try service.another()
            try leaving.send(Self.chat(",\"detach\":true", id: "1", text: "stay"))
            try leaving.send(Self.chat("", id: "2", text: "go"))
            _ = try #require(service.upstream.request(1))
        }
        let gone = try #require(service.upstream.requests.first { $0.text.contains("go\"") })
        #expect(gone.abandoned.wait())
        gate.open()
        try waitUntilIdle(service)
        #expect(
            try eventually {
                let rows = try service.call("history")["requests"]?.elements.compactMap { $0["outcome"]?.string } ?? []
                return rows.sorted() == ["cancelled", "ok"]
            })
    }

    @Test func theKeyAndThePromptShowNowhere() throws {
        let key = "sk-live-0123456789abcdef"
        let secret = "Привет, мой пароль Quince-77"
        let escaped = secret.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
        let service = try TestService(
            "[history]\ncontent = false", provider: "api_key = { env = \"THE_KEY\" }",
            environment: ["THE_KEY": key, "TANDEM_LOG": "debug"]
        ) { request in
            request.index % 2 == 0
                ? .failure(400, "cannot read: \(secret)") : .failure(500, "bad key \(key) in header")
        }
        var seen = ""
        for _ in 0..<4 {
            try service.client.send(
                RawClient.request("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"\(escaped)\"}]}"))
            seen += try service.client.next()
        }
        for method in ["status", "models", "history", "stats"] { seen += try service.client.call(method) }
        #expect(service.upstream.requests.allSatisfy { $0.header("authorization") == "Bearer \(key)" })
        #expect(!service.upstream.requests.isEmpty && seen.contains("HTTP 400"))
        service.daemon.stop()
        seen += service.daemon.log
        let folder = service.daemon.home.state + "/tandem"
        for name in ["tandem.db", "tandem.db-wal"] {
            if let bytes = try? readFile("\(folder)/\(name)") { seen += String(decoding: bytes, as: UTF8.self) }
        }
        #expect(seen.contains("SQLite format 3"))
        for part in [key, "0123456789abcdef", "Quince-77", "пароль", escaped] {
            #expect(!seen.contains(part), "\(part) is shown")
        }
    }

    @Test(arguments: [true, false])
    func logprobsPassThrough(streams: Bool) throws {
        let part = streams ? "delta" : "message"
        let chunk = """
            {"choices":[{"index":0,"\(part)":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.5}]},\
            "finish_reason":"stop"}]}
            """
        let service = try TestService { _ in streams ? .sse([.event(chunk), .done]) : .json(chunk) }
        let answer = try service.chat(",\"logprobs\":true,\"stream\":\(streams)")
        #expect(answer["logprobs.content.0.token"]?.string == "a")
        #expect(answer["logprobs.content.0.logprob"]?.double == -0.5)
    }

    @Test func whatRunsHereCostsNothingAndOthersAreUnknown() throws {
        let extra = """
            [providers.local]
            kind = "openai"
            preset = "ollama"
            base_url = "{url}"
            [providers.far]
            kind = "openai"
            base_url = "{url}"
            [models.near]
            provider = "local"
            model = "x"
            [models.paid]
            provider = "local"
            model = "y"
            price = { input = 1000000.0, output = 0.0 }
            """
        let service = try TestService(extra) { _ in .chat("ok") }
        func cost(_ model: String) throws -> JSONValue? { try service.chat(",\"model\":\"\(model)\"")["cost_usd"] }
        #expect(try cost("near")?.double == 0)
        #expect(try cost("local/other")?.double == 0)
        #expect(try cost("paid")?.double == 5)
        #expect(try cost("far/z")?.isNull == true)
        #expect(try cost("offline")?.double == 0)
    }

    /// A listener whose backlog is full drops whoever comes, as a machine that is off does.
    @Test func aServerThatTakesNoConnectionIsLeftForTheNext() throws {
        let silent = try openListener(.loopback, backlog: 0)
        let port = boundPort(silent)
        var waiting: [Int32] = []
        defer { for raw in waiting { close(raw) } }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        for _ in 0..<4 {
            let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            _ = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            waiting.append(raw)
        }
        let upstream = try ScriptedUpstream(.chat("from the next"))
        let daemon = try DaemonProcess(
            config: config(upstream) + """

                fallbacks = []
                [providers.silent]
                kind = "openai"
                base_url = "http://127.0.0.1:\(port)/v1"
                connect_timeout = "50ms"
                [models.first]
                provider = "silent"
                model = "x"
                fallbacks = ["m"]
                """, environment: upstreamKey)
        let params = #"{"model":"first","messages":[{"role":"user","content":"hi"}]}"#
        let answer = try Answer(daemon.client().call("chat", params))
        #expect(answer["content"]?.string == "from the next" && answer["fallback"]?.bool == true, "\(answer.text)")
        #expect(answer["steps.0.status"]?.string != "ok", "\(answer.text)")
        withExtendedLifetime(silent.raw) {}
    }

    @Test func localServersAreStillThereAfterAReload() throws {
        let upstream = try ScriptedUpstream { request in
            request.path.hasSuffix("/models") ? .json(#"{"data":[{"id":"tiny"}]}"#) : .chat("from here")
        }
        let daemon = try DaemonProcess(environment: ["OLLAMA_HOST": "127.0.0.1:\(upstream.port)"])
        let client = try daemon.client()
        for _ in 0..<2 {
            let models = try Answer(client.call("models"))["models"]?.elements.compactMap { $0["name"]?.string } ?? []
            #expect(models.contains("tiny"), "\(models)")
            #expect(try Answer(client.call("reload")).code == nil)
        }
    }

    @Test func reloadUnderLoadLosesNothing() throws {
        let service = try TestService(provider: "max_in_flight = 2") { _ in .stream(["a", "b"]) }
        let other = try service.another()
        for id in 0..<100 { try service.client.send(Self.chat(id: "\(id)")) }
        for _ in 0..<10 {
            #expect(try Answer(other.call("reload")).code == nil)
            // A supervisor that reads nothing would hold the daemon up: the queue of its socket is short.
            service.daemon.forgetNotifications()
        }
        for _ in 0..<100 { #expect(try Answer(service.client.next())["content"]?.string == "ab") }
        try waitUntilIdle(service)
    }
}
