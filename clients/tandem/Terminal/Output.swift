import CLinux
import Glibc
import TandemBase

/// One of the two output descriptors. What goes to a terminal is made harmless first.
struct Output: Sendable {
    let descriptor: Int32
    let terminal: Terminal

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        terminal = Terminal(descriptor)
    }

    static var standard: Output { Output(STDOUT_FILENO) }
    static var error: Output { Output(STDERR_FILENO) }

    /// Writes text of this program's own making.
    func write(_ text: String) throws(Failure) {
        var text = text
        try check(text.withUTF8 { writeAll(descriptor, UnsafeRawBufferPointer($0)) })
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        try check(bytes.withUnsafeBytes { writeAll(descriptor, $0) })
    }

    /// An answer that is not taken is a failure; what is said beside it, on stderr, is not.
    private func check(_ code: Int32) throws(Failure) {
        guard code != 0, descriptor == STDOUT_FILENO else { return }
        if code == EPIPE { throw .brokenPipe }
        throw Failure("cannot write to stdout: \(SystemError("write", code: code).reason)")
    }

    /// Writes text that a model, a file or a daemon made up.
    func write(foreign bytes: [UInt8]) throws(Failure) {
        try write(terminal.isTerminal ? harmless(bytes) : bytes)
    }

    /// Writes text dimmed, where there is colour; wherever it is from.
    func write(dimmed text: String) throws(Failure) {
        if !terminal.hasColour { return try write(foreign: Array(text.utf8)) }
        try write(Array("\u{1B}[2m".utf8) + harmless(Array(text.utf8)) + Array("\u{1B}[0m".utf8))
    }

    /// Says something on stderr, whether or not anybody listens. On a terminal lines end between words.
    static func complain(_ text: String) {
        let error = Output.error
        try? error.write(foreign: Array(brokenLines(text, columns: error.terminal.columns).utf8))
    }
}

/// 0, or the errno of a write that failed for good.
private func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
    var rest = bytes
    while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count > 0 {
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            continue
        }
        switch cl_errno() {
        case EINTR: continue
        case EAGAIN:
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&entry, 1, -1)
        case let code: return code
        }
    }
    return 0
}

/// The same text without what could drive a terminal: control characters become their pictures (U+2400…), C1 controls
/// U+FFFD. Line feeds and tabs stay; a carriage return before a line feed or at the end goes.
func harmless(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(where: { ($0 < 0x20 && $0 != 0x0A && $0 != 0x09) || $0 == 0x7F || $0 == 0xC2 }) else {
        return bytes
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 64)
    var index = 0
    while index < bytes.count {
        let byte = bytes[index]
        let next = index + 1 < bytes.count ? bytes[index + 1] : nil
        index += 1
        switch byte {
        case 0x0A, 0x09: result.append(byte)
        case 0x0D where next == nil || next == 0x0A: break
        case 0..<0x20: result += [0xE2, 0x90, 0x80 + byte]
        case 0x7F: result += [0xE2, 0x90, 0xA1]
        case 0xC2:
            if let next, (0x80...0x9F).contains(next) {
                result += [0xEF, 0xBF, 0xBD]
                index += 1
            } else {
                result.append(byte)
            }
        default: result.append(byte)
        }
    }
    return result
}
