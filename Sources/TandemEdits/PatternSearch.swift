import CLinux
import Glibc

/// Up to this many patterns are looked for one by one (memmem); more share two passes over the text.
private let singleSearchLimit = 8
/// How many 8-byte grams of a pattern compete for being its anchor; the rarest in the text wins.
private let gramCandidates = 8

/// Finds every occurrence, overlapping ones included, of many patterns in one text. Time grows with the text, the
/// patterns and the candidates verified, not with their product: each pattern is represented by the gram (8 bytes, or
/// the whole of a shorter pattern) that is rarest in the text.
enum PatternSearch {
    /// The offsets of each pattern, ascending. Empty patterns are found nowhere.
    static func occurrences(of patterns: [[UInt8]], in text: [UInt8]) -> [[Int]] {
        if patterns.count <= singleSearchLimit { return patterns.map { occurrences(of: $0, in: text) } }
        var found = [[Int]](repeating: [], count: patterns.count)
        for width in 1...8 {
            let members = patterns.indices.filter { min(8, patterns[$0].count) == width }
            if members.isEmpty { continue }
            if members.count <= singleSearchLimit {
                for member in members { found[member] = occurrences(of: patterns[member], in: text) }
            } else {
                search(members, of: patterns, gramWidth: width, in: text, into: &found)
            }
        }
        return found
    }

    /// Every offset of one pattern, overlapping ones included.
    static func occurrences(of pattern: [UInt8], in text: [UInt8]) -> [Int] {
        guard !pattern.isEmpty, pattern.count <= text.count else { return [] }
        var offsets: [Int] = []
        text.withUnsafeBytes { haystack in
            pattern.withUnsafeBytes { needle in
                guard let base = haystack.baseAddress, let first = needle.baseAddress else { return }
                var at = 0
                while at + needle.count <= haystack.count,
                    let hit = cl_memmem(base + at, haystack.count - at, first, needle.count)
                {
                    let offset = base.distance(to: hit)
                    offsets.append(offset)
                    at = offset + 1
                }
            }
        }
        return offsets
    }

    private static func search(
        _ members: [Int], of patterns: [[UInt8]], gramWidth width: Int, in text: [UInt8], into found: inout [[Int]]
    ) {
        guard text.count >= width else { return }
        // First pass: how often does each candidate gram occur?
        var counts = GramTable(capacity: members.count * (width == 8 ? gramCandidates : 1))
        var candidates: [(member: Int, offset: Int, gram: UInt64)] = []
        for member in members {
            let pattern = patterns[member]
            let last = pattern.count - width
            let steps = min(gramCandidates - 1, last)
            for step in 0...steps {
                let offset = steps == 0 ? 0 : last * step / steps
                let gram = Self.gram(pattern, at: offset, width: width)
                counts.insert(gram)
                candidates.append((member, offset, gram))
            }
        }
        scan(text, width) { _, gram in counts.count(gram) }
        // The rarest gram of each pattern becomes its anchor.
        var best = [Int: (offset: Int, gram: UInt64, count: Int)](minimumCapacity: members.count)
        for candidate in candidates {
            let count = counts.value(of: candidate.gram)
            if best[candidate.member].map({ count < $0.count }) ?? true {
                best[candidate.member] = (candidate.offset, candidate.gram, count)
            }
        }
        var anchors: [UInt64: [(member: Int, offset: Int)]] = [:]
        var wanted = GramTable(capacity: members.count)
        for member in members {
            guard let anchor = best[member], anchor.count > 0 else { continue }
            anchors[anchor.gram, default: []].append((member, anchor.offset))
            wanted.insert(anchor.gram)
        }
        // Second pass: verify the patterns at their anchors.
        text.withUnsafeBytes { haystack in
            guard let base = haystack.baseAddress else { return }
            scan(text, width) { position, gram in
                guard wanted.contains(gram), let waiting = anchors[gram] else { return }
                for (member, offset) in waiting {
                    let start = position - offset
                    let length = patterns[member].count
                    guard start >= 0, start + length <= haystack.count else { continue }
                    let equal = patterns[member].withUnsafeBytes { memcmp($0.baseAddress!, base + start, length) == 0 }
                    if equal { found[member].append(start) }
                }
            }
        }
    }

    private static func gram(_ bytes: [UInt8], at offset: Int, width: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
        return value
    }

    private static func scan(_ text: [UInt8], _ width: Int, _ visit: (Int, UInt64) -> Void) {
        text.withUnsafeBufferPointer { buffer in
            let shift = UInt64((width - 1) * 8)
            var window: UInt64 = 0
            for index in 0..<buffer.count {
                window = window >> 8 | UInt64(buffer[index]) << shift
                if index >= width - 1 { visit(index - width + 1, window) }
            }
        }
    }
}

/// An open-addressing set of grams with a counter each.
private struct GramTable {
    private var keys: [UInt64]
    private var used: [Bool]
    private var counters: [Int]
    private let shift: UInt64

    init(capacity: Int) {
        var bits: UInt64 = 4
        while (1 << bits) < capacity * 4 { bits += 1 }
        keys = [UInt64](repeating: 0, count: 1 << bits)
        used = [Bool](repeating: false, count: 1 << bits)
        counters = [Int](repeating: 0, count: 1 << bits)
        shift = 64 - bits
    }

    private func slot(_ gram: UInt64) -> Int {
        var index = Int((gram &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while used[index], keys[index] != gram { index = (index + 1) & (keys.count - 1) }
        return index
    }

    mutating func insert(_ gram: UInt64) {
        let index = slot(gram)
        used[index] = true
        keys[index] = gram
    }

    mutating func count(_ gram: UInt64) {
        let index = slot(gram)
        if used[index] { counters[index] += 1 }
    }

    func contains(_ gram: UInt64) -> Bool { used[slot(gram)] }

    func value(of gram: UInt64) -> Int { counters[slot(gram)] }
}
