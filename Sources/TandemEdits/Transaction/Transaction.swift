import Synchronization
import TandemBase

/// Files staged before their contents are waited for: they go to the disk together, and as many are open at once.
private let stagedAtOnce = 128
/// How often putting files back is tried before it is left to the next start.
private let attempts = 3

/// Carries the changes of one root out, all or none, through the journal (EDITS.md, Transaction). Blocking: run it on
/// a pool, never on the loop.
package struct TransactionEngine: Sendable {
    let journal: any TransactionJournal
    let fileSystem: FileSystem
    private let locks: RootLocks

    package init(
        journal: any TransactionJournal, fileSystem: FileSystem = FileSystem(), locks: RootLocks = RootLocks()
    ) {
        self.journal = journal
        self.fileSystem = fileSystem
        self.locks = locks
    }

    /// What a commit came to.
    package enum Outcome: Sendable {
        /// - Parameter checked: the file system cannot exchange files, so some were checked and renamed.
        case committed(checked: Bool)
        /// The journal cannot be written: nothing was changed.
        case unrecorded(JournalError)
        /// Nothing was changed; each fault with the path it is about.
        case failed([(path: String, fault: EditFault)])
    }

    /// Steps 4 to 7 for a transaction that `begin` has recorded. The changes must have been resolved against what
    /// `EditRoot.read` gave; whatever was written since is `stale`.
    /// - Parameter emptied: folders, outermost first, that go where nothing is left in them (an undo's).
    package func commit(
        _ id: ULID, root: borrowing EditRoot, changes: [FileChange], emptied: [String] = []
    ) -> Outcome {
        let sorted = changes.sorted { $0.path < $1.path }
        let lock = locks.lock(root.path)
        defer { locks.unlock(root.path, lock) }
        let folders = root.missingFolders(above: sorted.lazy.filter { $0.after != nil }.map(\.path))
        do {
            try journal.setImages(id, sorted, folders: folders)
        } catch {
            try? journal.setState(id, .aborted)
            return .unrecorded(error)
        }
        // 4. Stage.
        do throws(FileSwap.Failure) {
            try makeFolders(folders, root, for: sorted)
            try stage(id, root, sorted)
        } catch {
            return abort(id, path: path(of: error), error.fault, clean: undoStaging(id, root, sorted, folders))
        }
        // 5. From here on a crash rolls forward.
        do {
            try journal.setState(id, .committing)
        } catch {
            if undoStaging(id, root, sorted, folders) { try? journal.setState(id, .aborted) }
            return .unrecorded(error)
        }
        // 6. Swap.
        var swapped = 0
        var checked = false
        var last: EditRoot.OpenFolder?
        do throws(FileSwap.Failure) {
            for (index, change) in sorted.enumerated() {
                if try swap(change, id, index, root, &last).swapIn() == .checked { checked = true }
                swapped += 1
            }
            try sync(sorted, folders, root)
        } catch {
            try? journal.setState(id, .rollingBack)
            // A stale file has been put back by its own swap.
            if case .system = error { swapped = min(sorted.count, swapped + 1) }
            return rollBack(id, root, sorted, swapped, folders, path(of: error), error.fault)
        }
        // 7. Committed; what is left over is removed now, or at the next start.
        do {
            try journal.setState(id, .cleaning)
            for (index, change) in sorted.enumerated() {
                guard let swap = try? swap(change, id, index, root, &last) else { continue }
                try swap.cleanUp()
            }
            removeFolders(emptied, root)
            try journal.setState(id, .committed)
        } catch {
            // Every file is as after; a journal that says committing or cleaning is finished at the next start.
        }
        return .committed(checked: checked)
    }

    private func stage(
        _ id: ULID, _ root: borrowing EditRoot, _ changes: [FileChange]
    ) throws(FileSwap.Failure) {
        var last: EditRoot.OpenFolder?
        var staged: [FileSwap.Staged] = []
        for (index, change) in changes.enumerated() {
            if let file = try swap(change, id, index, root, &last).stage(root) { staged.append(file) }
            guard staged.count == stagedAtOnce || index + 1 == changes.count else { continue }
            for file in staged { try FileSwap.finish(file, fileSystem) }
            staged = []
        }
    }

    /// Finishes what a crash has left: call before serving. Gives each transaction with the state it ended in; one
    /// that is left unfinished (its root cannot be written) keeps its state and is tried again at the next start.
    /// - Parameter rights: whose rights a transaction's files are touched with; nil: this process's own.
    package func recover(
        as rights: (TransactionRecord) -> PeerRights? = { _ in nil }
    ) throws(JournalError) -> [(record: TransactionRecord, state: TransactionState)] {
        var finished: [(record: TransactionRecord, state: TransactionState)] = []
        for record in try journal.unfinished() {
            let state: TransactionState
            if let peer = rights(record) {
                // Without them it waits for a start that has them.
                guard case .success(let reached) = peer.perform({ recover(record) }) else { continue }
                state = reached
            } else {
                state = recover(record)
            }
            if state != record.state { try journal.setState(record.id, state) }
            finished.append((record, state))
        }
        return finished
    }

    private func recover(_ record: TransactionRecord) -> TransactionState {
        guard let root = try? EditRoot(recorded: record.root) else {
            return record.state == .preparing ? .aborted : .recoveryConflict
        }
        let changes = record.changes
        do {
            switch record.state {
            case .preparing:
                return undoStaging(record.id, root, changes, record.folders) ? .aborted : .preparing
            case .committing:
                if try rollForward(record.id, root, changes, record.folders) {
                    try sync(changes, record.folders, root)
                    try cleanUp(record.id, root, changes)
                    return .committed
                }
                _ = try restore(record.id, root, changes, record.folders)
                return .recoveryConflict
            case .rollingBack:
                return try restore(record.id, root, changes, record.folders) ? .aborted : .recoveryConflict
            case .cleaning:
                try cleanUp(record.id, root, changes)
                return .committed
            case .committed, .aborted, .recoveryConflict: return record.state
            }
        } catch {
            return record.state
        }
    }

    /// True when every file is as after.
    private func rollForward(
        _ id: ULID, _ root: borrowing EditRoot, _ changes: [FileChange], _ folders: [String]
    ) throws(FileSwap.Failure) -> Bool {
        try makeFolders(folders, root, for: changes)
        // First look, then move: with one file in conflict no other is touched in vain.
        for (index, change) in changes.enumerated() {
            let swap = try swap(change, id, index, root)
            try swap.settle()
            let present = swap.present
            let known: [FileSwap.Content] = [
                change.before == nil ? .missing : .before, change.after == nil ? .missing : .after,
            ]
            guard known.contains(present), !swap.displacedStranger else { return false }
        }
        for (index, change) in changes.enumerated() {
            guard try swap(change, id, index, root).complete(root) else { return false }
        }
        return true
    }

    /// True when every file is as before.
    private func restore(
        _ id: ULID, _ root: borrowing EditRoot, _ changes: [FileChange], _ folders: [String]
    ) throws(FileSwap.Failure) -> Bool {
        var all = true
        for (index, change) in changes.enumerated().reversed() {
            guard let swap = try? swap(change, id, index, root) else {
                // Its folder is gone: right for a file that was not there before.
                all = all && change.before == nil
                continue
            }
            if try !swap.restore(root) { all = false }
        }
        removeFolders(folders, root)
        try sync(changes.filter { $0.before != nil }, [], root)
        return all
    }

    private func cleanUp(
        _ id: ULID, _ root: borrowing EditRoot, _ changes: [FileChange]
    ) throws(FileSwap.Failure) {
        for (index, change) in changes.enumerated() {
            let swap = try swap(change, id, index, root)
            do {
                try swap.cleanUp()
            } catch {
                throw .system(error)
            }
        }
    }

    private func swap(
        _ change: FileChange, _ id: ULID, _ index: Int, _ root: borrowing EditRoot
    ) throws(FileSwap.Failure) -> FileSwap {
        var none: EditRoot.OpenFolder?
        return try swap(change, id, index, root, &none)
    }

    private func swap(
        _ change: FileChange, _ id: ULID, _ index: Int, _ root: borrowing EditRoot, _ last: inout EditRoot.OpenFolder?
    ) throws(FileSwap.Failure) -> FileSwap {
        do {
            return try FileSwap(change, id: id, index: index, root, fileSystem, last: &last)
        } catch {
            throw .system(SystemError(error.call, change.path, code: error.code))
        }
    }

    private func makeFolders(
        _ folders: [String], _ root: borrowing EditRoot, for changes: [FileChange]
    ) throws(FileSwap.Failure) {
        for folder in folders {
            do {
                try fileSystem.makeFolder(try root.folder(of: folder), EditRoot.name(folder))
            } catch {
                // The plan names files: the fault is that of the first one that wants the folder.
                let file = changes.first { $0.after != nil && $0.path.hasPrefix(folder + "/") }
                throw .system(SystemError(error.call, file?.path ?? folder, code: error.code))
            }
        }
    }

    private func removeFolders(_ folders: [String], _ root: borrowing EditRoot) {
        for folder in folders.reversed() {
            guard let parent = try? root.folder(of: folder) else { continue }
            try? fileSystem.removeFolder(parent, EditRoot.name(folder))
        }
    }

    /// Removes temporary files and folders.
    /// - Returns: false when some are left; the next start tries again.
    private func undoStaging(
        _ id: ULID, _ root: borrowing EditRoot, _ changes: [FileChange], _ folders: [String]
    ) -> Bool {
        for _ in 0..<attempts {
            var clean = true
            for (index, change) in changes.enumerated() {
                // Without its folder there is nothing to remove.
                guard let swap = try? swap(change, id, index, root) else { continue }
                do { try swap.cleanUp() } catch { clean = false }
            }
            removeFolders(folders, root)
            if clean { return true }
        }
        return false
    }

    private func rollBack(
        _ id: ULID, _ root: borrowing EditRoot, _ changes: [FileChange], _ swapped: Int, _ folders: [String],
        _ path: String, _ fault: EditFault
    ) -> Outcome {
        for _ in 0..<attempts {
            guard let restored = try? restore(id, root, Array(changes[..<swapped]), folders) else { continue }
            let clean = undoStaging(id, root, changes, folders)
            if restored, clean { try? journal.setState(id, .aborted) }
            return .failed([(path, fault)])
        }
        var unfinished = fault
        unfinished.message += "; putting the files back failed too and is done at the next start"
        return .failed([(path, unfinished)])
    }

    private func sync(
        _ changes: [FileChange], _ folders: [String], _ root: borrowing EditRoot
    ) throws(FileSwap.Failure) {
        do {
            for path in Set(changes.map { EditRoot.parent($0.path) } + folders.map(EditRoot.parent)).sorted() {
                try fileSystem.sync(try root.folder(path), path)
            }
        } catch {
            throw .system(error)
        }
    }

    private func abort(_ id: ULID, path: String, _ fault: EditFault, clean: Bool = true) -> Outcome {
        if clean { try? journal.setState(id, .aborted) }
        return .failed([(path, fault)])
    }

    private func path(of failure: FileSwap.Failure) -> String {
        switch failure {
        case .stale(let path): path
        case .system(let error): error.subject
        }
    }
}

/// One committer per root at a time; roots do not wait for each other.
package final class RootLocks: Sendable {
    package init() {}

    private let users = Mutex<[String: (lock: BinarySemaphore, count: Int)]>([:])

    func lock(_ root: String) -> BinarySemaphore {
        let lock = users.withLock { users in
            let entry = users[root] ?? (BinarySemaphore(), 0)
            users[root] = (entry.lock, entry.count + 1)
            return entry.lock
        }
        lock.wait()
        return lock
    }

    func unlock(_ root: String, _ lock: BinarySemaphore) {
        lock.signal()
        users.withLock { users in
            guard let entry = users[root] else { return }
            users[root] = entry.count == 1 ? nil : (entry.lock, entry.count - 1)
        }
    }
}
