import TandemProtocol
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func feed(_ framer: inout MessageFramer, _ chunk: some Sequence<UInt8>) -> [MessageFramer.Event] {
    Array(chunk).withUnsafeBytes { framer.append($0) }
    var events: [MessageFramer.Event] = []
    while let event = framer.next() { events.append(event) }
    return events
}

/// All events of a stream that arrives in chunks of `size` bytes.
private func events(_ stream: [UInt8], limit: Int = 1000, chunk size: Int) -> [MessageFramer.Event] {
    var framer = MessageFramer(limit: limit)
    return stride(from: 0, to: stream.count, by: size).flatMap {
        feed(&framer, stream[$0..<min(stream.count, $0 + size)])
    }
}

/// The same events whatever the chunks: every chunk size, and every split in two.
private func expectEvents(
    _ stream: String, limit: Int = 1000, _ expected: [MessageFramer.Event],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let stream = bytes(stream)
    for size in 1...max(1, stream.count) {
        let found = events(stream, limit: limit, chunk: size)
        #expect(found == expected, "chunks of \(size)", sourceLocation: sourceLocation)
    }
    for split in 0...stream.count {
        var framer = MessageFramer(limit: limit)
        let found = feed(&framer, stream[..<split]) + feed(&framer, stream[split...])
        #expect(found == expected, "split at \(split)", sourceLocation: sourceLocation)
    }
}

private func message(_ text: String) -> MessageFramer.Event { .message(bytes(text)) }

private let seven = RPCID(7)

@Suite struct NewlineFraming {
    @Test func messagesEndAtTheLine() {
        expectEvents("{\"a\":1}\n[2]\r\n{}\n", [message("{\"a\":1}"), message("[2]"), message("{}")])
    }

    @Test func blankLinesAndLeadingBlanksAreSkipped() {
        expectEvents(" \r\n\t\n{}\n\n \t\r\n\r\n[]\n", [message("{}"), message("[]")])
    }

    @Test func anUnfinishedLineIsNoMessage() {
        expectEvents("{}\n{\"a\"", [message("{}")])
    }

    @Test func laterLinesMayHoldAnything() {
        expectEvents(
            "{}\nContent-Length: 2\nnonsense\n", [message("{}"), message("Content-Length: 2"), message("nonsense")])
    }

    @Test func exactlyTheLimitPasses() {
        let line = "{" + String(repeating: "x", count: 8) + "}"
        expectEvents("\(line)\n\(line)\r\n{}\n", limit: 10, [message(line), message(line), message("{}")])
    }

    @Test func oneMoreThanTheLimitDoesNot() {
        let stream = bytes("{123456789}\r\n{}\n")
        for size in 1...stream.count {
            let found = events(stream, limit: 10, chunk: size)
            #expect(found == [.tooLarge(id: nil), message("{}")], "in chunks of \(size)")
        }
    }

    @Test func theIDOfAnOversizedMessageIsFoundWhereverItStands() {
        let filling = "\"x\":\"" + String(repeating: "y", count: 100_000) + "\""
        for object in ["{\"id\":7,\(filling)}", "{\(filling),\"id\":7}"] {
            for size in [1, 1000, 4096, 20_001, object.utf8.count, object.utf8.count + 4] {
                let found = events(bytes(object + "\n{}\n"), limit: 20_000, chunk: size)
                #expect(found == [.tooLarge(id: seven), message("{}")])
            }
        }
    }

    /// The client may wait for the answer before it sends the rest.
    @Test func anOversizedMessageIsReportedAsSoonAsItsIDIsKnown() {
        let start = bytes("{\"id\":7,\"x\":\"" + String(repeating: "y", count: 20))
        #expect(events(start, limit: 10, chunk: 1) == [.tooLarge(id: seven)])
    }
}

@Suite struct ContentLengthFraming {
    @Test func messagesOfTheGivenLength() {
        expectEvents(
            "Content-Length: 7\r\n\r\n{\"a\":1}Content-Length: 3\r\n\r\n[\n]", [message("{\"a\":1}"), message("[\n]")])
    }

    @Test func headerNamesInAnyCaseAndUnknownOnesIgnored() {
        expectEvents(
            "\r\n content-LENGTH:2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}"
                + "Content-Type: a:b\nCONTENT-length:   2  \n\n[]",
            [message("{}"), message("[]")])
    }

