/// What the edits of one file come to. A value: nothing has been written anywhere.
package struct FileResolution: Sendable {
    /// One for each edit, in the order given; in mode sequential up to the first one that waits for a model.
    package var outcomes: [EditOutcome]
    /// The content with every edit that resolved; the snapshot's own bytes where none did.
    package var bytes: [UInt8]
    /// The changes of the snapshot that give `bytes`, ascending and apart; nil where it took more than these.
    package var edits: [ByteEdit]?

    package var hasFailures: Bool { outcomes.contains { $0.status == .failed } }
    /// The calls to make before resolving again with their answers.
    package var requests: [ModelEditRequest] { outcomes.compactMap(\.request) }
}

/// Resolves the edits of one file. A pure function of its arguments: files may be resolved side by side.
package enum FileResolver {
    /// An edit with its place in the plan.
    package struct Item: Sendable {
        package var index: Int
        package var operation: EditOperation

        package init(index: Int, operation: EditOperation) {
            self.index = index
            self.operation = operation
        }
    }

    /// - Parameters:
    ///   - path: decides the language of imports.
    ///   - items: content edits only (no create, delete, rename), in the plan's order.
    ///   - mode: `sequential` lets each edit see the one before; the others resolve all against one snapshot.
    ///     `adaptive` adds a request for a model to each edit whose text is nowhere in the file.
    ///   - answers: validated answers of models, by index; see `ModelEditRequest.validate`.
    package static func resolve(
        path: String, bytes: [UInt8], items: [Item], mode: EditMode, answers: [Int: [UInt8]] = [:]
    ) -> FileResolution {
        guard mode == .sequential else { return snapshot(path, bytes, items, mode, answers) }
        var resolution = FileResolution(outcomes: [], bytes: bytes)
        for item in items {
            let step = snapshot(path, resolution.bytes, [item], mode, answers)
            resolution.outcomes += step.outcomes
            resolution.bytes = step.bytes
            // What follows has to see this edit's result.
            if step.outcomes.contains(where: { $0.request != nil }) { break }
        }
        return resolution
    }

    private static func snapshot(
        _ path: String, _ bytes: [UInt8], _ items: [Item], _ mode: EditMode, _ answers: [Int: [UInt8]]
    ) -> FileResolution {
        var snapshot = Snapshot(bytes)
        var replaced = 0
        let replacements = items.compactMap { item -> Replacement? in
            if case .replace(let replacement) = item.operation { replacement } else { nil }
        }
        let replaceResolver = ReplaceResolver(replacements, &snapshot)
        let imports = items.indices.filter { if case .addImport = items[$0].operation { true } else { false } }
        var importResults = ImportEdits.resolve(
            imports.map { if case .addImport(let line) = items[$0].operation { line } else { [] } }, path: path,
            &snapshot
        )[...]
        var composition = Composition(text: snapshot.text)
        var outcomes: [EditOutcome] = []
        for (position, item) in items.enumerated() {
            do throws(EditFault) {
                let resolved: Resolved
                switch item.operation {
                case .replace:
                    defer { replaced += 1 }
                    resolved = try replaceResolver.resolve(replaced, &snapshot)
                case .addLine(let content, let place): resolved = try LineEdits.add(content, place, &snapshot)
                case .removeLine(let find): resolved = try LineEdits.remove(find, &snapshot)
                case .addImport: resolved = try importResults.removeFirst().get()
                case .modelEdit(let action, let region):
                    let request = try ModelEditRequest(
                        index: item.index, file: path, action: action, region: region, &snapshot)
                    guard let answer = answers[item.index] else {
                        outcomes.append(EditOutcome(index: item.index, status: .skipped, request: request))
                        continue
                    }
                    resolved = request.resolved(answer, snapshot.text)
                case .create, .delete, .rename:
                    throw EditFault(.overlap, "\(item.operation.name) cannot be combined with edits of the same file")
                }
                outcomes.append(composition.add(resolved, owner: position, index: item.index))
            } catch {
                outcomes.append(rescue(item, error, path, mode, answers[item.index], position, &snapshot, &composition))
            }
        }
        var overlapping = Set(composition.dropOverlaps())
        // The changes of all imports are the first one's; they stand and fall together.
        let applied = imports.filter { outcomes[$0].status == .applied }
        if !overlapping.isDisjoint(with: applied) { overlapping.formUnion(applied) }
        for position in overlapping {
            let line = outcomes[position].line
            let fault = EditFault(
                .overlap, "this edit changes the same text as another one; make them one edit, or use mode sequential",
                lines: line.map { [$0] } ?? [])
            outcomes[position] = .failed(items[position].index, fault)
        }
        return FileResolution(outcomes: outcomes, bytes: composition.assembled(), edits: composition.edits)
    }

    /// In adaptive mode an edit whose text is nowhere goes to a model, with the nearest block as its region.
    private static func rescue(
        _ item: Item, _ fault: EditFault, _ path: String, _ mode: EditMode, _ answer: [UInt8]?, _ position: Int,
        _ snapshot: inout Snapshot, _ composition: inout Composition
    ) -> EditOutcome {
        var outcome = EditOutcome.failed(item.index, fault)
        guard mode == .adaptive, fault.kind == .notFound || fault.kind == .anchorNotFound,
            let request = ModelEditRequest(rescuing: item, fault, file: path, &snapshot)
        else { return outcome }
        if let answer {
            let resolved = request.resolved(answer, snapshot.text)
            // The edit was to change something; a model that changes nothing has not made it.
            if case .alreadyApplied = resolved.effect { return outcome }
            return composition.add(resolved, owner: position, index: item.index)
        }
        outcome.request = request
        return outcome
    }
}

