/// Lines shown to the model on each side of the region.
private let contextLines = 10
/// A region this many lines larger than the nearest block on both sides, for a rescue.
private let rescueMargin = 3
/// A file of at most so many lines is the region of a rescue that nothing in it is like.
private let rescuedFileLines = 200
/// The share of a region's lines an answer may drop unasked (EDITS.md, model_edit).
private let droppedShare = 0.3

/// An edit that a model has to do: the region it may change, what to do, and the test its answer must pass.
package struct ModelEditRequest: Sendable {
    /// The edit's place in the plan.
    package var index: Int
    package var file: String
    package var action: String
    /// 1-based lines of the snapshot. An empty file has the region 1...0.
    package var region: LineRegion
    /// The region's lines, with LF endings.
    package var regionText: String
    package var contextBefore: String
    package var contextAfter: String
    /// True for a deterministic edit that found no match (adaptive mode; one attempt).
    package var isRescue: Bool
    /// Lines that the task itself asks to be dropped, at most.
    private var droppable: Int

    init(index: Int, file: String, action: String, region: LineRegion?, _ snapshot: inout Snapshot) throws(EditFault) {
        try snapshot.checkEditable(snapshot.isUTF8 ? [] : [[0xFF]])
        let count = snapshot.text.lineCount
        let chosen = region ?? LineRegion(start: 1, end: count)
        guard region == nil || (chosen.start >= 1 && chosen.start <= chosen.end && chosen.end <= count) else {
            throw EditFault(
                .invalidRegion, "the region \(chosen.start)–\(chosen.end) is not within the file's \(count) lines")
        }
        let isAsked = Self.droppingWords.contains { action.lowercased().contains($0) }
        self.init(
            index: index, file: file, action: action, region: chosen, isRescue: false,
            droppable: isAsked ? .max : 0, snapshot.text)
    }

    init?(rescuing item: FileResolver.Item, _ fault: EditFault, file: String, _ snapshot: inout Snapshot) {
        let count = snapshot.text.lineCount
        guard snapshot.isUTF8, !snapshot.isBinary, count > 0 else { return nil }
        var region = LineRegion(start: 1, end: count)
        if let first = fault.lines.first, let last = fault.lines.last {
            region = LineRegion(start: max(1, first - rescueMargin), end: min(count, last + rescueMargin))
        } else if count > rescuedFileLines {
            return nil
        }
        self.init(
            index: item.index, file: file, action: Self.describe(item.operation), region: region, isRescue: true,
            droppable: Self.lost(by: item.operation), snapshot.text)
    }

    private init(
        index: Int, file: String, action: String, region: LineRegion, isRescue: Bool, droppable: Int, _ text: FileText
    ) {
        func lines(_ range: Range<Int>) -> String {
            range.map { String(decoding: text.line($0), as: UTF8.self) + "\n" }.joined()
        }
        self.index = index
        self.file = file
        self.action = action
        self.region = region
        self.isRescue = isRescue
        self.droppable = droppable
        regionText = lines(region.start - 1..<region.end)
        contextBefore = lines(max(0, region.start - 1 - contextLines)..<region.start - 1)
        contextAfter = lines(region.end..<min(text.lineCount, region.end + contextLines))
    }

    private static let droppingWords = [
        "remove", "delet", "drop", "strip", "simplif", "shorten", "extract", "inline", "clean", "dedup",
    ]

    /// How many lines fewer there are after an edit whose texts are known.
    private static func lost(by operation: EditOperation) -> Int {
        switch operation {
        case .replace(let edit): max(0, LineBlock(edit.find).lines.count - LineBlock(edit.replace).lines.count)
        case .removeLine(let find): LineBlock(find).lines.count
        default: 0
        }
    }

    private static func describe(_ operation: EditOperation) -> String {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        switch operation {
        case .replace(let edit):
            return "Replace the code that corresponds to\n\(text(edit.find))\nwith\n\(text(edit.replace))"
        case .addLine(let content, .after(let anchor)):
            return "Add the line\n\(text(content))\nright after the line that corresponds to\n\(text(anchor))"
        case .addLine(let content, .before(let anchor)):
            return "Add the line\n\(text(content))\nright before the line that corresponds to\n\(text(anchor))"
        case .addLine(let content, _): return "Add the line\n\(text(content))"
        case .removeLine(let find): return "Remove the line that corresponds to\n\(text(find))"
        default: return operation.name
        }
    }

    /// The message for the executor model.
    package var prompt: String {
        """
        File \(file), lines \(region.start)-\(region.end). Task: \(action)

        Lines before the region (do not repeat them):
        ~~~~
        \(contextBefore)~~~~
        The region:
        ~~~~
        \(regionText)~~~~
        Lines after the region (do not repeat them):
        ~~~~
        \(contextAfter)~~~~
        Answer with the whole new region, every line of it, in exactly one fenced block (````), and nothing else. \
        Never abbreviate unchanged code. Change nothing that the task does not ask for.
        """
    }

    /// Tests a model's answer and gives the region's new text (LF endings).
    /// - Parameter finishReason: the provider's, `length` means the answer is cut off.
    /// - Throws: `model_answer` with the exact fault, for one repair call.
    package func validate(answer: String, finishReason: String?) throws(EditFault) -> [UInt8] {
        if finishReason == "length" { throw fault("the answer was cut off at the token limit") }
        let blocks = FencedBlock.all(inAnswer: answer)
        guard let block = blocks.first else { throw fault("the answer holds no fenced block with the region") }
        guard blocks.count == 1 else { throw fault("the answer holds \(blocks.count) fenced blocks where one is due") }
        guard block.closed else { throw fault("the answer's fenced block is not closed, so it was cut off") }
        guard !block.mayEndEarly else {
            throw fault("the answer holds fences, so it is not clear where it ends: fence it with more backticks")
        }
        let old = splitLines(Array(regionText.utf8)).dropLast()
        let new = splitLines(block.content).dropLast()
        if let line = ElisionMarker.first(in: Array(new), notIn: Array(old)) {
            throw fault("the answer leaves code out (\"\(visible(line))\"); every line of the region is needed")
        }
        try checkOutside(Array(old), Array(new))
        try checkDropped(Array(old), Array(new))
        return block.content
    }

    private func fault(_ message: String) -> EditFault { EditFault(.modelAnswer, message) }

    /// An answer that begins or ends with lines from around the region would double them.
    private func checkOutside(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) throws(EditFault) {
        let before = splitLines(Array(contextBefore.utf8)).dropLast()
        let after = splitLines(Array(contextAfter.utf8)).dropLast()
        if let last = before.last(where: { !$0.allSatisfy(isBlank) }), last != old.first,
            let at = new.firstIndex(of: last), !old.contains(last),
            new[..<at].allSatisfy({ before.contains($0) })
        {
            throw fault("the answer repeats lines from before the region (\"\(visible(last))\")")
        }
        if let first = after.first(where: { !$0.allSatisfy(isBlank) }), first != old.last,
            let at = new.lastIndex(of: first), !old.contains(first),
            new[at...].allSatisfy({ after.contains($0) })
        {
            throw fault("the answer repeats lines from after the region (\"\(visible(first))\")")
        }
    }

    private func checkDropped(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) throws(EditFault) {
        let solidOld = old.filter { !$0.allSatisfy(isBlank) }
        let solidNew = new.filter { !$0.allSatisfy(isBlank) }
        let dropped = LineDiff(solidOld, solidNew).changes.reduce(0) { $0 + max(0, $1.left.count - $1.right.count) }
        if Double(dropped) > droppedShare * Double(solidOld.count) + Double(droppable) {
            throw fault("the answer drops \(dropped) of the region's \(solidOld.count) lines without being asked to")
        }
    }

    /// The changes that put an answer in the region's place, line by line, so that other edits of the file still fit.
    func resolved(_ answer: [UInt8], _ text: FileText) -> Resolved {
        let lines = region.start - 1..<max(region.start - 1, region.end)
        var quoted = lines.map { text.line($0) }
        var replacement = answer
        if let last = lines.last, text.ending(last).isEmpty {
            if replacement.last == 0x0A { replacement.removeLast() }
        } else {
            quoted.append([])
        }
        let rewrite = BlockRewrite(
            quoted: quoted, actual: quoted, endings: lines.map { text.ending($0) }.filter { !$0.isEmpty },
            shift: .none, fallbackEnding: text.endingForInsert(near: lines.lowerBound))
        let changes = rewrite.apply(replacement).map { lineChanges(text, lines: lines, to: $0) } ?? []
        guard !changes.isEmpty else {
            return Resolved(effect: .alreadyApplied, match: .model, message: "the model changed nothing")
        }
        return Resolved(
            effect: .change(changes), match: .model, line: text.lineIndex(of: changes[0].range.lowerBound) + 1)
    }
}
