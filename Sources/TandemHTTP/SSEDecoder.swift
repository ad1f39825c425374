/// Server-sent events on bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html), however they are
/// split. Comments are dropped, several `data:` lines are joined by a line feed, CR, LF and CRLF end a line.
package struct SSEDecoder: Sendable {
    /// Bytes of one event; an upstream that sends more is not speaking SSE.
    package static let eventLimit = 16 << 20

    package enum Fault: Error, Hashable, Sendable {
        /// One event grew beyond `eventLimit`.
        case eventTooLarge
    }

    /// The beginning of a line whose end has not come yet.
    private var partialLine: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var event = ""
    /// The last byte was CR: an LF right behind it belongs to the same line's end.
    private var skipsLineFeed = false
    private var isFirstLine = true

    package init() {}

    /// Takes bytes and hands each complete event to `emit`: its name ("" where it has none) and its data, lent for
    /// the call. Stops early when `emit` returns false.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ emit: (_ event: String, _ data: UnsafeRawBufferPointer) -> Bool
    ) throws(Fault) {
        var start = 0
        var index = 0
        let count = bytes.count
        while index < count {
            let byte = bytes[index]
            if byte != 0x0A, byte != 0x0D {
                skipsLineFeed = false
                index += 1
                continue
            }
            if byte == 0x0A, skipsLineFeed {
                skipsLineFeed = false
                index += 1
                start = index
                continue
            }
            skipsLineFeed = byte == 0x0D
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
            index += 1
            start = index
            let goesOn: Bool
            if partialLine.isEmpty {
                goesOn = line(piece, emit)
            } else {
                partialLine.append(contentsOf: piece)
                var whole: [UInt8] = []
                swap(&whole, &partialLine)
                goesOn = whole.withUnsafeBytes { line($0, emit) }
            }
            guard goesOn else { return }
            if data.count > Self.eventLimit { throw .eventTooLarge }
        }
        if start < count { partialLine.append(contentsOf: bytes[start...]) }
        if partialLine.count + data.count > Self.eventLimit { throw .eventTooLarge }
    }

    /// The stream has ended: an event whose blank line never came is handed over all the same, because servers that
    /// close early leave their last one like that.
    package mutating func finish(_ emit: (_ event: String, _ data: UnsafeRawBufferPointer) -> Bool) {
        if !partialLine.isEmpty {
            var whole: [UInt8] = []
            swap(&whole, &partialLine)
            guard whole.withUnsafeBytes({ line($0, emit) }) else { return }
        }
        _ = dispatch(emit)
    }

    private mutating func line(
        _ bytes: UnsafeRawBufferPointer, _ emit: (String, UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var line = bytes
        if isFirstLine {
            isFirstLine = false
            // One byte order mark at the very start.
            if line.count >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF {
                line = UnsafeRawBufferPointer(rebasing: line[3...])
            }
        }
        if line.isEmpty { return dispatch(emit) }
        if line[0] == 0x3A { return true }
        let colon = line.firstIndex(of: 0x3A) ?? line.count
        var value = UnsafeRawBufferPointer(rebasing: line[min(colon + 1, line.count)...])
        if value.first == 0x20 { value = UnsafeRawBufferPointer(rebasing: value[1...]) }
        switch colon {
        case 4 where line[0] == 0x64 && line[1] == 0x61 && line[2] == 0x74 && line[3] == 0x61:
            if hasData { data.append(0x0A) }
            hasData = true
            data.append(contentsOf: value)
        case 5 where line[..<5].elementsEqual("event".utf8):
            event = String(decoding: value, as: UTF8.self)
        default: break
        }
        return true
    }

    private mutating func dispatch(_ emit: (String, UnsafeRawBufferPointer) -> Bool) -> Bool {
        guard hasData else {
            event = ""
            return true
        }
        let goesOn = data.withUnsafeBytes { emit(event, $0) }
        data.removeAll(keepingCapacity: data.capacity < 65536)
        hasData = false
        event = ""
        return goesOn
    }
}
