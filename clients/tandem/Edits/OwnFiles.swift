import CLinux
import Glibc
import TandemBase
import TandemJSON

/// The largest file, and the most bytes together, that are sent to a service which cannot read them itself.
private let fileLimit = 256 << 10
private let totalLimit = 8 << 20

/// A tree that this program reads and writes itself, for a daemon of another user (documents mode). Nothing outside of
/// the tree is reached, and no symbolic link is followed.
struct OwnFiles: ~Copyable {
    let root: String
    private let handle: FileDescriptor
    /// What was sent, by path.
    private var sent: [String: [UInt8]] = [:]

    init(_ root: String) throws(Failure) {
        self.root = root
        do throws(SystemError) {
            handle = try FileDescriptor.open(root, Int32(CL_O_PATH) | O_DIRECTORY)
        } catch {
            throw Failure("cannot open \(root): \(error.reason)")
        }
    }

    /// Writes `documents`, the files of these names that exist.
    mutating func writeDocuments(_ paths: [String], to writer: inout JSONWriter) throws(Failure) {
        var total = 0
        writer.key("documents")
        writer.beginArray()
        for path in paths where sent[path] == nil {
            guard let bytes = try content(path), bytes.count <= fileLimit,
                String(validating: bytes, as: UTF8.self) != nil
            else { continue }
            total += bytes.count
            if total > totalLimit { throw Failure("the files have more than 8 MiB: name those that matter by --file") }
            sent[path] = bytes
            writer.beginObject()
            writer.member("path", path)
            writer.member("content", String(decoding: bytes, as: UTF8.self))
            writer.endObject()
        }
        writer.endArray()
    }

    /// The files that git knows of, for a planner that is to choose.
    func listed() throws(Failure) -> [String] {
        // A repository's own settings may name programs to run; looking at it must not (see FileSelection).
        let looking = ["env", "GIT_ALLOW_PROTOCOL=none", "git", "-C", root, "-c", "core.fsmonitor=false"]
        let command = looking + ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        guard let found = Programs.captured(command), found.status == 0 else {
            throw Failure("\(root) is no git repository: name the files to send by --file")
        }
        return found.output.split(separator: "\0").map(String.init)
    }

    private func folder(of path: String) throws(Failure) -> FileDescriptor {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let resolve = UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS)
        let raw = cl_openat2(handle.raw, parent, UInt64(O_RDONLY | O_DIRECTORY), 0, resolve)
        guard raw >= 0 else { throw Failure("cannot open the folder of \(path): \(SystemError("open").reason)") }
        return FileDescriptor(owning: raw)
    }

    /// nil for what is not there, and for what is no plain file.
    private func content(_ path: String) throws(Failure) -> [UInt8]? {
        let resolve = UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS)
        let raw = cl_openat2(handle.raw, path, UInt64(O_RDONLY | O_NONBLOCK), 0, resolve)
        guard raw >= 0 else { return nil }
        let file = FileDescriptor(owning: raw)
        var status = stat()
        guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return try readInput(path, file.raw)
    }

    private struct Staged {
        var path: String
        var action: String
        var old: String?
        var temporary: String?
    }

    /// Puts the new contents in place: all of them are staged beside their files before the first rename.
    func write(_ files: [JSONValue]) throws(Failure) {
        var staged: [Staged] = []
        do throws(Failure) {
            for (index, file) in files.enumerated() {
                let path = file["path"]?.string ?? ""
                let action = file["action"]?.string ?? ""
                let old = action == "rename" ? DiffText(file["diff"]?.string ?? "").renamedFrom ?? path : path
                guard try content(old) == (action == "create" ? nil : sent[old]) else {
                    throw Failure(.planConflict, "\(old) was changed meanwhile, nothing was changed: start anew")
                }
                var item = Staged(path: path, action: action, old: old == path ? nil : old)
                if action != "delete" { item.temporary = try stage(file, path, like: old, index) }
                staged.append(item)
            }
        } catch {
            for item in staged { discard(item) }
            throw error
        }
        for (done, item) in staged.enumerated() {
            do throws(Failure) {
                try put(item)
            } catch {
                for rest in staged[done...] { discard(rest) }
                throw Failure("\(error.message ?? "a rename failed"); \(done) of \(staged.count) files are changed")
            }
        }
    }

    private func stage(_ file: JSONValue, _ path: String, like old: String, _ index: Int) throws(Failure) -> String {
        try makeFolders(above: path)
        let folder = try folder(of: path)
        let name = ".tandem-\(getpid())-\(index)"
        let raw = cl_openat(folder.raw, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
        guard raw >= 0 else { throw Failure("cannot write beside \(path): \(SystemError("open").reason)") }
        let target = FileDescriptor(owning: raw)
        let source = cl_openat2(
            handle.raw, old, UInt64(O_RDONLY), 0, UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS))
        if source >= 0 {
            cl_copy_metadata(source, raw)
            close(source)
        }
        let bytes = file["content"]?.utf8 ?? []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(raw, $0.baseAddress, $0.count) }
            if count < 0, cl_errno() == EINTR { continue }
            guard count > 0 else {
                let reason = SystemError("write").reason
                unlinkat(folder.raw, name, 0)
                throw Failure("cannot write \(path): \(reason); nothing was changed")
            }
            rest = rest.dropFirst(count)
        }
        guard fsync(target.raw) == 0 else {
            unlinkat(folder.raw, name, 0)
            throw Failure("cannot write \(path): \(SystemError("fsync").reason); nothing was changed")
        }
        return name
    }

    private func makeFolders(above path: String) throws(Failure) {
        let parts = path.split(separator: "/").dropLast()
        for end in parts.indices {
            let part = parts[...end].joined(separator: "/")
            let folder = try folder(of: part)
            mkdirat(folder.raw, String(parts[end]), 0o777)
        }
    }

    private func put(_ item: Staged) throws(Failure) {
        let folder = try folder(of: item.path)
        let name = item.path.split(separator: "/").last.map(String.init) ?? item.path
        if let temporary = item.temporary {
            // A name that was free is not taken from somebody who came first.
            let flags = item.action == "modify" ? 0 : UInt32(CL_RENAME_NOREPLACE)
            guard cl_renameat2(folder.raw, temporary, folder.raw, name, flags) == 0 else {
                throw Failure("cannot put \(item.path) in place: \(SystemError("rename").reason)")
            }
        } else if unlinkat(folder.raw, name, 0) != 0 {
            throw Failure("cannot delete \(item.path): \(SystemError("unlink").reason)")
        }
        guard let old = item.old else { return }
        let oldFolder = try self.folder(of: old)
        unlinkat(oldFolder.raw, old.split(separator: "/").last.map(String.init) ?? old, 0)
    }

    private func discard(_ item: Staged) {
        guard let temporary = item.temporary, let folder = try? folder(of: item.path) else { return }
        unlinkat(folder.raw, temporary, 0)
    }
}
