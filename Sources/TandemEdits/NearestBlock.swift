/// How many places of one line vote for a block; commoner lines say little.
private let votesPerLine = 64
/// Lines of a block that vote, and lines shown in a message.
private let votingLines = 200
private let shownLines = 12
/// Bytes of a line that are compared and shown.
private let shownBytes = 160
/// Lines of a file that the comparison by pairs of letters looks at.
private let comparedLines = 20_000

/// The block of a file most like a text that is not in it. For messages and for asking a model, never for editing.
struct NearestBlock {
    /// From 0.
    var lines: Range<Int>

    init?(to quoted: [UInt8], in text: FileText, index: LineIndex, thorough: Bool) {
        let block = LineBlock(quoted).lines
        guard !block.isEmpty, text.lineCount > 0 else { return nil }
        var votes: [Int: Int] = [:]
        for (offset, line) in block.prefix(votingLines).enumerated() where !line.allSatisfy(isBlank) {
            for place in index.lines(like: line, limit: votesPerLine) { votes[place - offset, default: 0] += 1 }
        }
        let best = votes.max { ($0.value, -$0.key) < ($1.value, -$1.key) }
        var first: Int
        if let best {
            first = best.key
        } else if thorough, let line = Self.similar(block, text) {
            first = line
        } else {
            return nil
        }
        first = min(max(0, first), text.lineCount - 1)
        lines = first..<min(text.lineCount, first + block.count)
    }

    /// The first line of a block whose longest line is nearest by shared pairs of letters (Dice), blanks apart, at least
    /// half alike.
    private static func similar(_ block: [ArraySlice<UInt8>], _ text: FileText) -> Int? {
        guard let offset = block.indices.max(by: { block[$0].trimmingBlanks.count < block[$1].trimmingBlanks.count })
        else { return nil }
        let wanted = pairs(block[offset].trimmingBlanks)
        guard !wanted.isEmpty else { return nil }
        var best = (line: -1, score: 0.5)
        for line in 0..<min(text.lineCount, comparedLines) {
            let found = pairs(text.line(line).trimmingBlanks)
            let score = 2 * Double(wanted.intersection(found).count) / Double(wanted.count + found.count)
            if score > best.score { best = (line, score) }
        }
        return best.line < 0 ? nil : best.line - offset
    }

    private static func pairs(_ line: ArraySlice<UInt8>) -> Set<UInt16> {
        let line = line.prefix(shownBytes).filter { !isBlank($0) }
        return Set(zip(line, line.dropFirst()).map { UInt16($0) << 8 | UInt16($1) })
    }

    /// The block with line numbers and its blanks made visible: `·` a space, `→` a tab, `␍` a carriage return.
    func shown(in text: FileText) -> String {
        lines.prefix(shownLines).map { "\($0 + 1)| \(visible(text.line($0)))" }.joined(separator: "\n")
            + (lines.count > shownLines ? "\n…" : "")
    }
}

/// A line with its leading and trailing blanks, and all tabs, made visible.
func visible(_ line: ArraySlice<UInt8>) -> String {
    let leading = line.indent.count
    let body = line.trimmingTrailingBlanks.count
    var shown = ""
    var inner: [UInt8] = []
    for (index, byte) in line.prefix(shownBytes).enumerated() {
        let mark: String? =
            switch byte {
            case 0x09: "→"
            case 0x0D: "␍"
            case 0x20 where index < leading || index >= body: "·"
            default: nil
            }
        guard let mark else {
            inner.append(byte)
            continue
        }
        shown += String(decoding: inner, as: UTF8.self) + mark
        inner = []
    }
    return shown + String(decoding: inner, as: UTF8.self) + (line.count > shownBytes ? "…" : "")
}
