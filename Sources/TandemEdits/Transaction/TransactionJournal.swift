import TandemBase

/// Where a transaction stands. What a crash leaves in one of the first four is finished at the next start.
package enum TransactionState: String, Sendable, CaseIterable {
    /// Temporary files may exist; no file has changed.
    case preparing
    /// Files are being swapped in; rolled forward after a crash.
    case committing
    /// A swap failed; rolled back after a crash.
    case rollingBack = "rolling_back"
    /// Every file is as after; displaced files may still be there.
    case cleaning
    case committed, aborted
    /// A crash, and a file that was neither as before nor as after: it was left alone, the others restored.
    case recoveryConflict = "recovery_conflict"

    package var isFinished: Bool {
        switch self {
        case .preparing, .committing, .rollingBack, .cleaning: false
        case .committed, .aborted, .recoveryConflict: true
        }
    }
}

/// One file of a transaction, as it was and as it becomes. A rename is two of them.
package struct FileChange: Sendable, Hashable {
    /// Relative to the root.
    package var path: String
    /// nil: the file did not exist.
    package var before: [UInt8]?
    /// nil: the file is deleted.
    package var after: [UInt8]?
    /// Permission bits for a file that is created; nil takes the process's umask.
    package var mode: UInt32?
    /// For the new name of a renamed file: the old one, whose metadata it gets.
    package var renamedFrom: String?

    package init(
        path: String, before: [UInt8]?, after: [UInt8]?, mode: UInt32? = nil, renamedFrom: String? = nil
    ) {
        self.path = path
        self.before = before
        self.after = after
        self.mode = mode
        self.renamedFrom = renamedFrom
    }
}

package struct TransactionRecord: Sendable {
    package var id: ULID
    package var root: String
    package var state: TransactionState
    package var time: WallTime
    /// Who asked for it.
    package var uid: UInt32
    /// Unique per uid.
    package var idempotencyKey: String?
    /// Hash of the request's params: the same key with other params is refused.
    package var paramsHash: String?
    /// The transaction this one undoes.
    package var undoes: ULID?
    /// Sorted by path.
    package var changes: [FileChange]
    /// Folders the transaction makes, outermost first.
    package var folders: [String]
    /// What to answer with when the same idempotency key comes again (JSON); recorded with the begin, so that no crash
    /// comes between a commit and its result.
    package var result: [UInt8]?

    package init(
        id: ULID, root: String, state: TransactionState = .preparing, time: WallTime, uid: UInt32 = 0,
        idempotencyKey: String? = nil,
        paramsHash: String? = nil, undoes: ULID? = nil, changes: [FileChange] = [], folders: [String] = [],
        result: [UInt8]? = nil
    ) {
        self.id = id
        self.root = root
        self.state = state
        self.time = time
        self.uid = uid
        self.idempotencyKey = idempotencyKey
        self.paramsHash = paramsHash
        self.undoes = undoes
        self.changes = changes
        self.folders = folders
        self.result = result
    }
}

/// Why the journal refused.
package enum JournalError: Error, Sendable {
    /// The key stands for another transaction already.
    case duplicateKey
    case failed(String)
}

/// What survives a crash. Every call returns only when what it wrote is on the disk.
package protocol TransactionJournal: Sendable {
    /// Step 1: a record without changes, in state preparing. `duplicateKey` when its idempotency key is taken.
    func begin(_ record: TransactionRecord) throws(JournalError)
    /// Before- and after-images, and the folders that will be made.
    func setImages(_ id: ULID, _ changes: [FileChange], folders: [String]) throws(JournalError)
    /// `aborted` gives the idempotency key back: nothing was changed, so the same request may be tried again.
    func setState(_ id: ULID, _ state: TransactionState) throws(JournalError)
    /// Takes a record out, of which nothing was carried out.
    func discard(_ id: ULID) throws(JournalError)
    /// Every record whose state is not finished and that nobody is at, oldest first.
    func unfinished() throws(JournalError) -> [TransactionRecord]
    func load(_ id: ULID) throws(JournalError) -> TransactionRecord?
    func find(idempotencyKey: String, uid: UInt32) throws(JournalError) -> TransactionRecord?
}
