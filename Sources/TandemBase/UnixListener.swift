import CLinux
import Glibc

/// Why a Unix socket cannot be listened on.
package enum UnixListenerFailure: Error, Hashable, Sendable {
    /// Another process is listening there.
    case inUse
    /// A file is there that is no socket.
    case notASocket
    case failed(SystemError)
}

/// How often, every 10 ms, another process that listens in the same folder is waited for.
private let lockTries = 100

/// A non-blocking listening socket at `path`, for its owner alone (0600). A socket on which nobody listens any more is
/// replaced; a live one, and any other file, is left alone.
package func listenUnix(_ path: String, backlog: Int32) throws(UnixListenerFailure) -> FileDescriptor {
    // Clients that lose their daemon start the next one all at once: between one's look and its bind(2) no other may
    // look, else it would take a socket away that has just come alive.
    let folder = cl_open(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY, 0)
    defer { if folder >= 0 { close(folder) } }
    var tries = 0
    while folder >= 0, tries < lockTries, flock(folder, LOCK_EX | LOCK_NB) != 0, cl_errno() == EWOULDBLOCK {
        tries += 1
        usleep(10_000)
    }

    let probe = cl_unix_socket(1)
    guard probe >= 0 else { throw .failed(SystemError("socket")) }
    defer { close(probe) }
    // EAGAIN: somebody listens, and has his hands full.
    if cl_connect_unix(probe, path) == 0 || cl_errno() == EAGAIN { throw .inUse }
    let isRefused = cl_errno() == ECONNREFUSED
    // connect(2) says the same of a regular file.
    var status = stat()
    if lstat(path, &status) == 0 {
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket }
        if isRefused { unlink(path) }
    }
    let raw = cl_unix_socket(1)
    guard raw >= 0 else { throw .failed(SystemError("socket")) }
    let socket = FileDescriptor(owning: raw)
    let mask = umask(0o177)
    let result = cl_bind_unix(raw, path)
    let error = SystemError("bind", path)
    umask(mask)
    guard result == 0 else { throw error.code == EADDRINUSE ? .inUse : .failed(error) }
    guard listen(raw, backlog) == 0 else { throw .failed(SystemError("listen", path)) }
    return socket
}
