import Glibc

/// Room for a hunk's first line and for what is said where a last line has no end.
private let headerBytes = 128
/// Unchanged lines shown around a change.
private let contextLines = 3

/// A change of one file as a unified diff that `git apply` accepts.
package enum UnifiedDiff {
    /// - Parameters:
    ///   - oldPath: nil for a new file.
    ///   - newPath: nil for a deleted file; another one than `oldPath` for a renamed file.
    ///   - mode: permission bits; git knows 0644 and 0755.
    ///   - edits: the changes of `old` that give `new`, ascending and apart, where they are known: that is cheaper.
    /// - Returns: no bytes when nothing changes. A binary change is named, not shown, and `git apply` refuses it.
    package static func bytes(
        oldPath: String?, newPath: String?, old: [UInt8], new: [UInt8], mode: UInt32 = 0o644,
        edits: [ByteEdit]? = nil
    ) -> [UInt8] {
        guard let anyPath = newPath ?? oldPath, oldPath != newPath || !areEqual(old, new) else { return [] }
        let gitMode = mode & 0o100 == 0 ? "100644" : "100755"
        var output: [UInt8] = []
        func line(_ text: String) { output += text.utf8 + [0x0A] }
        line("diff --git \(quoted("a/" + (oldPath ?? anyPath))) \(quoted("b/" + (newPath ?? anyPath)))")
        if oldPath == nil {
            line("new file mode \(gitMode)")
        } else if newPath == nil {
            line("deleted file mode \(gitMode)")
        } else if let oldPath, let newPath, oldPath != newPath {
            line("similarity index \(old == new ? 100 : similarity(old, new))%")
            line("rename from \(quoted(oldPath))")
            line("rename to \(quoted(newPath))")
        }
        if areEqual(old, new) { return output }
        let from = oldPath.map { quoted("a/" + $0) } ?? "/dev/null"
        let to = newPath.map { quoted("b/" + $0) } ?? "/dev/null"
        if old.holdsNUL || new.holdsNUL {
            line("Binary files \(from) and \(to) differ")
            return output
        }
        // A tab ends a name that holds blanks, as git writes it.
        line("--- \(from)\(from.contains(" ") ? "\t" : "")")
        line("+++ \(to)\(to.contains(" ") ? "\t" : "")")
        hunks(rawLines(old), rawLines(new), edits, &output)
        return output
    }

    private static func similarity(_ old: [UInt8], _ new: [UInt8]) -> Int {
        let kept = LineDiff(rawLines(old), rawLines(new)).runs.reduce(0) { $0 + $1.count }
        return kept * 99 / max(1, max(rawLines(old).count, rawLines(new).count))
    }

    private static func hunks(_ old: RawLines, _ new: RawLines, _ edits: [ByteEdit]?, _ output: inout [UInt8]) {
        let changes = edits.map { LineDiff.changes(old, new, madeBy: $0) } ?? LineDiff(old, new).changes
        var at = 0
        while at < changes.count {
            var last = at
            while last + 1 < changes.count,
                changes[last + 1].left.lowerBound - changes[last].left.upperBound <= 2 * contextLines
            {
                last += 1
            }
            let (first, final) = (changes[at], changes[last])
            let before = min(contextLines, first.left.lowerBound)
            let after = min(contextLines, old.count - final.left.upperBound)
            let oldRange = first.left.lowerBound - before..<final.left.upperBound + after
            let newRange = first.right.lowerBound - before..<final.right.upperBound + after
            let shown = changes[at...last].reduce(old.start(oldRange.upperBound) - old.start(oldRange.lowerBound)) {
                $0 + new.start($1.right.upperBound) - new.start($1.right.lowerBound) + $1.right.count
            }
            output.reserve(more: shown + oldRange.count + headerBytes)
            output += "@@ -\(position(oldRange)) +\(position(newRange)) @@\n".utf8
            var line = oldRange.lowerBound
            for change in changes[at...last] {
                write(0x20, old, line..<change.left.lowerBound, &output)
                write(0x2D, old, change.left, &output)
                write(0x2B, new, change.right, &output)
                line = change.left.upperBound
            }
            write(0x20, old, line..<oldRange.upperBound, &output)
            at = last + 1
        }
    }

    /// `start,count`; an empty range names the line before it, and a count of one is left out.
    private static func position(_ range: Range<Int>) -> String {
        let start = range.isEmpty ? range.lowerBound : range.lowerBound + 1
        return range.count == 1 ? "\(start)" : "\(start),\(range.count)"
    }

    private static func write(_ mark: UInt8, _ lines: RawLines, _ range: Range<Int>, _ output: inout [UInt8]) {
        // Not by slices: each would count two references.
        lines.bytes.withUnsafeBytes { bytes in
            for line in range {
                output.append(mark)
                output += UnsafeRawBufferPointer(rebasing: bytes[lines.start(line)..<lines.start(line + 1)])
                if output[output.count - 1] != 0x0A { output += "\n\\ No newline at end of file\n".utf8 }
            }
        }
    }

    /// A name in C quotes where git puts them: control characters, quotes, backslashes, bytes above ASCII.
    static func quoted(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F || $0 == 0x22 || $0 == 0x5C }) else { return name }
        let escapes: [UInt8: String] = [
            0x07: "\\a", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0B: "\\v", 0x0C: "\\f", 0x0D: "\\r", 0x22: "\\\"",
            0x5C: "\\\\",
        ]
        var text = "\""
        for byte in name.utf8 {
            if let escape = escapes[byte] {
                text += escape
            } else if byte < 0x20 || byte >= 0x7F {
                let octal = String(byte, radix: 8)
                text += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
            } else {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text + "\""
    }
}

