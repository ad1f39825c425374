import Glibc
import TandemJSON

/// A file's bytes with an index of its lines. Nothing is decoded: a line is a range of bytes, its ending is whatever
/// stands there (LF, CRLF, or nothing at the end of the file).
package struct FileText: Sendable {
    package let bytes: [UInt8]
    /// 3 with a UTF-8 byte order mark, else 0. Line 0 begins behind it.
    package let bom: Int
    /// The first byte of each line; an empty file has no line.
    private let starts: [Int]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let bom = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        self.bom = bom
        var starts: [Int] = []
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return }
            var at = bom
            while at < raw.count {
                starts.append(at)
                guard let newline = memchr(base + at, 0x0A, raw.count - at) else { break }
                at = base.distance(to: UnsafeRawPointer(newline)) + 1
            }
        }
        self.starts = starts
    }

    package var lineCount: Int { starts.count }

    /// Where line `index` (from 0) begins; `lineCount` gives the end of the file.
    package func start(_ index: Int) -> Int { index < starts.count ? starts[index] : bytes.count }

    /// Where the line's ending begins.
    package func end(_ index: Int) -> Int {
        var end = start(index + 1)
        let first = starts[index]
        guard end > first, bytes[end - 1] == 0x0A else { return end }
        end -= 1
        return end > first && bytes[end - 1] == 0x0D ? end - 1 : end
    }

    /// The line without its ending.
    package func line(_ index: Int) -> ArraySlice<UInt8> { bytes[starts[index]..<end(index)] }

    /// The line's ending: LF, CRLF or nothing.
    package func ending(_ index: Int) -> ArraySlice<UInt8> { bytes[end(index)..<start(index + 1)] }

    package var endsWithNewline: Bool { bytes.last == 0x0A && bytes.count > bom }

    /// The line (from 0) that holds the byte at `offset`; the last line for the end of the file.
    package func lineIndex(of offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    package var isBinary: Bool { bytes.holdsNUL }

    package var isUTF8: Bool { TandemJSON.isUTF8(bytes) }

    /// The ending new lines beside line `index` take: that line's, else the one before, else the file's first, else LF.
    package func endingForInsert(near index: Int) -> [UInt8] {
        for candidate in [index, index - 1, 0] where candidate >= 0 && candidate < lineCount {
            let found = ending(candidate)
            if !found.isEmpty { return Array(found) }
        }
        return [0x0A]
    }
}

func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

extension Collection<UInt8> where SubSequence: Collection<UInt8> {
    /// The blanks (space and tab) it begins with.
    var indent: SubSequence { prefix(while: isBlank) }
}

extension BidirectionalCollection<UInt8> {
    /// Without the blanks it ends with.
    var trimmingTrailingBlanks: SubSequence {
        var end = endIndex
        while end > startIndex, isBlank(self[index(before: end)]) { end = index(before: end) }
        return self[startIndex..<end]
    }

    /// Without blanks at both ends.
    var trimmingBlanks: SubSequence {
        var slice = trimmingTrailingBlanks
        while let first = slice.first, isBlank(first) { slice = slice.dropFirst() }
        return slice
    }
}

/// Text cut at its line endings: `lines` are without them, `terminated` says whether the last one had one.
struct LineBlock: Sendable {
    var lines: [ArraySlice<UInt8>]
    var terminated: Bool

    init(_ bytes: [UInt8]) {
        let text = FileText(bytes)
        lines = (0..<text.lineCount).map { text.line($0) }
        if text.bom > 0, !lines.isEmpty { lines[0] = bytes[0..<text.end(0)] }
        terminated = bytes.last == 0x0A
    }
}
