import CLinux
import Glibc
import TandemBase

extension TransactionEngine {
    /// What `commit` would refuse, found without changing the tree or leaving anything in the journal (`dry_run`).
    /// - Returns: `committed` where it would be, as far as can be told beforehand.
    package func rehearse(_ record: TransactionRecord, root: borrowing EditRoot, changes: [FileChange]) -> Outcome {
        // Kept to the end: the journal may share the disk with the tree. A record that stays behind is cleaned up at the
        // next start.
        defer { try? journal.discard(record.id) }
        do throws(JournalError) {
            try journal.begin(record)
            try journal.setImages(record.id, changes, folders: [])
        } catch {
            return .unrecorded(error)
        }
        var rehearsal = Rehearsal(fileSystem: fileSystem)
        var faults: [(path: String, fault: EditFault)] = []
        for change in changes.sorted(by: { $0.path < $1.path }) {
            do throws(EditFault) { try rehearsal.check(change, root) } catch { faults.append((change.path, error)) }
        }
        return faults.isEmpty ? .committed(checked: false) : .failed(faults)
    }
}

/// Stages changes in files without a name, of which nothing is ever seen.
private struct Rehearsal {
    let fileSystem: FileSystem
    private var rooms: [dev_t: StagingRoom] = [:]

    init(fileSystem: FileSystem) { self.fileSystem = fileSystem }

    mutating func check(_ change: FileChange, _ root: borrowing EditRoot) throws(EditFault) {
        do throws(SystemError) {
            let parent = EditRoot.parent(change.path)
            guard let folder = try existing(parent, root) else {
                let above = try nearestFolder(above: parent, root)
                try fileSystem.checkWritable(above, parent)
                return try checkRoom(for: change, above)
            }
            let staged = change.after == nil ? nil : try fileSystem.createUnnamed(folder, change.path)
            if staged == nil { try fileSystem.checkWritable(folder, change.path) }
            try checkRoom(for: change, folder)
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

    /// The commit stages all files before it moves any: there has to be room for all of them at once.
    private mutating func checkRoom(for change: FileChange, _ folder: borrowing FileDescriptor) throws(SystemError) {
        guard let after = change.after else { return }
        let device = try status(folder, change.path).st_dev
        let room: StagingRoom
        if let known = rooms[device] {
            room = known
        } else {
            room = StagingRoom(fileSystem, try fileSystem.createUnnamed(folder, change.path))
            rooms[device] = room
        }
        try room.add(after, folder, change.path)
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

    private func nearestFolder(above folder: String, _ root: borrowing EditRoot) throws(SystemError) -> FileDescriptor {
        var above = EditRoot.parent(folder)
        while true {
            if let found = try existing(above, root) { return found }
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

/// The contents of all staged files of one file system, one after the other in a file without a name.
private final class StagingRoom {
    private let fileSystem: FileSystem
    /// nil where there are none: what is free is asked for then, which knows nothing of quotas.
    private var file: FileDescriptor?
    private var bytes = 0
    private var isFull = false

    init(_ fileSystem: FileSystem, _ file: consuming FileDescriptor?) {
        self.fileSystem = fileSystem
        self.file = file
    }

    /// - Throws: for the first content that has no room; what comes behind it is not looked at.
    func add(_ content: [UInt8], _ folder: borrowing FileDescriptor, _ path: String) throws(SystemError) {
        guard !isFull else { return }
        var known = statvfs()
        guard fstatvfs(folder.raw, &known) == 0 else { throw SystemError("statvfs", path) }
        // A file takes whole blocks. The rest of the last one stays a hole here.
        let block = max(1, Int(known.f_frsize))
        let start = bytes
        bytes += (content.count + block - 1) / block * block
        do throws(SystemError) {
            switch file {
            case .some(let file):
                guard lseek(file.raw, start, SEEK_SET) >= 0 else { throw SystemError("lseek", path) }
                try fileSystem.write(content, to: file, path)
            case nil:
                let free = geteuid() == 0 ? known.f_bfree : known.f_bavail
                if known.f_blocks > 0, UInt(bytes / block) > free { throw SystemError("write", path, code: ENOSPC) }
            }
        } catch {
            isFull = true
            // Others need the room now.
            file = nil
            throw error
        }
    }
}