/// Collects the changes of a snapshot and writes them out together.
struct Composition {
    private struct Entry {
        var edit: ByteEdit
        var owner: Int
    }

    private let text: FileText
    private var entries: [Entry] = []
    private var appended: [(owner: Int, bytes: [UInt8])] = []
    private var endRemovers: Set<Int> = []

    init(text: FileText) { self.text = text }

    mutating func add(_ resolved: Resolved, owner: Int, index: Int) -> EditOutcome {
        var status = EditOutcome.Status.applied
        switch resolved.effect {
        case .change(let edits): entries += edits.map { Entry(edit: $0, owner: owner) }
        case .append(let bytes): appended.append((owner, bytes))
        case .alreadyApplied: status = .alreadyApplied
        }
        if resolved.removesUnterminatedEnd { endRemovers.insert(owner) }
        return EditOutcome(
            index: index, status: status, match: resolved.match, line: resolved.line, message: resolved.message)
    }

    /// Takes out every edit that shares bytes with another one, and says which. Sorts what is left.
    mutating func dropOverlaps() -> [Int] {
        entries.sort {
            ($0.edit.range.lowerBound, $0.edit.range.upperBound, $0.owner)
                < ($1.edit.range.lowerBound, $1.edit.range.upperBound, $1.owner)
        }
        var overlapping: Set<Int> = []
        var reach = (end: 0, owner: -1)
        for entry in entries {
            if entry.edit.range.lowerBound < reach.end, entry.owner != reach.owner {
                overlapping.insert(entry.owner)
                overlapping.insert(reach.owner)
            }
            if entry.edit.range.upperBound > reach.end { reach = (entry.edit.range.upperBound, entry.owner) }
        }
        entries.removeAll { overlapping.contains($0.owner) }
        endRemovers.subtract(overlapping)
        return overlapping.sorted()
    }

    var edits: [ByteEdit]? { appended.isEmpty && endRemovers.isEmpty ? entries.map(\.edit) : nil }

    func assembled() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.bytes.count + entries.reduce(0) { $0 + $1.edit.bytes.count })
        var at = 0
        for entry in entries {
            output += text.bytes[at..<entry.edit.range.lowerBound]
            output += entry.edit.bytes
            at = entry.edit.range.upperBound
        }
        output += text.bytes[at...]
        let ending = text.endingForInsert(near: text.lineCount - 1)
        let terminates = text.lineCount == 0 || text.endsWithNewline
        for (_, bytes) in appended {
            if output.count > text.bom, output.last != 0x0A { output += ending }
            output += bytes
            if terminates { output += ending }
        }
        if !endRemovers.isEmpty, appended.isEmpty, output.last == 0x0A {
            output.removeLast()
            if output.last == 0x0D { output.removeLast() }
        }
        return output
    }
}

/// The line-wise changes that turn some lines of a text into others.
func lineChanges(_ text: FileText, lines: Range<Int>, to new: [UInt8]) -> [ByteEdit] {
    let newText = FileText(new)
    let old = lines.map { text.bytes[text.start($0)..<text.start($0 + 1)] }
    let added = (0..<newText.lineCount).map { line in
        new[(line == 0 ? 0 : newText.start(line))..<newText.start(line + 1)]
    }
    return LineDiff(old, added).changes.map { change in
        let start = text.start(lines.lowerBound + change.left.lowerBound)
        let end = text.start(lines.lowerBound + change.left.upperBound)
        return ByteEdit(range: start..<max(start, end), bytes: Array(added[change.right].joined()))
    }
}
