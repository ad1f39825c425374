import CLinux
import Glibc

/// Up to this many patterns are looked for one by one (memmem); more share one pass over the text.
private let singleSearchLimit = 8
/// How many 8-byte grams of a pattern compete for being its anchor; the rarest among all patterns wins.
private let gramCandidates = 8
/// 32 KiB of filter.
private let filterBits: UInt64 = 18

/// Finds every occurrence, overlapping ones included, of many patterns in one text. Time grows with the text, the
/// patterns and the candidates verified, not with their product: each pattern is represented by the gram (8 bytes, or
/// the whole of a shorter pattern) that is rarest among them.
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
                // The pattern's least period, once two places have shown that it is at most half its length.
                var period: Int?
                while at + needle.count <= haystack.count,
                    let hit = cl_memmem(base + at, haystack.count - at, first, needle.count)
                {
                    var offset = base.distance(to: hit)
                    if let last = offsets.last, offset - last <= needle.count / 2 { period = offset - last }
                    offsets.append(offset)
                    at = offset + 1
                    guard let period else { continue }
                    // The next place is one period on, and only its last bytes are new.
                    while offset + period + needle.count <= haystack.count,
                        memcmp(base + offset + needle.count, first + needle.count - period, period) == 0
                    {
                        offset += period
                        offsets.append(offset)
                    }
                    // What overlaps this place by a period or more would have been the next one.
                    at = offset + needle.count - period + 1
                }
            }
        }
        return offsets
    }

    private static func search(
        _ members: [Int], of patterns: [[UInt8]], gramWidth width: Int, in text: [UInt8], into found: inout [[Int]]
    ) {
        guard text.count >= width else { return }
        // One behind the other: what is looked at so often must not be counted as referred to each time.
        let starts = members.reduce(into: [0]) { $0.append($0[$0.count - 1] + patterns[$1].count) }
        let packed = members.reduce(into: [UInt8]()) { $0 += patterns[$1] }
        var hits: [(member: Int, start: Int)] = []
        packed.withUnsafeBytes { packed in
            starts.withUnsafeBufferPointer { starts in
                text.withUnsafeBytes { text in
                    search(packed, starts, gramWidth: width, in: text) { hits.append(($0, $1)) }
                }
            }
        }
        for hit in hits { found[members[hit.member]].append(hit.start) }
    }

    /// - Parameter starts: of each pattern within `packed`, and the end of the last.
    private static func search(
        _ packed: UnsafeRawBufferPointer, _ starts: UnsafeBufferPointer<Int>, gramWidth width: Int,
        in text: UnsafeRawBufferPointer, _ found: (_ member: Int, _ start: Int) -> Void
    ) {
        let members = 0..<starts.count - 1
        // The rarest gram of each pattern becomes its anchor: no place of the text has many patterns to verify then.
        var counts = GramTable(capacity: members.count * (width == 8 ? gramCandidates : 1))
        for member in members {
            eachCandidate(packed, starts[member]..<starts[member + 1], width) { _, gram in counts.count(gram) }
        }
        var anchors = GramTable(capacity: members.count)
        var offsets = [Int](repeating: 0, count: members.count)
        // Patterns of one anchor, each linked to the one before.
        var others = [Int](repeating: -1, count: members.count)
        for member in members {
            var best: (offset: Int, gram: UInt64, count: Int)?
            eachCandidate(packed, starts[member]..<starts[member + 1], width) { offset, gram in
                let count = counts.value(of: gram)
                if best.map({ count < $0.count }) ?? true { best = (offset, gram, count) }
            }
            guard let best else { continue }
            offsets[member] = best.offset
            others[member] = anchors.replaceValue(of: best.gram, with: member) ?? -1
        }
        // One pass over the text verifies them there.
        guard let base = text.baseAddress, let quoted = packed.baseAddress else { return }
        anchors.scan(text, width) { position, first in
            var member = first
            while member >= 0 {
                let start = position - offsets[member]
                let length = starts[member + 1] - starts[member]
                if start >= 0, start + length <= text.count,
                    memcmp(quoted + starts[member], base + start, length) == 0
                {
                    found(member, start)
                }
                member = others[member]
            }
        }
    }

    /// Some grams of a pattern, spread over its length, each with its offset in the pattern.
    private static func eachCandidate(
        _ packed: UnsafeRawBufferPointer, _ pattern: Range<Int>, _ width: Int, _ visit: (Int, UInt64) -> Void
    ) {
        let last = pattern.count - width
        let steps = min(gramCandidates - 1, last)
        for step in 0...steps {
            let offset = steps == 0 ? 0 : last * step / steps
            visit(offset, gram(packed, at: pattern.lowerBound + offset, width: width))
        }
    }
}

/// The 8 bytes at an offset, as a number.
@inline(__always)
private func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

/// The `width` (up to 8) bytes at an offset, as a number.
private func gram(_ bytes: UnsafeRawBufferPointer, at offset: Int, width: Int) -> UInt64 {
    if width == 8 { return word(bytes, at: offset) }
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
    return value
}

/// An open-addressing table of grams with a number each.
private struct GramTable {
    private var keys: [UInt64]
    /// -1 where the slot is free.
    private var values: [Int]
    private let shift: UInt64
    /// A bit for each key's hash: small enough to stay in the nearest cache, it answers for nearly all of a text.
    private var filter = [UInt64](repeating: 0, count: 1 << (filterBits - 6))

    init(capacity: Int) {
        var bits: UInt64 = 4
        while (1 << bits) < capacity * 2 { bits += 1 }
        keys = [UInt64](repeating: 0, count: 1 << bits)
        values = [Int](repeating: -1, count: 1 << bits)
        shift = 64 - bits
    }

    private static func hash(_ gram: UInt64) -> UInt64 { gram &* 0x9E37_79B9_7F4A_7C15 }

    private func slot(_ gram: UInt64) -> Int {
        var index = Int(Self.hash(gram) >> shift)
        while values[index] >= 0, keys[index] != gram { index = (index + 1) & (keys.count - 1) }
        return index
    }

    mutating func count(_ gram: UInt64) {
        let index = slot(gram)
        keys[index] = gram
        values[index] = max(0, values[index]) + 1
    }

    func value(of gram: UInt64) -> Int { values[slot(gram)] }

    /// - Returns: the value it had.
    mutating func replaceValue(of gram: UInt64, with value: Int) -> Int? {
        let index = slot(gram)
        defer { (keys[index], values[index]) = (gram, value) }
        let bit = Self.hash(gram) >> (64 - filterBits)
        filter[Int(bit >> 6)] |= 1 << (bit & 63)
        return values[index] < 0 ? nil : values[index]
    }

    /// Every place of a text where a gram of the table begins, with its value.
    func scan(_ text: UnsafeRawBufferPointer, _ width: Int, _ visit: (Int, Int) -> Void) {
        filter.withUnsafeBufferPointer { filter in
            func look(_ index: Int, _ window: UInt64) {
                let bit = Self.hash(window) >> (64 - filterBits)
                guard filter[Int(bit >> 6)] & 1 << (bit & 63) != 0 else { return }
                let value = value(of: window)
                if value >= 0 { visit(index, value) }
            }
            // Words are read whole as far as there are whole ones.
            let mask = width == 8 ? UInt64.max : 1 << UInt64(width * 8) - 1
            let words = max(0, text.count - 7)
            for index in 0..<words { look(index, word(text, at: index) & mask) }
            for index in words..<max(words, text.count - width + 1) { look(index, gram(text, at: index, width: width)) }
        }
    }
}
