extension JSONValue {
    /// The number, when it is exactly a 64-bit integer, however it is written (`12`, `1.2e1`).
    package var int: Int? {
        let entry = entry
        guard entry.tag == .number else { return nil }
        return document.bytes.withUnsafeBufferPointer { bytes in
            exactInteger(UnsafeBufferPointer(rebasing: bytes[entry.offset..<entry.offset + entry.extent]))
        }
    }

    /// The nearest double of a number; nil where that would be infinite.
    package var double: Double? {
        let entry = entry
        guard entry.tag == .number else { return nil }
        let text = String(decoding: document.bytes[entry.offset..<entry.offset + entry.extent], as: UTF8.self)
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}

private func exactInteger(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    let isNegative = text[0] == 0x2D
    var index = isNegative ? 1 : 0
    var value = 0
    // Digits with zeros held back, so that 10.00 and 1200e-2 stay exact without a big number.
    var heldZeros = 0
    var fraction = 0
    var seenPoint = false
    while index < text.count, text[index] | 0x20 != 0x65 {
        let byte = text[index]
        index += 1
        if byte == 0x2E {
            seenPoint = true
            continue
        }
        if seenPoint { fraction += 1 }
        if byte == 0x30 {
            heldZeros += 1
            continue
        }
        guard value == 0 || scale(&value, heldZeros + 1) else { return nil }
        heldZeros = 0
        let digit = Int(byte - 0x30)
        let (sum, overflow) =
            isNegative ? value.subtractingReportingOverflow(digit) : value.addingReportingOverflow(digit)
        guard !overflow else { return nil }
        value = sum
    }
    if value == 0 { return 0 }
    var exponent = 0
    if index < text.count {
        index += 1
        let isBelowOne = text[index] == 0x2D
        if text[index] == 0x2D || text[index] == 0x2B { index += 1 }
        while index < text.count {
            // Far beyond any document's digits is far enough.
            if exponent < TapeEntry.limit * 4 { exponent = exponent * 10 + Int(text[index] - 0x30) }
            index += 1
        }
        if isBelowOne { exponent = -exponent }
    }
    let shift = exponent - fraction + heldZeros
    guard shift >= 0, scale(&value, shift) else { return nil }
    return value
}

/// Multiplies by 10 that many times; false on overflow.
private func scale(_ value: inout Int, _ times: Int) -> Bool {
    guard times <= 18 else { return false }
    for _ in 0..<times {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        if overflow { return false }
        value = product
    }
    return true
}
