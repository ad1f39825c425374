import Glibc

/// How messages are told apart on a byte stream (PROTOCOL.md, section 1).
package enum MessageFraming: Hashable, Sendable {
    /// One JSON message a line.
    case newline
    /// The LSP base protocol: a header block with Content-Length, then the message.
    case contentLength
}

/// The most bytes of a header block before its empty line.
private let headerBlockLimit = 8192

/// Cuts a byte stream into messages. Bytes go in with `append` as they were read, messages come out of `next` until it
/// gives nil; drained like this it holds at most one incomplete message. Each byte is looked at once, and moved once
/// unless a message shares the buffer with what follows.
package struct MessageFramer: Sendable {
    package enum Event: Hashable, Sendable {
        /// One message without its framing, not yet known to be JSON.
        case message([UInt8])
        /// A message over the limit; it is skipped and the stream goes on. Comes as soon as its id was seen, else at
        /// its end; nil where it has none.
        case tooLarge(id: RPCID?)
        /// The stream begins like neither framing. Nothing comes after this.
        case unsupportedFraming
        /// A header block without one valid Content-Length, or longer than 8 KiB. Nothing comes after this.
        case malformedHeader
    }

    private enum State {
        case sniffing
        case line
        case restOfLine
        case header(length: Int?, consumed: Int)
        case body(length: Int)
        case restOfBody(Int)
        case failed
    }

    /// The stream's framing, nil until the first byte that is not blank.
    package private(set) var framing: MessageFraming?

    private let limit: Int
    private var state = State.sniffing
    private var buffer: [UInt8] = []
    /// Where the unconsumed bytes begin, and how far they were searched for a line's end.
    private var start = 0
    private var scanned = 0
    /// Looks for the id of the oversized message that is being skipped, until that is reported.
    private var idScan: RequestIDScan?

    /// - Parameters:
    ///   - limit: the most bytes of one message, without its framing.
    ///   - framing: fixed from the start; nil to find it out from the first byte that is not blank.
    package init(limit: Int, framing: MessageFraming? = nil) {
        self.limit = limit
        self.framing = framing
        if let framing { state = Self.firstState(of: framing) }
    }

    /// Takes in bytes as they were read.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if case .failed = state { return }
        if start > 0 {
            buffer.removeSubrange(0..<start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next complete message or fault; nil when more bytes are needed.
    package mutating func next() -> Event? {
        while true {
            switch state {
            case .sniffing:
                guard let event = sniff() else { continue }
                return event.value
            case .line:
                guard let event = nextLine() else { continue }
                return event.value
            case .restOfLine:
                let end = lineEnd()
                let report = skip(to: end ?? buffer.count, isEnd: end != nil)
                if let end {
                    consume(to: end + 1)
                    state = .line
                }
                if let report { return report }
                if end == nil { return nil }
            case .header(let length, let consumed):
                guard let event = nextHeader(length, consumed) else { continue }
                return event.value
            case .body(let length):
                guard length > limit else { return nextBody(length) }
                idScan = RequestIDScan()
                state = .restOfBody(length)
            case .restOfBody(let left):
                let skipped = min(left, buffer.count - start)
                let report = skip(to: start + skipped, isEnd: skipped == left)
                state = skipped == left ? .header(length: nil, consumed: 0) : .restOfBody(left - skipped)
                if let report { return report }
                if skipped < left { return nil }
            case .failed:
                return nil
            }
        }
    }

    /// What a step ends with: an event, or a wish for more bytes. No value at all means "go on".
    private enum Step {
        case event(Event)
        case needsBytes

        var value: Event? {
            if case .event(let event) = self { event } else { nil }
        }
    }

    private static func firstState(of framing: MessageFraming) -> State {
        framing == .newline ? .line : .header(length: nil, consumed: 0)
    }

    private mutating func sniff() -> Step? {
        while start < buffer.count, isBlank(buffer[start]) { start += 1 }
        scanned = start
        guard start < buffer.count else {
            discardAll()
            return .needsBytes
        }
        switch buffer[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): framing = .newline
        case UInt8(ascii: "C"), UInt8(ascii: "c"): framing = .contentLength
        default: return .event(fail(.unsupportedFraming))
        }
        framing.map { state = Self.firstState(of: $0) }
        return nil
    }

    private mutating func nextLine() -> Step? {
        guard let newline = lineEnd() else {
            // One byte over the limit may still be the carriage return of a message just within it.
            guard buffer.count - start > limit + 1 else { return .needsBytes }
            idScan = RequestIDScan()
            scanned = start
            state = .restOfLine
            return nil
        }
        var end = newline
        if end > start, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        if end - start > limit {
            idScan = RequestIDScan()
            let report = skip(to: end, isEnd: true)
            consume(to: newline + 1)
            return report.map { .event($0) }
        }
        if buffer[start..<end].allSatisfy(isBlank) {
            consume(to: newline + 1)
            return nil
        }
        return .event(.message(take(start..<end, through: newline + 1)))
    }

    private mutating func nextHeader(_ length: Int?, _ consumed: Int) -> Step? {
        guard let newline = lineEnd() else {
            return consumed + buffer.count - start > headerBlockLimit ? .event(fail(.malformedHeader)) : .needsBytes
        }
        var end = newline
        if end > start, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let line = buffer[start..<end]
        let consumed = consumed + newline + 1 - start
        guard consumed <= headerBlockLimit else { return .event(fail(.malformedHeader)) }
        if line.isEmpty {
            guard let length else { return .event(fail(.malformedHeader)) }
            consume(to: newline + 1)
            state = .body(length: length)
            return nil
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return .event(fail(.malformedHeader)) }
        var found = length
        if isContentLength(line[..<colon]) {
            guard length == nil, let value = decimal(line[(colon + 1)...]) else {
                return .event(fail(.malformedHeader))
            }
            found = value
        }
        consume(to: newline + 1)
        state = .header(length: found, consumed: consumed)
        return nil
    }

    private mutating func nextBody(_ length: Int) -> Event? {
        guard buffer.count - start >= length else { return nil }
        state = .header(length: nil, consumed: 0)
        return .message(take(start..<start + length, through: start + length))
    }

    /// Passes over bytes of an oversized message; its event, once, when there is no more to learn about it.
    private mutating func skip(to end: Int, isEnd: Bool) -> Event? {
        idScan?.feed(buffer[start..<end])
        consume(to: end)
        guard let scan = idScan, isEnd || scan.isOver else { return nil }
        idScan = nil
        return .tooLarge(id: scan.id)
    }

    /// Takes a message out. A buffer that holds nothing else is handed over as it is, without a copy.
    private mutating func take(_ range: Range<Int>, through end: Int) -> [UInt8] {
        guard range.lowerBound == 0, end == buffer.count else {
            let message = Array(buffer[range])
            consume(to: end)
            return message
        }
        var message: [UInt8] = []
        swap(&message, &buffer)
        message.removeLast(message.count - range.upperBound)
        start = 0
        scanned = 0
        return message
    }

    private mutating func consume(to index: Int) {
        start = index
        scanned = index
        if start == buffer.count { discardAll() }
    }

    /// Lets the memory go as well: thousands of idle connections keep no buffer.
    private mutating func discardAll() {
        buffer = []
        start = 0
        scanned = 0
    }

    private mutating func fail(_ event: Event) -> Event {
        discardAll()
        state = .failed
        return event
    }

    /// The index of the next newline; what was searched in vain is not searched again.
    private mutating func lineEnd() -> Int? {
        let from = scanned
        let found = buffer.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, from < bytes.count,
                let hit = memchr(base + from, 0x0A, bytes.count - from)
            else { return nil }
            return UnsafeRawPointer(hit) - base
        }
        scanned = found ?? buffer.count
        return found
    }
}

