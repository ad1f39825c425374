/// Lines that are compared at the places of a block's rarest line without a thought.
private let fewComparisons = 1000

/// Finds whole lines and blocks of lines by their content without the blanks at both ends, in time that grows with the
/// number of places the rarest line of the block stands at.
struct LineIndex: Sendable {
    private let text: FileText
    /// By hash of the content: the last such line and how many there are; `earlier` chains to the one before.
    private var last: [Int: (line: Int, count: Int)]
    private var earlier: [Int]

    init(_ text: FileText) {
        self.text = text
        last = Dictionary(minimumCapacity: text.lineCount)
        earlier = [Int](repeating: -1, count: text.lineCount)
        for line in 0..<text.lineCount {
            let hash = Self.hash(text.line(line))
            let before = last[hash]
            if let before { earlier[line] = before.line }
            last[hash] = (line, (before?.count ?? 0) + 1)
        }
    }

    /// Where a block stands, by the first line (from 0) of each place, ascending.
    struct Places {
        var exact: [Int] = []
        var trailingSpace: [Int] = []
        var indent: [(line: Int, shift: IndentShift)] = []
    }

    /// Every place of the block in every tier, or in the strictest ones it is found in; each place is listed in its
    /// strictest tier alone. A block without any visible character is found nowhere.
    func places(of block: [ArraySlice<UInt8>]) -> Places {
        var places = Places()
        guard let anchor = rarestLine(block) else { return places }
        let count = last[Self.hash(block[anchor])]?.count ?? 0
        if count * block.count > max(text.lineCount, fewComparisons) {
            return LineOccurrences(of: block, in: text).places()
        }
        var line = last[Self.hash(block[anchor])]?.line ?? -1
        while line >= 0 {
            if line >= anchor { classify(block, at: line - anchor, &places) }
            line = earlier[line]
        }
        places.exact.reverse()
        places.trailingSpace.reverse()
        places.indent.reverse()
        return places
    }

    /// Lines (from 0) whose content without blanks at both ends hashes like this one's, the last `limit` of them.
    func lines(like content: ArraySlice<UInt8>, limit: Int) -> [Int] {
        var found: [Int] = []
        var line = last[Self.hash(content)]?.line ?? -1
        while line >= 0, found.count < limit {
            found.append(line)
            line = earlier[line]
        }
        return found
    }

    private func rarestLine(_ block: [ArraySlice<UInt8>]) -> Int? {
        var best: (index: Int, count: Int)?
        for (index, line) in block.enumerated() where !line.allSatisfy(isBlank) {
            let count = last[Self.hash(line)]?.count ?? 0
            if best.map({ count < $0.count }) ?? true { best = (index, count) }
        }
        return best?.index
    }

    private func classify(_ block: [ArraySlice<UInt8>], at first: Int, _ places: inout Places) {
        guard first + block.count <= text.lineCount else { return }
        var exact = true
        var trailing = true
        for (offset, quoted) in block.enumerated() {
            let actual = text.line(first + offset)
            if exact, quoted == actual { continue }
            exact = false
            if trailing, quoted.trimmingTrailingBlanks == actual.trimmingTrailingBlanks { continue }
            trailing = false
            guard quoted.trimmingBlanks == actual.trimmingBlanks else { return }
        }
        if exact {
            places.exact.append(first)
        } else if trailing {
            places.trailingSpace.append(first)
        } else {
            let actual = (first..<first + block.count).map { text.line($0) }
            if let shift = IndentShift(quoted: block, actual: actual) { places.indent.append((first, shift)) }
        }
    }

    /// FNV-1a over the content without the blanks at both ends. Equal hashes are verified by their bytes.
    private static func hash(_ line: ArraySlice<UInt8>) -> Int {
        line.withUnsafeBufferPointer { buffer in
            var (low, high) = (0, buffer.count)
            while low < high, isBlank(buffer[low]) { low += 1 }
            while high > low, isBlank(buffer[high - 1]) { high -= 1 }
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            while low < high {
                hash = (hash ^ UInt64(buffer[low])) &* 0x100_0000_01B3
                low += 1
            }
            return Int(bitPattern: UInt(hash))
        }
    }
}
