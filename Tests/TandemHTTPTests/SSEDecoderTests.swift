import TandemHTTP
import TandemTestSupport
import Testing

@Suite struct SSEDecoderTests {
    struct Event: Hashable, CustomStringConvertible {
        var name: String
        var data: String
        var description: String { "(\(name.debugDescription), \(data.debugDescription))" }

        init(_ data: String, name: String = "") {
            self.name = name
            self.data = data
        }
    }

    struct Sample: Sendable, CustomStringConvertible {
        var bytes: [UInt8]
        var events: [(name: String, data: String)]
        var description: String { String(decoding: bytes, as: UTF8.self).debugDescription }

        init(_ text: String, _ events: (String, String)...) {
            bytes = Array(text.utf8)
            self.events = events
        }
    }

    /// Pieces at the given places, then the end.
    private func decode(_ bytes: [UInt8], cuts: [Int]) throws -> [Event] {
        var decoder = SSEDecoder()
        var events: [Event] = []
        let take: (String, UnsafeRawBufferPointer) -> Bool = { name, data in
            events.append(Event(String(decoding: data, as: UTF8.self), name: name))
            return true
        }
        var start = 0
        for end in cuts + [bytes.count] {
            try bytes[start..<end].withUnsafeBytes { try decoder.feed($0, take) }
            start = end
        }
        decoder.finish(take)
        return events
    }

    static let samples: [Sample] = [
        Sample("data: a\n\ndata: b\n\n", ("", "a"), ("", "b")),
        Sample("data: a\r\n\r\ndata: b\r\n\r\n", ("", "a"), ("", "b")),
        Sample("data: a\r\rdata: b\r\r", ("", "a"), ("", "b")),
        Sample("data: a\r\n\rdata: b\n\r\n", ("", "a"), ("", "b")),
        Sample("data: a\r\n\ndata: b\r\r\n", ("", "a"), ("", "b")),
        Sample("\u{FEFF}data: mark\n\n", ("", "mark")),
        Sample("\u{FEFF}: only a comment\n\ndata: \u{FEFF}kept\n\n", ("", "\u{FEFF}kept")),
        Sample(": comment\ndata: x\n: another\n\n:\n\n", ("", "x")),
        Sample("event: delta\ndata: 1\n\ndata: 2\n\n", ("delta", "1"), ("", "2")),
        Sample("event: lost\n\ndata: 2\n\n", ("", "2")),
        Sample("data: first\ndata: second\ndata\ndata:\n\n", ("", "first\nsecond\n\n")),
        Sample("data\n\n", ("", "")),
        Sample("data:no blank\n\ndata:  two blanks\n\n", ("", "no blank"), ("", " two blanks")),
        Sample("id: 7\nretry: 100\ndata: x\nunknown: y\ndatas: z\ndat: z\n\n", ("", "x")),
        Sample("data: größer 🦊\n\n", ("", "größer 🦊")),
        Sample("data: the end has no blank line", ("", "the end has no blank line")),
        Sample("data: one\n\ndata: two\n", ("", "one"), ("", "two")),
        Sample("data: one\n\ndata: two\r", ("", "one"), ("", "two")),
        Sample("\n\n\r\n\rdata: late\n\n", ("", "late")),
        Sample("data: {\"a\":\"b:c\"}\n\ndata: [DONE]\n\n", ("", "{\"a\":\"b:c\"}"), ("", "[DONE]")),
        Sample(""),
        Sample("no field at all"),
    ]

    @Test(arguments: samples)
    func everySplitGivesTheSameEvents(_ sample: Sample) throws {
        let expected = sample.events.map { Event($0.data, name: $0.name) }
        let count = sample.bytes.count
        for cut in 0...count { #expect(try decode(sample.bytes, cuts: [cut]) == expected, "cut at \(cut)") }
        for first in 0...count {
            for second in first...count {
                let events = try decode(sample.bytes, cuts: [first, second])
                if events != expected { Issue.record("cut at \(first) and \(second): \(events)") }
            }
        }
        #expect(try decode(sample.bytes, cuts: Array(0..<count)) == expected, "byte by byte")
    }

    @Test func stopsWhenTheTakerHasEnough() throws {
        var decoder = SSEDecoder()
        var seen = 0
        try Array("data: 1\n\ndata: 2\n\n".utf8).withUnsafeBytes {
            try decoder.feed($0) { _, _ in
                seen += 1
                return false
            }
        }
        #expect(seen == 1)
    }

    @Test(arguments: [true, false])
    func anEventThatNeverEndsIsAFaultAndNotAMemoryLeak(inLines: Bool) throws {
        var decoder = SSEDecoder()
        let line = Array((inLines ? "data: " + String(repeating: "x", count: 65530) + "\n" : "x").utf8)
        let piece = inLines ? line : [UInt8](repeating: 0x78, count: 65536)
        var fed = 0
        #expect(throws: SSEDecoder.Fault.eventTooLarge) {
            while fed <= 2 * SSEDecoder.eventLimit {
                try piece.withUnsafeBytes { try decoder.feed($0) { _, _ in true } }
                fed += piece.count
            }
        }
        #expect(fed <= SSEDecoder.eventLimit + piece.count)
    }
}
