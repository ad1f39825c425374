/// Line numbers listed in a message; an edit that matches thousands of lines needs no more.
private let listedLines = 20

/// Chooses among the places a text was found at within one tier: as many as were expected, or a fault that says where
/// they all are.
struct MatchSelection {
    /// Half-open ranges in any unit (bytes or lines), ascending by start, possibly overlapping.
    var places: [Range<Int>]
    /// 1-based line of each place.
    var line: (Int) -> Int
    /// What was looked for, for messages: "find", "the anchor".
    var subject: String

    /// Indices into `places`.
    func choose(_ expected: Replacement.Expected, hint: Int? = nil) throws(EditFault) -> [Int] {
        switch expected {
        case .all: return disjoint()
        case .count(1):
            if places.count == 1 { return [0] }
            if let hint, let nearest = nearest(to: hint) { return [nearest] }
            throw ambiguous(places.count, 1)
        case .count(let count):
            let chosen = disjoint()
            if chosen.count == count { return chosen }
            if chosen.count > count { throw ambiguous(chosen.count, count) }
            throw EditFault(
                .notFound,
                "\(subject) matches only \(chosen.count) of \(count) expected places (line \(listed(chosen))); "
                    + "set \"expected\" to the number of places to change",
                lines: lines(chosen))
        }
    }

    private func disjoint() -> [Int] {
        var chosen: [Int] = []
        var end = Int.min
        for (index, place) in places.enumerated() where place.lowerBound >= end {
            chosen.append(index)
            end = place.upperBound
        }
        return chosen
    }

    private func nearest(to hint: Int) -> Int? {
        let distances = places.indices.map { abs(line($0) - hint) }
        guard let least = distances.min(), distances.count(where: { $0 == least }) == 1 else { return nil }
        return distances.firstIndex(of: least)
    }

    private func ambiguous(_ found: Int, _ expected: Int) -> EditFault {
        EditFault(
            .ambiguous,
            "\(subject) matches \(found) places (lines \(listed(Array(places.indices)))) where \(expected) "
                + "\(expected == 1 ? "is" : "are") expected; quote more of the surrounding lines",
            lines: lines(Array(places.indices)))
    }

    private func lines(_ chosen: [Int]) -> [Int] { chosen.prefix(listedLines).map(line) }

    private func listed(_ chosen: [Int]) -> String {
        lines(chosen).map(String.init).joined(separator: ", ") + (chosen.count > listedLines ? ", …" : "")
    }
}
