import TandemBase
import TandemProtocol
import Testing

@testable import tandem

private func time(_ milliseconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(milliseconds) * 1_000_000) }

extension Relay {
    fileprivate mutating func editor(_ text: String, at milliseconds: Int = 0) {
        fromEditor(.message(Array(text.utf8)), now: time(milliseconds))
    }

    fileprivate mutating func daemon(_ text: String, at milliseconds: Int = 0) {
        fromDaemon(Array(text.utf8), now: time(milliseconds))
    }

    fileprivate mutating func said() -> [String] { takeEditorOutput().map { String(decoding: $0, as: UTF8.self) } }

    fileprivate var queued: [String] { outbox.lines.map { String(decoding: $0.bytes, as: UTF8.self) } }

    fileprivate mutating func writeAll() { wrote(outbox.count) }
}

private func request(_ id: String, _ method: String = "chat", _ params: String = #"{"stream":true}"#) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
}

private func event(_ id: String, _ sequence: Int, _ type: String, _ members: String) -> String {
    #"{"jsonrpc":"2.0","method":"$/event","params":{"id":\#(id),"seq":\#(sequence),"type":"\#(type)",\#(members)}}"#
}

private func content(_ id: String, _ sequence: Int, _ text: String) -> String {
    event(id, sequence, "content", #""text":"\#(text)""#)
}

private func result(_ id: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"# }

@Suite struct RelayTests {
    @Test func theLifeCycleNeedsNoDaemon() {
        var relay = Relay()
        relay.editor(request("0", "initialize", "null"))
        relay.editor(#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#)
        relay.editor(#"{"jsonrpc":"2.0","method":"$/setTrace","params":{}}"#)
        relay.editor(request(#""s""#, "shutdown"))
        relay.editor(request("2", "chat"))
        relay.editor(#"{"jsonrpc":"2.0","method":"exit","params":null}"#)
        let said = relay.said()
        #expect(
            said[0]
                == #"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{},"serverInfo":{"name":"tandem","version":"\#(tandemVersion)"}}}"#
        )
        #expect(said[1] == #"{"jsonrpc":"2.0","id":"s","result":null}"#)
        #expect(said[2].contains("-32600"))
        #expect(said.count == 3 && relay.queued.isEmpty && relay.exitStatus == .success)
    }

    @Test func exitWithoutShutdownIsAFailure() {
        var relay = Relay()
        relay.editor(#"{"jsonrpc":"2.0","method":"exit"}"#)
        #expect(relay.exitStatus == .failure)
    }

    @Test func requestsPassAsTheyAre() {
        var relay = Relay()
        let text = #"{ "id" : 1.50 , "jsonrpc":"2.0", "method":"chat", "params":{"messages":[{"a":"\u00e9"}]} }"#
        relay.editor(text)
        #expect(relay.queued == [text + "\n"])
        relay.daemon(result("1.50"))
        #expect(relay.said() == [result("1.50")] && !relay.hasRequests)
    }

    @Test func nullParamsCountAsAbsent() {
        var relay = Relay()
        relay.editor(request("1", "ping", "null"))
        #expect(relay.queued == [#"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n"])
    }

    @Test func aLineForTheDaemonIsOneLine() {
        var relay = Relay()
        relay.editor("{\r\n\"jsonrpc\":\"2.0\",\"id\":1,\n\"method\":\"ping\"}")
        #expect(relay.queued == ["{  \"jsonrpc\":\"2.0\",\"id\":1, \"method\":\"ping\"}\n"])
    }

    @Test func aWorkDoneTokenBringsProgress() {
        var relay = Relay()
        relay.editor(request("1", "chat", #"{"workDoneToken":"t","messages":[]}"#))
        #expect(relay.queued == [request("1", "chat", #"{"messages":[],"stream":true}"#) + "\n"])
        relay.daemon(event("1", 0, "started", #""model":"big""#))
        relay.daemon(content("1", 1, "x"))
        relay.daemon(event("1", 2, "progress", #""done":1,"total":4,"unit":"files""#), at: 20)
        relay.daemon(result("1"), at: 30)
        func progress(_ value: String) -> String {
            #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":"t","value":{\#(value)}}}"#
        }
        #expect(
            relay.said() == [
                progress(#""kind":"begin","title":"Tandem","cancellable":true"#),
                progress(#""kind":"report","message":"big""#),
                progress(#""kind":"report","message":"1 of 4 files","percentage":25"#),
                progress(#""kind":"end""#), result("1"),
            ])
    }

    @Test func progressThatCanBeCancelledIs() {
        var relay = Relay()
        relay.editor(request("1", "chat", #"{"workDoneToken":"t"}"#))
        relay.editor(#"{"jsonrpc":"2.0","method":"window/workDoneProgress/cancel","params":{"token":"other"}}"#)
        #expect(relay.queued.count == 1)
        relay.editor(#"{"jsonrpc":"2.0","method":"window/workDoneProgress/cancel","params":{"token":"t"}}"#)
        #expect(relay.queued.last == #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"# + "\n")
        #expect(relay.queued.count == 2)
    }

    @Test func notMoreAreInFlightThanTheLimit() {
        var relay = Relay()
        let batch = (0..<inFlightLimit).map { request("\($0)") }.joined(separator: ",")
        relay.editor("[\(batch)]")
        relay.editor(request("\"one\""))
        relay.editor("[\(request("\"more\""))]")
        let said = relay.said()
        #expect(said.count == 2 && said.allSatisfy { $0.contains("-32008") } && relay.queued.count == 1)
    }

    @Test func whatIsDetachedIsNotCancelledAtTheEnd() {
        var relay = Relay()
        relay.editor(request("1", "chat", #"{"detach":true}"#))
        relay.editor(request("2", "chat"))
        relay.cancelAll()
        #expect(
            relay.queued.dropFirst(2) == [#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}"# + "\n"])
    }

    @Test func aTokenAndAStreamGetBoth() {
        var relay = Relay()
        relay.editor(request("1", "chat", #"{"workDoneToken":7,"stream":true}"#))
        #expect(relay.queued == [request("1") + "\n"])
        relay.daemon(event("1", 0, "started", #""model":"big""#))
        let said = relay.said()
        #expect(
            said.count == 3 && said[1].contains("$/progress") && said[2] == event("1", 0, "started", #""model":"big""#))
    }

    @Test func methodsThatCannotStreamAreNotAskedTo() {
        var relay = Relay()
        relay.editor(request("1", "status", #"{"workDoneToken":7}"#))
        #expect(relay.queued == [request("1", "status", "{}") + "\n"])
    }

    // MARK: small pieces

    @Test func piecesWithinAFrameAreOneFrame() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.daemon(content("1", 0, "a"), at: 100)
        #expect(relay.said() == [content("1", 0, "a")], "the first goes out at once")
        for index in 1...5 { relay.daemon(content("1", index, #"\u00e9\n"#), at: 100 + index) }
        #expect(relay.said().isEmpty && relay.nextFlush == time(115))
        relay.flush(now: time(114))
        #expect(relay.said().isEmpty)
        relay.flush(now: time(115))
        #expect(relay.said() == [content("1", 1, String(repeating: #"\u00e9\n"#, count: 5))])
        #expect(relay.nextFlush == nil)
        relay.daemon(content("1", 6, "z"), at: 140)
        #expect(relay.said() == [content("1", 2, "z")], "numbers have no gap")
    }

    @Test func theOrderIsKept() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.daemon(event("1", 0, "reasoning", #""text":"r""#), at: 100)
        relay.daemon(event("1", 1, "reasoning", #""text":"s""#), at: 101)
        relay.daemon(content("1", 2, "a"), at: 102)
        relay.daemon(event("1", 3, "notice", #""code":"c","message":"m""#), at: 103)
        relay.daemon(content("1", 4, "b"), at: 104)
        relay.daemon(result("1"), at: 105)
        #expect(
            relay.said() == [
                event("1", 0, "reasoning", #""text":"r""#), event("1", 1, "reasoning", #""text":"s""#),
                content("1", 2, "a"), event("1", 3, "notice", #""code":"c","message":"m""#), content("1", 4, "b"),
                result("1"),
            ])
    }

    @Test func requestsDoNotWaitForEachOther() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.editor(request("2"))
        relay.daemon(content("1", 0, "a"), at: 100)
        relay.daemon(content("2", 0, "b"), at: 101)
        #expect(relay.said() == [content("1", 0, "a"), content("2", 0, "b")])
    }

    @Test func whatIsHeldIsBounded() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.daemon(content("1", 0, "a"), at: 100)
        _ = relay.said()
        for index in 1...40 { relay.daemon(content("1", index, String(repeating: "x", count: 1000)), at: 100) }
        #expect(relay.said().count == 2)
    }

    @Test func eventsNobodyIsInFlightForPass() {
        var relay = Relay()
        let text = event("9", 3, "request_finished", #""request_id":"x""#)
        relay.daemon(text)
        #expect(relay.said() == [text])
    }

    // MARK: faults

    @Test func badMessagesAreAnsweredHere() {
        var relay = Relay()
        relay.editor("{nonsense")
        relay.fromEditor(.tooLarge(id: RPCID(77)), now: time(0))
        relay.editor(request("1"))
        relay.editor(request("1"))
        let said = relay.said()
        #expect(said[0].hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700"#))
        #expect(said[1].hasPrefix(#"{"jsonrpc":"2.0","id":77,"error":{"code":-32007"#))
        #expect(said[1].contains(#""limit_bytes":33554432"#))
        #expect(said[2].hasPrefix(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32600"#))
        #expect(relay.queued.count == 1)
    }

    @Test func whatMayHaveArrivedEndsAndWhatDidNotStays() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.editor(request("2"))
        relay.editor(request("3"))
        relay.wrote(relay.queued[0].utf8.count + 5)
        relay.daemon(content("1", 0, "a"), at: 100)
        relay.daemon(content("1", 1, "b"), at: 101)
        relay.connectionLost(now: time(102))
        let said = relay.said()
        #expect(said.count == 4)
        #expect(said.contains(content("1", 1, "b")), "what was held goes out before the error")
        for id in ["1", "2"] {
            let answer = said.first { $0.contains(#""id":\#(id),"error":{"code":-32009"#) }
            #expect(answer?.contains(#""kind":"shutting_down","retryable":true"#) == true)
        }
        #expect(relay.queued == [request("3") + "\n"] && relay.outbox.offset == 0)
    }

    @Test func noDaemonAtAllFailsEverything() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.dialFailed("start it", now: time(0))
        let said = relay.said()
        #expect(said.count == 1 && said[0].contains("-32009") && said[0].contains("start it"))
        #expect(relay.queued.isEmpty && !relay.hasRequests)
    }

    @Test func aRefusalIsPassedOnAsTheReason() {
        var relay = Relay()
        relay.editor(request("1"))
        relay.daemon(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32006,"message":"no"}}"#)
        relay.connectionLost(now: time(0))
        #expect(relay.said() == [#"{"jsonrpc":"2.0","id":1,"error":{"code":-32006,"message":"no"}}"#])
        #expect(relay.queued.isEmpty)
    }

    @Test func batchesAreAnsweredAsBatches() {
        var relay = Relay()
        let batch =
            #"[{"jsonrpc":"2.0","id":1,"method":"ping","params":null},{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#
        relay.editor(batch)
        #expect(relay.queued[0] == batch.replacing(#","params":null"#, with: "") + "\n")
        let answers = "[\(result("2")),\(result("1"))]"
        relay.daemon(answers)
        #expect(relay.said() == [answers] && !relay.hasRequests)
        relay.writeAll()
        relay.editor(batch)
        relay.writeAll()
        relay.connectionLost(now: time(0))
        let said = relay.said()
        #expect(said.count == 1 && said[0].hasPrefix("[{") && said[0].hasSuffix("}]"))
    }

    @Test func cancellationsOfWhatIsInFlightPass() {
        var relay = Relay()
        func cancel(_ id: String) -> String { #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"# }
        relay.editor(cancel("1"))
        relay.editor(request("1"))
        relay.editor(cancel("1"))
        relay.editor(cancel("2"))
        #expect(relay.queued == [request("1") + "\n", cancel("1") + "\n"])
        relay.writeAll()
        relay.cancelAll()
        #expect(relay.queued == [cancel("1") + "\n"])
    }
}
