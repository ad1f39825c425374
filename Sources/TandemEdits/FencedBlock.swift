import TandemBase

/// A fenced block of Markdown (CommonMark 4.5): at least three backticks or tildes, closed by a line of at least as
/// many of the same and nothing else.
struct FencedBlock: Sendable, Hashable {
    /// What stands behind the opening fence, without blanks at its ends.
    var info: String
    /// The lines between the fences, each with its ending as LF; the opening fence's indent is taken off.
    var content: [UInt8]
    var closed: Bool

    /// The blocks of a text, in order. A block left open at the end runs to the end.
    static func all(in bytes: [UInt8]) -> [FencedBlock] {
        var scanner = FenceScanner()
        return scanner.feed(bytes) + scanner.finish()
    }
}

/// Finds fenced blocks in a stream of bytes, however it is cut.
struct FenceScanner: Sendable {
    private struct Open {
        var marker: UInt8
        var length: Int
        var indent: Int
        var block: FencedBlock
    }

    private var pending: [UInt8] = []
    private var open: Open?

    /// Text outside of blocks, with LF endings; grows while the stream goes on.
    private(set) var outside: [UInt8] = []

    /// The blocks that were closed within these bytes.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [FencedBlock] {
        var closed: [FencedBlock] = []
        for byte in bytes {
            if byte != 0x0A {
                pending.append(byte)
                continue
            }
            if pending.last == 0x0D { pending.removeLast() }
            if let block = line(terminated: true) { closed.append(block) }
            pending.removeAll(keepingCapacity: true)
        }
        return closed
    }

    /// At the end of the stream: the block its last line closes, or the one still open.
    mutating func finish() -> [FencedBlock] {
        var blocks: [FencedBlock] = []
        if !pending.isEmpty, let block = line(terminated: false) { blocks.append(block) }
        pending = []
        if let open { blocks.append(open.block) }
        open = nil
        return blocks
    }

    private mutating func line(terminated: Bool) -> FencedBlock? {
        let indent = pending.prefix { $0 == 0x20 }.count
        let rest = pending.dropFirst(indent)
        let marker = rest.first ?? 0
        let fence = marker == 0x60 || marker == 0x7E ? rest.prefix { $0 == marker }.count : 0
        if var current = open {
            if fence >= current.length, marker == current.marker, rest.dropFirst(fence).allSatisfy(isBlank) {
                open = nil
                current.block.closed = true
                return current.block
            }
            current.block.content += pending.dropFirst(min(indent, current.indent))
            if terminated { current.block.content.append(0x0A) }
            open = current
            return nil
        }
        let info = rest.dropFirst(fence)
        if fence >= 3, marker == 0x7E || !info.contains(0x60) {
            let text = String(decoding: info, as: UTF8.self).trimmingSpaces
            open = Open(
                marker: marker, length: fence, indent: indent,
                block: FencedBlock(info: text, content: [], closed: false))
        } else {
            outside += pending
            if terminated { outside.append(0x0A) }
        }
        return nil
    }
}
