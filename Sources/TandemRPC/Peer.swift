import CLinux
import Glibc
import TandemBase

/// Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED, SO_PEERGROUPS).
package struct Peer: Hashable, Sendable {
    package var pid: Int32
    package var uid: UInt32
    /// The primary group first, then the supplementary ones.
    package var groups: [UInt32]

    package init(pid: Int32, uid: UInt32, groups: [UInt32]) {
        self.pid = pid
        self.uid = uid
        self.groups = groups
    }

    init(socket: Int32) throws(SystemError) {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        guard cl_peer_credentials(socket, &pid, &uid, &gid) == 0 else { throw SystemError("SO_PEERCRED") }
        // NGROUPS_MAX is 65536, but nobody is in more than a few; more than these 256 are not looked at.
        let supplementary = withUnsafeTemporaryAllocation(of: gid_t.self, capacity: 256) { buffer in
            let count = cl_peer_groups(socket, buffer.baseAddress, Int32(buffer.count))
            return Array(buffer.prefix(max(0, Int(count))))
        }
        self.init(pid: pid, uid: uid, groups: [gid] + supplementary)
    }
}
