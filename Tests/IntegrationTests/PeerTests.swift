import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Peers that leave, stop reading or send half of something, against the real binary.
@Suite struct PeerTests {
    @Test(arguments: [false, true])
    func cancelClosesTheUpstreamWithinATenthOfASecond(stream: Bool) throws {
        let begun = Gate()
        let upstream = try ScriptedUpstream(
            stream
                ? .sse([.event(OpenAIMaterial.content("a")), .signal(begun), .hang])
                : Reply(steps: [.signal(begun), .hang]))
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", chatParams(stream: stream), id: "7"))
        #expect(begun.wait())
        let request = try #require(upstream.request())
        let start = MonotonicTime.now()
        try client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":7}}")
        #expect(try errorCode(client.response()) == -32800)
        let answered = MonotonicTime.now() - start
        #expect(request.abandoned.wait())
        let closed = try #require(request.abandonedAt) - start
        #expect(answered < .milliseconds(100) && closed < .milliseconds(100))
    }

    @Test func theFirstRequestsOfAFreshDaemonDoNotWaitForEachOther() throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream(
            .sse([.event(OpenAIMaterial.content("a")), .wait(gate), .event(OpenAIMaterial.finish()), .done]))
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let client = try daemon.client()
        let count = 30
        for id in 0..<count { try client.send(RawClient.request("chat", chatParams(stream: true), id: String(id))) }
        #expect(upstream.request(count - 1) != nil, "\(upstream.requests.count) of \(count) requests arrived")
        gate.open()
        for _ in 0..<count { #expect(try content(client.response()) == "a") }
    }

    @Test func aClosedConnectionClosesTheUpstream() throws {
        let upstream = try ScriptedUpstream(.sse([.event(OpenAIMaterial.content("a")), .hang]))
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        var closedAt = MonotonicTime.now()
        let request: UpstreamRequest
        do {
            let client = try daemon.client()
            try client.send(RawClient.request("chat", chatParams(stream: true)))
            while try !client.next().contains("\"type\":\"content\"") {}
            request = try #require(upstream.request())
            closedAt = .now()
        }
        #expect(request.abandoned.wait())
        #expect(try #require(request.abandonedAt) - closedAt < .milliseconds(100))
        #expect(try daemon.client().call("ping").contains("result"))
    }

    @Test func aHalfOpenPeerStillGetsItsAnswer() throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream(Reply.chat("for you").after(gate))
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", chatParams()))
        client.finishSending()
        _ = try #require(upstream.request())
        gate.open()
        #expect(try content(client.next()) == "for you")
        #expect(try client.receive() == nil)
    }

    @Test func aSlowReaderHoldsItsOwnUpstreamAndNobodyElse() throws {
        // 24 MB of pieces: more than all buffers on the way may hold.
        let piece = OpenAIMaterial.event(OpenAIMaterial.content(String(repeating: "x", count: 100_000)))
        let pieces = [Reply.Piece](repeating: .text(piece), count: 240)
        let stream = Reply.sse(pieces + [.event(OpenAIMaterial.finish()), .done])
        let upstream = try ScriptedUpstream { $0.text.contains("slow") ? stream : .chat("quick") }
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let slow = try daemon.client()
        try slow.send(RawClient.request("chat", chatParams("slow", stream: true)))
        let request = try #require(upstream.request())
        let other = try daemon.client()
        for _ in 0..<20 { #expect(try content(other.call("chat", chatParams("other"))) == "quick") }
        // What the daemon did not take stays with the upstream.
        #expect(!request.answered.wait(within: .milliseconds(300)))
        #expect(try isSanitized || residentBytes(daemon.pid) < 60_000_000)
        var bytes = 0
        var seen = 0
        let answer = try slow.response { event in
            #expect(RawClient.head(of: event).contains("\"seq\":\(seen),"))
            seen += 1
            if RawClient.head(of: event).contains("\"type\":\"content\"") { bytes += event.utf8.count }
        }
        #expect(bytes > 24_000_000)
        #expect(RawClient.head(of: answer).contains("\"result\""))
    }

    /// Only root can be somebody else; without it the refusal is tested where the server's own uid can be chosen.
    @Test(.enabled(if: getuid() == 0), arguments: [false, true])
    func aStrangerIsServedOnlyWhereAccessSaysSo(isListed: Bool) throws {
        let daemon = try DaemonProcess(config: isListed ? "[access]\nusers = [\"nobody\"]" : "")
        let home = daemon.home
        for folder in [home.path, home.runtime, home.runtime + "/tandem"] { chmod(folder, 0o711) }
        chmod(daemon.socketPath, 0o666)
        let answers = home.path + "/answers"
        let stranger = try ChildProcess(
            [
                "/bin/bash", "-c",
                """
                printf '%s\\n' '\(RawClient.request("ping"))' |
                setpriv --reuid nobody --regid nogroup --clear-groups socat -t9 - UNIX-CONNECT:"$0" > "$1"
                """, daemon.socketPath, answers,
            ], environment: home.environment)
        #expect(stranger.wait() == 0)
        let text = String(decoding: try readFile(answers), as: UTF8.self)
        if isListed {
            #expect(text == "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n")
        } else {
            #expect(text.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32006,"))
            #expect(text.contains("uid 65534 may not use this daemon") && text.split(separator: "\n").count == 1)
        }
    }

    /// Back-pressure stops what is sent to a client, not what the client takes back.
    @Test func aSlowReaderCanCancel() throws {
        let piece = OpenAIMaterial.event(OpenAIMaterial.content(String(repeating: "x", count: 100_000)))
        let upstream = try ScriptedUpstream { _ in .sse([Reply.Piece](repeating: .text(piece), count: 240) + [.hang]) }
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let slow = try daemon.client()
        let before = try residentBytes(daemon.pid)
        try slow.send(RawClient.request("chat", chatParams("slow", stream: true), id: "7"))
        let request = try #require(upstream.request())
        // The outbound buffer is over its limit: nothing moves any more.
        #expect(try eventually { try residentBytes(daemon.pid) > before + (8 << 20) })
        #expect(try daemon.client().call("ping").contains("result"))
        // Held until the answers are taken, in order; the cancellation goes ahead of it.
        try slow.send(RawClient.request("ping", "{}", id: "8"))
        let start = MonotonicTime.now()
        try slow.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}"#)
        #expect(request.abandoned.wait())
        let took = try #require(request.abandonedAt) - start
        #expect(took < .milliseconds(100), "\(took)")
        let cancelled = try slow.response()
        #expect(cancelled.contains("\"id\":7") && cancelled.contains("-32800"))
        #expect(try slow.response().hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":8,\"result\""))
    }

    @Test func halfAMessageAndNothingMoreHarmsNobody() throws {
        let daemon = try DaemonProcess()
        let half = try daemon.client()
        try half.sendRaw(Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"meth".utf8))
        let header = try daemon.client(framing: .lsp)
        try header.sendRaw(Array("Content-Length: 500\r\n\r\n{".utf8))
        #expect(try daemon.client().call("ping").contains("result"))
        half.finishSending()
        header.finishSending()
        _ = try half.receive()
        #expect(try daemon.client().call("ping").contains("result"))
    }

    @Test func bytesThatAreNoFramingGetOneErrorAndTheEnd() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.client()
        try client.sendRaw(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(try errorCode(client.next()) == -32700)
        #expect(try client.receive() == nil)
    }

    private func residentBytes(_ pid: pid_t) throws -> Int {
        let status = String(decoding: try readFile("/proc/\(pid)/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: { !$0.isNumber })[0])) * 1024
    }
}
