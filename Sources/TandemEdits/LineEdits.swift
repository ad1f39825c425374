/// add_line and remove_line: whole lines, recognised by the tiers exact, trailing_space, indent, and unique.
enum LineEdits {
    static func add(_ content: [UInt8], _ position: LinePosition, _ snapshot: inout Snapshot)
        throws(EditFault) -> Resolved
    {
        let text = snapshot.text
        switch position {
        case .start, .end: try snapshot.checkEditable([content])
        case .after(let anchor), .before(let anchor): try snapshot.checkEditable([content, anchor])
        }
        var new = splitLines(content)
        if new.count > 1, new.last?.isEmpty == true { new.removeLast() }
        switch position {
        case .start:
            if matches(new, text, at: 0) { return already(line: 1) }
            let insert = ByteEdit(
                range: text.bom..<text.bom, bytes: terminated(new, text.endingForInsert(near: 0)))
            return Resolved(effect: .change([insert]), line: 1)
        case .end:
            if matches(new, text, at: text.lineCount - new.count) { return already(line: text.lineCount) }
            let ending = text.endingForInsert(near: text.lineCount - 1)
            return Resolved(effect: .append(Array(new.joined(separator: ending))), line: text.lineCount + 1)
        case .after(let anchor):
            let found = try locate(anchor, .anchorNotFound, "the anchor", &snapshot)
            let lines = indented(new, found, anchor, text)
            if matches(lines, text, at: found.lines.upperBound) { return already(line: found.lines.upperBound + 1) }
            let last = found.lines.upperBound - 1
            let ending = text.endingForInsert(near: last)
            if text.ending(last).isEmpty {
                return Resolved(
                    effect: .append(Array(lines.joined(separator: ending))), match: found.tier,
                    line: text.lineCount + 1)
            }
            let at = text.start(found.lines.upperBound)
            return Resolved(
                effect: .change([ByteEdit(range: at..<at, bytes: terminated(lines, ending))]), match: found.tier,
                line: found.lines.upperBound + 1)
        case .before(let anchor):
            let found = try locate(anchor, .anchorNotFound, "the anchor", &snapshot)
            let lines = indented(new, found, anchor, text)
            let first = found.lines.lowerBound
            if matches(lines, text, at: first - lines.count) { return already(line: first - lines.count + 1) }
            let at = text.start(first)
            let bytes = terminated(lines, text.endingForInsert(near: first))
            return Resolved(
                effect: .change([ByteEdit(range: at..<at, bytes: bytes)]), match: found.tier, line: first + 1)
        }
    }

    static func remove(_ find: [UInt8], _ snapshot: inout Snapshot) throws(EditFault) -> Resolved {
        if find.trimmingBlanks.isEmpty {
            throw EditFault(.emptyFind, "find is empty; quote the line to remove")
        }
        try snapshot.checkEditable([find])
        let found = try locate(find, .notFound, "the line", &snapshot)
        let text = snapshot.text
        let range = text.start(found.lines.lowerBound)..<text.start(found.lines.upperBound)
        var resolved = Resolved(
            effect: .change([ByteEdit(range: range, bytes: [])]), match: found.tier, line: found.lines.lowerBound + 1)
        resolved.removesUnterminatedEnd = text.ending(found.lines.upperBound - 1).isEmpty
        return resolved
    }

    private struct Location {
        var lines: Range<Int>
        var tier: MatchTier
        var shift: IndentShift
    }

    private static func locate(
        _ quoted: [UInt8], _ kind: EditFault.Kind, _ subject: String, _ snapshot: inout Snapshot
    ) throws(EditFault) -> Location {
        let block = LineBlock(quoted).lines
        let found = snapshot.index().places(of: block)
        let tiers: [(MatchTier, [(line: Int, shift: IndentShift)])] = [
            (.exact, found.exact.map { ($0, .none) }), (.trailingSpace, found.trailingSpace.map { ($0, .none) }),
            (.indent, found.indent),
        ]
        for (tier, candidates) in tiers where !candidates.isEmpty {
            let places = candidates.map { $0.line..<$0.line + block.count }
            let chosen = try MatchSelection(places: places, line: { places[$0].lowerBound + 1 }, subject: subject)
                .choose(.count(1))
            return Location(lines: places[chosen[0]], tier: tier, shift: candidates[chosen[0]].shift)
        }
        throw snapshot.notFound(kind, subject, quoted)
    }

    /// New lines beside an anchor: shifted as the anchor was, and with the anchor's indent where the first has none.
    private static func indented(
        _ new: [ArraySlice<UInt8>], _ found: Location, _ anchor: [UInt8], _ text: FileText
    ) -> [ArraySlice<UInt8>] {
        let indent = Array(text.line(found.lines.lowerBound).indent)
        if new[0].indent.isEmpty, !new[0].isEmpty, !indent.isEmpty {
            return new.map { $0.isEmpty ? $0 : (indent + $0)[...] }
        }
        return new.map { found.shift.apply(to: $0).map { $0[...] } ?? $0 }
    }

    private static func matches(_ lines: [ArraySlice<UInt8>], _ text: FileText, at first: Int) -> Bool {
        guard first >= 0, first + lines.count <= text.lineCount else { return false }
        return lines.enumerated().allSatisfy { offset, line in
            line.trimmingTrailingBlanks == text.line(first + offset).trimmingTrailingBlanks
        }
    }

    private static func terminated(_ lines: [ArraySlice<UInt8>], _ ending: [UInt8]) -> [UInt8] {
        lines.reduce(into: []) { $0 += $1 + ending }
    }

    private static func already(line: Int) -> Resolved {
        Resolved(effect: .alreadyApplied, line: line, message: "the line is there already")
    }
}
