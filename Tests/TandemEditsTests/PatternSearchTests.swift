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
        let letters = Array([2, 3, 26].randomElement(using: &generator)!.letters)
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
        let found = PatternSearch.occurrences(of: patterns, in: text)
        for (pattern, offsets) in zip(patterns, found) {
            #expect(offsets == plain(pattern, in: text), "\(String(decoding: pattern, as: UTF8.self))")
        }
    }
}

extension Int {
    /// So many letters from `a`.
    fileprivate var letters: ClosedRange<UInt8> { 0x61...UInt8(0x60 + self) }
}
