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
    private let place: EditRoot.OpenFolder
    private let name: String
    /// Holds the new content before the swap, and the displaced file after it.
    private let temporary: String

    /// - Throws: when the file's folder does not exist.
    init(
        _ change: FileChange, id: ULID, index: Int, _ root: borrowing EditRoot, _ fileSystem: FileSystem,
        last: inout EditRoot.OpenFolder?
    ) throws(SystemError) {
        self.change = change
        self.fileSystem = fileSystem
        place = try root.openFolder(of: change.path, last: &last)
        name = EditRoot.name(change.path)
        temporary = StagedNames.temporary(id, index)
    }

    /// The temporary files' names say nothing to whoever sent the plan.
    private func named(_ error: SystemError) -> Failure {
        .system(SystemError(error.call, change.path, code: error.code))
    }

    /// A staged file that is still to be synced: the disk works on the next ones meanwhile.
    final class Staged: Sendable {
        let path: String
        let name: String
        let file: FileDescriptor

        init(_ path: String, _ name: String, _ file: consuming FileDescriptor) {
            self.path = path
            self.name = name
            self.file = file
        }
    }

    /// Writes the new content to a temporary file with the metadata of the old one; `finish` it.
    /// - Returns: nil for a file that is deleted.
    func stage(_ root: borrowing EditRoot) throws(Failure) -> Staged? {
        guard present == (change.before == nil ? .missing : .before) else { throw .stale(change.path) }
        guard let after = change.after else { return nil }
        do {
            let file = try fileSystem.create(place.descriptor, temporary, mode: change.before == nil ? 0o666 : 0o600)
            try fileSystem.write(after, to: file, temporary)
            if let source = try source(root) {
                try fileSystem.copyMetadata(from: source, to: file, temporary)
            } else if let mode = change.mode {
                try fileSystem.setMode(mode_t(mode), of: file, temporary)
            }
            fileSystem.startSync(file)
            return Staged(change.path, temporary, file)
        } catch let error as SystemError {
            throw named(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .stale(change.path)
        }
    }

    /// Waits until a staged file is on the disk.
    static func finish(_ staged: Staged, _ fileSystem: FileSystem) throws(Failure) {
        do {
            try fileSystem.sync(staged.file, staged.name)
        } catch {
            throw .system(SystemError(error.call, staged.path, code: error.code))
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
    @discardableResult
    func swapIn() throws(Failure) -> FileSystem.Move {
        let move: FileSystem.Move
        do {
            if change.before == nil {
                move = try fileSystem.renameWithoutReplacing(place.descriptor, temporary, to: name)
            } else if change.after == nil {
                move = try fileSystem.renameWithoutReplacing(place.descriptor, name, to: temporary)
            } else {
                move = try fileSystem.exchange(place.descriptor, name, temporary)
            }
        } catch {
            if error.code == EEXIST || error.code == ENOENT { throw .stale(change.path) }
            throw named(error)
        }
        guard change.before != nil else { return move }
        guard displaced == .before else {
            // Somebody wrote between snapshot and swap: theirs goes back.
            do {
                if change.after == nil {
                    try fileSystem.renameWithoutReplacing(place.descriptor, temporary, to: name)
                } else {
                    try fileSystem.exchange(place.descriptor, name, temporary)
                }
            } catch {
                throw named(error)
            }
            throw .stale(change.path)
        }
        return move
    }

    /// After a crash or a failure between two renames (`FileSystem.exchange`) the old file has only the name it was put
    /// aside under: it gets its own back.
    func settle() throws(Failure) {
        let aside = temporary + StagedNames.asideSuffix
        var status = stat()
        guard change.before != nil, change.after != nil,
            fstatat(place.descriptor.raw, name, &status, AT_SYMLINK_NOFOLLOW) != 0, content(of: aside) == .before
        else { return }
        do {
            try fileSystem.replace(place.descriptor, name, with: aside)
        } catch {
            throw named(error)
        }
    }

    /// Puts the old content back where the new one stands; leaves alone what is neither.
    /// - Returns: false when the file is neither as before nor as after.
    func restore(_ root: borrowing EditRoot) throws(Failure) -> Bool {
        try settle()
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
                if displaced == .missing { try rewrite(before) }
                try fileSystem.renameWithoutReplacing(place.descriptor, temporary, to: name)
            case .after:
                guard let before = change.before else {
                    try fileSystem.unlink(place.descriptor, name)
                    break
                }
                // What the swap displaced goes back, also where it was somebody's newer writing.
                if displaced == .missing || displaced == .after { try rewrite(before) }
                try fileSystem.exchange(place.descriptor, name, temporary)
            }
            try cleanUp()
            return true
        } catch {
            throw named(error)
        }
    }

    /// The swap displaced something else than the old content, and nobody has put it back yet.
    var displacedStranger: Bool {
        present == (change.after == nil ? .missing : .after) && change.before != nil && displaced == .other
    }

    /// After a crash: puts the new content in place if it is not there yet.
    /// - Returns: false when the file is neither as before nor as after.
    func complete(_ root: borrowing EditRoot) throws(Failure) -> Bool {
        let present = present
        if present == (change.after == nil ? .missing : .after) { return true }
        guard present == (change.before == nil ? .missing : .before) else { return false }
        do {
            if change.after != nil, displaced != .after {
                try fileSystem.unlink(place.descriptor, temporary)
                if let staged = try stage(root) { try Self.finish(staged, fileSystem) }
            } else if change.after == nil {
                try fileSystem.unlink(place.descriptor, temporary)
            }
        } catch let error as SystemError {
            throw named(error)
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
        try fileSystem.unlink(place.descriptor, temporary)
        try fileSystem.unlink(place.descriptor, temporary + StagedNames.asideSuffix)
    }

    /// Removes the temporary file unless it holds what somebody else wrote.
    private func cleanUpOwn() throws(SystemError) {
        if displaced == .before || displaced == .after { try cleanUp() }
    }

    /// What the file is now.
    var present: Content {
        var status = stat()
        guard fstatat(place.descriptor.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .missing }
        guard status.st_mode & S_IFMT == S_IFREG else { return .other }
        let content = content(of: name)
        return content == .missing ? .other : content
    }

    /// What the temporary file holds; missing also where it cannot be read.
    private var displaced: Content { content(of: temporary) }

    /// The old content, for a displaced file that is gone; its metadata is that of the file in place.
    private func rewrite(_ bytes: [UInt8]) throws(SystemError) {
        let aside = temporary + StagedNames.asideSuffix
        try fileSystem.unlink(place.descriptor, aside)
        let file = try fileSystem.create(place.descriptor, aside, mode: 0o600)
        try fileSystem.write(bytes, to: file, aside)
        if let present = try? FileDescriptor.opening(name, in: place.descriptor) {
            try fileSystem.copyMetadata(from: present, to: file, aside)
        } else if let mode = change.mode {
            try fileSystem.setMode(mode_t(mode), of: file, aside)
        }
        try fileSystem.sync(file, aside)
        try fileSystem.replace(place.descriptor, temporary, with: aside)
    }

    /// Compares as it reads; missing where it cannot read.
    private func content(of name: String) -> Content {
        guard let file = try? FileDescriptor.opening(name, in: place.descriptor) else { return .missing }
        var (isBefore, isAfter) = (change.before != nil, change.after != nil)
        var at = 0
        let isRead =
            (try? eachPiece(of: file, name) { piece in
                isBefore = isBefore && change.before?.holds(piece, at: at) == true
                isAfter = isAfter && change.after?.holds(piece, at: at) == true
                at += piece.count
                return isBefore || isAfter
            }) != nil
        guard isRead else { return .missing }
        if isAfter, at == change.after?.count { return .after }
        return isBefore && at == change.before?.count ? .before : .other
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
