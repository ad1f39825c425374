/// The length (2 to 4) of the well-formed UTF-8 sequence of a byte that is not ASCII, or 0.
/// Source: The Unicode Standard, table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
@inline(__always)
func multibyteLength(_ base: UnsafePointer<UInt8>, _ index: Int, _ count: Int) -> Int {
    let lead = base[index]
    if lead < 0xC2 { return 0 }
    guard index &+ 1 < count else { return 0 }
    let second = base[index &+ 1]
    if lead < 0xE0 { return second & 0xC0 == 0x80 ? 2 : 0 }
    guard index &+ 2 < count, base[index &+ 2] & 0xC0 == 0x80 else { return 0 }
    if lead < 0xF0 {
        let low: UInt8 = lead == 0xE0 ? 0xA0 : 0x80
        let high: UInt8 = lead == 0xED ? 0x9F : 0xBF
        return second >= low && second <= high ? 3 : 0
    }
    guard lead < 0xF5, index &+ 3 < count, base[index &+ 3] & 0xC0 == 0x80 else { return 0 }
    let low: UInt8 = lead == 0xF0 ? 0x90 : 0x80
    let high: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
    return second >= low && second <= high ? 4 : 0
}

/// Whether every byte belongs to well-formed UTF-8.
package func isUTF8(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBufferPointer { isUTF8($0) } }

/// Whether every byte belongs to well-formed UTF-8.
func isUTF8(_ buffer: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = buffer.baseAddress else { return true }
    let count = buffer.count
    var index = 0
    while index < count {
        if index &+ 8 <= count, SWAR.load(base, index) & 0x8080_8080_8080_8080 == 0 {
            index &+= 8
        } else if base[index] < 0x80 {
            index &+= 1
        } else {
            let length = multibyteLength(base, index, count)
            if length == 0 { return false }
            index &+= length
        }
    }
    return true
}
