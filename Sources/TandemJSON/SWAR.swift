// Eight bytes a step, within one 64-bit word. Source: Sean Eron Anderson, "Bit Twiddling Hacks" (haszero, hasless).
// Borrows only run upwards from a byte that matched, so the lowest set bit always belongs to the first match.

private let ones: UInt64 = 0x0101_0101_0101_0101
private let highBits: UInt64 = 0x8080_8080_8080_8080

enum SWAR {
    /// The high bit of each byte that is a quotation mark, a backslash or a control character, that is of each that
    /// cannot stand in a JSON string as it is. Exact up to the lowest set bit.
    @inline(__always)
    static func special(_ word: UInt64) -> UInt64 {
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let hits =
            ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
        return hits & highBits
    }

    /// The same, and each byte that is not ASCII.
    @inline(__always)
    static func specialOrNotASCII(_ word: UInt64) -> UInt64 { special(word) | (word & highBits) }

    /// The index of the first byte marked in a mask that is not zero.
    @inline(__always)
    static func first(_ mask: UInt64) -> Int { mask.trailingZeroBitCount >> 3 }

    @inline(__always)
    static func load(_ base: UnsafePointer<UInt8>, _ index: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
    }
}
