/// Writes compact JSON. Commas are automatic; the caller pairs begin and end and gives each member a key.
///
/// What is written is always valid UTF-8. The bytes may be taken, cleared or added to between two values (a frame's
/// header, a line's end): after a line feed no comma is set.
package struct JSONWriter {
    package var bytes: [UInt8]

    package init(reserving capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The last byte tells whether a comma is due before a value or key: a value never ends in one of these.
    @inline(__always)
    private var needsComma: Bool {
        switch bytes.last {
        case nil, 0x7B, 0x5B, 0x3A, 0x0A: false
        default: true
        }
    }

    /// Everything goes through here: one check of the capacity for all bytes of a token, its comma included. `write`
    /// gets room for `capacity` bytes and returns how many it wrote.
    @inline(__always)
    private mutating func append(atMost capacity: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        bytes.append(addingCapacity: capacity) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                if let base = buffer.baseAddress { count += write(base + count) }
            }
        }
    }

    /// A token without a comma before it.
    @inline(__always)
    private mutating func append(_ token: UnsafePointer<UInt8>, _ count: Int) {
        append(atMost: count) { output in
            output.update(from: token, count: count)
            return count
        }
    }

    /// A token, and the comma before it where one is due.
    @inline(__always)
    private mutating func value(atMost capacity: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        let comma = needsComma ? 1 : 0
        append(atMost: capacity + 1) { output in
            output[0] = 0x2C
            return comma + write(output + comma)
        }
    }

    @inline(__always)
    private mutating func value(_ token: StaticString) {
        value(atMost: token.utf8CodeUnitCount) { output in
            output.update(from: token.utf8Start, count: token.utf8CodeUnitCount)
            return token.utf8CodeUnitCount
        }
    }

    package mutating func beginObject() { value("{") }
    package mutating func endObject() { bytes.append(0x7D) }
    package mutating func beginArray() { value("[") }
    package mutating func endArray() { bytes.append(0x5D) }

    /// A name that is part of the program holds nothing that wants an escape.
    package mutating func key(_ name: StaticString) {
        member(name, atMost: 0) { _ in 0 }
    }

    /// A member's name and, with the same check of the capacity, what `write` puts behind its colon.
    @inline(__always)
    mutating func member(_ name: StaticString, atMost capacity: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        let count = name.utf8CodeUnitCount
        value(atMost: count + 3 + capacity) { output in
            output[0] = 0x22
            copy(name.utf8Start, count, to: output + 1)
            output[count + 1] = 0x22
            output[count + 2] = 0x3A
            return count + 3 + write(output + count + 3)
        }
    }

    @_disfavoredOverload
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(0x3A)
    }

    @_disfavoredOverload
    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { quote($0) }
    }

    package mutating func string(_ text: StaticString) {
        quote(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A string from UTF-8 bytes; what is not UTF-8 in them becomes U+FFFD.
    package mutating func string(utf8 text: some Sequence<UInt8>) {
        let done: Void? = text.withContiguousStorageIfAvailable { buffer in
            if isUTF8(buffer) {
                quote(buffer)
            } else {
                string(String(decoding: buffer, as: UTF8.self))
            }
        }
        if done == nil { string(utf8: Array(text)) }
    }

    package mutating func int(_ number: Int) {
        value(atMost: decimalCapacity) { writeDecimal(number, $0) }
    }

    @_disfavoredOverload
    package mutating func int(_ number: some BinaryInteger) {
        if let number = Int(exactly: number) { int(number) } else { raw(String(number).utf8) }
    }

    /// The shortest form that reads back as the same number; null for what JSON cannot say (nan, infinities).
    package mutating func double(_ number: Double) {
        guard number.isFinite else { return null() }
        raw(number.description.utf8)
    }

    package mutating func bool(_ value: Bool) { self.value(value ? "true" : "false") }
    package mutating func null() { value("null") }

    /// One valid JSON value, as it is.
    package mutating func raw(_ json: some Collection<UInt8>) {
        let copied: Void? = json.withContiguousStorageIfAvailable { json in
            value(atMost: json.count) { output in
                if let base = json.baseAddress { output.update(from: base, count: json.count) }
                return json.count
            }
        }
        if copied == nil { raw(Array(json)) }
    }

    /// A value of a document, as it is.
    package mutating func value(_ value: JSONValue) { raw(value.raw) }

    /// Text as it stands, with no comma and no check: for the fixed parts of a message.
    package mutating func verbatim(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    /// Writes valid UTF-8 with quotation marks around it: long clean runs at once, escapes where they must be.
    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        guard let base = text.baseAddress else { return value("\"\"") }
        let clean = cleanLength(base, 0, text.count)
        guard clean < text.count else { return value(atMost: text.count + 2) { writeQuoted(base, text.count, $0) } }
        value("\"")
        quote(base, text.count, from: clean)
    }

    /// A member whose value is a string: mostly it needs no escape, and goes out in one piece with its name.
    package mutating func member(_ name: StaticString, quoted text: UnsafeBufferPointer<UInt8>) {
        guard let base = text.baseAddress, cleanLength(base, 0, text.count) == text.count else {
            key(name)
            return quote(text)
        }
        member(name, atMost: text.count + 2) { writeQuoted(base, text.count, $0) }
    }

    /// The rest of a string and its closing mark; `clean` is where its first escape is.
    private mutating func quote(_ base: UnsafePointer<UInt8>, _ count: Int, from clean: Int) {
        var start = 0
        var clean = clean
        while clean < count {
            append(base + start, clean - start)
            escape(base[clean])
            start = clean + 1
            clean = cleanLength(base, start, count)
        }
        append(base + start, count - start)
        bytes.append(0x22)
    }

    /// The index of the first byte at or behind `start` that cannot stand in a string as it is, or `count`.
    @inline(__always)
    private func cleanLength(_ base: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int {
        var at = start
        while at &+ 8 <= count {
            let mask = SWAR.special(SWAR.load(base, at))
            if mask != 0 { return at &+ SWAR.first(mask) }
            at &+= 8
        }
        while at < count, base[at] >= 0x20, base[at] != 0x22, base[at] != 0x5C { at &+= 1 }
        return at
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            verbatim("u00")
            bytes.append(byte < 0x10 ? 0x30 : 0x31)
            bytes.append(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
        }
    }
}

/// The digits of the largest integer, and a sign.
let decimalCapacity = 20

/// Writes an integer's digits; returns how many bytes they are.
@inline(__always)
func writeDecimal(_ number: Int, _ output: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = number.magnitude
    var count = number < 0 ? 2 : 1
    var bound: UInt = 10
    while rest >= bound {
        count += 1
        let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
        if overflow { break }
        bound = next
    }
    var at = count
    repeat {
        at -= 1
        output[at] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
    } while rest != 0
    if number < 0 { output[0] = 0x2D }
    return count
}

/// Writes a number given in millionths as a decimal fraction; returns how many bytes it is.
@inline(__always)
func writeMillionths(_ millionths: Int, _ output: UnsafeMutablePointer<UInt8>) -> Int {
    let (whole, rest) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    var count = 0
    if millionths < 0 {
        output[0] = 0x2D
        count = 1
    }
    count += writeDecimal(Int(whole), output + count)
    output[count] = 0x2E
    var fraction = rest
    for place in stride(from: 6, to: 0, by: -1) {
        output[count + place] = 0x30 + UInt8(truncatingIfNeeded: fraction % 10)
        fraction /= 10
    }
    var places = 6
    while places > 1, output[count + places] == 0x30 { places -= 1 }
    return count + 1 + places
}

/// Writes text that needs no escape between quotation marks; returns how many bytes that is.
@inline(__always)
private func writeQuoted(_ base: UnsafePointer<UInt8>, _ count: Int, _ output: UnsafeMutablePointer<UInt8>) -> Int {
    output[0] = 0x22
    copy(base, count, to: output + 1)
    output[count + 1] = 0x22
    return count + 2
}

/// Copies without a call where there are few bytes, as in names and most values.
@inline(__always)
private func copy(_ source: UnsafePointer<UInt8>, _ count: Int, to output: UnsafeMutablePointer<UInt8>) {
    let from = UnsafeRawPointer(source)
    let to = UnsafeMutableRawPointer(output)
    switch count {
    case 8...16:
        let tail = from.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        to.storeBytes(of: from.loadUnaligned(as: UInt64.self), as: UInt64.self)
        to.storeBytes(of: tail, toByteOffset: count - 8, as: UInt64.self)
    case 4...7:
        let tail = from.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
        to.storeBytes(of: from.loadUnaligned(as: UInt32.self), as: UInt32.self)
        to.storeBytes(of: tail, toByteOffset: count - 4, as: UInt32.self)
    default: output.update(from: source, count: count)
    }
}
