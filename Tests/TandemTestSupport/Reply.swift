import TandemBase

/// What the scripted upstream does with one request: steps carried out in order. The connection is kept alive after
/// the last one unless a step ended it.
package struct Reply: Sendable {
    package enum Step: Sendable {
        /// Bytes as they are, in one send.
        case send([UInt8])
        /// Bytes in pieces of `size`, each sent only when the peer's side took the one before.
        case drip([UInt8], size: Int)
        /// Goes on when the test opens the gate.
        case wait(Gate)
        /// Tells the test that the script came this far.
        case signal(Gate)
        /// Does nothing until the client closes or the server stops.
        case hang
        /// Closes with RST.
        case reset
        /// Closes with FIN.
        case close
    }

    /// How a body's end is told.
    package enum Framing: Sendable { case contentLength, chunked, untilClose }

    /// A part of a body.
    package enum Piece: Sendable {
        case text(String)
        case bytes([UInt8])
        case step(Step)

        /// An event of the stream with this JSON.
        package static func event(_ json: String) -> Piece { .text(OpenAIMaterial.event(json)) }
        package static func wait(_ gate: Gate) -> Piece { .step(.wait(gate)) }
        package static func signal(_ gate: Gate) -> Piece { .step(.signal(gate)) }
        package static let done = Piece.text(OpenAIMaterial.done)
        package static let hang = Piece.step(.hang)
        package static let reset = Piece.step(.reset)
        package static let close = Piece.step(.close)
    }

    package var steps: [Step]

    package init(steps: [Step]) { self.steps = steps }

    /// An HTTP response. With `contentLength` a `hang`, `reset` or `close` inside leaves the body short of its length.
    package init(
        status: Int = 200, headers: [(String, String)] = [], type: String = "application/json",
        framing: Framing = .contentLength, body: [Piece]
    ) {
        var head = "HTTP/1.1 \(status) Scripted\r\nContent-Type: \(type)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let length = body.reduce(0) { $0 + ($1.content?.count ?? 0) }
        switch framing {
        case .contentLength: head += "Content-Length: \(length)\r\n"
        case .chunked: head += "Transfer-Encoding: chunked\r\n"
        case .untilClose: head += "Connection: close\r\n"
        }
        var pending = Array((head + "\r\n").utf8)
        steps = []
        func flush() {
            if !pending.isEmpty { steps.append(.send(pending)) }
            pending = []
        }
        // The head travels with the first piece, every further piece alone.
        for piece in body {
            if case .step(let step) = piece {
                flush()
                steps.append(Self.framed(step, framing))
            } else if let content = piece.content, !content.isEmpty {
                pending += framing == .chunked ? Self.chunk(content) : content
                flush()
            }
        }
        if framing == .chunked { pending += Array("0\r\n\r\n".utf8) }
        flush()
        if framing == .untilClose { steps.append(.close) }
    }

    /// Stays silent until the gate opens, then goes on with this reply.
    package func after(_ gate: Gate) -> Reply { Reply(steps: [.wait(gate)] + steps) }

    /// The same bytes in pieces of `size`: heads, chunk sizes and bodies alike.
    package func dripped(size: Int = 1) -> Reply {
        Reply(steps: steps.map { if case .send(let bytes) = $0 { .drip(bytes, size: size) } else { $0 } })
    }

    private static func framed(_ step: Step, _ framing: Framing) -> Step {
        if case .drip(let bytes, let size) = step, framing == .chunked { return .drip(chunk(bytes), size: size) }
        return step
    }

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10]
    }
}

extension Reply.Piece {
    fileprivate var content: [UInt8]? {
        switch self {
        case .text(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        case .step(.drip(let bytes, _)): bytes
        case .step: nil
        }
    }
}
