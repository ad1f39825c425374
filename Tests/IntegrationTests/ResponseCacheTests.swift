import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// The response cache and what equal requests share, against the real daemon.
@Suite struct ResponseCacheTests {
    static let enabled = "[cache.responses]\nenabled = true"

    @Test func aHitIsTheSameAnswerForNothing() throws {
        let service = try TestService(Self.enabled) { .chat("answer \($0.index)") }
        let first = try service.chat(",\"cache\":\"use\",\"metadata\":{\"n\":1}")
        #expect(first["content"]?.string == "answer 0" && first["cached"]?.bool == false)
        // Members that say nothing about the answer, blanks and escapes make no difference.
        let hit = try service.call(
            "chat",
            "{ \"cache\":\"use\", \"user\":\"u\", \"messages\":[ {\"content\":\"\\u0068ello\",\"role\":\"user\"} ]}")
        #expect(hit["content"]?.string == "answer 0" && hit["cached"]?.bool == true, "\(hit.text)")
        #expect(hit["cost_usd"]?.double == 0 && hit["steps.0.cached"]?.bool == true)
        #expect(hit["steps.0.provider"]?.string == "up" && hit["notices.0.code"]?.string == "cached")
        #expect(hit["request_id"]?.string != first["request_id"]?.string)
        let ledger = try service.call("stats")
        #expect(ledger["rows.0.requests"]?.int == 2 && ledger["rows.0.cached"]?.int == 1)
        #expect(abs((ledger["rows.0.saved_usd"]?.double ?? 0) - 0.0075) < 1e-9)
        #expect(abs((ledger["rows.0.cost_usd"]?.double ?? 0) - 0.0075) < 1e-9)

        #expect(try service.chat(",\"cache\":\"refresh\"")["content"]?.string == "answer 1")
        #expect(try service.chat(",\"cache\":\"only\"")["content"]?.string == "answer 1")
        #expect(try service.chat(",\"cache\":\"bypass\"")["content"]?.string == "answer 2")
        #expect(try service.chat(",\"cache\":\"only\"")["content"]?.string == "answer 1")
        #expect(try service.chat(",\"cache\":\"use\"", text: "other")["content"]?.string == "answer 3")
        #expect(try service.chat(",\"cache\":\"use\",\"max_tokens\":9")["content"]?.string == "answer 4")

        let status = try service.call("status")
        #expect(status["caches.0.name"]?.string == "responses" && status["caches.0.entries"]?.int == 3)
        #expect(status["caches.0.hits"]?.int == 3)
        #expect(try service.call("clearCache", "{\"cache\":\"responses\"}")["removed"]?.int == 3)
        #expect(try service.call("clearCache", "{\"cache\":\"none\"}").code == -32012)
        let gone = try service.chat(",\"cache\":\"only\"")
        #expect(gone.code == -32012 && gone.data?["what"]?.string == "cached answer", "\(gone.text)")
    }

