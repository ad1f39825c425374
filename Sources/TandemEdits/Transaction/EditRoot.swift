import CLinux
import Glibc
import TandemBase

/// Bytes of a file that is edited; larger files are refused.
private let fileSizeLimit = 64 << 20

/// A folder whose files are read and edited, by a handle: nothing outside of it can be reached, and no link is followed.
package struct EditRoot: ~Copyable, Sendable {
    package let path: String
    private let handle: FileDescriptor

    /// - Parameter allowed: absolute folders (`access.roots`), one of which must hold the root; nil allows any.
    package init(_ path: String, allowed: [String]? = nil) throws(EditFault) {
        let real = try Self.checkedPath(path, allowed)
        let handle = try Self.opened(real)
        self.init(path: real, handle: handle)
    }

    /// The root of a transaction on record. Its path had no link in it then: with one it is another place now.
    init(recorded path: String) throws(SystemError) {
        let raw = cl_openat2(
            AT_FDCWD, path, UInt64(CL_O_PATH) | UInt64(O_DIRECTORY), 0, UInt64(CL_RESOLVE_NO_SYMLINKS))
        guard raw >= 0 else { throw SystemError("open", path) }
        self.init(path: path, handle: FileDescriptor(owning: raw))
    }

    private init(path: String, handle: consuming FileDescriptor) {
        self.path = path
        self.handle = handle
    }

    private static func opened(_ path: String) throws(EditFault) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor.open(path, Int32(CL_O_PATH) | O_DIRECTORY)
        } catch {
            throw EditFault(.fileNotFound, "the root cannot be opened: \(error)")
        }
    }

    private static func checkedPath(_ path: String, _ allowed: [String]?) throws(EditFault) -> String {
        guard path.hasPrefix("/"), let root = resolved(path) else {
            throw EditFault(.fileNotFound, "the root \(path) is not an absolute path of a folder that exists")
        }
        let isAllowed = allowed?.contains { folder in
            guard let known = resolved(folder) else { return false }
            return root == known || known == "/" || root.hasPrefix(known + "/")
        }
        if isAllowed == false {
            throw EditFault(.forbidden, "the root \(path) is not below any of access.roots; add it there to allow it")
        }
        return root
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// A regular file's content and mode.
    package struct Image: Sendable {
        package var bytes: [UInt8]
        package var mode: UInt32

        package init(bytes: [UInt8], mode: UInt32) {
            self.bytes = bytes
            self.mode = mode
        }
    }

    /// Reads a file; nil when there is none.
    /// - Throws: `symlink`, `not_regular`, `hard_link`, `too_large`, `forbidden` (also read-only) for what must not be edited.
    package func read(_ path: String) throws(EditFault) -> Image? {
        guard let file = try openFile(path) else { return nil }
        var status = stat()
        guard fstat(file.raw, &status) == 0 else { throw Self.fault(SystemError("fstat", path), path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw EditFault(.notRegular, "\(path) is not a regular file")
        }
        if status.st_nlink > 1 {
            throw EditFault(.hardLink, "\(path) has \(status.st_nlink) hard links; an edit would part them")
        }
        // A rename would replace it all the same; who made it read-only did not mean that.
        let writable = cl_is_writable(file.raw)
        guard writable == 1 || writable < 0 && isWritable(path) else {
            throw EditFault(.forbidden, "\(path) is read-only for this user; make it writable to edit it")
        }
        guard status.st_size <= fileSizeLimit else {
            throw EditFault(.tooLarge, "\(path) is larger than \(fileSizeLimit >> 20) MiB")
        }
        do {
            return Image(bytes: try readAll(file, path), mode: status.st_mode & 0o7777)
        } catch {
            throw Self.fault(error, path)
        }
    }

    /// Whether the file may be written by this process.
    private func isWritable(_ path: String) -> Bool {
        guard let folder = try? folder(of: path) else { return false }
        return faccessat(folder.raw, Self.name(path), W_OK, AT_EACCESS) == 0
    }

    /// Opens a regular file for reading; nil when there is none.
    func openFile(_ path: String) throws(EditFault) -> FileDescriptor? {
        let resolve = UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS)
        // First by path alone: opening a device or a pipe may do something.
        let probe = cl_openat2(handle.raw, path, UInt64(CL_O_PATH), 0, resolve)
        guard probe >= 0 else {
            if cl_errno() == ENOENT || cl_errno() == ENOTDIR { return nil }
            throw Self.fault(SystemError("open", path), path)
        }
        let probed = FileDescriptor(owning: probe)
        var status = stat()
        guard fstat(probed.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw EditFault(.notRegular, "\(path) is not a regular file")
        }
        let raw = cl_openat2(handle.raw, path, UInt64(O_RDONLY | O_NONBLOCK | O_NOCTTY), 0, resolve)
        guard raw >= 0 else {
            if cl_errno() == ENOENT { return nil }
            throw Self.fault(SystemError("open", path), path)
        }
        return FileDescriptor(owning: raw)
    }

    /// The folder a path stands in, as a handle for names below it.
    func folder(of path: String) throws(SystemError) -> FileDescriptor {
        try folder(Self.parent(path))
    }

    /// A folder that the files of a phase share.
    final class OpenFolder: Sendable {
        let path: String
        let descriptor: FileDescriptor

        init(_ path: String, _ descriptor: consuming FileDescriptor) {
            self.path = path
            self.descriptor = descriptor
        }
    }

    /// The folder a path stands in; `last` is used again when it is that one, as it mostly is in sorted order.
    func openFolder(of path: String, last: inout OpenFolder?) throws(SystemError) -> OpenFolder {
        let parent = Self.parent(path)
        if let last, last.path == parent { return last }
        let opened = OpenFolder(parent, try folder(parent))
        last = opened
        return opened
    }

    /// A folder by its path; the empty path is the root.
    func folder(_ path: String) throws(SystemError) -> FileDescriptor {
        let resolve = UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS)
        let raw = cl_openat2(handle.raw, path.isEmpty ? "." : path, UInt64(O_RDONLY | O_DIRECTORY), 0, resolve)
        guard raw >= 0 else { throw SystemError("open", path) }
        return FileDescriptor(owning: raw)
    }

    /// The folders above these paths that do not exist, outermost first.
    func missingFolders(above paths: some Sequence<String>) -> [String] {
        var seen: Set<String> = []
        var missing: [String] = []
        let resolve = UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS)
        for path in paths {
            var folder = Self.parent(path)
            while !folder.isEmpty, seen.insert(folder).inserted {
                let raw = cl_openat2(handle.raw, folder, UInt64(CL_O_PATH), 0, resolve)
                if raw >= 0 {
                    close(raw)
                } else if cl_errno() == ENOENT {
                    missing.append(folder)
                }
                folder = Self.parent(folder)
            }
        }
        return missing.sorted()
    }

    /// Of a normalised path.
    static func parent(_ path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }

    static func name(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    static func fault(_ error: SystemError, _ path: String) -> EditFault {
        if error.call == FileSystem.copying, [EPERM, EACCES, ENOTSUP].contains(error.code) {
            return EditFault(
                .forbidden,
                "\(path): its owner, group, mode or attributes could not be kept (\(error.reason)); edit it as the account "
                    + "it belongs to")
        }
        return switch error.code {
        case ELOOP: EditFault(.symlink, "\(path) is or goes through a symbolic link; name the file it points to")
        case ENOTDIR: EditFault(.exists, "\(path): a folder of this path is a file; choose another name")
        case EXDEV: EditFault(.forbidden, "\(path) leaves the root")
        case EACCES, EPERM, EROFS: EditFault(.forbidden, "\(path): \(error)")
        default: EditFault(.ioError, "\(path): \(error)")
        }
    }
}

