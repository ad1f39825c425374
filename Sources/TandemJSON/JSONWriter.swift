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

    /// The comma before a value or key, where one is due. The last byte tells: a value never ends in one of these.
    @inline(__always)
    private mutating func separate() {
        switch bytes.last {
        case nil, 0x7B, 0x5B, 0x3A, 0x0A: break
        default: bytes.append(0x2C)
        }
    }

    package mutating func beginObject() {
        separate()
        bytes.append(0x7B)
    }

    package mutating func endObject() { bytes.append(0x7D) }

    package mutating func beginArray() {
        separate()
        bytes.append(0x5B)
    }

    package mutating func endArray() { bytes.append(0x5D) }

    package mutating func key(_ name: StaticString) {
        string(name)
        bytes.append(0x3A)
    }

    @_disfavoredOverload
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(0x3A)
    }

    @_disfavoredOverload
    package mutating func string(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { quote($0) }
    }

    package mutating func string(_ text: StaticString) {
        separate()
        quote(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A string from UTF-8 bytes; what is not UTF-8 in them becomes U+FFFD.
    package mutating func string(utf8 text: some Sequence<UInt8>) {
        let done: Void? = text.withContiguousStorageIfAvailable { buffer in
            if isUTF8(buffer) {
                separate()
                quote(buffer)
            } else {
                string(String(decoding: buffer, as: UTF8.self))
            }
        }
        if done == nil { string(utf8: Array(text)) }
    }

    package mutating func int(_ number: some BinaryInteger) {
        separate()
        guard let value = Int(exactly: number), value != .min else {
            bytes.append(contentsOf: String(number).utf8)
            return
        }
        if value < 0 { bytes.append(0x2D) }
        var rest = value.magnitude
        let first = bytes.count
        repeat {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        if bytes.count - first > 1 { bytes[first...].reverse() }
    }

    /// The shortest form that reads back as the same number; null for what JSON cannot say (nan, infinities).
    package mutating func double(_ number: Double) {
        guard number.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: number.description.utf8)
    }

    package mutating func bool(_ value: Bool) {
        separate()
        verbatim(value ? "true" : "false")
    }

    package mutating func null() {
        separate()
        verbatim("null")
    }

    /// One valid JSON value, as it is.
    package mutating func raw(_ json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// A value of a document, as it is.
    package mutating func value(_ value: JSONValue) { raw(value.raw) }

    /// Text as it stands, with no comma and no check: for the fixed parts of a message.
    package mutating func verbatim(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes valid UTF-8 with quotation marks around it: long clean runs at once, escapes where they must be.
    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(0x22)
        defer { bytes.append(0x22) }
        guard let base = text.baseAddress else { return }
        let count = text.count
        var start = 0
        var at = 0
        while true {
            while at &+ 8 <= count {
                let mask = SWAR.special(SWAR.load(base, at))
                if mask != 0 {
                    at &+= SWAR.first(mask)
                    break
                }
                at &+= 8
            }
            guard at < count else { break }
            let byte = base[at]
            if byte >= 0x20, byte != 0x22, byte != 0x5C {
                at &+= 1
                continue
            }
            bytes.append(contentsOf: UnsafeBufferPointer(start: base + start, count: at - start))
            escape(byte)
            at &+= 1
            start = at
        }
        bytes.append(contentsOf: UnsafeBufferPointer(start: base + start, count: count - start))
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
