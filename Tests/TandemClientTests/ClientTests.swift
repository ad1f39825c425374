import CLinux
import Glibc
import TandemBase
import TandemClient
import TandemJSON
import TandemProtocol
import TandemTestSupport
import Testing

@Suite struct ClientTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon(_ script: @escaping ScriptedDaemon.Script) throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath, script)
    }

    private func client(watched: [(descriptor: Int32, events: Int16)] = []) throws -> Client {
        try Client.connect(SocketSearch(option: home.socketPath), startsDaemon: false, watched: watched)
    }

    private func failure(_ body: () throws(ClientError) -> Void) -> ClientError? {
        do throws(ClientError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func aRequestGetsItsEventsAndItsResult() throws {
        let daemon = try daemon { message, peer in
            peer.event("99", 0, "content", "\"text\":\"not mine\"")
            peer.event(message.id, 0, "started")
            peer.event(message.id, 1, "content", "\"text\":\"a\"")
            peer.result("99", "1")
            peer.result(message.id, "{\"content\":\"a\"}")
        }
        var types: [String] = []
        let result = try client().call("chat", params: Array("{\"stream\":true}".utf8)) {
            types.append($0["type"]?.string ?? "")
        }
        #expect(result["content"]?.string == "a")
        #expect(types == ["started", "content"])
        #expect(daemon.received == [#"{"jsonrpc":"2.0","id":1,"method":"chat","params":{"stream":true}}"#])
    }

    @Test func anErrorKeepsItsCodeAndData() throws {
        let daemon = try daemon { message, peer in
            peer.error(message.id, -32001, "rate_limited", "wait a minute", "\"scope\":\"default\",\"limit\":2")
        }
        defer { daemon.stop() }
        let client = try client()
        guard case .answered(let error)? = failure({ () throws(ClientError) in _ = try client.call("chat") }) else {
            Issue.record("no error")
            return
        }
        #expect(error.code == .rateLimited && error.message == "wait a minute" && !error.retryable)
        #expect(error.data.map(\.name) == ["scope", "limit"] && error.data[1].json == Array("2".utf8))
    }

    @Test func aRefusedPeerLearnsWhy() throws {
        let daemon = try daemon { _, peer in
            peer.error("null", -32006, "forbidden", "not for you")
            peer.close()
        }
        defer { daemon.stop() }
        let client = try client()
        guard case .answered(let error)? = failure({ () throws(ClientError) in _ = try client.call("ping") }) else {
            Issue.record("no error")
            return
        }
        #expect(error.code == .forbidden)
    }

    @Test func aLostConnectionSaysThatTheRequestMayHaveArrived() throws {
        let daemon = try daemon { _, peer in peer.close() }
        defer { daemon.stop() }
        let client = try client()
        guard
            case .connectionLost(mayHaveBeenDelivered: true)? = failure({ () throws(ClientError) in
                _ = try client.call("chat")
            })
        else {
            Issue.record("not reported as lost")
            return
        }
        #expect(daemon.received.count == 1)
    }

    @Test func aDeadlineCancels() throws {
        let daemon = try daemon { _, _ in }
        let client = try client()
        guard
            case .deadlineExceeded? = failure({ () throws(ClientError) in
                _ = try client.call("chat", within: .milliseconds(20))
            })
        else {
            Issue.record("no deadline")
            return
        }
        #expect(daemon.waitFor(#""method":"$/cancelRequest","params":{"id":1}"#))
    }

    @Test func aWatchedDescriptorInterruptsAndCancels() throws {
        let interrupt = FileDescriptor(owning: cl_eventfd())
        let raw = interrupt.raw
        let daemon = try daemon { message, _ in
            var one: UInt64 = 1
            if message.method == "chat" { _ = write(raw, &one, 8) }
        }
        let client = try client(watched: [(raw, Int16(POLLIN))])
        guard case .interrupted? = failure({ () throws(ClientError) in _ = try client.call("chat") }) else {
            Issue.record("not interrupted")
            return
        }
        #expect(daemon.waitFor("$/cancelRequest"))
    }

    @Test func noDaemonAndNoLeaveToStartOne() {
        guard
            case .noDaemon? = failure({ () throws(ClientError) in
                _ = try Client.connect(SocketSearch(option: "\(home.runtime)/none.sock"), startsDaemon: false)
            })
        else {
            Issue.record("no error")
            return
        }
    }

    @Test func whatIsNoJSONIsReported() throws {
        let daemon = try daemon { _, peer in peer.send(raw: "hello\n") }
        defer { daemon.stop() }
        let client = try client()
        guard case .malformed? = failure({ () throws(ClientError) in _ = try client.call("ping") }) else {
            Issue.record("no error")
            return
        }
    }

    @Test func messagesOfManyMegabytesGoBothWays() throws {
        let daemon = try daemon { message, peer in
            peer.result(message.id, message.params.map { String(decoding: $0.raw, as: UTF8.self) } ?? "null")
        }
        defer { daemon.stop() }
        let text = String(repeating: "x", count: 5_000_000)
        let result = try client().call("echo", params: Array("{\"text\":\"\(text)\"}".utf8))
        #expect(result["text"]?.utf8?.count == 5_000_000)
    }
}
