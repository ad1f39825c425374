/// Writes a replacement over a block that was recognised by a looser tier than exact. Lines the replacement shares
/// with the quoted block keep the file's own bytes and endings; new lines get the block's indent shift and the ending
/// of the line before them.
struct BlockRewrite {
    /// The quoted text cut at line endings; as with a split, "a\n" is ["a", ""].
    var quoted: [ArraySlice<UInt8>]
    /// The file's bytes for each of them.
    var actual: [ArraySlice<UInt8>]
    /// The file's ending behind each of them but the last.
    var endings: [ArraySlice<UInt8>]
    var shift: IndentShift
    /// For a block without any ending.
    var fallbackEnding: [UInt8]

    /// The bytes to put in the block's place; nil when the indent difference does not fit a new line.
    func apply(_ replacement: [UInt8]) -> [UInt8]? {
        let new = splitLines(replacement)
        var source = [Int?](repeating: nil, count: new.count)
        for run in LineDiff(quoted, new).runs {
            for offset in 0..<run.count { source[run.right + offset] = run.left + offset }
        }
        var output: [UInt8] = []
        var ending = endings.first.map(Array.init) ?? fallbackEnding
        for (index, line) in new.enumerated() {
            if let kept = source[index] {
                output += actual[kept]
                if kept < endings.count { ending = Array(endings[kept]) }
            } else {
                guard let shifted = shift.apply(to: line) else { return nil }
                output += shifted
            }
            if index < new.count - 1 { output += ending.isEmpty ? fallbackEnding : ending }
        }
        return output
    }
}

/// Cut at LF and CRLF, without the endings; "a\n" is ["a", ""], and an empty text is [""].
func splitLines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    for (index, byte) in bytes.enumerated() where byte == 0x0A {
        let end = index > start && bytes[index - 1] == 0x0D ? index - 1 : index
        parts.append(bytes[start..<end])
        start = index + 1
    }
    parts.append(bytes[start...])
    return parts
}

/// The text with every line ending replaced by `ending`.
func withEndings(_ bytes: [UInt8], _ ending: [UInt8]) -> [UInt8] {
    Array(splitLines(bytes).joined(separator: ending))
}

/// A text with LF endings alone, and the way back to the offsets of the original.
struct NormalizedText: Sendable {
    let bytes: [UInt8]
    private let text: FileText
    private let starts: [Int]

    init(_ text: FileText) {
        self.text = text
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.bytes.count)
        var starts: [Int] = []
        bytes += text.bytes[0..<text.bom]
        for line in 0..<text.lineCount {
            starts.append(bytes.count)
            bytes += text.line(line)
            if !text.ending(line).isEmpty { bytes.append(0x0A) }
        }
        self.bytes = bytes
        self.starts = starts
    }

    /// Where the byte at `offset` of the normalized text stands in the original; an ending counts from its first byte.
    func original(_ offset: Int) -> Int {
        // Behind the last ending no line begins that could be counted from.
        if offset == bytes.count { return text.bytes.count }
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return offset }
        return text.start(low - 1) + offset - starts[low - 1]
    }
}
