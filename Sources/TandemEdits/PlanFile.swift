import TandemJSON

/// All edits of a plan that concern one file. Files are resolved side by side.
package struct PlanFile: Sendable {
    package var path: String
    /// The edits of its content, in the plan's order.
    package var items: [FileResolver.Item] = []
    package var creates: (index: Int, content: [UInt8])?
    package var deletes: Int?
    package var renames: (index: Int, to: String)?
    /// Edits of the file that cannot go together.
    package var conflicts: [Int] = []
    /// Why none of this file's edits can be carried out beside those of another file.
    private var obstacle: EditFault?

    /// Every index of the plan that concerns this file, ascending.
    package var indices: [Int] {
        let fileEdits = [creates?.index, deletes, renames?.index].compactMap { $0 }
        return (items.map(\.index) + fileEdits + conflicts).sorted()
    }

    /// What a file becomes, as a value.
    package struct Resolution: Sendable {
        package var outcomes: [EditOutcome]
        package var changes: [FileChange] = []
        package var summary: FileSummary?
        package var requests: [ModelEditRequest] { outcomes.compactMap(\.request) }
    }

    /// The files of a plan, in the order they are first named.
    package static func group(_ edits: [PlannedEdit], mode: EditMode) -> [PlanFile] {
        var files: [PlanFile] = []
        var positions: [String: Int] = [:]
        var targets: [String: Int] = [:]
        for (index, edit) in edits.enumerated() {
            let position = positions[edit.file] ?? files.count
            if position == files.count {
                positions[edit.file] = position
                files.append(PlanFile(path: edit.file))
            }
            files[position].add(edit.operation, index, mode)
            if case .rename(let to) = edit.operation { targets[to, default: 0] += 1 }
        }
        // The new name of a file must not be named otherwise.
        for position in files.indices {
            guard let rename = files[position].renames, positions[rename.to] != nil || targets[rename.to] ?? 0 > 1
            else { continue }
            files[position].renames = nil
            files[position].conflicts.append(rename.index)
        }
        blockFoldersOfFiles(&files)
        return files
    }

    /// A path that the plan makes a file cannot be the folder of another one.
    private static func blockFoldersOfFiles(_ files: inout [PlanFile]) {
        guard files.contains(where: \.makesPath) else { return }
        var positions: [String: Int] = [:]
        for position in files.indices {
            if let path = files[position].finalPath { positions[path] = position }
        }
        for position in files.indices {
            guard let path = files[position].finalPath else { continue }
            var folder = EditRoot.parent(path)
            while !folder.isEmpty {
                if let above = positions[folder], files[above].makesPath || files[position].makesPath {
                    let fault = EditFault(
                        .overlap,
                        "\(folder) is a file in this plan, so there can be no \(path) in it; give one of them another name"
                    )
                    for blocked in [above, position] where files[blocked].makesPath { files[blocked].obstacle = fault }
                }
                folder = EditRoot.parent(folder)
            }
        }
    }

    private var makesPath: Bool { creates != nil || renames != nil }
    /// nil for a file that is deleted.
    private var finalPath: String? { deletes == nil ? renames?.to ?? path : nil }

    private mutating func add(_ operation: EditOperation, _ index: Int, _ mode: EditMode) {
        let isFresh = creates == nil && deletes == nil && renames == nil
        switch operation {
        case .create(let content) where isFresh && items.isEmpty: creates = (index, content)
        case .delete where isFresh && items.isEmpty: deletes = index
        case .rename(let to) where creates == nil && deletes == nil && renames == nil: renames = (index, to)
        case .create, .delete, .rename: conflicts.append(index)
        default:
            if deletes != nil || creates != nil && mode != .sequential {
                conflicts.append(index)
            } else {
                items.append(FileResolver.Item(index: index, operation: operation))
            }
        }
    }

    /// - Parameters:
    ///   - image: the file as it is; nil when there is none.
    ///   - target: what stands under the new name of a renamed file; nothing should.
    ///   - base: the SHA-256 the file has to have, from the request.
    package func resolve(
        _ image: EditRoot.Image?, target: Result<EditRoot.Image?, EditFault> = .success(nil), base: String?,
        mode: EditMode, answers: [Int: [UInt8]] = [:]
    ) -> Resolution {
        if let obstacle { return failed(obstacle) }
        if let base, image.map({ base.lowercased() == Digest.sha256($0.bytes) }) != true {
            return failed(Self.stale(path))
        }
        var outcomes = conflicts.map {
            EditOutcome.failed(
                $0, EditFault(.overlap, "\(path): this edit cannot go with another one of the same file"))
        }
        if let creates {
            let made = create(image, creates, mode, answers)
            outcomes += made.outcomes
            guard image == nil else { return Resolution(outcomes: outcomes) }
            let change = FileChange(path: path, before: nil, after: made.bytes)
            return Resolution(
                outcomes: outcomes, changes: [change],
                summary: FileSummary(path: path, action: .create, before: nil, after: made.bytes, mode: 0o644))
        }
        guard let image else {
            return failed(EditFault(.fileNotFound, "\(path) does not exist; create it, or name the right file"))
        }
        if let deletes {
            outcomes.append(EditOutcome(index: deletes, status: .applied))
            let change = FileChange(path: path, before: image.bytes, after: nil, mode: image.mode)
            return Resolution(
                outcomes: outcomes, changes: [change],
                summary: FileSummary(path: path, action: .delete, before: image.bytes, after: nil, mode: image.mode))
        }
        let content = FileResolver.resolve(path: path, bytes: image.bytes, items: items, mode: mode, answers: answers)
        outcomes += content.outcomes
        if let renames {
            if let fault = Self.fault(of: target, renames.to) {
                outcomes.append(.failed(renames.index, fault))
            } else {
                outcomes.append(EditOutcome(index: renames.index, status: .applied))
                return renamed(image, content, to: renames.to, outcomes)
            }
        }
        guard !areEqual(content.bytes, image.bytes) else { return Resolution(outcomes: outcomes) }
        let change = FileChange(path: path, before: image.bytes, after: content.bytes, mode: image.mode)
        let summary = FileSummary(
            path: path, action: .modify, before: image.bytes, after: content.bytes, mode: image.mode,
            edits: content.edits)
        return Resolution(outcomes: outcomes, changes: [change], summary: summary)
    }

    package static func stale(_ path: String) -> EditFault {
        EditFault(.stale, "\(path) is not as in base any more; read it again and plan anew")
    }

    private static func fault(of target: Result<EditRoot.Image?, EditFault>, _ path: String) -> EditFault? {
        switch target {
        case .success(nil): nil
        // Perhaps nothing stands there, but there is no way to it.
        case .failure(let fault) where [.symlink, .forbidden, .ioError].contains(fault.kind): fault
        default: EditFault(.exists, "\(path) exists already; delete it first, or choose another name")
        }
    }

    private func renamed(
        _ image: EditRoot.Image, _ content: FileResolution, to: String, _ outcomes: [EditOutcome]
    ) -> Resolution {
        Resolution(
            outcomes: outcomes,
            changes: [
                FileChange(path: path, before: image.bytes, after: nil, mode: image.mode),
                FileChange(path: to, before: nil, after: content.bytes, mode: image.mode, renamedFrom: path),
            ],
            summary: FileSummary(
                path: to, action: .rename, before: image.bytes, after: content.bytes, mode: image.mode, oldPath: path,
                edits: content.edits))
    }

    private func create(
        _ image: EditRoot.Image?, _ creates: (index: Int, content: [UInt8]), _ mode: EditMode, _ answers: [Int: [UInt8]]
    ) -> (outcomes: [EditOutcome], bytes: [UInt8]) {
        if let image {
            let same = image.bytes == creates.content && items.isEmpty
            let fault = EditFault(.exists, "\(path) exists already; use replace or model_edit, or delete it first")
            let first: EditOutcome =
                same
                ? EditOutcome(index: creates.index, status: .alreadyApplied, message: "the file is there already")
                : .failed(creates.index, fault)
            return ([first] + items.map { .failed($0.index, fault) }, image.bytes)
        }
        let content = FileResolver.resolve(
            path: path, bytes: creates.content, items: items, mode: mode, answers: answers)
        return ([EditOutcome(index: creates.index, status: .applied)] + content.outcomes, content.bytes)
    }

    /// The same fault for each edit of the file.
    package func failed(_ fault: EditFault) -> Resolution {
        Resolution(outcomes: indices.map { .failed($0, fault) })
    }
}

