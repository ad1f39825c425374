extension Reply {
    /// A JSON body with its length.
    package static func json(_ body: String, status: Int = 200, headers: [(String, String)] = []) -> Reply {
        Reply(status: status, headers: headers, body: [.text(body)])
    }

    /// One whole chat completion.
    package static func chat(_ content: String, reasoning: String? = nil) -> Reply {
        .json(OpenAIMaterial.completion(content, reasoning: reasoning))
    }

    /// A stream of chat chunks with usage and `[DONE]`, one piece of content each.
    package static func stream(
        _ pieces: [String], reasoning: [String] = [], finish: String = "stop", framing: Framing = .chunked
    ) -> Reply {
        let events = OpenAIMaterial.stream(pieces, reasoning: reasoning, finish: finish)
        return .sse(events.map { Piece.event($0) } + [.done], framing: framing)
    }

    /// An event stream made of these pieces; waits, hangs and resets go between them. Leave `.done` out for a stream
    /// without `[DONE]`.
    package static func sse(
        _ pieces: [Piece], status: Int = 200, headers: [(String, String)] = [], framing: Framing = .chunked
    ) -> Reply {
        Reply(status: status, headers: headers, type: "text/event-stream", framing: framing, body: pieces)
    }

    /// An event stream whose bytes are cut in two at `position`; the second part waits for the gate, if there is one.
    package static func sse(_ bytes: [UInt8], splitAt position: Int, gate: Gate? = nil) -> Reply {
        let cut = min(max(0, position), bytes.count)
        let gates = gate.map { [Piece.wait($0)] } ?? []
        return .sse([.bytes(Array(bytes[..<cut]))] + gates + [.bytes(Array(bytes[cut...]))])
    }

    /// An error as OpenAI words it.
    package static func failure(
        _ status: Int, _ message: String = "scripted failure", code: String? = nil, headers: [(String, String)] = []
    ) -> Reply {
        .json(OpenAIMaterial.error(message, code: code), status: status, headers: headers)
    }

    /// 429; `retryAfter` is a count of seconds or an HTTP date, as text.
    package static func tooManyRequests(retryAfter: String? = nil) -> Reply {
        .failure(429, "Rate limit reached", headers: retryAfter.map { [("Retry-After", $0)] } ?? [])
    }

    /// Takes the request and never answers.
    package static let hang = Reply(steps: [.hang])
    /// Takes the request and resets the connection.
    package static let reset = Reply(steps: [.reset])
    /// Takes the request and closes the connection.
    package static let empty = Reply(steps: [.close])
    /// Bytes that are no HTTP.
    package static let garbage = Reply(steps: [.send([0x00, 0xFF, 0xFE] + Array("no http here\r\n\r\n".utf8)), .close])
    /// A 200 whose body is neither JSON nor an event stream.
    package static let nonsense = Reply(type: "text/html", body: [.text("<html>welcome to the captive portal</html>")])
}
