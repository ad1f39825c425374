import CLinux
import Glibc
import TandemBase

/// Files, bytes and depth of a tree that is copied for a verifier; a larger one is refused.
private let fileLimit = 50_000
private let byteLimit = 2 << 30
private let depthLimit = 64

/// Runs a configured verifier in a copy of the tree with the changes in it, before anything is committed.
///
/// The copy shares blocks where the file system can (FICLONE) and is copied within the kernel elsewhere; it is bounded
/// by files and bytes. `.git` at the top is left out: a history is no part of what is verified, and often the most
/// of a tree. Symbolic links are copied as links, but those that leave the tree are left out, as are devices and pipes.
package enum ShadowTree {
    /// Blocking.
    /// - Parameters:
    ///   - folder: where to put the copy; on the tree's own file system it may share blocks. nil: the temporary folder.
    ///   - stop: ends the copying and the command.
    package static func verify(
        name: String, command: [String], timeout: TimeSpan, root: borrowing EditRoot, changes: [FileChange],
        folder: String? = nil, stop: CommandRunner.Stop? = nil
    ) -> VerifyCheck {
        func result(_ status: VerifyCheck.Status, _ output: String) -> VerifyCheck {
            VerifyCheck(file: "", name: name, status: status, output: output)
        }
        do throws(SystemError) {
            let shadow = try PrivateFolder(in: folder)
            var budget = Budget(stop: stop)
            try copy(RawPath(root.path), RawPath(shadow.path), depth: 0, &budget)
            try apply(changes, to: shadow.path)
            guard let run = try CommandRunner.run(command, in: shadow.path, timeout: timeout, stop: stop) else {
                return result(.skipped, "\(command.first ?? "") is not on this host")
            }
            let output = run.output.replacing(shadow.path, with: root.path)
            if run.timedOut { return result(.failed, output + "\n(stopped at the time limit)") }
            return result(run.code == 0 ? .passed : .failed, output)
        } catch {
            let reason = error.code == EFBIG ? "the tree is too large to be copied for a verifier" : error.description
            return result(.failed, reason)
        }
    }

    private struct Budget {
        var files = fileLimit
        var bytes = byteLimit
        let stop: CommandRunner.Stop?

        mutating func take(_ size: Int, _ path: RawPath) throws(SystemError) {
            if stop?.isStopped == true { throw SystemError("copy", path.description, code: ECANCELED) }
            files -= 1
            bytes -= size
            if files < 0 || bytes < 0 { throw SystemError("copy", path.description, code: EFBIG) }
        }
    }

    private static let git = Array(".git".utf8CString)

    private static func copy(_ from: RawPath, _ to: RawPath, depth: Int, _ budget: inout Budget) throws(SystemError) {
        guard depth < depthLimit else { throw SystemError("copy", from.description, code: EFBIG) }
        for name in from.entries ?? [] where depth > 0 || name != git {
            let (source, target) = (from.appending(name), to.appending(name))
            var status = stat()
            guard lstat(source.bytes, &status) == 0 else { continue }
            try budget.take(Int(status.st_size), source)
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                guard mkdir(target.bytes, 0o700) == 0 else { throw SystemError("mkdir", target.description) }
                try copy(source, target, depth: depth + 1, &budget)
            case S_IFREG:
                // What cannot be read is not there for the verifier.
                guard let input = try? source.open(O_RDONLY | O_NOFOLLOW) else { continue }
                let output = try target.open(O_RDWR | O_CREAT | O_EXCL, mode: (status.st_mode & 0o777) | 0o600)
                guard cl_copy_contents(input.raw, output.raw) == 0 else {
                    throw SystemError("copy", source.description)
                }
            case S_IFLNK: link(source, target, depth)
            default: break
            }
        }
    }

    private static func link(_ source: RawPath, _ target: RawPath, _ depth: Int) {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = readlink(source.bytes, &buffer, Int(PATH_MAX))
        guard length > 0 else { return }
        let (slash, dot) = (CChar(0x2F), CChar(0x2E))
        let destination = buffer[..<length]
        guard destination.first != slash else { return }
        var level = depth
        for part in destination.split(separator: slash) where part != [dot] {
            level += part == [dot, dot] ? -1 : 1
            if level < 0 { return }
        }
        symlink(Array(destination) + [0], target.bytes)
    }

    private static func apply(_ changes: [FileChange], to folder: String) throws(SystemError) {
        for change in changes {
            let target = folder + "/" + change.path
            guard let after = change.after else {
                unlink(target)
                continue
            }
            var parent = folder
            for part in change.path.split(separator: "/").dropLast() {
                parent += "/" + part
                mkdir(parent, 0o700)
            }
            try write(after, to: target, mode: mode_t(change.mode ?? 0o644) | 0o600)
        }
    }
}
