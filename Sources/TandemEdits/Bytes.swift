import Glibc

extension [UInt8] {
    /// Whether there is a NUL byte, the mark of what is no text.
    var holdsNUL: Bool { withUnsafeBytes { $0.count > 0 && memchr($0.baseAddress!, 0, $0.count) != nil } }

    /// Whether these bytes stand at that offset.
    func holds(_ piece: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard offset + piece.count <= count else { return false }
        return withUnsafeBytes { areEqual(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + piece.count]), piece) }
    }

    /// Makes room for more bytes, and for at least half as many again as there are: called often it stays linear.
    mutating func reserve(more count: Int) {
        if capacity - self.count < count { reserveCapacity(self.count + Swift.max(count, self.count / 2)) }
    }
}

/// Whether two texts are the same, compared as memory: `==` of arrays goes byte by byte.
func areEqual(_ left: [UInt8]?, _ right: [UInt8]?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.withUnsafeBytes { left in right.withUnsafeBytes { areEqual(left, $0) } }
}

func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && (left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
}
