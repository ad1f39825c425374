/// Reads one document into a tape: strict RFC 8259, one pass, no recursion.
///
/// Where RFC 8259 leaves the choice: any number that fits the grammar is accepted, duplicate keys are (see
/// `JSONValue.duplicateKey`), and so are escapes of lone surrogates (they read as U+FFFD). A byte order mark is not.
struct JSONParser {
    private let base: UnsafePointer<UInt8>
    private let count: Int
    private let maxDepth: Int
    private var index = 0
    private(set) var tape: [TapeEntry] = []

    /// Parses at once. `bytes` must outlive the parser.
    init(_ bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int) throws(JSONError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { throw JSONError(offset: 0, reason: .empty) }
        guard bytes.count < TapeEntry.limit else {
            throw JSONError(offset: TapeEntry.limit, reason: .tooLarge(limit: TapeEntry.limit - 1))
        }
        self.base = base
        self.count = bytes.count
        self.maxDepth = maxDepth
        tape.reserveCapacity(bytes.count / 12 + 16)
        try parse()
    }

    private mutating func parse() throws(JSONError) {
        if base[0] == 0xEF, count >= 3, base[1] == 0xBB, base[2] == 0xBF { throw fail(.byteOrderMark) }
        skipBlanks()
        if index == count { throw fail(.empty) }
        var open = -1
        var depth = 0
        while true {
            guard index < count else { throw fail(.unexpectedEnd) }
            switch base[index] {
            case 0x22:
                try string()
            case 0x7B, 0x5B:
                let isObject = base[index] == 0x7B
                depth += 1
                guard depth <= maxDepth else { throw fail(.tooDeep(limit: maxDepth)) }
                let parent = open
                open = tape.count
                tape.append(TapeEntry(isObject ? .object : .array, offset: index, extent: parent + 1))
                tape.append(TapeEntry(.end, offset: 0, extent: 0))
                index += 1
                skipBlanks()
                guard index < count else { throw fail(.unexpectedEnd) }
                if base[index] != (isObject ? 0x7D : 0x5D) {
                    if isObject { try key() }
                    continue
                }
                open = close(open)
                depth -= 1
            case 0x2D, 0x30...0x39:
                try number()
            case 0x74:
                try literal("true", .bool)
            case 0x66:
                try literal("false", .bool)
            case 0x6E:
                try literal("null", .null)
            default:
                throw fail(.unexpectedByte(base[index]))
            }
            // A value has ended: close what it was the last in, up to a comma.
            while true {
                skipBlanks()
                if open < 0 {
                    guard index == count else { throw fail(.trailingByte(base[index])) }
                    return
                }
                tape[open + 1].bits &+= TapeEntry.countUnit
                guard index < count else { throw fail(.unexpectedEnd) }
                let isObject = tape[open].tag == .object
                if base[index] == 0x2C {
                    index += 1
                    skipBlanks()
                    if isObject { try key() }
                    break
                }
                guard base[index] == (isObject ? 0x7D : 0x5D) else { throw fail(.unexpectedByte(base[index])) }
                open = close(open)
                depth -= 1
            }
        }
    }

    /// Ends the container at the closing bracket under the index; returns the one around it, or -1.
    @inline(__always)
    private mutating func close(_ open: Int) -> Int {
        let entry = tape[open]
        tape[open] = TapeEntry(entry.tag, offset: entry.offset, extent: tape.count)
        tape[open + 1] = TapeEntry(.end, offset: index, extent: tape[open + 1].extent)
        index += 1
        return entry.extent - 1
    }

    /// A member's name and colon, and the blanks behind them.
    @inline(__always)
    private mutating func key() throws(JSONError) {
        guard index < count else { throw fail(.unexpectedEnd) }
        guard base[index] == 0x22 else { throw fail(.unexpectedByte(base[index])) }
        try string()
        skipBlanks()
        guard index < count else { throw fail(.unexpectedEnd) }
        guard base[index] == 0x3A else { throw fail(.unexpectedByte(base[index])) }
        index += 1
        skipBlanks()
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while index < count {
            let byte = base[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index &+= 1
        }
    }

    private mutating func string() throws(JSONError) {
        let start = index
        var at = index &+ 1
        var escaped = false
        while true {
            while at &+ 8 <= count {
                let mask = SWAR.specialOrNotASCII(SWAR.load(base, at))
                if mask != 0 {
                    at &+= SWAR.first(mask)
                    break
                }
                at &+= 8
            }
            guard at < count else { throw JSONError(offset: count, reason: .unexpectedEnd) }
            let byte = base[at]
            if byte == 0x22 {
                index = at &+ 1
                tape.append(TapeEntry(escaped ? .escapedString : .string, offset: start, extent: index &- start))
                return
            }
            if byte == 0x5C {
                escaped = true
                at = try escape(at)
            } else if byte >= 0x80 {
                repeat {
                    let length = multibyteLength(base, at, count)
                    if length == 0 { throw JSONError(offset: at, reason: .invalidUTF8) }
                    at &+= length
                } while at < count && base[at] >= 0x80
            } else if byte < 0x20 {
                throw JSONError(offset: at, reason: .controlCharacter(byte))
            } else {
                at &+= 1
            }
        }
    }

    /// Checks the escape at a backslash; returns the index behind it.
    @inline(__always)
    private func escape(_ at: Int) throws(JSONError) -> Int {
        guard at + 1 < count else { throw JSONError(offset: count, reason: .unexpectedEnd) }
        switch base[at + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
            return at + 2
        case 0x75:
            for digit in at + 2..<at + 6 {
                guard digit < count else { throw JSONError(offset: count, reason: .unexpectedEnd) }
                guard hexDigit(base[digit]) != nil else { throw JSONError(offset: digit, reason: .invalidEscape) }
            }
            return at + 6
        default:
            throw JSONError(offset: at + 1, reason: .invalidEscape)
        }
    }

    private mutating func number() throws(JSONError) {
        let start = index
        if base[index] == 0x2D { index += 1 }
        guard index < count else { throw fail(.unexpectedEnd) }
        if base[index] == 0x30 {
            index += 1
            if index < count, isDigit(base[index]) { throw fail(.invalidNumber) }
        } else {
            try digits()
        }
        if index < count, base[index] == 0x2E {
            index += 1
            try digits()
        }
        if index < count, base[index] | 0x20 == 0x65 {
            index += 1
            if index < count, base[index] == 0x2B || base[index] == 0x2D { index += 1 }
            try digits()
        }
        tape.append(TapeEntry(.number, offset: start, extent: index - start))
    }

    /// One digit or more.
    @inline(__always)
    private mutating func digits() throws(JSONError) {
        guard index < count else { throw fail(.unexpectedEnd) }
        guard isDigit(base[index]) else { throw fail(.invalidNumber) }
        repeat { index &+= 1 } while index < count && isDigit(base[index])
    }

    @inline(__always)
    private mutating func literal(_ text: StaticString, _ tag: TapeEntry.Tag) throws(JSONError) {
        let start = index
        for position in 0..<text.utf8CodeUnitCount {
            guard index < count else { throw fail(.unexpectedEnd) }
            guard base[index] == text.utf8Start[position] else { throw fail(.unexpectedByte(base[index])) }
            index += 1
        }
        tape.append(TapeEntry(tag, offset: start, extent: index - start))
    }

    @inline(__always)
    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private func fail(_ reason: JSONError.Reason) -> JSONError { JSONError(offset: index, reason: reason) }
}
