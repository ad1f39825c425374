import CLinux
import Glibc
import TandemBase

extension TransactionEngine {
    /// What `commit` would refuse, found without changing the tree or leaving anything in the journal (`dry_run`).
    /// - Returns: `committed` where it would be, as far as can be told beforehand.
    package func rehearse(_ record: TransactionRecord, root: borrowing EditRoot, changes: [FileChange]) -> Outcome {
        do throws(JournalError) {
            try journal.begin(record)
            try journal.setImages(record.id, changes, folders: [])
        } catch {
            try? journal.discard(record.id)
            return .unrecorded(error)
        }
        // A record that stays behind is cleaned up at the next start.
        try? journal.discard(record.id)
        let rehearsal = Rehearsal(fileSystem: fileSystem)
        var faults: [(path: String, fault: EditFault)] = []
        for change in changes.sorted(by: { $0.path < $1.path }) {
            do throws(EditFault) { try rehearsal.check(change, root) } catch { faults.append((change.path, error)) }
        }
        return faults.isEmpty ? .committed(checked: false) : .failed(faults)
    }
}

/// Stages changes in files without a name, of which nothing is ever seen.
private struct Rehearsal {
    var fileSystem: FileSystem

    func check(_ change: FileChange, _ root: borrowing EditRoot) throws(EditFault) {
        do throws(SystemError) {
            let parent = EditRoot.parent(change.path)
            guard let folder = try existing(parent, root) else { return try checkNewFolder(above: parent, root) }
            let staged = try stage(change, folder)
            guard let source = try source(of: change, root) else { return }
            try checkSticky(source, folder, change.path)
            if let staged {
                try fileSystem.copyMetadata(from: source, to: staged, change.path)
            } else if change.after != nil {
                try checkOwner(source, change.path)
            }
        } catch {
            throw EditRoot.fault(error, change.path)
        }
    }

    /// nil for a file that is deleted, and where there are no files without names: what can be told without is checked.
    private func stage(
        _ change: FileChange, _ folder: borrowing FileDescriptor
    ) throws(SystemError) -> FileDescriptor? {
        guard let after = change.after, let file = try fileSystem.createUnnamed(folder, change.path) else {
            try fileSystem.checkWritable(folder, change.path)
            return nil
        }
        try fileSystem.write(after, to: file, change.path)
        return file
    }

    /// nil for a folder that is to be made.
    private func existing(_ folder: String, _ root: borrowing EditRoot) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            return try root.folder(folder)
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    private func checkNewFolder(above folder: String, _ root: borrowing EditRoot) throws(SystemError) {
        var above = EditRoot.parent(folder)
        while true {
            if let found = try existing(above, root) { return try fileSystem.checkWritable(found, folder) }
            // The root itself is gone.
            if above.isEmpty { throw SystemError("open", folder, code: ENOENT) }
            above = EditRoot.parent(above)
        }
    }

    /// The file whose metadata the changed one gets, or that is deleted.
    private func source(of change: FileChange, _ root: borrowing EditRoot) throws(SystemError) -> FileDescriptor? {
        guard change.before != nil || change.renamedFrom != nil else { return nil }
        let path = change.renamedFrom ?? change.path
        do throws(EditFault) {
            return try root.openFile(path)
        } catch {
            throw SystemError("open", path, code: EACCES)
        }
    }

    /// In a sticky folder a file is moved by its owner and the folder's alone.
    private func checkSticky(
        _ file: borrowing FileDescriptor, _ folder: borrowing FileDescriptor, _ path: String
    ) throws(SystemError) {
        let (file, folder) = (try status(file, path), try status(folder, path))
        guard folder.st_mode & S_ISVTX != 0, ![0, file.st_uid, folder.st_uid].contains(geteuid()) else { return }
        throw SystemError("rename", path, code: EPERM)
    }

    private func checkOwner(_ file: borrowing FileDescriptor, _ path: String) throws(SystemError) {
        guard ![0, try status(file, path).st_uid].contains(geteuid()) else { return }
        throw SystemError(FileSystem.copying, path, code: EPERM)
    }

    private func status(_ file: borrowing FileDescriptor, _ path: String) throws(SystemError) -> stat {
        var status = stat()
        guard fstat(file.raw, &status) == 0 else { throw SystemError("fstat", path) }
        return status
    }
}
