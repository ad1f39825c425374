import Glibc
import Testing

@testable import TandemEdits

/// The shared search for many texts against the plainest one.
struct PatternSearchTests {
    private func plain(_ pattern: [UInt8], in text: [UInt8]) -> [Int] {
        guard !pattern.isEmpty, pattern.count <= text.count else { return [] }
        return (0...text.count - pattern.count).filter { text[$0..<$0 + pattern.count].elementsEqual(pattern) }
    }

    /// Few letters, so that everything stands in many places and overlaps itself; texts cut out of the end, whole ones,
    /// longer ones and empty ones among them.
    @Test(arguments: 0..<60)
    func findsWhatThePlainestSearchFinds(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        let letters = Array([1, 2, 3, 26].randomElement(using: &generator)!.letters)
        func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in letters.randomElement(using: &generator)! } }
        let text = random([0, 1, 7, 8, 9, 40, 600].randomElement(using: &generator)!)
        var patterns: [[UInt8]] = [[], text, text + [0x61]]
        for _ in 0..<Int.random(in: 1...80, using: &generator) {
            let length = Int.random(in: 1...20, using: &generator)
            if Bool.random(using: &generator), text.count >= length {
                let start = Int.random(in: 0...text.count - length, using: &generator)
                patterns.append(Array(text[start..<start + length]))
            } else {
                patterns.append(random(length))
            }
            if text.count > 3 { patterns.append(Array(text.suffix(Int.random(in: 1...3, using: &generator)))) }
        }
        // Of a few letters again and again, long ones too.
        let unit = random(Int.random(in: 1...4, using: &generator))
        let runs = (0..<4).flatMap { _ in Array(repeating: unit, count: 40).joined() + random(2) }
        for length in [1, 2, 5, 9, 30, 80] {
            let pattern = Array(runs[length..<2 * length])
            #expect(PatternSearch.occurrences(of: pattern, in: runs) == plain(pattern, in: runs))
        }
        let found = PatternSearch.occurrences(of: patterns, in: text)
        for (pattern, offsets) in zip(patterns, found) {
            #expect(offsets == plain(pattern, in: text), "\(String(decoding: pattern, as: UTF8.self))")
        }
    }
}

/// Blocks of lines that overlap themselves.
struct LineOccurrencesTests {
    private static func text(_ lines: [String]) -> FileText { FileText(Array(lines.joined(separator: "\n").utf8)) }

    /// Against the search from the rarest line, which a short text makes it take.
    @Test(arguments: 0..<60)
    func findsWhatTheSearchByTheRarestLineFinds(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        let material = [["x"], ["x", "  x"], ["x", "x ", "\tx"], ["x", " x", "y", ""]].randomElement(using: &generator)!
        func random(_ count: Int) -> [String] { (0..<count).map { _ in material.randomElement(using: &generator)! } }
        let unit = random(Int.random(in: 1...3, using: &generator))
        var lines = (0..<5).flatMap { _ in Array(repeating: unit, count: 5).flatMap { $0 } + random(2) }
        for length in [1, 2, 4, 7] {
            let start = Int.random(in: 0..<10, using: &generator)
            var block = Array(lines[start..<start + length])
            if Bool.random(using: &generator) { block = block.map { $0.isEmpty ? $0 : "    " + $0 } }
            if block.allSatisfy(\.isEmpty) { continue }
            let quoted = block.map { ArraySlice($0.utf8) }
            let expected = LineIndex(Self.text(lines)).places(of: quoted)
            let found = LineOccurrences(of: quoted, in: Self.text(lines)).places()
            #expect(found.exact == expected.exact && found.trailingSpace == expected.trailingSpace)
            if expected.exact.isEmpty, expected.trailingSpace.isEmpty {
                #expect(found.indent.map(\.line) == expected.indent.map(\.line), "\(block) in \(lines)")
                let shifts = zip(found.indent, expected.indent)
                #expect(
                    shifts.allSatisfy { pair in
                        quoted.allSatisfy { pair.0.shift.apply(to: $0) == pair.1.shift.apply(to: $0) }
                    })
            }
            lines.reverse()
        }
    }

    /// A hundred times longer blocks at as many places: processor time of this thread, by blanks at line ends and by indent.
    @Test(arguments: ["x ", "  x"])
    func theTimeDoesNotGrowWithTheBlock(line: String) {
        let index = LineIndex(Self.text(Array(repeating: line, count: 4000)))
        func time(_ length: Int) -> Int {
            let block = Array(repeating: ArraySlice("x".utf8), count: length)
            let start = processorTime()
            #expect(index.places(of: block).indent.count + index.places(of: block).trailingSpace.count > 0)
            return processorTime() - start
        }
        #expect(time(1000) < 10 * time(10))
    }
}

extension Int {
    /// So many letters from `a`.
    fileprivate var letters: ClosedRange<UInt8> { 0x61...UInt8(0x60 + self) }
}

/// Of this thread, in nanoseconds.
private func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
