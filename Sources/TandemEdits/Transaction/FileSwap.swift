import CLinux
import Glibc
import TandemBase

/// The moves of one file of a transaction: staging its new content beside it, putting it in place, putting it back.
/// Every move may be repeated after a crash: names follow from the transaction's id and the file's place in it.
struct FileSwap: ~Copyable {
    enum Failure: Error {
        /// The file is not what the transaction knows.
        case stale(String)
        case system(SystemError)

        var fault: EditFault {
            switch self {
            case .stale(let path):
                EditFault(.stale, "\(path) was changed by somebody else meanwhile; read it again")
            case .system(let error): EditRoot.fault(error, error.subject)
            }
        }
    }

    enum Content: Equatable {
        case missing, before, after, other
    }

    let change: FileChange
    private let fileSystem: FileSystem
    private let folder: FileDescriptor
    private let name: String
    /// Holds the new content before the swap, and the displaced file after it.
    private let temporary: String

    /// - Throws: when the file's folder does not exist.
    init(_ change: FileChange, id: ULID, index: Int, _ root: borrowing EditRoot, _ fileSystem: FileSystem)
        throws(SystemError)
    {
        self.change = change
        self.fileSystem = fileSystem
        folder = try root.folder(of: change.path)
        name = EditRoot.name(change.path)
        temporary = StagedNames.temporary(id, index)
    }

    /// Writes the new content to a temporary file with the metadata of the old one.
    func stage(_ root: borrowing EditRoot) throws(Failure) {
        guard present == (change.before == nil ? .missing : .before) else { throw .stale(change.path) }
        guard let after = change.after else { return }
        do {
            let file = try fileSystem.create(folder, temporary, mode: change.before == nil ? 0o666 : 0o600)
            try fileSystem.write(after, to: file, temporary)
            if let source = try source(root) {
                try fileSystem.copyMetadata(from: source, to: file, temporary)
            } else if let mode = change.mode {
                try fileSystem.setMode(mode_t(mode), of: file, temporary)
            }
            try fileSystem.sync(file, temporary)
        } catch let error as SystemError {
            throw .system(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .stale(change.path)
        }
    }

    /// The file whose metadata the new one gets.
    private func source(_ root: borrowing EditRoot) throws -> FileDescriptor? {
        if change.before == nil, change.renamedFrom == nil { return nil }
        guard let file = try root.openFile(change.renamedFrom ?? change.path) else {
            // Deleted or restored meanwhile; the swap will say so where it matters.
            if change.renamedFrom != nil { return nil }
            throw Failure.stale(change.path)
        }
        return file
    }

    /// Puts the new content in place and looks at what it displaced.
    func swapIn() throws(Failure) {
        do {
            if change.before == nil {
                try fileSystem.renameWithoutReplacing(folder, temporary, to: name)
            } else if change.after == nil {
                try fileSystem.renameWithoutReplacing(folder, name, to: temporary)
            } else {
                try fileSystem.exchange(folder, name, temporary)
            }
        } catch {
            if error.code == EEXIST || error.code == ENOENT { throw .stale(change.path) }
            throw .system(error)
        }
        guard change.before != nil else { return }
        guard content(of: temporary) == change.before else {
            // Somebody wrote between snapshot and swap: theirs goes back.
            do {
                if change.after == nil {
                    try fileSystem.renameWithoutReplacing(folder, temporary, to: name)
                } else {
                    try fileSystem.exchange(folder, name, temporary)
                }
            } catch {
                throw .system(error)
            }
            throw .stale(change.path)
        }
    }

    /// Puts the old content back where the new one stands; leaves alone what is neither.
    /// - Returns: false when the file is neither as before nor as after.
    func restore(_ root: borrowing EditRoot) throws(Failure) -> Bool {
        do {
            switch present {
            case .before: break
            case .missing where change.before == nil: break
            case .other:
                try cleanUpOwn()
                return false
            case .missing:
                guard change.after == nil, let before = change.before else {
                    try cleanUpOwn()
                    return false
                }
                if content(of: temporary) == nil { try rewrite(before) }
                try fileSystem.renameWithoutReplacing(folder, temporary, to: name)
            case .after:
                guard let before = change.before else {
                    try fileSystem.unlink(folder, name)
                    break
                }
                // What the swap displaced goes back, also where it was somebody's newer writing.
                let displaced = content(of: temporary)
                if displaced == nil || displaced == change.after { try rewrite(before) }
                try fileSystem.exchange(folder, name, temporary)
            }
            try cleanUp()
            return true
        } catch {
            throw .system(error)
        }
    }

    /// The swap displaced something else than the old content, and nobody has put it back yet.
    var displacedStranger: Bool {
        guard present == (change.after == nil ? .missing : .after), let before = change.before,
            let displaced = content(of: temporary)
        else { return false }
        return displaced != before && displaced != change.after
    }

    /// After a crash: puts the new content in place if it is not there yet.
    /// - Returns: false when the file is neither as before nor as after.
    func complete(_ root: borrowing EditRoot) throws(Failure) -> Bool {
        let present = present
        if present == (change.after == nil ? .missing : .after) { return true }
        guard present == (change.before == nil ? .missing : .before) else { return false }
        do {
            if let after = change.after, content(of: temporary) != after {
                try fileSystem.unlink(folder, temporary)
                try stage(root)
            } else if change.after == nil {
                try fileSystem.unlink(folder, temporary)
            }
        } catch let error as SystemError {
            throw .system(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .stale(change.path)
        }
        do {
            try swapIn()
        } catch .stale {
            return false
        }
        return true
    }

    /// Removes what the transaction put beside the file.
    func cleanUp() throws(SystemError) {
        try fileSystem.unlink(folder, temporary)
        try fileSystem.unlink(folder, temporary + StagedNames.asideSuffix)
    }

    /// Removes the temporary file unless it holds what somebody else wrote.
    private func cleanUpOwn() throws(SystemError) {
        let kept = content(of: temporary)
        if kept == change.before || kept == change.after { try cleanUp() }
    }

    /// What the file is now.
    var present: Content {
        var status = stat()
        guard fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .missing }
        guard status.st_mode & S_IFMT == S_IFREG, let bytes = content(of: name) else { return .other }
        return bytes == change.after ? .after : bytes == change.before ? .before : .other
    }

    /// The old content, for a displaced file that is gone; its metadata is that of the file in place.
    private func rewrite(_ bytes: [UInt8]) throws(SystemError) {
        let aside = temporary + StagedNames.asideSuffix
        try fileSystem.unlink(folder, aside)
        let file = try fileSystem.create(folder, aside, mode: 0o600)
        try fileSystem.write(bytes, to: file, aside)
        if let present = try? FileDescriptor.opening(name, in: folder) {
            try fileSystem.copyMetadata(from: present, to: file, aside)
        } else if let mode = change.mode {
            try fileSystem.setMode(mode_t(mode), of: file, aside)
        }
        try fileSystem.sync(file, aside)
        try fileSystem.replace(folder, temporary, with: aside)
    }

    private func content(of name: String) -> [UInt8]? {
        guard let file = try? FileDescriptor.opening(name, in: folder) else { return nil }
        return try? readAll(file, name)
    }
}

extension FileDescriptor {
    /// A file of a folder for reading; never through a link, never waiting for a pipe.
    fileprivate static func opening(_ name: String, in folder: borrowing FileDescriptor) throws(SystemError)
        -> FileDescriptor
    {
        let raw = cl_openat(folder.raw, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
        guard raw >= 0 else { throw SystemError("open", name) }
        return FileDescriptor(owning: raw)
    }
}
