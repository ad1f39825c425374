import Glibc

/// Past this many differences within one gap the gap counts as replaced whole: correct, if not the shortest.
private let gapDifferenceLimit = 512

/// Which lines two sequences have in common, in order: patience diff (unique common lines anchor first, after Bram
/// Cohen), Myers' greedy algorithm ("An O(ND) Difference Algorithm", 1986) in the gaps.
struct LineDiff {
    /// A run of equal lines: `count` lines from `left` and from `right`.
    struct Run: Hashable {
        var left: Int
        var right: Int
        var count: Int
    }

    /// Ascending on both sides, adjacent runs joined.
    private(set) var runs: [Run] = []

    private let left: [Int]
    private let right: [Int]

    /// How often a line occurs in a stretch of each side.
    private struct Count {
        var left = 0
        var right = 0
        var rightAt = 0
    }

    /// Lines by number from 0, as small as they can be; equal lines by equal numbers.
    private init(_ left: [Int], _ right: [Int]) {
        self.left = left
        self.right = right
        var work = [(left.indices, right.indices)]
        var pairs: [Run] = []
        // A stack in place of recursion: depth is bounded by nothing else.
        var counts = [Count](repeating: Count(), count: max(left.max() ?? 0, right.max() ?? 0) + 1)
        while let (leftRange, rightRange) = work.popLast() { compare(leftRange, rightRange, &pairs, &work, &counts) }
        for run in pairs.sorted(by: { $0.left < $1.left }) where run.count > 0 {
            if let last = runs.last, last.left + last.count == run.left, last.right + last.count == run.right {
                runs[runs.count - 1].count += run.count
            } else {
                runs.append(run)
            }
        }
    }

    /// Both sides' lines named by numbers, equal lines by equal numbers.
    init<Lines: RandomAccessCollection<ArraySlice<UInt8>>>(_ left: Lines, _ right: Lines) {
        var names: [LineKey: Int] = [:]
        names.reserveCapacity(left.count)
        func name(_ line: ArraySlice<UInt8>) -> Int {
            let key = LineKey(line)
            if let known = names[key] { return known }
            names[key] = names.count
            return names.count - 1
        }
        self.init(left.map(name), right.map(name))
    }

    /// The stretches that differ, in order: what of the left gives way to what of the right.
    var changes: [(left: Range<Int>, right: Range<Int>)] {
        var changes: [(left: Range<Int>, right: Range<Int>)] = []
        var at = (left: 0, right: 0)
        for run in runs + [Run(left: left.count, right: right.count, count: 0)] {
            if run.left > at.left || run.right > at.right { changes.append((at.left..<run.left, at.right..<run.right)) }
            at = (run.left + run.count, run.right + run.count)
        }
        return changes
    }

    private func compare(
        _ leftRange: Range<Int>, _ rightRange: Range<Int>, _ pairs: inout [Run],
        _ work: inout [(Range<Int>, Range<Int>)], _ counts: inout [Count]
    ) {
        var (a, b) = (leftRange.lowerBound, rightRange.lowerBound)
        var (aEnd, bEnd) = (leftRange.upperBound, rightRange.upperBound)
        while a < aEnd, b < bEnd, left[a] == right[b] { (a, b) = (a + 1, b + 1) }
        pairs.append(Run(left: leftRange.lowerBound, right: rightRange.lowerBound, count: a - leftRange.lowerBound))
        while a < aEnd, b < bEnd, left[aEnd - 1] == right[bEnd - 1] { (aEnd, bEnd) = (aEnd - 1, bEnd - 1) }
        pairs.append(Run(left: aEnd, right: bEnd, count: leftRange.upperBound - aEnd))
        guard a < aEnd, b < bEnd else { return }
        let anchors = Self.uniqueAnchors(left, a..<aEnd, right, b..<bEnd, &counts)
        if anchors.isEmpty {
            greedy(a..<aEnd, b..<bEnd, &pairs)
            return
        }
        for anchor in anchors + [(aEnd, bEnd)] {
            if anchor.0 > a || anchor.1 > b { work.append((a..<anchor.0, b..<anchor.1)) }
            if anchor.0 < aEnd { pairs.append(Run(left: anchor.0, right: anchor.1, count: 1)) }
            (a, b) = (anchor.0 + 1, anchor.1 + 1)
        }
    }

