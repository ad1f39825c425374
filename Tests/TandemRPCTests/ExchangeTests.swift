import Glibc
import TandemBase
import TandemJSON
import TandemRPC
import TandemTestSupport
import Testing

/// PROTOCOL.md, sections 1 and 2, message by message over a real socket.
@Suite struct ExchangeTests {
    /// What is sent, the answer's id byte for byte, and its error code or the text of its result.
    struct Exchange: Sendable, CustomStringConvertible {
        var sent: String
        var id: String
        var code: Int?
        var result: String?
        var description: String { sent }
    }

    private static func request(_ id: String, _ rest: String = "") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"echo"\#(rest)}"#
    }

    private static func ok(_ id: String) -> Exchange { Exchange(sent: request(id), id: id, result: "null") }
    private static func bad(_ sent: String, _ code: Int, id: String = "null") -> Exchange {
        Exchange(sent: sent, id: id, code: code)
    }

    static let exchanges: [Exchange] = [
        ok("1"), ok("null"), ok("1.50"), ok("-0"), ok("1e400"), ok("123456789012345678901234567890"), ok(#""""#),
        ok(#""a""#), ok(#""\u0061\n\"\\ \/ ü \ud83e\udd8a""#), ok(#""größer""#),
        Exchange(sent: request("1", #","params":{"b": [1.50, "x\/"] }"#), id: "1", result: #"{"b": [1.50, "x\/"] }"#),
        Exchange(sent: request("1", #","params":null"#), id: "1", result: "null"),
        Exchange(sent: #" {"id":2,"extra":{},"method":"echo","jsonrpc":"2.0"} "#, id: "2", result: "null"),
        bad("{", -32700), bad(#"{"jsonrpc":"2.0","id":1,"method":"echo",}"#, -32700), bad("[1,", -32700),
        bad("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"a\":\"\u{7}\"}}", -32700),
        bad(#"{"id":1,"method":"echo"}"#, -32600, id: "1"),
        bad(#"{"jsonrpc":"1.0","id":"x","method":"echo"}"#, -32600, id: #""x""#),
        bad(#"{"jsonrpc":2.0,"id":1,"method":"echo"}"#, -32600, id: "1"),
        bad(#"{"jsonrpc":"2.0","id":1}"#, -32600, id: "1"),
        bad(#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, id: "1"),
        bad(#"{"jsonrpc":"2.0","id":1,"method":"echo","params":"text"}"#, -32600, id: "1"),
        bad(#"{"jsonrpc":"2.0","id":{},"method":"echo"}"#, -32600),
        bad(#"{"jsonrpc":"2.0","id":true,"method":"echo"}"#, -32600),
        bad(#"{"jsonrpc":"2.0","id":[1],"method":"echo"}"#, -32600),
        bad(#"{"jsonrpc":"2.0","id":1,"id":2,"method":"echo"}"#, -32600),
        bad("[]", -32600), bad(#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#, -32601, id: "1"),
    ]

    private func check(_ answer: String, _ exchange: Exchange) throws {
        #expect(raw(try json(answer, "id")) == exchange.id)
        #expect(try json(answer, "jsonrpc").string == "2.0")
        if let code = exchange.code {
            #expect(try json(answer, "error", "code").int == code)
            #expect(try json(answer, "error", "data", "kind").string?.isEmpty == false)
            #expect(try json(answer, "error", "data", "retryable").bool != nil)
        } else {
            #expect(raw(try json(answer, "result")) == exchange.result)
        }
    }

    @Test(arguments: exchanges, [RawClient.Framing.lines, .lsp])
    func everyExchangeAndTheConnectionLives(_ exchange: Exchange, _ framing: RawClient.Framing) throws {
        let server = try ScriptedServer()
        let client = try server.client(framing: framing)
        try client.send(#"{"jsonrpc":"2.0","id":"first","method":"echo"}"#)
        _ = try client.next()
        try client.send(exchange.sent)
        try check(client.next(), exchange)
        try client.send(#"{"jsonrpc":"2.0","id":"after","method":"echo"}"#)
        #expect(raw(try json(client.next(), "id")) == #""after""#)
    }

    @Test func allExchangesPipelinedInOneWrite() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        try client.sendRaw(Self.exchanges.flatMap { Array($0.sent.utf8) + [13, 10] })
        for exchange in Self.exchanges { try check(client.next(), exchange) }
    }

    @Test func byteByByteInBothFramings() throws {
        for framing in [RawClient.Framing.lines, .lsp] {
            let server = try ScriptedServer()
            let client = try server.client(framing: framing)
            let message = Self.request("7", #","params":{"ü":"🦊"}"#)
            let head = framing == .lsp ? "content-LENGTH: \(message.utf8.count)\r\nX-Other: 1\r\n\r\n" : ""
            for byte in Array((head + message + (framing == .lsp ? "" : "\n")).utf8) { try client.sendRaw([byte]) }
            #expect(raw(try json(client.next(), "result")) == #"{"ü":"🦊"}"#)
        }
    }

    // MARK: batches

    @Test func aBatchIsAnsweredAtOnceWithoutItsNotifications() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        try client.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"echo"},{"jsonrpc":"2.0","method":"echo"},7,"#
                + #"{"jsonrpc":"2.0","id":"h","method":"hold"},{"jsonrpc":"2.0","id":2,"method":"nope"}]"#)
        // The connection goes on while the batch waits for its last answer.
        #expect(raw(try json(client.call("echo", id: "9"), "id")) == "9")
        try server.releaseAll()
        let answers = try JSONDocument(Array(client.next().utf8)).root.elements.map { $0 }
        #expect(answers.map { raw($0["id"]!) } == ["1", "null", "2", #""h""#])
        #expect(answers.map { $0["error"]?["code"]?.int } == [nil, -32600, -32601, nil])
    }

    @Test func aBatchOfNotificationsAnswersNothing() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        try client.send(#"[{"jsonrpc":"2.0","method":"echo"},{"jsonrpc":"2.0","method":"nope"}]"#)
        try client.send(#"{"jsonrpc":"2.0","method":"echo"}"#)
        #expect(raw(try json(client.call("echo", id: "9"), "id")) == "9")
        let handler = server.handler
        #expect(try onLoop { handler.handled } == ["echo", "nope", "echo", "echo"])
    }

    @Test func aBatchOfLargeAnswersIsBounded() throws {
        let server = try ScriptedServer { $0.outboundBytes = 100_000 }
        let client = try server.client()
        let entry = #"{"jsonrpc":"2.0","id":1,"method":"big","params":{"size":10000}}"#
        try client.send("[" + Array(repeating: entry, count: 1000).joined(separator: ",") + "]")
        let answer = try client.next()
        #expect(answer.utf8.count < 400_000)
        let codes = try JSONDocument(Array(answer.utf8)).root.elements.map { $0["error"]?["code"]?.int }
        #expect(codes.count == 1000 && codes.first == .some(nil) && codes.last == -32008)
    }

    // MARK: ids, cancellation, detachment

    @Test func anIdInFlightIsRefusedAndFreeAgainAfterwards() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        try client.send(#"{"jsonrpc":"2.0","id":"a","method":"hold"}"#)
        // The same id, spelled otherwise.
        try client.send(#"{"jsonrpc":"2.0","id":"\u0061","method":"echo"}"#)
        let refused = try client.next()
        #expect(try json(refused, "error", "code").int == -32600)
        #expect(raw(try json(refused, "id")) == #""\u0061""#)
        try server.releaseAll()
        #expect(try json(client.next(), "result").string == "released")
        #expect(raw(try json(client.call("echo", id: #""a""#), "id")) == #""a""#)
    }

    @Test func idsThatOnlyLookAlikeAreTwo() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        for id in ["1", "1.0", #""1""#, "null", "10e-1"] {
            try client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"hold"}"#)
        }
        let handler = server.handler
        #expect(try onLoopEventually { handler.held.count == 5 })
    }

    @Test func cancelRequestEndsItsRequestAndNoOther() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        let other = try server.client()
        try other.send(#"{"jsonrpc":"2.0","id":1,"method":"hold"}"#)
        for id in ["1", "2"] { try client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"hold"}"#) }
        try client.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}"#)
        let answer = try client.next()
        #expect(raw(try json(answer, "id")) == "2")
        #expect(try json(answer, "error", "code").int == -32800)
        // Unknown ids and odd params are nothing to speak of.
        for params in [#"{"id":77}"#, "{}", "[2]", "null", #"{"id":{}}"#] {
            try client.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":\#(params)}"#)
        }
        #expect(raw(try json(client.call("echo", id: "3"), "id")) == "3")
        let handler = server.handler
        #expect(try onLoop { handler.held.count } == 2)
        #expect(try onLoop { handler.cancellations } == [.asked])
    }

    @Test func aClosedConnectionCancelsAllButDetachedRequests() throws {
        let server = try ScriptedServer()
        let handler = server.handler
        do {
            let client = try server.client()
            for method in ["hold", "detached", "hold"] {
                try client.send(
                    #"{"jsonrpc":"2.0","id":"\#(method)\#(Int.random(in: 0..<1 << 40))","method":"\#(method)"}"#)
            }
            try client.send(#"{"jsonrpc":"2.0","method":"hold"}"#)
            #expect(try onLoopEventually { handler.held.count == 4 })
        }
        #expect(try onLoopEventually { handler.held.count == 1 })
        #expect(try onLoop { handler.cancellations } == [.clientGone, .clientGone, .clientGone])
        #expect(try server.connectionCount() == 0)
        // Its answer goes nowhere, and harms nobody.
        try server.releaseAll()
    }

    @Test func aHalfClosedClientGetsItsAnswersAndThenTheEnd() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        try client.sendRaw(Array(#"{"jsonrpc":"2.0","id":1,"method":"hold"}"#.utf8) + [10])
        // The last line without its end.
        try client.sendRaw(Array(#"{"jsonrpc":"2.0","id":2,"method":"echo"}"#.utf8))
        client.finishSending()
        #expect(raw(try json(client.next(), "id")) == "2")
        try server.releaseAll()
        #expect(raw(try json(client.next(), "id")) == "1")
        #expect(try client.receive() == nil)
        #expect(try server.connectionCount() == 0)
    }

    /// What a client asked for before it left in a hurry, with our answers unread, still counts.
    @Test func requestsOfAClientThatLeftWithAnswersUnreadAreStillSeen() throws {
        let server = try ScriptedServer()
        let handler = server.handler
        let client = try server.client()
        try client.send(#"{"jsonrpc":"2.0","id":1,"method":"echo"}"#)
        #expect(try onLoopEventually { handler.handled.count == 1 })
        var waiting = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&waiting, 1, 10000) == 1)
        try onLoop {
            // Within one turn, so that both arrive together.
            try client.send(#"{"jsonrpc":"2.0","id":2,"method":"detached"}"#)
            shutdown(client.descriptor, Int32(SHUT_RDWR))
        }
        #expect(try onLoopEventually { handler.handled == ["echo", "detached"] })
        try server.releaseAll()
    }

    // MARK: limits and refusals

    @Test(arguments: [RawClient.Framing.lines, .lsp])
    func aMessageTooLargeIsNamedAndTheConnectionLives(framing: RawClient.Framing) throws {
        let server = try ScriptedServer { $0.messageBytes = 10_000 }
        let client = try server.client(framing: framing)
        for (id, size) in [("1", 10_001), (#""ü""#, 5_000_000)] {
            let head = #"{"jsonrpc":"2.0","id":\#(id),"method":"echo","params":{"a":""#
            let message = head + String(repeating: "x", count: size - head.utf8.count - 3) + #""}}"#
            try client.send(message)
            let answer = try client.next()
            #expect(raw(try json(answer, "id")) == id)
            #expect(try json(answer, "error", "code").int == -32007)
            #expect(try json(answer, "error", "data", "limit_bytes").int == 10_000)
            #expect(raw(try json(client.call("echo", id: "5"), "id")) == "5")
        }
    }

    /// Served for another uid than the test's, unless that is root, whom everybody serves (there is a test with the
    /// daemon for that).
    @Test(.enabled(if: getuid() != 0)) func aRefusedPeerIsToldWhyOnce() throws {
        let server = try ScriptedServer(ownUID: getuid() + 1)
        let client = try server.client()
        try? client.send(#"{"jsonrpc":"2.0","id":1,"method":"echo"}"#)
        let answer = try client.next()
        #expect(raw(try json(answer, "id")) == "null")
        #expect(try json(answer, "error", "code").int == -32006)
        #expect(try client.receive() == nil)
        let handler = server.handler
        #expect(try onLoop { handler.handled } == [])
    }

    @Test func otherProtocolsGetOneErrorAndTheEnd() throws {
        for bytes in ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "\"text\"\n", "Content-Type: x\r\n\r\n{}"] {
            let server = try ScriptedServer()
            let client = try server.client()
            try client.sendRaw(Array(bytes.utf8))
            let answer = try #require(try client.receive())
            if !bytes.hasPrefix("C") {
                #expect(try json(answer, "error", "code").int == -32700)
                #expect(raw(try json(answer, "id")) == "null")
            }
            // The end, and not an error, also for what was sent behind the answer.
            try client.sendRaw(Array("more\n".utf8))
            while try client.receive() != nil {}
            client.finishSending()
            #expect(try eventually { try server.connectionCount() == 0 })
        }
    }

    @Test func tooManyRequestsInFlightAreRefused() throws {
        let server = try ScriptedServer { $0.inFlight = 3 }
        let client = try server.client()
        for id in 1...4 { try client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"hold"}"#) }
        let answer = try client.next()
        #expect(raw(try json(answer, "id")) == "4")
        #expect(try json(answer, "error", "code").int == -32008)
        #expect(try json(answer, "error", "data", "retry_after_ms").int != nil)
    }

    /// A value that came over the other framing may hold line breaks between its tokens.
    @Test func aValuePassedThroughStaysOneLine() throws {
        let server = try ScriptedServer()
        let client = try server.client()
        try client.send(#"{"jsonrpc":"2.0","id":0,"method":"echo"}"#)
        _ = try client.next()
        let handler = server.handler
        try client.send(#"{"jsonrpc":"2.0","id":1,"method":"hold"}"#)
        #expect(try onLoopEventually { handler.held.count == 1 })
        try onLoop { handler.held[0].request.respond { $0.raw(Array("{\n\"a\" :\r\n1}".utf8)) } }
        #expect(raw(try json(client.next(), "result")) == "{ \"a\" :\r 1}")
    }
}
