import CLinux
import Glibc
import TandemBase

/// Which transactions of a journal are under way, in this process or in another one: a byte of a file beside it is locked
/// for each. The kernel gives the lock back when its process ends, however it ends; so two daemons on one journal do not
/// take what the other is at for what a crash left.
struct TransactionLocks: ~Copyable, Sendable {
    private let file: FileDescriptor

    init(journal path: String) throws(SystemError) {
        file = try FileDescriptor.open(path + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    }

    /// A file system without locks has none to give: then every transaction is taken for one of a crash, as before.
    func take(_ id: ULID) { _ = cl_lock_byte(file.raw, Self.byte(of: id)) }

    func giveBack(_ id: ULID) { cl_unlock_byte(file.raw, Self.byte(of: id)) }

    /// Under way elsewhere than through this very instance.
    func isTaken(_ id: ULID) -> Bool { cl_is_byte_locked(file.raw, Self.byte(of: id)) != 0 }

    /// Most of its random bits: the largest place in a file has 63.
    private static func byte(of id: ULID) -> Int64 { Int64(id.low >> 2) }
}
