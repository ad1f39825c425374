import Glibc

/// The value of a hexadecimal digit.
@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
}

/// Hands the decoded text of a string's checked content (between the quotation marks) to `piece`, in pieces, until
/// that answers false. Escapes of lone surrogates become U+FFFD. Allocates nothing.
@inline(__always)
func decodeString(_ content: UnsafeBufferPointer<UInt8>, _ piece: (UnsafeRawBufferPointer) -> Bool) {
    guard let base = content.baseAddress else { return }
    let count = content.count
    var index = 0
    while index < count {
        let rest = count - index
        guard let found = memchr(base + index, 0x5C, rest) else {
            _ = piece(UnsafeRawBufferPointer(start: base + index, count: rest))
            return
        }
        let run = UnsafeRawPointer(found) - UnsafeRawPointer(base + index)
        if run > 0, !piece(UnsafeRawBufferPointer(start: base + index, count: run)) { return }
        index += run
        let (scalar, length) = unescape(base + index, count - index)
        index += length
        var buffer = utf8Bytes(of: scalar)
        let size = scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
        let goesOn = withUnsafeBytes(of: &buffer) { piece(UnsafeRawBufferPointer(rebasing: $0[..<size])) }
        if !goesOn { return }
    }
}

/// The scalar of the escape at `base` (within `count` bytes) and the number of bytes it takes.
private func unescape(_ base: UnsafePointer<UInt8>, _ count: Int) -> (scalar: UInt32, length: Int) {
    switch base[1] {
    case 0x62: return (0x08, 2)
    case 0x66: return (0x0C, 2)
    case 0x6E: return (0x0A, 2)
    case 0x72: return (0x0D, 2)
    case 0x74: return (0x09, 2)
    case 0x75:
        let unit = codeUnit(base + 2)
        if unit & 0xF800 != 0xD800 { return (unit, 6) }
        guard unit < 0xDC00, count >= 12, base[6] == 0x5C, base[7] == 0x75 else { return (0xFFFD, 6) }
        let low = codeUnit(base + 8)
        guard low & 0xFC00 == 0xDC00 else { return (0xFFFD, 6) }
        return (0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF), 12)
    default: return (UInt32(base[1]), 2)
    }
}

private func codeUnit(_ base: UnsafePointer<UInt8>) -> UInt32 {
    var unit: UInt32 = 0
    for index in 0..<4 { unit = unit << 4 | (hexDigit(base[index]) ?? 0) }
    return unit
}

private func utf8Bytes(of scalar: UInt32) -> (UInt8, UInt8, UInt8, UInt8) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(scalar >> shift & 0x3F | 0x80) }
    if scalar < 0x80 { return (UInt8(scalar), 0, 0, 0) }
    if scalar < 0x800 { return (UInt8(scalar >> 6 | 0xC0), tail(0), 0, 0) }
    if scalar < 0x10000 { return (UInt8(scalar >> 12 | 0xE0), tail(6), tail(0), 0) }
    return (UInt8(scalar >> 18 | 0xF0), tail(12), tail(6), tail(0))
}