    /// The longest ascending chain of lines that occur exactly once on each side.
    private static func uniqueAnchors(
        _ left: [Int], _ leftRange: Range<Int>, _ right: [Int], _ rightRange: Range<Int>, _ counts: inout [Count]
    ) -> [(Int, Int)] {
        // Names are small numbers: a table does, which is left as it was found.
        for index in leftRange { counts[left[index]].left += 1 }
        for index in rightRange {
            counts[right[index]].right += 1
            counts[right[index]].rightAt = index
        }
        let common = leftRange.compactMap { index -> (leftAt: Int, rightAt: Int)? in
            let count = counts[left[index]]
            return count.left == 1 && count.right == 1 ? (index, count.rightAt) : nil
        }
        for index in leftRange { counts[left[index]] = Count() }
        for index in rightRange { counts[right[index]] = Count() }
        var tails: [Int] = []
        var previous = [Int](repeating: -1, count: common.count)
        for (index, place) in common.enumerated() {
            var low = 0
            var high = tails.count
            while low < high {
                let middle = (low + high) / 2
                if common[tails[middle]].rightAt < place.rightAt { low = middle + 1 } else { high = middle }
            }
            if low > 0 { previous[index] = tails[low - 1] }
            if low == tails.count { tails.append(index) } else { tails[low] = index }
        }
        var chain: [(Int, Int)] = []
        var at = tails.last ?? -1
        while at >= 0 {
            chain.append((common[at].leftAt, common[at].rightAt))
            at = previous[at]
        }
        return chain.reversed()
    }

    private func greedy(_ leftRange: Range<Int>, _ rightRange: Range<Int>, _ pairs: inout [Run]) {
        let (n, m) = (leftRange.count, rightRange.count)
        let (a0, b0) = (leftRange.lowerBound, rightRange.lowerBound)
        let limit = min(n + m, gapDifferenceLimit)
        var furthest = [Int](repeating: 0, count: 2 * limit + 2)
        var trace: [[Int]] = []
        func column(_ diagonal: Int) -> Int { diagonal + limit }
        for difference in 0...limit {
            trace.append(furthest)
            for diagonal in stride(from: -difference, through: difference, by: 2) {
                let down =
                    diagonal == -difference
                    || (diagonal != difference && furthest[column(diagonal - 1)] < furthest[column(diagonal + 1)])
                var x = difference == 0 ? 0 : down ? furthest[column(diagonal + 1)] : furthest[column(diagonal - 1)] + 1
                while x < n, x - diagonal < m, x - diagonal >= 0, left[a0 + x] == right[b0 + x - diagonal] { x += 1 }
                furthest[column(diagonal)] = x
                if x >= n, x - diagonal >= m {
                    backtrack(trace, difference, (n, m), (a0, b0), limit, &pairs)
                    return
                }
            }
        }
    }

    private func backtrack(
        _ trace: [[Int]], _ difference: Int, _ end: (Int, Int), _ origin: (Int, Int), _ limit: Int,
        _ pairs: inout [Run]
    ) {
        var (x, y) = end
        for step in stride(from: difference, through: 0, by: -1) {
            let furthest = trace[step]
            let diagonal = x - y
            let down =
                diagonal == -step
                || (diagonal != step && furthest[diagonal - 1 + limit] < furthest[diagonal + 1 + limit])
            let before = down ? diagonal + 1 : diagonal - 1
            let previousX = step == 0 ? 0 : furthest[before + limit]
            let previousY = step == 0 ? 0 : previousX - before
            let startX = step == 0 ? 0 : down ? previousX : previousX + 1
            if x > startX {
                pairs.append(
                    Run(left: origin.0 + startX, right: origin.1 + startX - diagonal, count: x - startX))
            }
            (x, y) = (previousX, previousY)
        }
    }
}

/// Bytes as a dictionary's key: hashed and compared as memory, where the standard library goes byte by byte.
struct LineKey: Hashable {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

    static func == (left: Self, right: Self) -> Bool {
        left.bytes.withUnsafeBytes { left in right.bytes.withUnsafeBytes { areEqual(left, $0) } }
    }
}
