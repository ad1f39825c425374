/// The bytes at the end that begin a UTF-8 scalar but do not end it, 0...3: what a stream that is cut anywhere must hold
/// back to hand on whole scalars.
package func incompleteScalarBytes(atEndOf bytes: some BidirectionalCollection<UInt8>) -> Int {
    var count = 0
    for byte in bytes.reversed().prefix(4) {
        count += 1
        if byte & 0xc0 == 0x80 { continue }
        let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
        return count < length ? count : 0
    }
    return 0
}
