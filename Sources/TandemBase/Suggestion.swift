/// The candidate nearest to a mistyped name (Damerau-Levenshtein, optimal string alignment), or nil when none is
/// near enough to be meant: at most a third of the longer name, and never more than three edits.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    var best: (distance: Int, name: String)?
    let typed = Array(name.lowercased().utf8.prefix(64))
    for candidate in candidates {
        let known = Array(candidate.lowercased().utf8.prefix(64))
        let limit = min(3, max(typed.count, known.count) / 3 + (typed.count <= 3 ? 1 : 0))
        let distance = alignmentDistance(typed, known)
        if distance <= limit, best.map({ distance < $0.distance }) ?? true { best = (distance, candidate) }
    }
    return best?.name
}

private func alignmentDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1] + [Int](repeating: 0, count: right.count)
        for column in 0..<right.count {
            let cost = left[row] == right[column] ? 0 : 1
            var value = min(current[column] + 1, last[column + 1] + 1, last[column] + cost)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                value = min(value, beforeLast[column - 1] + 1)
            }
            current[column + 1] = value
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
