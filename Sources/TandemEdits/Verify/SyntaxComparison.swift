import TandemBase

/// Tells an error that a change adds from those the file had before, where checkers stop at the first error, or report
/// a later one first: the place of an error before the change is taken out of both contents, and they are checked again,
/// until one of them has none.
struct SyntaxComparison {
    /// Errors that are taken out of a file before nothing more is said about it.
    private static let rounds = 12

    enum Verdict: Equatable {
        case nothingNew
        /// What the checker says of the first error the change adds.
        case added(String)
        /// What hides the rest of the file.
        case unknown(String)
    }

    /// A content whose lines keep their places.
    private struct Side {
        var lines: [[UInt8]]
        /// How often a line was taken out.
        var removals: [Int: Int] = [:]

        init(_ lines: RawLines) { self.lines = lines.map(Array.init) }

        var bytes: [UInt8] { Array(lines.joined()) }

        /// Puts a line that says nothing in place of each; an empty one where that is wrong too.
        /// - Returns: false when nothing was left to be taken out.
        mutating func remove(_ range: Range<Int>, isPython: Bool) -> Bool {
            var isChanged = false
            for index in range {
                let (text, ending) = Self.parts(lines[index])
                removals[index, default: 0] += 1
                if text.isEmpty { continue }
                isChanged = true
                // What is indented below it stays legal.
                let isHeader = text.last == UInt8(ascii: ":")
                let filler =
                    isPython && removals[index] == 1
                    ? Array(text.indent) + Array((isHeader ? "if 1:" : "pass").utf8) : []
                lines[index] = filler + ending
            }
            return isChanged
        }

        /// Without blanks at its end; the line's ending.
        private static func parts(_ line: [UInt8]) -> (text: ArraySlice<UInt8>, ending: ArraySlice<UInt8>) {
            let text = FileText(line)
            return text.lineCount == 0 ? ([], []) : (text.line(0).trimmingTrailingBlanks, text.ending(0))
        }
    }

    private var before: Side
    private var after: Side
    private let changes: [(left: Range<Int>, right: Range<Int>)]
    private let name: String
    private let isPython: Bool

    /// - Parameters:
    ///   - name: the file's, as the checker's messages have it.
    ///   - language: the checker's.
    init(before: [UInt8], after: [UInt8], name: String, language: String) {
        let (left, right) = (rawLines(before), rawLines(after))
        changes = LineDiff(left, right).changes
        self.before = Side(left)
        self.after = Side(right)
        self.name = name
        isPython = language == "python"
    }

    /// - Parameters:
    ///   - old: what the checker says of the content before, which has errors.
    ///   - new: and of the one after, which has some too.
    ///   - check: runs the checker.
    mutating func verdict(
        _ old: String, _ new: String, check: ([UInt8]) -> SyntaxVerifier.Finding
    ) -> Verdict {
        var (old, new) = (old, new)
        for _ in 0..<Self.rounds {
            guard let left = Self.line(old, name), let right = Self.line(new, name),
                right < after.lines.count
            else { return .unknown(new) }
            // Before the change nothing was wrong until the end was missing.
            guard left < before.lines.count else { return .added(new) }
            let places = places(of: left)
            // One for one where both have an error; else the change mended the old one.
            let isSame = places.after.contains(right)
            guard before.remove(isSame ? left..<left + 1 : places.before, isPython: isPython) else {
                return .unknown(new)
            }
            let isRemoved = after.remove(isSame ? right..<right + 1 : places.after, isPython: isPython)
            guard isRemoved || !isSame else { return .unknown(new) }
            switch check(after.bytes) {
            case .passed: return .nothingNew
            case .failed(let output): new = output
            case .missing, .unfinished: return .unknown(new)
            }
            switch check(before.bytes) {
            case .passed: return .added(new)
            case .failed(let output): old = output
            case .missing, .unfinished: return .unknown(new)
            }
        }
        return .unknown(new)
    }

    /// The lines that a line before the change stands in for on both sides: itself, or all that were changed with it.
    private func places(of line: Int) -> (before: Range<Int>, after: Range<Int>) {
        var shift = 0
        for change in changes {
            if line < change.left.lowerBound { break }
            if change.left.contains(line) { return (change.left, change.right) }
            shift = change.right.upperBound - change.left.upperBound
        }
        return (line..<line + 1, line + shift..<line + shift + 1)
    }

    /// The line, from 0, of the first error in a checker's output.
    static func line(_ output: String, _ name: String) -> Int? {
        let marks = ["\(name)\", line ", "\(name): line ", "\(name):", "\(name) on line ", "(at line ", "line "]
        for text in output.split(separator: "\n") {
            let lowered = text.lowercased()
            if lowered.contains("warning:") || lowered.contains("note:") { continue }
            for (index, mark) in marks.enumerated() {
                // The last one is JSON's, at the start.
                guard let found = text.firstRange(of: mark),
                    index < marks.count - 1 || found.lowerBound == text.startIndex
                else { continue }
                if let number = Int(text[found.upperBound...].prefix(while: \.isNumber)), number > 0 {
                    return number - 1
                }
            }
        }
        return nil
    }
}