func readAll(_ file: borrowing FileDescriptor, _ name: String) throws(SystemError) -> [UInt8] {
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw SystemError("fstat", name) }
    var bytes: [UInt8] = []
    let step = max(4096, Int(status.st_size) + 1)
    let raw = file.raw
    while true {
        var failed: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
            let got = Glibc.read(raw, buffer.baseAddress!, buffer.count)
            if got < 0 { failed = cl_errno() }
            count = max(0, got)
        }
        if failed == EINTR { continue }
        if failed != 0 { throw SystemError("read", name, code: failed) }
        if chunk.isEmpty { return bytes }
        bytes = bytes.isEmpty ? chunk : bytes + chunk
        // Less than there was room for is the end of a regular file.
        if chunk.count < step { return bytes }
        if bytes.count > fileSizeLimit { throw SystemError("read", name, code: EFBIG) }
    }
}

/// Bytes of a file that are read at once.
private let pieceBytes = 64 << 10

/// Reads a file to its end, or until `visit` returns false.
func eachPiece(
    of file: borrowing FileDescriptor, _ name: String, _ visit: (UnsafeRawBufferPointer) -> Bool
) throws(SystemError) {
    let raw = file.raw
    let failed = withUnsafeTemporaryAllocation(byteCount: pieceBytes, alignment: 16) { buffer -> Int32 in
        while true {
            let got = Glibc.read(raw, buffer.baseAddress!, buffer.count)
            if got < 0, cl_errno() == EINTR { continue }
            if got < 0 { return cl_errno() }
            if got == 0 || !visit(UnsafeRawBufferPointer(rebasing: buffer[..<got])) { return 0 }
        }
    }
    if failed != 0 { throw SystemError("read", name, code: failed) }
}
