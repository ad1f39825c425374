import Glibc

/// One value of a document: a view that costs a reference and an index.
package struct JSONValue: Sendable {
    package let document: JSONDocument
    /// Its entry on the document's tape.
    let node: Int

    package enum Kind: Hashable, Sendable { case null, bool, number, string, array, object }

    var entry: TapeEntry { document.tape[node] }

    /// The entry behind this value and all within it.
    var next: Int { document.next(node) }

    package var kind: Kind {
        switch entry.tag {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string, .escapedString: .string
        case .array, .end: .array
        case .object: .object
        }
    }

    /// Where its bytes lie in the document's.
    package var rawRange: Range<Int> {
        let entry = entry
        switch entry.tag {
        case .array, .object: return entry.offset..<document.tape[node + 1].offset + 1
        default: return entry.offset..<entry.offset + entry.extent
        }
    }

    /// Its exact bytes, blanks inside included.
    package var raw: ArraySlice<UInt8> { document.bytes[rawRange] }

    /// The number of elements of an array or of members of an object; 0 for anything else.
    package var count: Int {
        switch entry.tag {
        case .array, .object: document.tape[node + 1].extent
        default: 0
        }
    }

    package var isNull: Bool { entry.tag == .null }

    package var bool: Bool? {
        let entry = entry
        return entry.tag == .bool ? document.bytes[entry.offset] == 0x74 : nil
    }

    /// The text of a string.
    package var string: String? {
        switch entry.tag {
        case .string: withContent { String(decoding: $0, as: UTF8.self) }
        case .escapedString: utf8.map { String(decoding: $0, as: UTF8.self) }
        default: nil
        }
    }

    /// The text of a string, in UTF-8.
    package var utf8: [UInt8]? {
        switch entry.tag {
        case .string:
            return withContent { Array($0) }
        case .escapedString:
            return withContent { content in
                var decoded: [UInt8] = []
                decoded.reserveCapacity(content.count)
                decodeString(content) { piece in
                    decoded.append(contentsOf: piece)
                    return true
                }
                return decoded
            }
        default:
            return nil
        }
    }

    /// Whether it is this string. Allocates nothing.
    package func isString(_ text: StaticString) -> Bool {
        isString(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether it is this string. Allocates nothing (for native strings).
    package func isString(_ text: String) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { isString(UnsafeRawBufferPointer($0)) }
            ?? (utf8.map { $0.elementsEqual(text.utf8) } ?? false)
    }

    /// Whether it is the string of these UTF-8 bytes. Allocates nothing.
    package func isString(_ text: UnsafeRawBufferPointer) -> Bool {
        switch entry.tag {
        case .string:
            return withContent { $0.count == text.count && equalBytes(UnsafeRawBufferPointer($0), text) }
        case .escapedString:
            var matched = 0
            var differs = false
            withContent { content in
                decodeString(content) { piece in
                    let end = matched + piece.count
                    differs = end > text.count || !equalBytes(piece, .init(rebasing: text[matched..<end]))
                    matched = end
                    return !differs
                }
            }
            return !differs && matched == text.count
        default:
            return false
        }
    }

    /// Lends what stands between a string's quotation marks, escapes as they are; nothing for other values.
    package func withContent<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let entry = entry
        return document.bytes.withUnsafeBufferPointer { bytes in
            guard entry.tag == .string || entry.tag == .escapedString else {
                return body(.init(rebasing: bytes[0..<0]))
            }
            return body(.init(rebasing: bytes[entry.offset + 1..<entry.offset + entry.extent - 1]))
        }
    }

    /// Whether a string is written without escapes, so that `withContent` lends its text itself.
    package var isPlainString: Bool { entry.tag == .string }
}

@inline(__always)
func equalBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return memcmp(first, second, left.count) == 0
}
