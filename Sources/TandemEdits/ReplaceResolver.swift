/// Resolves all replace edits of one file together, tier by tier, each tier over the whole file.
struct ReplaceResolver {
    /// Texts that are looked for, each once, and where they stand.
    private struct Search {
        private var numbers: [LineKey: Int] = [:]
        private var texts: [[UInt8]] = []
        private var found: [[Int]] = []

        /// - Returns: the text's number.
        mutating func add(_ text: [UInt8]) -> Int {
            let key = LineKey(text)
            if let number = numbers[key] { return number }
            numbers[key] = texts.count
            texts.append(text)
            return texts.count - 1
        }

        mutating func reserve(_ count: Int) {
            numbers.reserveCapacity(count)
            texts.reserveCapacity(count)
        }

        /// Looks for all texts in one pass.
        mutating func run(in text: [UInt8]) { found = PatternSearch.occurrences(of: texts, in: text) }

        /// The offsets of a text, ascending; none of one that was not looked for.
        subscript(text: [UInt8]) -> [Int] { numbers[LineKey(text)].map { found[$0] } ?? [] }
        subscript(number number: Int) -> [Int] { found.isEmpty ? [] : found[number] }
    }

    private let edits: [Replacement]
    private var finds = Search()
    /// Of each edit's `find` in `finds`.
    private var numbers: [Int] = []
    /// What the edits whose `find` is absent put in its place.
    private var results = Search()
    /// These results and finds, looked for where line endings do not count.
    private var eol = Search()

    /// Looks up every text the edits quote in three shared passes at most.
    init(_ edits: [Replacement], _ snapshot: inout Snapshot) {
        self.edits = edits
        finds.reserve(edits.count)
        numbers = edits.map { finds.add($0.find) }
        guard !snapshot.isBinary else { return }
        finds.run(in: snapshot.text.bytes)
        let absent = edits.indices.filter { finds[number: numbers[$0]].isEmpty }.map { edits[$0] }
        guard !absent.isEmpty else { return }
        for edit in absent {
            if edit.find.contains(0x0A) { _ = eol.add(withEndings(edit.find, [0x0A])) }
            guard !edit.replace.isEmpty else { continue }
            // Applied already? Then the new text is there, perhaps with the other line ending.
            _ = results.add(edit.replace)
            _ = eol.add(withEndings(edit.replace, [0x0A]))
        }
        results.run(in: snapshot.text.bytes)
        eol.run(in: snapshot.normalized().bytes)
    }

    /// What one of the edits given to `init` comes to.
    func resolve(_ index: Int, _ snapshot: inout Snapshot) throws(EditFault) -> Resolved {
        let edit = edits[index]
        if edit.find.isEmpty {
            throw EditFault(.emptyFind, "find is empty; quote the text to replace, or use add_line or create")
        }
        if edit.find == edit.replace {
            throw EditFault(.noChange, "find and replace are the same; drop this edit or say what changes")
        }
        try snapshot.checkEditable([edit.find, edit.replace])
        if let resolved = try byExact(edit, finds[number: numbers[index]], snapshot) { return resolved }
        if let resolved = try byEnding(edit, &snapshot) { return resolved }
        if let resolved = try byLines(edit, &snapshot) { return resolved }
        if let place = onlyPlace(of: edit.replace, &snapshot) {
            return Resolved(
                effect: .alreadyApplied, line: snapshot.text.lineIndex(of: place) + 1,
                message: "find is gone and replace is there already")
        }
        throw snapshot.notFound(.notFound, "find", edit.find)
    }

    /// Where a text stands that stands in one place alone.
    private func onlyPlace(of text: [UInt8], _ snapshot: inout Snapshot) -> Int? {
        let exact = results[text]
        if exact.count == 1 { return exact[0] }
        let places = eol[withEndings(text, [0x0A])]
        return places.count == 1 ? snapshot.normalized().original(places[0]) : nil
    }

    private func byExact(_ edit: Replacement, _ offsets: [Int], _ snapshot: Snapshot) throws(EditFault) -> Resolved? {
        guard !offsets.isEmpty else { return nil }
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
        let offsets = eol[find]
        guard !offsets.isEmpty else { return nil }
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
