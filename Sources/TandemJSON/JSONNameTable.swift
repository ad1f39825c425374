/// A fixed set of member names, laid out once so that looking one up is a comparison or two and allocates nothing.
package struct JSONNameTable: Sendable {
    /// By length: the first and the last eight bytes of each name, which may overlap; a shorter one is all head.
    private let heads: [UInt64]
    private let tails: [UInt64]
    /// What head and tail do not cover, for names above 16 bytes.
    private let middles: [[UInt8]]
    /// The names' places as they were given.
    private let order: [Int]
    /// The names of length n are those from `firstOfLength[n]` to before `firstOfLength[n + 1]`.
    private let firstOfLength: [Int]

    package init(_ names: [String]) {
        let sorted = names.indices.sorted { (names[$0].utf8.count, $0) < (names[$1].utf8.count, $1) }
        let texts = sorted.map { Array(names[$0].utf8) }
        var firstOfLength = [0]
        for (position, text) in texts.enumerated() {
            while firstOfLength.count <= text.count { firstOfLength.append(position) }
        }
        firstOfLength.append(sorted.count)
        self.firstOfLength = firstOfLength
        heads = texts.map { Self.word($0.span, 0, min($0.count, 8)) }
        tails = texts.map { $0.count > 8 ? Self.word($0.span, $0.count - 8, 8) : 0 }
        middles = texts.map { $0.count > 16 ? Array($0[8..<$0.count - 8]) : [] }
        order = sorted
    }

    package var count: Int { order.count }

    /// The index of the name that this string value is, or nil.
    package func index(of name: JSONValue) -> Int? { index(of: name.node, in: name.document) }

    /// The index of the member's name, or nil.
    package func index(of member: JSONMember) -> Int? { index(of: member.node, in: member.document) }

    /// The index of the name at a place on the tape, or nil.
    func index(of node: Int, in document: JSONDocument) -> Int? {
        let entry = document.tape[node]
        if entry.tag == .string {
            let bytes = document.bytes
            return find(bytes.span, from: entry.offset + 1, length: entry.extent - 2)
        }
        guard let decoded = JSONValue(document: document, node: node).utf8 else { return nil }
        return find(decoded.span, from: 0, length: decoded.count)
    }

    @inline(__always)
    private func find(_ bytes: Span<UInt8>, from offset: Int, length: Int) -> Int? {
        guard length + 1 < firstOfLength.count else { return nil }
        var position = firstOfLength[length]
        let end = firstOfLength[length + 1]
        guard position < end else { return nil }
        let head = Self.word(bytes, offset, min(length, 8))
        let tail = length > 8 ? Self.word(bytes, offset + length - 8, 8) : 0
        while position < end {
            if heads[position] == head, tails[position] == tail,
                length <= 16 || hasMiddle(middles[position], bytes, offset + 8)
            {
                return order[position]
            }
            position += 1
        }
        return nil
    }

    private func hasMiddle(_ middle: [UInt8], _ bytes: Span<UInt8>, _ offset: Int) -> Bool {
        for index in middle.indices where middle[index] != bytes[offset + index] { return false }
        return true
    }

    /// Up to eight bytes as one number.
    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        if offset + 8 <= bytes.count {
            let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
            return count == 8 ? word : word & (1 << UInt64(8 * count) - 1)
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return word
    }
}
