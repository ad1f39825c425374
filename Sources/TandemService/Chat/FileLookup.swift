import CLinux
import Glibc
import TandemBase
import TandemWorkflows

/// What the expert's tools may see of the disk: regular files below the allowed roots, never through a symbolic link,
/// never hidden ones (keys and settings live there). Blocking; runs off the loop.
struct FileLookup: Sendable {
    /// Bytes of one file that are read.
    private static let fileLimit = 48 << 10
    /// Entries of one listing.
    private static let listingLimit = 500
    /// Lines that one search finds, and files that it opens.
    private static let matchLimit = 60
    private static let searchedFileLimit = 3000
    private static let depthLimit = 8
    private static let patience = TimeSpan.seconds(3)
    private static let resolve = UInt64(CL_RESOLVE_BENEATH | CL_RESOLVE_NO_SYMLINKS | CL_RESOLVE_NO_MAGICLINKS)

    /// Absolute paths.
    let roots: [String]

    func run(_ tool: ExpertTool, _ argument: String, below folder: String) async -> String {
        await onOwnThread {
            switch tool {
            case .readFile: read(argument) ?? refusal(argument)
            case .listFiles: list(argument) ?? refusal(argument)
            case .search: search(argument, below: folder) ?? refusal(folder)
            case .generateCode: "error: not a file tool"
            }
        }
    }

    private func refusal(_ path: String) -> String {
        "error: there is no such file or folder below the allowed ones: \(path.prefix(200))"
    }

    /// Opens a path below one of the roots.
    private func open(_ path: String, _ flags: Int32) -> FileDescriptor? {
        // The system would read to there only.
        guard !path.utf8.contains(0) else { return nil }
        for root in roots {
            var relative = path
            if path.hasPrefix("/") {
                guard path == root || path.hasPrefix(root == "/" ? root : root + "/") else { continue }
                relative = String(path.dropFirst(root.count))
                while relative.hasPrefix("/") { relative.removeFirst() }
            }
            if relative.isEmpty { relative = "." }
            let isHidden = relative.split(separator: "/").contains { $0.hasPrefix(".") && $0 != "." && $0 != ".." }
            guard !isHidden, let folder = try? FileDescriptor.open(root, O_RDONLY | O_DIRECTORY) else { continue }
            let raw = cl_openat2(
                folder.raw, relative, UInt64(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), 0, Self.resolve)
            if raw >= 0 { return FileDescriptor(owning: raw) }
        }
        return nil
    }

    private func contents(_ file: borrowing FileDescriptor) -> [UInt8]? {
        var status = stat()
        guard fstat(file.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.fileLimit)
        let count = Glibc.read(file.raw, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    private func read(_ path: String) -> String? {
        guard let file = open(path, O_RDONLY), let bytes = contents(file) else { return nil }
        if bytes.contains(0) { return "error: not a text file" }
        let cut = bytes.count == Self.fileLimit ? "\n[the file goes on]" : ""
        return String(decoding: bytes, as: UTF8.self) + cut
    }

    private func list(_ path: String) -> String? {
        var lines: [String] = []
        guard
            walk(
                path,
                { entry, isFolder in
                    lines.append(isFolder ? entry + "/" : entry)
                    return lines.count < Self.listingLimit
                })
        else { return nil }
        if lines.count == Self.listingLimit { lines.append("[there are more]") }
        return lines.isEmpty ? "the folder is empty" : lines.joined(separator: "\n")
    }

    private func search(_ text: String, below path: String) -> String? {
        guard !text.isEmpty else { return "error: the text to search for is empty" }
        let needle = Array(text.utf8)
        let end = MonotonicTime.now() + Self.patience
        var found: [String] = []
        var files = 0
        let base = path == "." ? "" : path + "/"
        guard
            walk(
                path,
                { entry, isFolder in
                    guard !isFolder else { return true }
                    files += 1
                    guard let file = open(base + entry, O_RDONLY), let bytes = contents(file), !bytes.contains(0) else {
                        return files < Self.searchedFileLimit
                    }
                    if cl_find(bytes, bytes.count, needle, needle.count) >= 0 {
                        for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
                        where found.count < Self.matchLimit {
                            let line = Array(line.prefix(400))
                            if cl_find(line, line.count, needle, needle.count) >= 0 {
                                found.append("\(entry):\(number + 1): \(String(decoding: line, as: UTF8.self))")
                            }
                        }
                    }
                    return files < Self.searchedFileLimit && found.count < Self.matchLimit && MonotonicTime.now() < end
                })
        else { return nil }
        return found.isEmpty ? "nothing found" : found.joined(separator: "\n")
    }

    /// Visits files and folders below `path`, sorted, until `visit` says enough; false where there is no such folder.
    private func walk(_ path: String, _ visit: (String, _ isFolder: Bool) -> Bool) -> Bool {
        guard let folder = open(path, O_RDONLY | O_DIRECTORY) else { return false }
        _ = walk(folder, "", 0, visit)
        return true
    }

    private func walk(
        _ folder: borrowing FileDescriptor, _ prefix: String, _ depth: Int, _ visit: (String, Bool) -> Bool
    ) -> Bool {
        let copy = fcntl(folder.raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0, let stream = fdopendir(copy) else { return true }
        var names: [String] = []
        while let entry = readdir(stream), names.count < Self.searchedFileLimit {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        closedir(stream)
        for name in names.sorted() {
            var status = stat()
            guard fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG: if !visit(prefix + name, false) { return false }
            case S_IFDIR:
                guard visit(prefix + name, true) else { return false }
                let raw = cl_openat2(
                    folder.raw, name, UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, Self.resolve)
                guard depth < Self.depthLimit, raw >= 0 else { continue }
                if !walk(FileDescriptor(owning: raw), prefix + name + "/", depth + 1, visit) { return false }
            default: continue
            }
        }
        return true
    }
}