/// One entry of a result's `files`.
package struct FileSummary: Sendable {
    package enum Action: String, Sendable { case modify, create, delete, rename }

    /// The file's name after the transaction.
    package var path: String
    package var action: Action
    package var before: [UInt8]?
    package var after: [UInt8]?
    package var mode: UInt32
    package var oldPath: String?
    /// The changes of `before` that give `after`, ascending and apart, where they are known.
    private let edits: [ByteEdit]?

    package init(
        path: String, action: Action, before: [UInt8]?, after: [UInt8]?, mode: UInt32, oldPath: String? = nil,
        edits: [ByteEdit]? = nil
    ) {
        self.path = path
        self.action = action
        self.before = before
        self.after = after
        self.mode = mode
        self.oldPath = oldPath
        self.edits = edits
    }

    package var diff: [UInt8] {
        UnifiedDiff.bytes(
            oldPath: action == .create ? nil : oldPath ?? path, newPath: action == .delete ? nil : path,
            old: before ?? [], new: after ?? [], mode: mode, edits: edits)
    }

    /// `{path, action, sha256_before, sha256_after, diff, content?}`; absent hashes are null. Hashes and diffs take
    /// their time: not for the loop.
    package func json(withContent: Bool) -> [UInt8] {
        let diff = diff
        // A line's end takes two bytes, and the head and the hashes some more.
        var writer = JSONWriter(reserving: 1024 + diff.count + diff.count / 16)
        writer.beginObject()
        writer.member("path", path)
        writer.member("action", action.rawValue)
        for (name, bytes) in [("sha256_before", before), ("sha256_after", after)] {
            writer.key(name)
            if let bytes { writer.string(Digest.sha256(bytes)) } else { writer.null() }
        }
        writer.key("diff")
        writer.string(utf8: diff)
        if withContent, let after {
            writer.key("content")
            writer.string(utf8: after)
        }
        writer.endObject()
        return writer.bytes
    }
}