    @Test func onlyWhatMayBeKeptIsKept() throws {
        let service = try TestService(Self.enabled) { request in
            if request.text.contains("long") { return .json(OpenAIMaterial.completion("cut", finish: "length")) }
            if request.text.contains("tool") {
                let call = "[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]"
                return .json(OpenAIMaterial.completion("", toolCalls: call, finish: "tool_calls"))
            }
            return request.text.contains("bad") ? .failure(400) : .chat("fine")
        }
        for text in ["long", "tool", "bad"] {
            for _ in 0..<2 { #expect(try service.chat(",\"cache\":\"use\"", text: text)["cached"]?.bool != true) }
        }
        #expect(service.upstream.requests.count == 6)
        // Without `cache` the temperature decides.
        for _ in 0..<2 { #expect(try service.chat()["cached"]?.bool == false) }
        #expect(try service.chat(",\"temperature\":0")["cached"]?.bool == false)
        #expect(try service.chat(",\"temperature\":0.0")["cached"]?.bool == false)
        #expect(try service.chat(",\"temperature\":0")["cached"]?.bool == true)
    }

    @Test func aSwitchedOffCacheKeepsNothing() throws {
        let service = try TestService { _ in .chat("ok") }
        for _ in 0..<2 { #expect(try service.chat(",\"cache\":\"use\"")["cached"]?.bool == false) }
        #expect(try service.chat(",\"cache\":\"only\"").code == -32012)
    }

    @Test func aHitIsStreamedLikeAnAnswer() throws {
        let service = try TestService(Self.enabled) { _ in .stream(["a", "b"], reasoning: ["why"]) }
        _ = try service.chat(",\"cache\":\"use\"")
        var events: [Answer] = []
        let params = "{\"stream\":true,\"cache\":\"use\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
        let answer = try Answer(
            service.client.call("chat", params) { events.append(try Answer($0)) })
        #expect(
            events.map { $0.root["params"]?["type"]?.string } == ["started", "notice", "step", "reasoning", "content"])
        #expect(events.last?.root["params"]?["text"]?.string == "ab")
        #expect(answer["cached"]?.bool == true && answer["reasoning"]?.string == "why")
    }

    @Test(arguments: [false, true]) func theCacheIsWarmAfterARestart(killed: Bool) throws {
        let service = try TestService(Self.enabled) { _ in .chat("kept") }
        _ = try service.chat(",\"cache\":\"use\"")
        _ = try service.call("history")
        let client = try service.restart(killed: killed)
        let params = "{\"cache\":\"only\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
        #expect(try Answer(client.call("chat", params))["content"]?.string == "kept")
    }

    /// Sends `count` equal requests and returns when all of them wait for the one call.
    private func send(_ count: Int, _ clients: [RawClient], stream: Bool) throws {
        for client in clients.prefix(count) {
            try client.send(
                RawClient.request(
                    "chat",
                    "{\"stream\":\(stream),\"cache\":\"use\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"))
        }
    }

    @Test(arguments: [false, true]) func equalRequestsShareOneCallAndAnyoneMayLeave(stream: Bool) throws {
        let more = Gate()
        let service = try TestService(Self.enabled + "\n[limits]\nuser = \"1/10m\"") { _ in
            let events = OpenAIMaterial.stream(["one ", "two"]).map { Reply.Piece.event($0) }
            return .sse(Array(events[..<2]) + [.wait(more)] + Array(events[2...]) + [.done])
        }
        let clients = try (0..<4).map { _ in try service.another() }
        try send(1, clients, stream: stream)
        #expect(service.upstream.request() != nil)
        try send(3, Array(clients.dropFirst()), stream: stream)
        #expect(try eventually { try service.call("status")["in_flight"]?.int == 4 })
        // The leader leaves, then a follower.
        try clients[0].send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}")
        #expect(try Answer(clients[0].response()).code == -32800)
        try clients[1].send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}")
        #expect(try Answer(clients[1].response()).code == -32800)
        more.open()
        var answers: [Answer] = []
        for client in clients[2...] {
            var text = ""
            let answer = try Answer(
                client.response { event in
                    let params = try Answer(event).root["params"]
                    if params?["type"]?.string == "content" { text += params?["text"]?.string ?? "" }
                })
            #expect(answer["content"]?.string == "one two", "\(answer.text)")
            #expect(!stream || text == "one two")
            answers.append(answer)
        }
        #expect(answers.map { $0["cached"]?.bool } == [false, true])
        #expect(answers.map { $0["cost_usd"]?.double } == [0.0075, 0])
        #expect(service.upstream.requests.count == 1)
        let ledger = try service.call("stats")
        #expect(ledger["rows.0.requests"]?.int == 4 && ledger["rows.0.cancelled"]?.int == 2)
        #expect(abs((ledger["rows.0.cost_usd"]?.double ?? 0) - 0.0075) < 1e-9)
    }

    @Test func theLastToLeaveCancelsTheCall() throws {
        let service = try TestService(Self.enabled) { _ in .sse([.event(OpenAIMaterial.content("one ")), .hang]) }
        let clients = try (0..<2).map { _ in try service.another() }
        try send(2, clients, stream: false)
        let request = try #require(service.upstream.request())
        #expect(try eventually { try service.call("status")["in_flight"]?.int == 2 })
        for client in clients {
            #expect(!request.abandoned.isOpen)
            try client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}")
            #expect(try Answer(client.response()).code == -32800)
        }
        #expect(request.abandoned.wait())
        #expect(try service.call("status")["providers.0.in_flight"]?.int == 0)
    }
}
