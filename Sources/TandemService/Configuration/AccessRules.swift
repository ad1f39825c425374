import Glibc
import TandemRPC

extension AccessPolicy {
    /// `[access]` with its names looked up; one that does not exist is logged and lets nobody in.
    init(_ settings: AccessSettings, _ log: Log) { self.init(settings) { log(.warning, $0) } }

    /// `warn` is told of each name that does not exist.
    init(_ settings: AccessSettings, warn: (String) -> Void) {
        self.init(ownUID: getuid())
        for name in settings.users {
            if let uid = UInt32(name) ?? userID(name) {
                uids.insert(uid)
            } else {
                warn("[access] users: there is no user \(name)")
            }
        }
        for name in settings.groups {
            if let gid = UInt32(name) ?? groupID(name) {
                groups.insert(gid)
            } else {
                warn("[access] groups: there is no group \(name)")
            }
        }
    }
}

private func userID(_ name: String) -> UInt32? { getpwnam(name).map { $0.pointee.pw_uid } }
private func groupID(_ name: String) -> UInt32? { getgrnam(name).map { $0.pointee.gr_gid } }