/// A text's lines, cut behind each LF; every byte is in exactly one line.
struct RawLines: RandomAccessCollection {
    let bytes: [UInt8]
    /// Where each line begins, and the end of the text.
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return }
            var at = 0
            while at < raw.count, let newline = memchr(base + at, 0x0A, raw.count - at) {
                at = base.distance(to: UnsafeRawPointer(newline)) + 1
                starts.append(at)
            }
        }
        if starts[starts.count - 1] < bytes.count { starts.append(bytes.count) }
        self.starts = starts
    }

    var startIndex: Int { 0 }
    var endIndex: Int { starts.count - 1 }
    subscript(line: Int) -> ArraySlice<UInt8> { bytes[starts[line]..<starts[line + 1]] }

    /// The first byte of a line; `count` gives the end of the text.
    func start(_ line: Int) -> Int { starts[line] }

    /// The line that holds the byte at `offset`; `count` for the end of the text.
    func line(holding offset: Int) -> Int {
        if offset >= bytes.count { return count }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    func areEqual(_ line: Int, _ other: RawLines, _ otherLine: Int) -> Bool {
        let length = starts[line + 1] - starts[line]
        guard length == other.starts[otherLine + 1] - other.starts[otherLine] else { return false }
        return bytes.withUnsafeBytes { left in
            other.bytes.withUnsafeBytes { right in
                memcmp(left.baseAddress! + starts[line], right.baseAddress! + other.starts[otherLine], length) == 0
            }
        }
    }
}

func rawLines(_ bytes: [UInt8]) -> RawLines { RawLines(bytes) }

extension LineDiff {
    /// The stretches that differ, where it is known which bytes of the left gave way to others: only what lies around
    /// these is compared.
    /// - Parameter edits: ascending and apart; made to `left` they give `right`.
    static func changes(
        _ left: RawLines, _ right: RawLines, madeBy edits: [ByteEdit]
    ) -> [(left: Range<Int>, right: Range<Int>)] {
        var changes: [(left: Range<Int>, right: Range<Int>)] = []
        var shift = 0
        var next = 0
        while next < edits.count {
            let first = left.line(holding: edits[next].range.lowerBound)
            let firstRight = right.line(holding: left.start(first) + shift)
            var end = first
            // Edits in one line, or in lines that touch, belong together.
            repeat {
                let edit = edits[next]
                end = Swift.max(end, Swift.min(left.count, left.line(holding: edit.range.upperBound) + 1))
                shift += edit.bytes.count - edit.range.count
                next += 1
            } while next < edits.count && left.line(holding: edits[next].range.lowerBound) < end
            var block = (left: first..<end, right: firstRight..<right.line(holding: left.start(end) + shift))
            while let l = block.left.first, let r = block.right.first, left.areEqual(l, right, r) {
                block = (l + 1..<block.left.upperBound, r + 1..<block.right.upperBound)
            }
            while let l = block.left.last, let r = block.right.last, left.areEqual(l, right, r) {
                block = (block.left.lowerBound..<l, block.right.lowerBound..<r)
            }
            if block.left.count <= 1 || block.right.count <= 1 {
                if !block.left.isEmpty || !block.right.isEmpty { changes.append(block) }
                continue
            }
            for change in LineDiff(left[block.left], right[block.right]).changes {
                changes.append(
                    (
                        change.left.lowerBound + block.left.lowerBound..<change.left.upperBound + block.left.lowerBound,
                        change.right.lowerBound + block.right.lowerBound..<change.right.upperBound
                            + block.right.lowerBound
                    ))
            }
        }
        return changes
    }
}
