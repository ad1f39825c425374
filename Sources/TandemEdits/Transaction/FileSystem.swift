import CLinux
import Glibc
import TandemBase

/// Every system call of a transaction that writes, behind one seam: tests fail or stop each of them in turn.
package struct FileSystem: Sendable {
    /// A call that is about to be made.
    package enum Operation: Sendable, Hashable {
        case create(String)
        case write(String)
        case copyMetadata(String)
        case sync(String)
        case exchange(String, String)
        case rename(String, String)
        case unlink(String)
        case makeFolder(String)
        case removeFolder(String)
    }

    /// Called before each operation; what it throws is taken for the call's error.
    package var intercept: @Sendable (Operation) throws(SystemError) -> Void = { (_) throws(SystemError) in }
    /// What a file system can do with names, the least first.
    package enum Moves: Comparable, Sendable, CaseIterable { case renames, links, exchanges }

    /// Less makes every move take the way of file systems that cannot do more.
    package var moves = Moves.exchanges
    /// False makes every rehearsal take the way of file systems that have no files without names.
    package var hasUnnamedFiles = true

    package init() {}

    /// A new file that did not exist; never follows a link.
    func create(_ folder: borrowing FileDescriptor, _ name: String, mode: mode_t) throws(SystemError) -> FileDescriptor
    {
        try intercept(.create(name))
        let raw = cl_openat(folder.raw, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
        guard raw >= 0 else { throw SystemError("create", name) }
        return FileDescriptor(owning: raw)
    }

    /// A new file without a name, gone with its descriptor; nil where the file system has none of that kind.
    func createUnnamed(_ folder: borrowing FileDescriptor, _ path: String) throws(SystemError) -> FileDescriptor? {
        guard hasUnnamedFiles else { return nil }
        let raw = cl_openat(folder.raw, ".", O_RDWR | Int32(CL_O_TMPFILE), 0o600)
        if raw >= 0 { return FileDescriptor(owning: raw) }
        // EISDIR: a kernel or a file system that takes it for opening the folder.
        if Self.isUnsupported(cl_errno()) || cl_errno() == EISDIR { return nil }
        throw SystemError("create", path)
    }

    /// Whether this thread may make and remove names in a folder.
    func checkWritable(_ folder: borrowing FileDescriptor, _ path: String) throws(SystemError) {
        guard faccessat(folder.raw, ".", W_OK | X_OK, AT_EACCESS) == 0 else { throw SystemError("write", path) }
    }

    func write(_ bytes: [UInt8], to file: borrowing FileDescriptor, _ name: String) throws(SystemError) {
        try intercept(.write(name))
        let raw = file.raw
        let code = bytes.withUnsafeBytes { buffer -> Int32 in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(raw, buffer.baseAddress! + done, buffer.count - done)
                if count < 0, cl_errno() != EINTR { return cl_errno() }
                if count > 0 { done += count }
            }
            return 0
        }
        if code != 0 { throw SystemError("write", name, code: code) }
    }

    func copyMetadata(
        from: borrowing FileDescriptor, to: borrowing FileDescriptor, _ name: String
    ) throws(SystemError) {
        try intercept(.copyMetadata(name))
        guard cl_copy_metadata(from.raw, to.raw) == 0 else { throw SystemError(Self.copying, name) }
    }

    /// The call of an error that says a file's metadata cannot be kept.
    static let copying = "copy metadata"

    /// For a file that is made anew. Whose the old one was is not known: set-id bits would lend the new owner's rights.
    func setMode(_ mode: mode_t, of file: borrowing FileDescriptor, _ name: String) throws(SystemError) {
        try intercept(.copyMetadata(name))
        guard fchmod(file.raw, mode & 0o1777) == 0 else { throw SystemError("fchmod", name) }
    }

    /// Begins what `sync` will wait for.
    func startSync(_ file: borrowing FileDescriptor) { cl_start_writeback(file.raw) }

    func sync(_ file: borrowing FileDescriptor, _ name: String) throws(SystemError) {
        try intercept(.sync(name))
        guard fsync(file.raw) == 0 else { throw SystemError("fsync", name) }
    }

    /// How a file got its place.
    enum Move: Sendable {
        case atomic
        /// The file system cannot do it in one step: looked at, then renamed.
        case checked
    }

    /// Swaps two files of one folder. Where the file system cannot, `other` is put in `name`'s place and what stood
    /// there gets `other`'s name: for a moment the old file has a second name, or, where there are no links either, that
    /// one alone (`StagedNames.asideSuffix`).
    @discardableResult
    func exchange(_ folder: borrowing FileDescriptor, _ name: String, _ other: String) throws(SystemError) -> Move {
        try intercept(.exchange(name, other))
        if moves == .exchanges {
            if cl_renameat2(folder.raw, name, folder.raw, other, UInt32(CL_RENAME_EXCHANGE)) == 0 { return .atomic }
            guard Self.isUnsupported(cl_errno()) else { throw SystemError("exchange", name) }
        }
        let aside = other + StagedNames.asideSuffix
        try unlink(folder, aside)
        if try !link(folder, name, aside) { try replace(folder, aside, with: name) }
        try intercept(.rename(other, name))
        guard renameat(folder.raw, other, folder.raw, name) == 0 else {
            let code = cl_errno()
            // Of two names of one file this leaves both. Where it fails, too, the file put aside may be the only one.
            if renameat(folder.raw, aside, folder.raw, name) == 0 { unlinkat(folder.raw, aside, 0) }
            throw SystemError("rename", name, code: code)
        }
        try replace(folder, other, with: aside)
        return .checked
    }

    /// Gives a file another name in its folder; EEXIST when that is taken.
    @discardableResult
    func renameWithoutReplacing(
        _ folder: borrowing FileDescriptor, _ name: String, to new: String
    ) throws(SystemError) -> Move {
        try intercept(.rename(name, new))
        if moves == .exchanges {
            if cl_renameat2(folder.raw, name, folder.raw, new, UInt32(CL_RENAME_NOREPLACE)) == 0 { return .atomic }
            guard Self.isUnsupported(cl_errno()) else { throw SystemError("rename", new) }
        }
        // link(2) refuses a name that is taken, as NOREPLACE does.
        if try link(folder, name, new) {
            try intercept(.unlink(name))
            guard unlinkat(folder.raw, name, 0) == 0 else { throw SystemError("unlink", name) }
        } else {
            var status = stat()
            guard fstatat(folder.raw, new, &status, AT_SYMLINK_NOFOLLOW) != 0 else {
                throw SystemError("rename", new, code: EEXIST)
            }
            guard renameat(folder.raw, name, folder.raw, new) == 0 else { throw SystemError("rename", new) }
        }
        return .checked
    }

    /// Gives a file a second name.
    /// - Returns: false where the file system has none to give.
    private func link(_ folder: borrowing FileDescriptor, _ name: String, _ new: String) throws(SystemError) -> Bool {
        guard moves >= .links else { return false }
        if linkat(folder.raw, name, folder.raw, new, 0) == 0 { return true }
        // EPERM is what link(2) has for that, too.
        guard Self.isUnsupported(cl_errno()) || cl_errno() == EPERM else { throw SystemError("link", new) }
        return false
    }

    /// Gives a file the place of another one.
    func replace(_ folder: borrowing FileDescriptor, _ name: String, with other: String) throws(SystemError) {
        try intercept(.rename(other, name))
        guard renameat(folder.raw, other, folder.raw, name) == 0 else { throw SystemError("rename", other) }
    }

    /// A file that is not there is no error.
    func unlink(_ folder: borrowing FileDescriptor, _ name: String) throws(SystemError) {
        var status = stat()
        if fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW) != 0, cl_errno() == ENOENT { return }
        try intercept(.unlink(name))
        guard unlinkat(folder.raw, name, 0) == 0 || cl_errno() == ENOENT else { throw SystemError("unlink", name) }
    }

    func makeFolder(_ folder: borrowing FileDescriptor, _ name: String) throws(SystemError) {
        try intercept(.makeFolder(name))
        guard mkdirat(folder.raw, name, 0o777) == 0 || cl_errno() == EEXIST else { throw SystemError("mkdir", name) }
    }

    /// A folder that is missing or holds something is left as it is.
    func removeFolder(_ folder: borrowing FileDescriptor, _ name: String) throws(SystemError) {
        try intercept(.removeFolder(name))
        guard unlinkat(folder.raw, name, AT_REMOVEDIR) == 0 || [ENOENT, ENOTEMPTY, EEXIST].contains(cl_errno()) else {
            throw SystemError("rmdir", name)
        }
    }

    private static func isUnsupported(_ code: Int32) -> Bool { [EINVAL, ENOSYS, EOPNOTSUPP].contains(code) }
}

/// The names a transaction gives its own files, beside the files they are for.
enum StagedNames {
    static let asideSuffix = ".old"

    static func temporary(_ id: ULID, _ index: Int) -> String { ".tandem-\(id)-\(index)" }
}
