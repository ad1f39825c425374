/// A universally unique, lexicographically sortable identifier (https://github.com/ulid/spec): 48 bits of
/// milliseconds, 80 bits of randomness, 26 characters of Crockford's base 32.
package struct ULID: Hashable, Sendable, CustomStringConvertible {
    /// Characters of the text form.
    package static let textLength = 26

    package var high: UInt64
    package var low: UInt64

    package init(time: WallTime, random generator: inout some RandomNumberGenerator) {
        let random: UInt64 = generator.next()
        high = UInt64(bitPattern: time.milliseconds) << 16 | (random & 0xFFFF)
        low = generator.next()
    }

    /// Reads 26 base-32 characters in either case; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.textLength, bytes[0] <= 0x37 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            let upper = byte >= 0x61 ? byte &- 0x20 : byte
            guard let value = (0..<32).first(where: { Self.digits.utf8Start[$0] == upper }) else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(value)
        }
        self.high = high
        self.low = low
    }

    package var time: WallTime { WallTime(milliseconds: Int64(high >> 16)) }

    package var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            write { index, character in buffer[index] = character }
            return Self.textLength
        }
    }

    /// The 26 characters one by one, for writers that want no String.
    @inline(__always)
    package func write(_ put: (Int, UInt8) -> Void) {
        var high = self.high
        var low = self.low
        for index in stride(from: Self.textLength - 1, through: 0, by: -1) {
            put(index, Self.digits.utf8Start[Int(low & 31)])
            low = low >> 5 | (high & 31) << 59
            high >>= 5
        }
    }

    private static let digits: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
}
