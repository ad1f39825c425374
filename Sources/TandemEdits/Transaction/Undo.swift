import TandemBase

/// Undoing a transaction: its before-images come back, merged with what was written since.
package enum Undo {
    /// The changes that undo a committed transaction; carry them out as a transaction of its own.
    /// - Throws: nothing by itself; the faults of all files that cannot be undone come back together.
    package static func changes(
        of record: TransactionRecord, root: borrowing EditRoot
    ) -> Result<[FileChange], UndoFaults> {
        var changes: [FileChange] = []
        var faults: [(path: String, fault: EditFault)] = []
        let newNames = Dictionary(
            record.changes.compactMap { change in change.renamedFrom.map { ($0, change.path) } }
        ) { first, _ in first }
        for change in withLaterWriting(record.changes, newNames, root) {
            do throws(EditFault) {
                if let inverse = try inverse(of: change, now: try root.read(change.path)) { changes.append(inverse) }
            } catch {
                faults.append((change.path, error))
            }
        }
        // A renamed file gets its own metadata back with its name.
        for index in changes.indices where changes[index].before == nil {
            changes[index].renamedFrom = newNames[changes[index].path]
        }
        return faults.isEmpty ? .success(changes) : .failure(UndoFaults(faults: faults))
    }

    package struct UndoFaults: Error, Sendable {
        package var faults: [(path: String, fault: EditFault)]

        package init(faults: [(path: String, fault: EditFault)]) { self.faults = faults }
    }

    /// The same, as if each renamed file had been given what now stands under its new name: that goes back with it.
    /// Where the two do not merge the change is left as it is, and in the way.
    private static func withLaterWriting(
        _ changes: [FileChange], _ newNames: [String: String], _ root: borrowing EditRoot
    ) -> [FileChange] {
        guard !newNames.isEmpty else { return changes }
        var changes = changes
        let places = Dictionary(changes.indices.map { (changes[$0].path, $0) }) { first, _ in first }
        for (oldName, newName) in newNames {
            guard let old = places[oldName], let new = places[newName], let before = changes[old].before,
                let after = changes[new].after, let now = try? root.read(newName)?.bytes,
                case .success(let merged) = ThreeWayMerge.merge(base: after, ours: now, theirs: before)
            else { continue }
            changes[new].after = now
            changes[old].before = merged
        }
        return changes
    }

    /// nil when the file is as before already.
    static func inverse(of change: FileChange, now: EditRoot.Image?) throws(EditFault) -> FileChange? {
        switch (now?.bytes, change.before) {
        case (let now, let before) where now == before: return nil
        case (nil, let before?) where change.after == nil:
            return FileChange(path: change.path, before: nil, after: before, mode: change.mode)
        case (nil, _):
            throw EditFault(.mergeConflict, "\(change.path) was deleted since the transaction")
        case (let current?, nil):
            guard current == change.after else {
                throw EditFault(
                    .mergeConflict, "\(change.path) was made by the transaction and changed since; it is kept")
            }
            return FileChange(path: change.path, before: current, after: nil, mode: now?.mode)
        case (let current?, let before?):
            guard let after = change.after else {
                throw EditFault(.mergeConflict, "\(change.path) was deleted by the transaction and made anew since")
            }
            switch ThreeWayMerge.merge(base: after, ours: current, theirs: before) {
            case .success(let merged):
                if merged == current { return nil }
                return FileChange(path: change.path, before: current, after: merged, mode: now?.mode)
            case .failure(let conflict):
                throw EditFault(
                    .mergeConflict,
                    "\(change.path) was changed since in the same lines (\(conflict.lines.map(String.init).joined(separator: ", ")))",
                    lines: conflict.lines)
            }
        }
    }
}
