import Glibc
import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemTestSupport
import Testing

@testable import TandemRPC

@Suite struct BackPressureTests {
    private let flood = #"{"jsonrpc":"2.0","id":1,"method":"flood","params":{"count":2000,"size":1000}}"#

    @Test func aSlowReaderPausesItsRequestAndLosesNothing() throws {
        let server = try ScriptedServer { $0.outboundBytes = 50_000 }
        let handler = server.handler
        let client = try server.client()
        try client.send(flood)
        #expect(try onLoopEventually { handler.floods.first?.isPaused == true })
        // What the kernel and our buffer hold, and no more.
        let sent = try onLoop { handler.floods[0].sent }
        for _ in 0..<20 { try onLoop {} }
        #expect(try onLoop { handler.floods[0].sent } == sent && sent < 1000)
        // Others are served meanwhile.
        #expect(try server.client().call("echo").contains("result"))
        var next = 0
        let answer = try client.response { event in
            let seq = try json(event, "params", "seq").int
            #expect(seq == next)
            next += 1
        }
        #expect(next == 2000 && answer.contains("2000"))
    }

    @Test func requestsBehindACongestedAnswerWaitAndAreAllAnswered() throws {
        let server = try ScriptedServer { $0.outboundBytes = 20_000 }
        let client = try server.client()
        let count = 3000
        let handler = server.handler
        let writer = Gate()
        let descriptor = client.descriptor
        // The requests fill the socket too: written from another thread while this one reads late.
        pump(descriptor, count: count, writer)
        #expect(try onLoopEventually { handler.handled.count > 20 })
        for _ in 0..<20 { try onLoop {} }
        #expect(try onLoop { handler.handled.count } < count)
        for id in 0..<count { #expect(raw(try json(client.next(), "id")) == "\(id)") }
        #expect(writer.wait())
    }

    private func pump(_ descriptor: Int32, count: Int, _ done: Gate) {
        startThread {
            for id in 0..<count {
                var rest = Array((RawClient.request("big", "{\"size\":1000}", id: "\(id)") + "\n").utf8)[...]
                while !rest.isEmpty {
                    let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
                    guard sent > 0 else { return }
                    rest = rest.dropFirst(sent)
                }
            }
            done.open()
        }
    }

    @Test func aPeerThatReadsNothingIsClosedAndItsRequestCancelled() throws {
        let server = try ScriptedServer {
            $0.outboundBytes = 50_000
            $0.writeStall = .milliseconds(50)
        }
        let handler = server.handler
        let client = try server.client()
        try client.send(flood)
        #expect(try onLoopEventually { handler.cancellations == [.clientGone] })
        #expect(try server.connectionCount() == 0)
        withExtendedLifetime(client) {}
    }

    /// Whatever the peer takes begins its time anew, however long all of it takes; seen by the deadline itself, so that
    /// a slow machine changes nothing.
    @Test func aPeerThatReadsSlowlyIsNotClosed() throws {
        let (client, descriptor) = try connectedPair()
        defer { close(client) }
        let receiver = SilentReceiver()
        let connection = try onLoop {
            var limits = ConnectionLimits()
            limits.writeStall = .hours(1)
            let connection = Connection(
                descriptor: descriptor, peer: try Peer(socket: descriptor), limits: limits, receiver: receiver)
            try connection.start()
            connection.send([UInt8](repeating: 0x20, count: 4 << 20))
            return connection
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var end = MonotonicTime(nanoseconds: 0)
        for _ in 0..<3 {
            let last = end
            #expect(try onLoopEventually { connection.stall.map { $0.isPending && $0.at > last } ?? false })
            end = try #require(try onLoop { connection.stall?.at })
            #expect(recv(client, &buffer, buffer.count, Int32(MSG_WAITALL)) == buffer.count)
        }
        #expect(recv(client, &buffer, buffer.count, Int32(MSG_WAITALL)) == buffer.count)
        #expect(try onLoopEventually { connection.stall?.isPending == false })
        try onLoop { connection.close() }
        withExtendedLifetime(receiver) {}
    }

    @Test func aClientThatLeavesWhileItIsCongestedIsNoticed() throws {
        let server = try ScriptedServer { $0.outboundBytes = 50_000 }
        let handler = server.handler
        do {
            let client = try server.client()
            try client.send(flood)
            #expect(try onLoopEventually { handler.floods.first?.isPaused == true })
        }
        #expect(try onLoopEventually { handler.cancellations == [.clientGone] })
        #expect(try server.connectionCount() == 0)
    }

    @Test func aDetachedRequestGoesOnWhenItsCongestedClientLeaves() throws {
        let server = try ScriptedServer { $0.outboundBytes = 50_000 }
        let handler = server.handler
        do {
            let client = try server.client()
            try client.send(flood)
            #expect(try onLoopEventually { handler.floods.first?.isPaused == true })
            try onLoop { handler.floods[0].request.isDetached = true }
        }
        #expect(try onLoopEventually { handler.floods[0].sent == 2000 })
        #expect(try onLoop { handler.cancellations } == [])
    }

    @Test func connectionsComeAndGoWithoutLeavingDescriptors() throws {
        let server = try ScriptedServer()
        _ = try server.client().call("echo")
        for round in 0..<300 {
            let client = try server.client(framing: round % 2 == 0 ? .lines : .lsp)
            switch round % 3 {
            case 0: _ = try client.call("echo")
            case 1: try client.send(#"{"jsonrpc":"2.0","id":1,"method":"hold"}"#)
            default: break
            }
        }
        #expect(try eventually { try server.connectionCount() == 0 })
        let handler = server.handler
        #expect(try onLoop { handler.held.count } == 0)
    }

    @Test func theOutboundBufferSurvivesEveryKindOfWrite() throws {
        var buffer = OutboundBuffer()
        var expected: [UInt8] = []
        var written: [UInt8] = []
        var random = SystemRandomNumberGenerator()
        for round in 0..<2000 {
            let piece = (0..<Int.random(in: 0..<50, using: &random)).map { _ in
                UInt8.random(in: 11...255, using: &random)
            }
            if round % 2 == 0 {
                buffer.append(piece)
                expected += piece
            } else {
                buffer.append(line: piece)
                expected += piece + [10]
            }
            let flushed = buffer.flush { bytes, count in
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    errno = EAGAIN
                    return -1
                case 1:
                    errno = EINTR
                    return -1
                default:
                    let taken = Int.random(in: 1...min(count, 40), using: &random)
                    written += UnsafeRawBufferPointer(start: bytes, count: taken)
                    return taken
                }
            }
            #expect(buffer.count == expected.count - written.count)
            #expect(flushed == .empty ? buffer.count == 0 : buffer.count > 0)
        }
        #expect(expected.starts(with: written))
    }
}

/// Hears nothing of what its connection receives.
@LoopActor
private final class SilentReceiver: ConnectionReceiver {
    nonisolated init() {}

    func connection(received event: MessageFramer.Event) {}
    func connection(receivedWhileCongested event: MessageFramer.Event) -> Bool { true }
    func connectionInputEnded() {}
    func connectionDrained() {}
    func connectionClosed() {}
}
