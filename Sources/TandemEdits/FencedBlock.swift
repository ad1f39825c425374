import TandemBase

/// Bytes of a line that may be a fence; a longer one is text.
private let fenceLineLimit = 1000

/// A fenced block of Markdown (CommonMark 4.5): at least three backticks or tildes, closed by a line of at least as
/// many of the same and nothing else.
struct FencedBlock: Sendable, Hashable {
    /// What stands behind the opening fence, without blanks at its ends.
    var info: String
    /// The lines between the fences, each with its ending as LF; the opening fence's indent is taken off.
    var content: [UInt8] = []
    var closed = false
    /// A line within could open a block by itself, and the fence that closed this one may have been meant for that.
    var mayEndEarly = false

    /// The blocks of a model's answer, in order, without those of a thinking trace before it. One left open at the end
    /// runs to the end.
    static func all(inAnswer answer: String) -> [FencedBlock] {
        var blocks: [FencedBlock] = []
        var think = ThinkFilter()
        var scanner = FenceScanner()
        func take(_ pieces: [FenceScanner.Piece]) {
            for case .block(let block) in pieces { blocks.append(block) }
        }
        for part in think.feed(Array(answer.utf8)) {
            switch part {
            case .text(let bytes): take(scanner.feed(bytes))
            case .closingTag(let tag) where scanner.isOpen: take(scanner.feed(tag))
            case .closingTag: (blocks, scanner) = ([], FenceScanner())
            }
        }
        take(scanner.feed(think.finish()) + scanner.finish())
        return blocks
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
    /// Text on this side of the last fence that is still to be handed on.
    private var text: [UInt8] = []
    private var pieces: [Piece] = []

    /// Within a block.
    var isOpen: Bool { open != nil }

    mutating func feed(_ bytes: [UInt8]) -> [Piece] {
        for byte in bytes {
            if byte == 0x0A {
                endLine()
            } else if pending == nil {
                if byte != 0x0D { text.append(byte) }
            } else {
                pending?.append(byte)
                if let line = pending, !mayBeFence(line) {
                    pending = nil
                    beginText(line)
                }
            }
        }
        return taken()
    }

    /// At the end of the stream: the block its last line closes, or the one still open.
    mutating func finish() -> [Piece] {
        if let line = pending, !line.isEmpty, !fence(line) { beginText(line) }
        pending = []
        flush()
        if let open { pieces.append(.block(open.block)) }
        open = nil
        return taken()
    }

    private mutating func taken() -> [Piece] {
        flush()
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
            beginText(trimmed)
        }
        text.append(0x0A)
        pending = []
    }

    /// Whether the beginning of a line may still turn out to be a fence.
    private func mayBeFence(_ line: [UInt8]) -> Bool {
        guard line.count <= fenceLineLimit else { return false }
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
        if let current = open {
            guard run >= current.length, marker == current.marker, info.allSatisfy(isBlank) else { return false }
            flush()
            if var block = open?.block {
                block.closed = true
                pieces.append(.block(block))
            }
            open = nil
            return true
        }
        guard run >= 3, marker == 0x7E || !info.contains(0x60) else { return false }
        flush()
        let text = String(decoding: info, as: UTF8.self).trimmingSpaces
        open = Open(marker: marker, length: run, indent: indent, block: FencedBlock(info: text))
        return true
    }

    /// The beginning of a line, or the whole of it, that is no fence of ours.
    private mutating func beginText(_ line: [UInt8]) {
        let indent = line.prefix { $0 == 0x20 }.count
        text += line.dropFirst(min(open?.indent ?? 0, indent))
        guard let current = open else { return }
        let run = line.dropFirst(indent).prefix { $0 == current.marker }.count
        if run >= current.length { open?.block.mayEndEarly = true }
    }

    private mutating func flush() {
        guard !text.isEmpty else { return }
        if open != nil {
            open?.block.content += text
            pieces.append(.inside(info: open?.block.info ?? "", text))
        } else {
            pieces.append(.outside(text))
        }
        text = []
    }
}
