/// Blocks compared beyond their first place, in lines for each line of the file; a block that needs more is not found by
/// its indent.
private let shiftedLinesPerLine = 4
/// The same for a small file, in all.
private let fewShiftedLines = 10_000

/// Finds a block of lines that overlaps itself or nearly: Knuth, Morris and Pratt over lines. Every line of the text is
/// looked at a bounded number of times, however many places there are and however long the block is.
struct LineOccurrences {
    private let block: [ArraySlice<UInt8>]
    private let text: FileText

    init(of block: [ArraySlice<UInt8>], in text: FileText) {
        self.block = block
        self.text = text
    }

    func places() -> LineIndex.Places {
        var places = LineIndex.Places()
        places.exact = first { $0 == $1 }
        let exact = Set(places.exact)
        places.trailingSpace = first { $0.trimmingTrailingBlanks == $1.trimmingTrailingBlanks }
            .filter { !exact.contains($0) }
        // Asked for only where the stricter tiers have nothing.
        if places.exact.isEmpty, places.trailingSpace.isEmpty { places.indent = shifted() }
        return places
    }

    /// The first line of every place, ascending.
    private func first(_ same: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Bool) -> [Int] {
        let borders = borders(same)
        var found: [Int] = []
        var matched = 0
        for line in 0..<text.lineCount {
            let actual = text.line(line)
            while matched > 0, matched == block.count || !same(block[matched], actual) {
                matched = borders[matched - 1]
            }
            if same(block[matched], actual) { matched += 1 }
            if matched == block.count { found.append(line + 1 - block.count) }
        }
        return found
    }

    /// For each beginning of the block, how many of its lines it also ends with, itself apart.
    private func borders(_ same: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Bool) -> [Int] {
        var borders = [Int](repeating: 0, count: block.count)
        var matched = 0
        for line in block.indices.dropFirst() {
            while matched > 0, !same(block[matched], block[line]) { matched = borders[matched - 1] }
            if same(block[matched], block[line]) { matched += 1 }
            borders[line] = matched
        }
        return borders
    }

    private func shifted() -> [(line: Int, shift: IndentShift)] {
        let period = block.count - borders { $0 == $1 }[block.count - 1]
        var places: [(line: Int, shift: IndentShift)] = []
        var latest: [Int: IndentShift] = [:]
        var compared = 0
        for first in first({ $0.trimmingBlanks == $1.trimmingBlanks }) {
            let end = first + block.count
            if 2 * period <= block.count, let shift = latest[first - period] {
                // All but the last lines were compared one period before, and these with the ones before them.
                let goesOn = (end - period..<end).allSatisfy { line in
                    let (actual, earlier) = (text.line(line), text.line(line - period))
                    return actual.allSatisfy(isBlank) || actual.indent == earlier.indent
                }
                if goesOn {
                    places.append((first, shift))
                    latest[first] = shift
                }
                continue
            }
            compared += block.count
            guard compared <= max(shiftedLinesPerLine * text.lineCount, fewShiftedLines) else { return [] }
            let actual = (first..<end).map { text.line($0) }
            if let shift = IndentShift(quoted: block, actual: actual) {
                places.append((first, shift))
                latest[first] = shift
            }
        }
        return places
    }
}
