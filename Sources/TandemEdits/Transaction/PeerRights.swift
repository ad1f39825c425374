import CLinux
import Glibc
import TandemBase

/// The most groups an account of this host may be in (NGROUPS_MAX is 65536, nobody comes near it).
private let groupLimit = Int(CL_GROUPS)
/// Bytes for one entry of the account database.
private let accountBytes = 64 << 10

/// Another account's rights to files, for a daemon that runs as root and edits that account's files.
///
/// They belong to a thread, not to the process: the thread that does the work takes them, and has nothing of root's
/// meanwhile, no capability either. The daemon's other threads keep theirs. Whatever the thread starts (threads and
/// processes) inherits them, so a body must not resume tasks: that may start a thread of the pool.
package struct PeerRights: Hashable, Sendable {
    package let uid: UInt32
    /// The primary group first.
    package let groups: [UInt32]

    /// - Parameter groups: the primary one first; without any the account has none of this host's.
    package init(uid: UInt32, groups: [UInt32]) {
        self.uid = uid
        self.groups = Array(groups.isEmpty ? [UInt32.max - 1] : groups.prefix(groupLimit))
    }

    /// An account's rights by the account database; nil where this process needs no other rights for it than its own.
    package init?(accountOf uid: UInt32) {
        guard uid != 0, geteuid() == 0 else { return nil }
        var groups: [UInt32] = []
        Self.withAccount(uid) { account in
            var list = [gid_t](repeating: 0, count: groupLimit)
            var count = Int32(groupLimit)
            let isComplete = getgrouplist(account.pw_name, account.pw_gid, &list, &count) >= 0
            let others = isComplete ? list.prefix(Int(count)).filter { $0 != account.pw_gid } : []
            groups = [account.pw_gid] + others
        }
        self.init(uid: uid, groups: groups)
    }

    /// Where an account's files are; nil for an unknown account.
    package static func home(of uid: UInt32) -> String? {
        var home: String?
        withAccount(uid) { home = String(cString: $0.pw_dir) }
        return home
    }

    private static func withAccount(_ uid: UInt32, _ body: (passwd) -> Void) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: accountBytes) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard getpwuid_r(uid, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else { return }
            body(entry)
        }
    }

    /// Runs `body` with these rights on the calling thread, which has its own back afterwards. Not to be nested.
    /// - Returns: the body's value, or why the rights cannot be had; nothing was run then.
    package func perform<Value>(_ body: () -> Value) -> Result<Value, SystemError> {
        guard take() else { return .failure(SystemError("setresuid", "\(uid)")) }
        defer { cl_give_rights_back() }
        return .success(body())
    }

    /// Whether the calling thread has taken another account's rights.
    package static var areTaken: Bool { geteuid() != getuid() }

    /// Runs `body` with the daemon's own rights, also on a thread that has taken others.
    package static func withOwn<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        guard areTaken else { return try body() }
        let peer = PeerRights.present
        cl_give_rights_back()
        // Nothing may go on with the wrong rights.
        defer { if !peer.take() { abort() } }
        return try body()
    }

    private func take() -> Bool { cl_take_rights(uid, groups[0], groups, Int32(groups.count)) == 0 }

    /// The calling thread's.
    private static var present: PeerRights {
        var list = [gid_t](repeating: 0, count: groupLimit)
        let count = getgroups(Int32(groupLimit), &list)
        return PeerRights(uid: geteuid(), groups: [getegid()] + list.prefix(max(0, Int(count))))
    }

    /// The environment of a command that runs with these rights: the daemon's own holds secrets.
    static var environment: [String] {
        let kept = ["PATH", "LANG", "LANGUAGE", "TZ"]
        var variables = processEnvironment().filter { kept.contains($0.key) || $0.key.hasPrefix("LC_") }
        withAccount(geteuid()) { account in
            variables["HOME"] = String(cString: account.pw_dir)
            variables["USER"] = String(cString: account.pw_name)
            variables["LOGNAME"] = variables["USER"]
        }
        return variables.map { "\($0.key)=\($0.value)" }
    }
}

/// A journal on threads that have taken another account's rights: it is the daemon's, and is read and written with its
/// rights alone.
package struct OwnRightsJournal: TransactionJournal {
    private let journal: any TransactionJournal

    package init(_ journal: any TransactionJournal) { self.journal = journal }

    package func begin(_ record: TransactionRecord) throws(JournalError) {
        try PeerRights.withOwn { () throws(JournalError) in try journal.begin(record) }
    }

    package func setImages(_ id: ULID, _ changes: [FileChange], folders: [String]) throws(JournalError) {
        try PeerRights.withOwn { () throws(JournalError) in try journal.setImages(id, changes, folders: folders) }
    }

    package func setState(_ id: ULID, _ state: TransactionState) throws(JournalError) {
        try PeerRights.withOwn { () throws(JournalError) in try journal.setState(id, state) }
    }

    package func discard(_ id: ULID) throws(JournalError) {
        try PeerRights.withOwn { () throws(JournalError) in try journal.discard(id) }
    }

    package func unfinished() throws(JournalError) -> [TransactionRecord] {
        try PeerRights.withOwn { () throws(JournalError) in try journal.unfinished() }
    }

    package func load(_ id: ULID) throws(JournalError) -> TransactionRecord? {
        try PeerRights.withOwn { () throws(JournalError) in try journal.load(id) }
    }

    package func find(idempotencyKey: String, uid: UInt32) throws(JournalError) -> TransactionRecord? {
        try PeerRights.withOwn { () throws(JournalError) in try journal.find(idempotencyKey: idempotencyKey, uid: uid) }
    }
}
