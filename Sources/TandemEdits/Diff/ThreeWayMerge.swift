/// Merges two changes of one text by lines, byte for byte (diff3: Khanna, Kunal, Pierce, "A Formal Investigation of
/// Diff3", 2007). Changes that touch each other conflict unless they are equal: only what is certain is merged.
package enum ThreeWayMerge {
    /// - Returns: the merged bytes, or the 1-based lines of `ours` at which the changes conflict.
    package static func merge(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> Result<[UInt8], Conflict> {
        if ours == theirs || theirs == base { return .success(ours) }
        if ours == base { return .success(theirs) }
        if base.contains(0) || ours.contains(0) || theirs.contains(0) { return .failure(Conflict(lines: [1])) }
        let (baseLines, ourLines, theirLines) = (rawLines(base), rawLines(ours), rawLines(theirs))
        let ourChanges = LineDiff(baseLines, ourLines).changes
        let theirChanges = LineDiff(baseLines, theirLines).changes
        var output: [UInt8] = []
        var conflicts: [Int] = []
        var (at, our, their) = (0, 0, 0)
        var (ourShift, theirShift) = (0, 0)
        while our < ourChanges.count || their < theirChanges.count {
            let start = min(
                our < ourChanges.count ? ourChanges[our].left.lowerBound : .max,
                their < theirChanges.count ? theirChanges[their].left.lowerBound : .max)
            // All changes of both sides that touch one another.
            var end = start
            var (ourEnd, theirEnd) = (our, their)
            while true {
                if ourEnd < ourChanges.count, ourChanges[ourEnd].left.lowerBound <= end {
                    end = max(end, ourChanges[ourEnd].left.upperBound)
                    ourEnd += 1
                } else if theirEnd < theirChanges.count, theirChanges[theirEnd].left.lowerBound <= end {
                    end = max(end, theirChanges[theirEnd].left.upperBound)
                    theirEnd += 1
                } else {
                    break
                }
            }
            output += baseLines[at..<start].joined()
            let ourRange = range(start..<end, ourChanges[our..<ourEnd], ourShift)
            let theirRange = range(start..<end, theirChanges[their..<theirEnd], theirShift)
            let ourText = ourLines[ourRange]
            let theirText = theirLines[theirRange]
            if their == theirEnd || ourText.elementsEqual(theirText) {
                output += ourText.joined()
            } else if our == ourEnd {
                output += theirText.joined()
            } else {
                conflicts.append(ourRange.lowerBound + 1)
            }
            ourShift = ourRange.upperBound - end
            theirShift = theirRange.upperBound - end
            (at, our, their) = (end, ourEnd, theirEnd)
        }
        output += baseLines[at...].joined()
        return conflicts.isEmpty ? .success(output) : .failure(Conflict(lines: conflicts))
    }

    package struct Conflict: Error, Hashable, Sendable {
        package var lines: [Int]
    }

    /// The side's lines for a stretch of the base, given its changes there and how far it is shifted before them.
    private static func range(
        _ base: Range<Int>, _ changes: ArraySlice<(left: Range<Int>, right: Range<Int>)>, _ shift: Int
    ) -> Range<Int> {
        guard let last = changes.last else { return base.lowerBound + shift..<base.upperBound + shift }
        return base.lowerBound + shift..<last.right.upperBound + base.upperBound - last.left.upperBound
    }
}