/// One message as it goes out. In newline framing line breaks between tokens (there are none inside strings of valid
/// JSON) become spaces.
package func frame(_ body: some Collection<UInt8>, as framing: MessageFraming) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(body.count + 32)
    switch framing {
    case .newline:
        bytes.append(contentsOf: body)
        if bytes.contains(where: isLineBreak) {
            for index in bytes.indices where isLineBreak(bytes[index]) { bytes[index] = UInt8(ascii: " ") }
        }
        bytes.append(UInt8(ascii: "\n"))
    case .contentLength:
        bytes.append(contentsOf: "Content-Length: \(body.count)\r\n\r\n".utf8)
        bytes.append(contentsOf: body)
    }
    return bytes
}

private func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

private func isContentLength(_ name: ArraySlice<UInt8>) -> Bool {
    let expected: StaticString = "content-length"
    guard name.count == expected.utf8CodeUnitCount else { return false }
    return expected.withUTF8Buffer {
        zip(name, $0).allSatisfy { (0x41...0x5A).contains($0) ? $0 | 0x20 == $1 : $0 == $1 }
    }
}

/// A count of decimal digits between blanks, below 2^53; nil for anything else.
private func decimal(_ text: ArraySlice<UInt8>) -> Int? {
    var digits = text
    while let first = digits.first, isBlank(first) { digits = digits.dropFirst() }
    while let last = digits.last, isBlank(last) { digits = digits.dropLast() }
    guard (1...15).contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
        guard digit >= 0x30, digit <= 0x39 else { return nil }
        value = value * 10 + Int(digit - 0x30)
    }
    return value
}
