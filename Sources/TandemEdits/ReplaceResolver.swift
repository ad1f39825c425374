/// Resolves all replace edits of one file together, tier by tier, each tier over the whole file.
struct ReplaceResolver {
    /// Where each text stands.
    private typealias Offsets = [LineKey: [Int]]

    private var exact: Offsets = [:]
    private var eol: Offsets = [:]

    /// Looks up every text the edits quote in two shared passes at most.
    init(_ replacements: [Replacement], _ snapshot: inout Snapshot) {
        guard !snapshot.isBinary else { return }
        let wanted = Set(replacements.map { LineKey($0.find) })
        exact = Self.search(wanted, in: snapshot.text.bytes)
        let absent = wanted.filter { exact[$0]?.isEmpty ?? true }
        guard !absent.isEmpty else { return }
        let missing = absent.filter { $0.bytes.contains(0x0A) }
        // Applied already? Then the new text is there, perhaps with the other line ending.
        let results = Set(
            replacements.lazy.filter { !$0.replace.isEmpty && absent.contains(LineKey($0.find)) }
                .map { LineKey($0.replace) })
        exact.merge(Self.search(results.filter { exact[$0] == nil }, in: snapshot.text.bytes)) { old, _ in old }
        let normalized = Set((Array(missing) + results).map { LineKey(withEndings(Array($0.bytes), [0x0A])) })
        if !normalized.isEmpty { eol = Self.search(normalized, in: snapshot.normalized().bytes) }
    }

    private static func search(_ wanted: Set<LineKey>, in text: [UInt8]) -> Offsets {
        let patterns = Array(wanted)
        let found = PatternSearch.occurrences(of: patterns.map { Array($0.bytes) }, in: text)
        return Dictionary(zip(patterns, found)) { first, _ in first }
    }

    func resolve(_ edit: Replacement, _ snapshot: inout Snapshot) throws(EditFault) -> Resolved {
        if edit.find.isEmpty {
            throw EditFault(.emptyFind, "find is empty; quote the text to replace, or use add_line or create")
        }
        if edit.find == edit.replace {
            throw EditFault(.noChange, "find and replace are the same; drop this edit or say what changes")
        }
        try snapshot.checkEditable([edit.find, edit.replace])
        if let resolved = try byExact(edit, snapshot) { return resolved }
        if let resolved = try byEnding(edit, &snapshot) { return resolved }
        if let resolved = try byLines(edit, &snapshot) { return resolved }
        let normalized = withEndings(edit.replace, [0x0A])
        for places in [exact[LineKey(edit.replace)], eol[LineKey(normalized)]] where places?.count == 1 {
            let offset = places![0]
            let byte = exact[LineKey(edit.replace)]?.count == 1 ? offset : snapshot.normalized().original(offset)
            return Resolved(
                effect: .alreadyApplied, line: snapshot.text.lineIndex(of: byte) + 1,
                message: "find is gone and replace is there already")
        }
        throw snapshot.notFound(.notFound, "find", edit.find)
    }

    private func byExact(_ edit: Replacement, _ snapshot: Snapshot) throws(EditFault) -> Resolved? {
        guard let offsets = exact[LineKey(edit.find)], !offsets.isEmpty else { return nil }
        let text = snapshot.text
        let places = offsets.map { $0..<$0 + edit.find.count }
        let chosen = try MatchSelection(places: places, line: { text.lineIndex(of: offsets[$0]) + 1 }, subject: "find")
            .choose(edit.expected, hint: edit.lineHint)
        // Who quotes a line ending has seen it, and means the ones in replace; who quotes none gets the neighbours'.
        let adapts = !edit.find.contains(0x0A) && edit.replace.contains(0x0A)
        let edits = chosen.map { index in
            let line = text.lineIndex(of: offsets[index])
            let bytes = adapts ? withEndings(edit.replace, text.endingForInsert(near: line)) : edit.replace
            return ByteEdit(range: places[index], bytes: bytes)
        }
        return Resolved(effect: .change(edits), match: .exact, line: text.lineIndex(of: edits[0].range.lowerBound) + 1)
    }