    @Test func anEmptyBodyIsAnEmptyMessage() {
        expectEvents("Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}", [.message([]), message("{}")])
    }

    @Test(arguments: [
        "C\r\n\r\n{}", "Content-Type: x\r\n\r\n{}", "Content-Length:\r\n\r\n{}", "Content-Length: -2\r\n\r\n{}",
        "Content-Length: +2\r\n\r\n{}", "Content-Length: 2x\r\n\r\n{}", "Content-Length: 9999999999999999\r\n\r\n{}",
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "Content\u{D}Length: 2\r\n\r\n{}",
    ])
    func aBadHeaderIsTheEnd(_ stream: String) {
        expectEvents(stream + "Content-Length: 2\r\n\r\n{}", [.malformedHeader])
    }

    @Test func theHeaderBlockIsBounded() {
        let endless = bytes("C" + String(repeating: "x", count: 9000))
        for size in [1, 100, 8192, 9001] { #expect(events(endless, chunk: size) == [.malformedHeader]) }
        let many = bytes(String(repeating: "Cookie: x\r\n", count: 800) + "Content-Length: 2\r\n\r\n{}")
        for size in [1, 100, 8192, many.count] { #expect(events(many, chunk: size) == [.malformedHeader]) }
        let enough = bytes(String(repeating: "Cookie: x\r\n", count: 700) + "Content-Length: 2\r\n\r\n{}")
        #expect(events(enough, chunk: 7) == [message("{}")])
    }

    @Test func oversizedMessagesAreSkipped() {
        expectEvents(
            "Content-Length: 11\r\n\r\n{123456789}Content-Length: 2\r\n\r\n{}", limit: 10,
            [.tooLarge(id: nil), message("{}")])
        let body = bytes("{\"id\":7,\"x\":\"" + String(repeating: "y", count: 100_000) + "\"}")
        let stream = bytes("Content-Length: \(body.count)\r\n\r\n") + body + bytes("Content-Length: 2\r\n\r\n{}")
        for size in [1000, 4096, 20_001, stream.count] {
            let found = events(stream, limit: 20_000, chunk: size)
            #expect(found == [.tooLarge(id: seven), message("{}")])
        }
    }
}

@Suite struct Framing {
    @Test(arguments: ["\"x\"\n", "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "null\n", "\u{FEFF}{}\n"])
    func anythingElseIsRefusedOnce(_ stream: String) {
        expectEvents("\n " + stream + "{}\n", [.unsupportedFraming])
    }

    @Test func theFramingIsKnownFromTheFirstByte() {
        var framer = MessageFramer(limit: 10)
        #expect(feed(&framer, bytes(" \n")).isEmpty && framer.framing == nil)
        #expect(feed(&framer, bytes("[")).isEmpty && framer.framing == .newline)
        var other = MessageFramer(limit: 10)
        #expect(feed(&other, bytes("c")).isEmpty && other.framing == .contentLength)
        var fixed = MessageFramer(limit: 10, framing: .newline)
        #expect(feed(&fixed, bytes("x\n")) == [message("x")])
    }

    @Test(arguments: [MessageFraming.newline, .contentLength])
    func whatIsFramedIsReadBack(_ framing: MessageFraming) {
        let bodies = ["{}", "[1,\r\n 2]", "{\"text\":\"a\\nb\"}"]
        let stream = bodies.flatMap { frame(bytes($0), as: framing) }
        let second = framing == .newline ? "[1,   2]" : bodies[1]
        #expect(events(stream, chunk: 3) == [message(bodies[0]), message(second), message(bodies[2])])
    }

    @Test func theHeaderIsWrittenAsEveryClientReadsIt() {
        #expect(frame(bytes("{}"), as: .contentLength) == bytes("Content-Length: 2\r\n\r\n{}"))
    }

    /// A message of 10 MB in small reads: looking at its bytes again at every read would take minutes.
    @Test(.timeLimit(.minutes(1)), arguments: [MessageFraming.newline, .contentLength])
    func aLargeMessageCostsLinearTime(_ framing: MessageFraming) {
        let body = bytes("{\"x\":\"") + [UInt8](repeating: UInt8(ascii: "y"), count: 10_000_000) + bytes("\"}")
        let stream = frame(body, as: framing) + frame(bytes("{}"), as: framing)
        let found = events(stream, limit: 32 << 20, chunk: 1024)
        #expect(found == [.message(body), message("{}")])
    }
}
