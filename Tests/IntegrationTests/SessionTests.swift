import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Conversations that the daemon keeps, and the methods that look at the ledger.
@Suite struct SessionTests {
    /// The messages that reached the upstream.
    private func contents(_ request: UpstreamRequest) throws -> [String] {
        let root = try JSONDocument(request.body).root
        return root["messages"].map { $0.elements.map { "\($0["role"]?.string ?? ""):\($0["content"]?.string ?? "")" } }
            ?? []
    }

    @Test func earlierTurnsGoBeforeNewOnesAlsoAfterARestart() throws {
        let service = try TestService { .chat("a\($0.index)") }
        _ = try service.call(
            "chat",
            """
            {"session":"s","user":"u","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"q0"}]}
            """)
        _ = try service.chat(",\"session\":\"s\"", text: "q1")
        #expect(
            try contents(service.upstream.requests[1]) == ["system:be brief", "user:q0", "assistant:a0", "user:q1"])
        // Another conversation and none know nothing of it.
        _ = try service.chat(",\"session\":\"t\"", text: "q")
        #expect(try contents(service.upstream.requests[2]) == ["user:q"])

        let client = try service.restart(killed: false)
        let again = "{\"session\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":\"q2\"}]}"
        #expect(try Answer(client.call("chat", again))["content"]?.string == "a3")
        #expect(
            try contents(service.upstream.requests[3]) == [
                "system:be brief", "user:q0", "assistant:a0", "user:q1", "assistant:a1", "user:q2",
            ])
        let sessions = try Answer(client.call("sessions"))
        #expect(sessions["sessions.0.session"]?.string == "s" && sessions["sessions.0.turns"]?.int == 7)
        #expect(try Answer(client.call("deleteSession", "{\"session\":\"s\"}"))["deleted"]?.bool == true)
        #expect(try Answer(client.call("deleteSession", "{\"session\":\"s\"}")).code == -32012)
        _ = try client.call("chat", again)
        #expect(try contents(service.upstream.requests[4]) == ["user:q2"])
    }

    /// A disk that takes nothing costs what is kept, never the answer.
    @Test func whereNothingCanBeKeptChatsOfAConversationAreAnswered() throws {
        let upstream = try ScriptedUpstream { .chat("a\($0.index)") }
        let daemon = try DaemonProcess(
            config: config(upstream), environment: upstreamKey.merging(["STATE_DIRECTORY": "/proc/tandem"]) { $1 })
        let client = try daemon.client()
        for number in 0..<2 {
            let params = "{\"session\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":\"q\(number)\"}]}"
            let answer = try Answer(client.call("chat", params))
            #expect(answer["content"]?.string == "a\(number)")
            #expect(answer["notices.0.code"]?.string == "conversation_unavailable", "\(answer.text)")
        }
        let status = try Answer(client.call("status"))
        #expect(status["database.failure"]?.string?.hasPrefix("mkdir /proc/tandem: ") == true, "\(status.text)")
        #expect(daemon.waitForLog("requests are served but not recorded: mkdir /proc/tandem: "))
    }

    /// What an editor's panel showed without a chat, an edit for example, belongs to the conversation too.
    @Test func messagesAreAddedAsTheyAre() throws {
        let service = try TestService { .chat("a\($0.index)") }
        let said = """
            [{"role":"user","content":"mend it"},{"role":"assistant","content":"Changed a.py."}]
            """
        let added = try service.call("sessions", "{\"session\":\"s\",\"append\":\(said)}")
        #expect(added["messages.1.content"]?.string == "Changed a.py.")
        _ = try service.chat(",\"session\":\"s\"", text: "q0")
        let known = ["user:mend it", "assistant:Changed a.py.", "user:q0"]
        #expect(try contents(service.upstream.requests[0]) == known)
        _ = try service.call("sessions", "{\"session\":\"s\",\"append\":\(said)}")
        let client = try service.restart(killed: false)
        let kept = try Answer(client.call("sessions", "{\"session\":\"s\"}"))
        #expect(kept["messages.3.content"]?.string == "a0" && kept["messages.5.content"]?.string == "Changed a.py.")
        #expect(try Answer(client.call("sessions", "{\"append\":\(said)}")).code == -32602)
        #expect(try Answer(client.call("sessions", "{\"session\":\"s\",\"append\":[]}")).code == -32602)
    }

    @Test func aFailedRequestLeavesNoTrace() throws {
        let service = try TestService { $0.index == 0 ? .failure(400) : .chat("ok") }
        #expect(try service.chat(",\"session\":\"s\"", text: "q0").code == -32002)
        _ = try service.chat(",\"session\":\"s\"", text: "q1")
        #expect(try contents(service.upstream.requests[1]) == ["user:q1"])
    }

    @Test func aLongConversationIsTrimmedToTheContext() throws {
        let service = try TestService("context = 160") { .chat("a\($0.index)") }
        let text = String(repeating: "word ", count: 40)
        _ = try service.call(
            "chat",
            "{\"session\":\"s\",\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\(quoted(text))}]}"
        )
        _ = try service.chat(",\"session\":\"s\"", text: "short")
        let third = try service.chat(",\"session\":\"s\"", text: text)
        #expect(third["notices.0.code"]?.string == "trimmed", "\(third.text)")
        #expect(
            try contents(service.upstream.requests[2]) == [
                "system:S", "user:short", "assistant:a1", "user:\(text)",
            ])
    }

    @Test func requestsOfOneConversationAreAnsweredInOrder() throws {
        let open = Gate()
        let service = try TestService { $0.index == 0 ? Reply.chat("a0").after(open) : .chat("a\($0.index)") }
        let client = try service.another()
        for id in 0..<3 {
            try client.send(
                RawClient.request(
                    "chat", "{\"session\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":\"q\(id)\"}]}", id: "\(id)"
                ))
        }
        #expect(service.upstream.request() != nil)
        #expect(try eventually { try service.call("status")["in_flight"]?.int == 3 })
        try client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}")
        #expect(try Answer(client.next()).code == -32800)
        #expect(service.upstream.requests.count == 1)
        open.open()
        #expect(try Answer(client.next())["content"]?.string == "a0")
        #expect(try Answer(client.next())["content"]?.string == "a1")
        #expect(try contents(service.upstream.requests[1]) == ["user:q0", "assistant:a0", "user:q2"])
    }

    @Test func feedbackShowsInStats() throws {
        let service = try TestService { _ in .chat("```swift\nlet x = 1\n```") }
        let id = try #require(try service.chat()["request_id"]?.string)
        #expect(
            try service.call("feedback", "{\"request_id\":\"\(id)\",\"score\":0.5,\"comment\":\"good\"}").code == nil)
        #expect(try service.call("feedback", "{\"request_id\":\"\(id)\",\"score\":2}").code == -32602)
        let unknown = "01J00000000000000000000000"
        #expect(try service.call("feedback", "{\"request_id\":\"\(unknown)\",\"score\":1}").code == -32012)
        let stats = try service.call("stats", "{\"by\":\"model\",\"since\":\"24h\"}")
        #expect(stats["rows.0.model"]?.string == "m" && stats["rows.0.feedback_mean"]?.double == 0.5)
        #expect(stats["rows.0.code_block_share"]?.double == 1 && stats["rows.0.tokens"]?.int == 12)
        #expect((stats["rows.0.latency_ms.p99"]?.double ?? 0) > 0)
        #expect(try service.call("stats", "{\"since\":\"yesterday\"}").data?["path"]?.string == "/since")
        #expect(try service.call("stats", "{\"until\":\"24h\"}")["rows"]?.count == 0)
    }

    @Test func subscribersHearWhatHappens() throws {
        let service = try TestService("[limits]\nuser = \"1/10m\"\n[breaker]\nmin_samples = 1") { _ in .failure(500) }
        let watcher = try service.another()
        let answer = try Answer(
            watcher.call("subscribe", "{\"topics\":[\"requests\",\"breakers\",\"limits\",\"config\"]}", id: "\"w\""))
        #expect(answer.result?.count == 0)
        _ = try service.chat()
        _ = try service.chat()
        _ = try service.call("reload")
        var types: [String] = []
        while !types.contains("limit_reached") || types.count(where: { $0 == "request_finished" }) < 2 {
            let event = try Answer(watcher.next()).root["params"]
            #expect(event?["id"]?.string == "w" && event?["seq"]?.int == types.count)
            types.append(event?["type"]?.string ?? "")
        }
        #expect(types.first == "request_started" && types.contains("breaker_changed"))
        #expect(try service.call("subscribe", "{\"topics\":[\"none\"]}").code == -32602)
    }

    @Test func aSlowSubscriberIsToldWhatItMissed() throws {
        let service = try TestService("[limits]\nuser = \"1/10m\"\noutbound_bytes = \"64KiB\"") { _ in .chat("ok") }
        let watcher = try service.another()
        _ = try watcher.call("subscribe", "{\"topics\":[\"limits\"]}", id: "7")
        let sender = try service.another()
        let message = RawClient.request("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}") + "\n"
        let count = 4000
        var heard = 0
        var dropped = 0
        for _ in 0..<count {
            try sender.sendRaw(Array(message.utf8))
            _ = try sender.next()
        }
        // Reading now makes room; the next event is preceded by the count of those that were left out.
        func read() throws {
            let params = try Answer(watcher.next()).root["params"]
            if params?["type"]?.string == "dropped" {
                dropped += params?["count"]?.int ?? 0
            } else {
                heard += 1
            }
        }
        while dropped == 0 {
            try read()
            if heard % 100 == 0 {
                try sender.sendRaw(Array(message.utf8))
                _ = try sender.next()
            }
            guard heard <= count + 100 else { break }
        }
        #expect(dropped > 0)
    }

    @Test func routeSaysWhatWouldBeUsed() throws {
        let service = try TestService("[limits]\nuser = \"1/10m\"") { _ in .chat("ok") }
        let route = try service.call("route", "{\"prompt\":\"write a function\"}")
        #expect(route["model"]?.string == "m" && route["chosen"]?.string == "m")
        #expect(route["candidates.0.breaker.state"]?.string == "closed" && route["limits.allowed"]?.bool == true)
        #expect(service.upstream.requests.isEmpty)
        _ = try service.chat()
        #expect(try service.call("route", "{\"prompt\":\"x\"}")["limits.allowed"]?.bool == false)
        #expect(try service.call("route", "{\"prompt\":\"x\",\"model\":\"nope\"}").code == -32005)
    }
}
