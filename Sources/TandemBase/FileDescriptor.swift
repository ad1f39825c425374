import Glibc
import CLinux

/// An open file descriptor with one owner: closed when the value is consumed or goes out of scope.
package struct FileDescriptor: ~Copyable, Sendable {
    package let raw: Int32

    /// Takes over `raw`, which must be open.
    package init(owning raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Gives the descriptor up without closing it.
    package consuming func release() -> Int32 {
        let raw = self.raw
        discard self
        return raw
    }

    /// Calls open(2) with O_CLOEXEC added.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) -> FileDescriptor {
        let raw = cl_open(path, flags, mode)
        guard raw >= 0 else { throw SystemError("open", path) }
        return FileDescriptor(owning: raw)
    }
}
