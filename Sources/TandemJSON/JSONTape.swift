/// The parsed form of a document: one 64-bit entry a node, in document order, pointing into the bytes.
///
/// An entry holds, from the low end, 30 bits of byte offset, 4 bits of tag and 30 bits of extent:
///   - scalars: the extent is the number of bytes, quotation marks included;
///   - arrays and objects: the extent is the index of the entry behind the last one inside. A second entry follows
///     at once: the offset of the closing bracket, and as extent the number of elements or members. The elements come
///     next, or the members as a string and a value each.
/// While a container is open its extent is the index of the one around it plus one (0: none), so no stack is needed.
struct TapeEntry: Sendable {
    var bits: UInt64

    /// In memory a tag is its raw value: reading one back needs no search.
    enum Tag: UInt8, Sendable { case null, bool, number, string, escapedString, array, object, end }

    /// Documents are smaller than this, in bytes; there is never more than one entry a byte.
    static let limit = 1 << 30
    private static let mask: UInt64 = 1 << 30 - 1
    /// What to add to count one element more.
    static let countUnit: UInt64 = 1 << 34

    @inline(__always)
    init(_ tag: Tag, offset: Int, extent: Int) {
        bits =
            UInt64(truncatingIfNeeded: offset) | UInt64(tag.rawValue) << 30 | UInt64(truncatingIfNeeded: extent) << 34
    }

    @inline(__always)
    var offset: Int { Int(truncatingIfNeeded: bits & Self.mask) }

    @inline(__always)
    var extent: Int { Int(truncatingIfNeeded: bits >> 34) }

    @inline(__always)
    var tag: Tag { unsafeBitCast(UInt8(truncatingIfNeeded: bits >> 30) & 15, to: Tag.self) }
}

typealias Tape = UnsafeBufferPointer<TapeEntry>

extension UnsafeBufferPointer<TapeEntry> {
    /// The index of the entry behind the node at `index` and all within it.
    @inline(__always)
    func next(_ index: Int) -> Int {
        let entry = self[index]
        return entry.tag == .array || entry.tag == .object ? entry.extent : index &+ 1
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// What stands between the quotation marks of a string.
    @inline(__always)
    subscript(content entry: TapeEntry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(self)[entry.offset + 1..<entry.offset + entry.extent - 1])
    }
}
