/// Why bytes are not a JSON document, and where.
package struct JSONError: Error, Hashable, Sendable {
    /// The first byte that cannot stand where it stands; the number of bytes when the document ends too early.
    package var offset: Int
    package var reason: Reason

    package enum Reason: Hashable, Sendable {
        /// Nothing but blanks.
        case empty
        case unexpectedEnd
        case unexpectedByte(UInt8)
        /// Something but blanks behind the value.
        case trailingByte(UInt8)
        /// A raw control character within a string; it has to be written as an escape.
        case controlCharacter(UInt8)
        case invalidEscape
        case invalidUTF8
        /// A number that breaks the grammar: a leading zero, a plus sign, a point or an exponent without digits.
        case invalidNumber
        case byteOrderMark
        /// More arrays and objects within each other than this.
        case tooDeep(limit: Int)
        /// More bytes than this.
        case tooLarge(limit: Int)
    }

    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }
}

extension JSONError: CustomStringConvertible {
    /// For example "unexpected byte 0x7d at offset 12".
    package var description: String { "\(reason) at offset \(offset)" }
}

extension JSONError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "no JSON value"
        case .unexpectedEnd: "unexpected end"
        case .unexpectedByte(let byte): "unexpected byte \(hex(byte))"
        case .trailingByte(let byte): "unexpected byte \(hex(byte)) after the value"
        case .controlCharacter(let byte): "control character \(hex(byte)) in a string (write it as an escape)"
        case .invalidEscape: "invalid escape in a string"
        case .invalidUTF8: "invalid UTF-8"
        case .invalidNumber: "invalid number"
        case .byteOrderMark: "byte order mark"
        case .tooDeep(let limit): "more than \(limit) arrays and objects within each other"
        case .tooLarge(let limit): "more than \(limit) bytes"
        }
    }

    private func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count == 1 ? "0x0" + digits : "0x" + digits
    }
}
