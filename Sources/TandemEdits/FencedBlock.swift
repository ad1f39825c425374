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
        return (scanner.feed(bytes) + scanner.finish()).compactMap {
            if case .block(let block) = $0 { block } else { nil }
        }
    }
}

/// Tells the inside of fenced blocks from the outside in a stream of bytes, however it is cut.
struct FenceScanner: Sendable {
    enum Piece: Sendable {
        /// Text outside of blocks; comes as soon as it cannot be a fence.
        case outside([UInt8])
        /// Text inside a block with this info; comes as soon as it cannot be the closing fence.
        case inside(info: String, [UInt8])
        /// A block has ended.
        case block(FencedBlock)
    }

    private struct Open {
        var marker: UInt8
        var length: Int
        var indent: Int
        var block: FencedBlock
    }

    /// The line so far, as long as it may be a fence; nil once it is known to be text.
    private var pending: [UInt8]? = []
    private var open: Open?
    private var pieces: [Piece] = []

    mutating func feed(_ bytes: some Sequence<UInt8>) -> [Piece] {
        for byte in bytes {
            if byte == 0x0A {
                endLine()
            } else if pending == nil {
                if byte != 0x0D { emit([byte]) }
            } else {
                pending?.append(byte)
                if let line = pending, !mayBeFence(line) {
                    pending = nil
                    emitLineStart(line)
                }
            }
        }
        return taken()
    }

    /// At the end of the stream: the block its last line closes, or the one still open.
    mutating func finish() -> [Piece] {
        if let line = pending, !line.isEmpty, !fence(line) { emitLineStart(line) }
        pending = []
        if let open { pieces.append(.block(open.block)) }
        open = nil
        return taken()
    }

    private mutating func taken() -> [Piece] {
        defer { pieces = [] }
        return pieces
    }

    private mutating func endLine() {
        if let line = pending {
            let trimmed = line.last == 0x0D ? Array(line.dropLast()) : line
            if fence(trimmed) {
                pending = []
                return
            }
            emitLineStart(trimmed)
        }
        emit([0x0A])
        pending = []
    }

    /// Whether the beginning of a line may still turn out to be a fence.
    private func mayBeFence(_ line: [UInt8]) -> Bool {
        let rest = line.drop { $0 == 0x20 }
        guard let marker = rest.first else { return true }
        let run = rest.prefix { $0 == marker }.count
        guard marker == 0x60 || marker == 0x7E, run >= 3 || run == rest.count else { return false }
        if let open { return marker == open.marker && rest.dropFirst(run).allSatisfy { isBlank($0) || $0 == 0x0D } }
        return marker == 0x7E || !rest.dropFirst(run).contains(0x60)
    }

    /// Takes the line for a fence if it is one.
    private mutating func fence(_ line: [UInt8]) -> Bool {
        let indent = line.prefix { $0 == 0x20 }.count
        let rest = line.dropFirst(indent)
        guard let marker = rest.first, marker == 0x60 || marker == 0x7E else { return false }
        let run = rest.prefix { $0 == marker }.count
        let info = rest.dropFirst(run)
        if var current = open {
            guard run >= current.length, marker == current.marker, info.allSatisfy(isBlank) else { return false }
            open = nil
            current.block.closed = true
            pieces.append(.block(current.block))
            return true
        }
        guard run >= 3, marker == 0x7E || !info.contains(0x60) else { return false }
        let text = String(decoding: info, as: UTF8.self).trimmingSpaces
        open = Open(
            marker: marker, length: run, indent: indent, block: FencedBlock(info: text, content: [], closed: false))
        return true
    }

    private mutating func emitLineStart(_ line: [UInt8]) {
        let indent = min(open?.indent ?? 0, line.prefix { $0 == 0x20 }.count)
        emit(Array(line.dropFirst(indent)))
    }

    private mutating func emit(_ bytes: [UInt8]) {
        guard open != nil else {
            if case .outside(let before) = pieces.last {
                pieces[pieces.count - 1] = .outside(before + bytes)
            } else {
                pieces.append(.outside(bytes))
            }
            return
        }
        open?.block.content += bytes
        let info = open?.block.info ?? ""
        pieces.append(.inside(info: info, bytes))
    }
}
