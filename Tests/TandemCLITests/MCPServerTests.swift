import TandemBase
import TandemJSON
import TandemProtocol
import Testing

@testable import tandem

private func time(_ milliseconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(milliseconds) * 1_000_000) }

private let stateless =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

private func request(_ id: String, _ method: String, _ params: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
}

extension MCPServer {
    fileprivate init(_ revision: String? = "2025-11-25") {
        self.init(folder: "/work")
        guard let revision else { return }
        client(request("0", "initialize", #"{"protocolVersion":"\#(revision)","capabilities":{}}"#))
        _ = said()
    }

    fileprivate mutating func client(_ text: String, at milliseconds: Int = 0) {
        fromEditor(.message(Array(text.utf8)), now: time(milliseconds))
    }

    fileprivate mutating func daemon(_ text: String, at milliseconds: Int = 0) {
        fromDaemon(Array(text.utf8), now: time(milliseconds))
    }

    fileprivate mutating func said() -> [JSONValue] {
        takeEditorOutput().compactMap { try? JSONDocument($0).root }
    }

    fileprivate mutating func call(
        _ id: String, _ tool: String, _ arguments: String, meta: String? = nil, at milliseconds: Int = 0
    ) {
        let meta = meta.map { #""_meta":\#($0),"# } ?? ""
        client(request(id, "tools/call", #"{\#(meta)"name":"\#(tool)","arguments":\#(arguments)}"#), at: milliseconds)
    }

    fileprivate var queued: [String] {
        outbox.lines.map { String(decoding: $0.bytes.dropLast(), as: UTF8.self) }
    }
}

private func code(_ message: JSONValue?) -> Int? { message?["error"]?["code"]?.int }

private func text(_ message: JSONValue?) -> String? { message?["result"]?["content"]?[0]?["text"]?.string }

@Suite struct MCPServerTests {
    // MARK: eras

    @Test(arguments: ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
    func aHandshakeSettlesTheRevision(_ revision: String) {
        var server = MCPServer(nil)
        server.client(request("1", "initialize", #"{"protocolVersion":"\#(revision)","capabilities":{}}"#))
        server.client(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        server.client(request("2", "ping"))
        let said = server.said()
        #expect(said.count == 2 && server.queued.isEmpty, "no daemon is needed")
        #expect(said[0]["result"]?["protocolVersion"]?.string == revision)
        #expect(said[0]["result"]?["serverInfo"]?["name"]?.string == "tandem")
        #expect(said[1]["result"]?.count == 0 && said[1]["result"]?.kind == .object)
    }

    @Test(arguments: ["2026-07-28", "1999-01-01"])
    func anUnknownHandshakeIsOfferedTheNewest(_ revision: String) {
        var server = MCPServer(nil)
        server.client(request("1", "initialize", #"{"protocolVersion":"\#(revision)","capabilities":{}}"#))
        #expect(server.said().first?["result"]?["protocolVersion"]?.string == "2025-11-25")
    }

    @Test func statelessRequestsNeedNoHandshake() {
        var server = MCPServer(nil)
        server.client(request("1", "server/discover", "{\(stateless)}"))
        server.client(request("2", "tools/list", "{\(stateless)}"))
        let said = server.said()
        for message in said {
            #expect(message["result"]?["resultType"]?.string == "complete")
            #expect(message["result"]?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"]?.string == "tandem")
            #expect(message["result"]?["ttlMs"]?.int == 3_600_000)
            #expect(message["result"]?["cacheScope"]?.string == "public")
        }
        #expect(said[0]["result"]?["supportedVersions"]?[0]?.string == "2026-07-28")
        #expect(said[1]["result"]?["tools"]?.count == 6)
    }

    @Test func anUnknownStatelessRevisionIsAnsweredWithTheKnownOnes() {
        var server = MCPServer(nil)
        let meta = stateless.replacing("2026-07-28", with: "2031-01-01")
        server.client(request("1", "tools/list", "{\(meta)}"))
        let error = server.said().first?["error"]
        #expect(error?["code"]?.int == -32022)
        #expect(error?["data"]?["requested"]?.string == "2031-01-01")
        #expect(
            error?["data"]?["supported"]?.elements.map(\.string) == [
                "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05",
            ])
    }

    @Test func requestsOfNeitherEraAreRefused() {
        var server = MCPServer(nil)
        server.client(request("1", "tools/list"))
        server.client(
            request("2", "tools/list", #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#))
        server.client(request("3", "ping", "{\(stateless)}"))
        server.client(request("4", "resources/list", "{\(stateless)}"))
        #expect(server.said().map(code) == [-32602, -32602, -32601, -32601])
    }

    @Test func bothErasAtOnce() {
        var server = MCPServer()
        server.client(request("1", "tools/list"))
        server.client(request("2", "tools/list", "{\(stateless)}"))
        server.client(request("3", "server/discover"))
        let said = server.said()
        #expect(said[0]["result"]?["resultType"] == nil && said[1]["result"]?["resultType"] != nil)
        #expect(code(said[2]) == -32601)
    }

    // MARK: tools

    @Test func everyToolIsDescribed() throws {
        var server = MCPServer()
        server.client(request("1", "tools/list"))
        let tools = try #require(server.said().first?["result"]?["tools"])
        let names = tools.elements.map { $0["name"]?.string ?? "" }
        #expect(names == ["chat", "plan", "execute_plan", "solve", "escalate", "undo"])
        for tool in tools.elements {
            #expect(tool["inputSchema"]?["type"]?.string == "object")
            #expect(tool["inputSchema"]?["additionalProperties"]?.bool == false)
            #expect(tool["outputSchema"]?["type"]?.string == "object")
            #expect(tool["outputSchema"]?["additionalProperties"] == nil, "a later daemon may say more")
            #expect(!String(decoding: tool.raw, as: UTF8.self).contains("$ref"))
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                #expect(tool["annotations"]?[hint]?.bool != nil)
            }
        }
        #expect(tools[0]?["annotations"]?["readOnlyHint"]?.bool == true)
        #expect(tools[2]?["annotations"]?["destructiveHint"]?.bool == true)
        #expect(tools[0]?["outputSchema"]?["properties"]?["steps"] == nil)
    }

    @Test(arguments: [
        (
            "chat", #"{"message":"hi","system":"be short","model":"m","conversation":"c1"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"chat","params":{"messages":[{"role":"system","content":"be short"},{"role":"user","content":"hi"}],"model":"m","session":"c1"}}"#
        ),
        (
            "plan", #"{"problem":"p","root":"sub","files":["a*.py"]}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"plan","params":{"problem":"p","root":"/work/sub","files":["a*.py"]}}"#
        ),
        (
            "execute_plan", #"{"plan_id":"x","root":"/r","dry_run":true,"mode":"hybrid","verify":"none"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"executePlan","params":{"plan_id":"x","root":"/r","dry_run":true,"mode":"hybrid","verify":"none"}}"#
        ),
        (
            "solve", #"{"problem":"p","root":"/r","model":null}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"solve","params":{"problem":"p","root":"/r"}}"#
        ),
        (
            "escalate", #"{"message":"why"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"escalate","params":{"messages":[{"role":"user","content":"why"}]}}"#
        ),
        (
            "undo", #"{"transaction_id":"t"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"undo","params":{"transaction_id":"t"}}"#
        ),
    ])
    func aToolIsAMethod(_ tool: String, _ arguments: String, _ expected: String) throws {
        var server = MCPServer()
        server.call("7", tool, arguments)
        #expect(server.queued == [expected])
        // Hosts that want progress get the same.
        server = MCPServer()
        server.call("7", tool, arguments, meta: #"{"progressToken":1}"#)
        let request = try #require(try server.queued.first.map { try JSONDocument(Array($0.utf8)).root })
        let method = try #require(request["method"]?.string.flatMap(Method.init(rawValue:)))
        let description = try #require(MethodTable.descriptions.first { $0.method == method })
        try description.params.checkParams(request["params"])
    }

    @Test func aResultIsStructuredAndTheSameAsText() {
        var server = MCPServer()
        server.call("7", "chat", #"{"message":"hi","conversation":"c"}"#)
        server.daemon(
            #"{"jsonrpc":"2.0","id":1,"result":{"content":"é\n","steps":[1],"reasoning":"r","cost_usd":null,"new":1}}"#)
        let result = server.said().first?["result"]
        let expected = #"{"content":"é\n","cost_usd":null,"new":1,"conversation":"c"}"#
        #expect(result?["structuredContent"].map { String(decoding: $0.raw, as: UTF8.self) } == expected)
        #expect(result?["content"]?[0]?["text"]?.string == expected)
        #expect(result?["isError"]?.bool == false && !server.hasRequests)
    }

    @Test func failuresAreResultsThatSayWhatToDo() throws {
        var server = MCPServer()
        server.call("1", "chat", #"{"mesage":"hi"}"#)
        server.call("2", "execute_plan", #"{"root":"/r","plan_id":"a","plan":{}}"#)
        server.call("3", "undo", #"{"transaction_id":"t"}"#)
        server.daemon(
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32011,"message":"It changed: plan again.","data":{"kind":"plan_conflict","retryable":false,"edits":[{"index":0}]}}}"#
        )
        let said = server.said()
        #expect(said.allSatisfy { $0["result"]?["isError"]?.bool == true })
        #expect(said.allSatisfy { $0["result"]?["structuredContent"] == nil })
        #expect(text(said[0])?.contains("did you mean `message`?") == true)
        #expect(text(said[1])?.contains("exclude each other") == true)
        let lines = try #require(text(said[2])?.split(separator: "\n"))
        #expect(lines[0] == "It changed: plan again.")
        let details = try JSONDocument(Array(lines[1].utf8)).root
        #expect(details["data"]?["edits"]?[0]?["index"]?.int == 0 && details["code"]?.int == -32011)
    }

    @Test func aCallThatIsNoneIsAProtocolError() {
        var server = MCPServer()
        server.call("1", "nonsense", "{}")
        server.client(request("2", "tools/call", "{}"))
        server.client(request("null", "tools/list"))
        server.client("{")
        server.client("[]")
        #expect(server.said().map(code) == [-32602, -32602, -32600, -32700, -32600])
    }

    @Test func aConversationGoesAlongWithAnEscalationAndTakesItUp() {
        var server = MCPServer()
        server.call("5", "escalate", #"{"message":"why","conversation":"c","model":"big"}"#)
        #expect(server.queued == [#"{"jsonrpc":"2.0","id":1,"method":"sessions","params":{"session":"c"}}"#])
        server.daemon(
            #"{"jsonrpc":"2.0","id":1,"result":{"session":"c","messages":[{"role":"user","content":"q1"},{"role":"assistant","content":"a1"}]}}"#
        )
        #expect(
            server.queued.last
                == #"{"jsonrpc":"2.0","id":2,"method":"escalate","params":{"messages":[{"role":"user","content":"q1"},{"role":"assistant","content":"a1"},{"role":"user","content":"why"}],"model":"big"}}"#
        )
        server.daemon(#"{"jsonrpc":"2.0","id":2,"result":{"content":"because"}}"#)
        #expect(server.said().isEmpty)
        #expect(
            server.queued.last
                == #"{"jsonrpc":"2.0","id":3,"method":"sessions","params":{"session":"c","append":[{"role":"user","content":"why"},{"role":"assistant","content":"because"}]}}"#
        )
        server.daemon(#"{"jsonrpc":"2.0","id":3,"error":{"code":-32603,"message":"no disk","data":{}}}"#)
        let result = server.said().first?["result"]?["structuredContent"]
        #expect(result?["conversation"]?.string == "c" && result?["content"]?.string == "because")
        #expect(!server.hasRequests)
    }

    @Test func anEscalationMayBeginAConversation() {
        var server = MCPServer()
        server.call("5", "escalate", #"{"message":"why","conversation":"c"}"#)
        server.daemon(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32012,"message":"none","data":{}}}"#)
        #expect(
            server.queued.last
                == #"{"jsonrpc":"2.0","id":2,"method":"escalate","params":{"messages":[{"role":"user","content":"why"}]}}"#
        )
    }

    // MARK: progress and the end

    private func event(_ type: String, _ members: String) -> String {
        #"{"jsonrpc":"2.0","method":"$/event","params":{"id":1,"seq":0,"type":"\#(type)",\#(members)}}"#
    }

    @Test func progressRisesAndNeverRests() {
        var server = MCPServer()
        server.call("7", "chat", #"{"message":"hi"}"#, meta: #"{"progressToken":"t"}"#)
        #expect(server.queued[0].contains(#""stream":true"#))
        server.daemon(event("step", #""role":"coder","model":"m""#), at: 100)
        server.daemon(event("content", #""text":"abcd""#), at: 101)
        #expect(server.nextFlush == time(1100), "the growth of an answer is told once a second")
        server.flush(now: time(1100))
        var now = 1100
        while now < 40_000 {
            guard let next = server.nextFlush else { break }
            #expect(next <= time(now + 15_000))
            now = Int(next.nanoseconds / 1_000_000)
            server.flush(now: next)
        }
        let said = server.said()
        #expect(said.allSatisfy { $0["method"]?.string == "notifications/progress" })
        #expect(said.allSatisfy { $0["params"]?["progressToken"]?.string == "t" })
        #expect(said.map { $0["params"]?["progress"]?.int } == (1...said.count).map { $0 })
        #expect(said[0]["params"]?["message"]?.string == "coder: m")
        #expect(said[1]["params"]?["message"]?.string == "coder: m, 4 characters so far")
        server.daemon(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        #expect(server.nextFlush == nil)
    }

    @Test func withoutATokenThereIsNoProgress() {
        var server = MCPServer()
        server.call("7", "chat", #"{"message":"hi"}"#)
        server.daemon(event("step", #""role":"coder","model":"m""#))
        #expect(server.said().isEmpty && server.nextFlush == nil && !server.queued[0].contains("stream"))
    }

    @Test func aCancelledCallIsNeverHeardOfAgain() {
        var server = MCPServer()
        server.call("7", "chat", #"{"message":"hi"}"#)
        server.wrote(server.outbox.count)
        server.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"x"}}"#)
        server.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}"#)
        #expect(server.queued == [#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#])
        server.call("7", "chat", #"{"message":"again"}"#)
        server.daemon(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32800,"message":"cancelled"}}"#)
        #expect(server.said().isEmpty)
        server.daemon(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(server.said().count == 1)
    }

    @Test func aCallCancelledBeforeItLeftIsNeverSent() {
        var server = MCPServer()
        server.call("7", "chat", #"{"message":"hi"}"#)
        server.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#)
        #expect(server.queued.isEmpty && !server.hasRequests)
    }

    @Test func aLostConnectionEndsWhatMayHaveArrived() {
        var server = MCPServer()
        server.call("7", "chat", #"{"message":"hi"}"#)
        server.wrote(3)
        server.call("8", "chat", #"{"message":"ho"}"#)
        server.connectionLost(now: time(0))
        let said = server.said()
        #expect(said.count == 1 && said[0]["id"]?.int == 7 && said[0]["result"]?["isError"]?.bool == true)
        #expect(text(said[0])?.contains("may have been carried out") == true)
        #expect(server.queued.count == 1 && server.queued[0].contains("ho"))
        server.dialFailed("start it", now: time(0))
        #expect(text(server.said().first)?.hasPrefix("start it\n") == true && !server.hasRequests)
    }

    @Test func batchesOfTheOldRevisions() {
        var server = MCPServer("2025-03-26")
        let batch = [
            request("1", "ping"), #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            request("2", "tools/call", #"{"name":"chat","arguments":{"message":"hi"}}"#), request("3", "nonsense"),
        ]
        server.client("[\(batch.joined(separator: ","))]")
        #expect(server.said().isEmpty)
        server.daemon(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        let said = server.said()
        #expect(said.count == 1 && said[0].elements.map { $0["id"]?.int } == [1, 3, 2])
        server.client(#"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#)
        #expect(server.said().isEmpty)
        var newer = MCPServer("2025-06-18")
        newer.client("[\(request("1", "ping"))]")
        #expect(newer.said().map(code) == [-32600])
    }
}