    private func byEnding(_ edit: Replacement, _ snapshot: inout Snapshot) throws(EditFault) -> Resolved? {
        guard edit.find.contains(0x0A) else { return nil }
        let find = withEndings(edit.find, [0x0A])
        guard let offsets = eol[LineKey(find)], !offsets.isEmpty else { return nil }
        let normalized = snapshot.normalized()
        let text = snapshot.text
        let places = offsets.map { normalized.original($0)..<normalized.original($0 + find.count) }
        let chosen = try MatchSelection(
            places: places, line: { text.lineIndex(of: places[$0].lowerBound) + 1 }, subject: "find"
        ).choose(edit.expected, hint: edit.lineHint)
        var edits: [ByteEdit] = []
        for index in chosen {
            let place = places[index]
            let first = text.lineIndex(of: place.lowerBound)
            let quoted = splitLines(edit.find)
            let endings = (0..<quoted.count - 1).map { text.ending(first + $0) }
            let actual = quoted.indices.map { line in
                let start = line == 0 ? place.lowerBound : text.start(first + line)
                let end = line == quoted.count - 1 ? place.upperBound : text.end(first + line)
                return text.bytes[start..<end]
            }
            let rewrite = BlockRewrite(
                quoted: quoted, actual: actual, endings: endings, shift: .none,
                fallbackEnding: text.endingForInsert(near: first))
            guard let bytes = rewrite.apply(edit.replace) else { continue }
            edits.append(ByteEdit(range: place, bytes: bytes))
        }
        return Resolved(effect: .change(edits), match: .eol, line: text.lineIndex(of: edits[0].range.lowerBound) + 1)
    }

    private func byLines(_ edit: Replacement, _ snapshot: inout Snapshot) throws(EditFault) -> Resolved? {
        let block = LineBlock(edit.find)
        let found = snapshot.index().places(of: block.lines)
        let trailing = (found.exact + found.trailingSpace).sorted().map { (line: $0, shift: IndentShift.none) }
        let tier: MatchTier = trailing.isEmpty ? .indent : .trailingSpace
        let candidates = trailing.isEmpty ? found.indent : trailing
        guard !candidates.isEmpty else { return nil }
        let text = snapshot.text
        let places = candidates.map { $0.line..<$0.line + block.lines.count }
        let chosen = try MatchSelection(places: places, line: { places[$0].lowerBound + 1 }, subject: "find")
            .choose(edit.expected, hint: edit.lineHint)
        var edits: [ByteEdit] = []
        for index in chosen {
            guard let change = rewrite(edit, block, places[index], candidates[index].shift, text) else {
                throw EditFault(
                    .notFound,
                    "find is at line \(places[index].lowerBound + 1) with another indent, but a line of replace has "
                        + "less indent than that difference; quote the indent exactly",
                    lines: places[index].map { $0 + 1 })
            }
            edits.append(change)
        }
        return Resolved(effect: .change(edits), match: tier, line: places[chosen[0]].lowerBound + 1)
    }

    private func rewrite(
        _ edit: Replacement, _ block: LineBlock, _ place: Range<Int>, _ shift: IndentShift, _ text: FileText
    ) -> ByteEdit? {
        var quoted = block.lines
        var actual = place.map { text.line($0) }
        var endings = place.dropLast().map { text.ending($0) }
        var replacement = edit.replace
        var end = text.end(place.upperBound - 1)
        if block.terminated {
            let last = text.ending(place.upperBound - 1)
            if !last.isEmpty {
                quoted.append([])
                actual.append([])
                endings.append(last)
                end = text.start(place.upperBound)
            } else if replacement.last == 0x0A {
                // The file's last line has no ending, and goes on having none.
                replacement.removeLast()
                if replacement.last == 0x0D { replacement.removeLast() }
            }
        }
        let rewrite = BlockRewrite(
            quoted: quoted, actual: actual, endings: endings, shift: shift,
            fallbackEnding: text.endingForInsert(near: place.lowerBound))
        return rewrite.apply(replacement).map { ByteEdit(range: text.start(place.lowerBound)..<end, bytes: $0) }
    }
}
