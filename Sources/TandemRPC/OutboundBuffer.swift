import Glibc

/// Bytes that wait for the socket. Appending never blocks; `flush` writes what the kernel takes.
struct OutboundBuffer {
    /// Storage above this is given back once the buffer is empty, so that idle connections stay small.
    static let keptCapacity = 4096

    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ piece: some Collection<UInt8>) { bytes.append(contentsOf: piece) }

    /// Adds a message as one line. Values that are passed through as they came may hold line breaks between their
    /// tokens (never inside strings); blanks say the same.
    mutating func append(line message: borrowing [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: copy message)
        bytes.withUnsafeMutableBytes { bytes in
            let line = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
            guard let base = line.baseAddress, memchr(base, 0x0A, line.count) != nil else { return }
            for index in line.indices where line[index] == 0x0A { line[index] = 0x20 }
        }
        bytes.append(0x0A)
    }

    enum Flush: Equatable {
        /// All is written.
        case empty
        /// The kernel takes no more for now; so many bytes went out in this call.
        case blocked(written: Int)
        /// The peer is gone.
        case broken(Int32)
    }

    /// Writes until the buffer is empty or the kernel is full. `write` is write(2) but for tests.
    mutating func flush(_ write: (UnsafeRawPointer, Int) -> Int) -> Flush {
        var written = 0
        while start < bytes.count {
            let result = bytes.withUnsafeBytes { write($0.baseAddress! + start, $0.count - start) }
            if result > 0 {
                start += result
                written += result
            } else if result < 0, errno == EINTR {
                continue
            } else if result < 0, errno == EAGAIN {
                // Moving the rest to the front only now and then keeps this linear.
                if start > bytes.count / 2 {
                    bytes.removeSubrange(0..<start)
                    start = 0
                }
                return .blocked(written: written)
            } else {
                return .broken(errno)
            }
        }
        start = 0
        if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        return .empty
    }
}
