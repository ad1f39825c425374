import CLinux
import Glibc
import Synchronization
import TandemBase
import TandemEdits
import TandemProtocol
import TandemStore

/// The journal of edit transactions and the engine on it. Every call blocks on the disk: not for the loop's thread.
final class EditService: Sendable {
    private struct Open: Sendable {
        var journal: EditJournal
        var engine: TransactionEngine
        var file: FileIdentity
    }

    let path: String
    private let log: Log
    private let state = Mutex<Open?>(nil)
    /// Outlives a journal that is replaced.
    private let locks = RootLocks()

    /// `retain.transactions` in nanoseconds.
    private let retained: Atomic<Int64>

    init(stateDirectory: String, retaining retained: TimeSpan, log: Log) {
        path = stateDirectory + "/edits.db"
        self.retained = Atomic(retained.nanoseconds)
        self.log = log
    }

    /// `retain.transactions` after a reload.
    func setRetention(_ span: TimeSpan) { retained.store(span.nanoseconds, ordering: .relaxed) }

    /// Finishes what a crash left, before anything is served. Costs nothing where no journal exists.
    func recover() {
        guard access(path, F_OK) == 0 else { return }
        do {
            let open = try self.open()
            // Each with the rights of who asked for it: meanwhile its root may lead elsewhere.
            for (record, state) in try open.engine.recover(as: { PeerRights(accountOf: $0.uid) }) {
                let level: Log.Level = state == .recoveryConflict ? .error : .warning
                log(level, "edit transaction \(record.id) in \(record.root) was interrupted: now \(state.rawValue)")
            }
            try removeOld(from: open.journal)
        } catch {
            log(.error, "the edit journal cannot be read: \(error)")
        }
    }

    private func removeOld(from journal: EditJournal) throws(JournalError) {
        try journal.removeFinished(before: .now() + TimeSpan(nanoseconds: -retained.load(ordering: .relaxed)))
    }

    private func open() throws(JournalError) -> Open {
        let result = state.withLock { state -> Result<Open, JournalError> in
            // A journal that was deleted or replaced under us would be lost with this process: the next start could
            // finish nothing by it.
            if let state, FileIdentity(path) == state.file { return .success(state) }
            do throws(SQLiteError) {
                let (journal, outcome) = try EditJournal.open(path: path, at: .now())
                if case .setAside(let path, let reason) = outcome {
                    log(.error, "the edit journal was set aside as \(path): \(reason)")
                }
                guard let file = FileIdentity(path) else {
                    throw SQLiteError(.cannotOpen, "\(path) vanished while it was opened")
                }
                let open = Open(
                    journal: journal, engine: TransactionEngine(journal: OwnRightsJournal(journal), locks: locks),
                    file: file)
                state = open
                return .success(open)
            } catch {
                return .failure(.failed("\(error)"))
            }
        }
        return try result.get()
    }

    /// What an idempotency key stands for already.
    @concurrent
    func earlier(_ key: String, uid: UInt32, hash: String) async throws(JournalError) -> Idempotency {
        try Idempotency.check(key, uid: uid, paramsHash: hash, in: try open().journal)
    }

    /// Steps 1 and 4 to 7: all or nothing. Waits for other committers of the same root.
    func commit(
        _ record: TransactionRecord, _ handle: PlanTree.RootHandle, _ changes: [FileChange], emptied: [String] = []
    ) async throws(JournalError) -> TransactionEngine.Outcome {
        try await run(handle) { journal, engine throws(JournalError) in
            try PeerRights.withOwn { () throws(JournalError) in try journal.begin(record) }
            return engine.commit(record.id, root: handle.root, changes: changes, emptied: emptied)
        }
    }

    /// What `commit` would refuse: step 4 without a trace.
    func rehearse(
        _ record: TransactionRecord, _ handle: PlanTree.RootHandle, _ changes: [FileChange]
    ) async throws(JournalError) -> TransactionEngine.Outcome {
        try await run(handle) { _, engine in engine.rehearse(record, root: handle.root, changes: changes) }
    }

    private func run(
        _ handle: PlanTree.RootHandle,
        _ body: @escaping @Sendable (EditJournal, TransactionEngine) throws(JournalError) -> TransactionEngine.Outcome
    ) async throws(JournalError) -> TransactionEngine.Outcome {
        let result: Result<TransactionEngine.Outcome, JournalError>
        do throws(EditFault) {
            result = try await onOwnThread(as: handle.rights) {
                do throws(JournalError) {
                    let open = try PeerRights.withOwn { () throws(JournalError) in try self.open() }
                    return .success(try body(open.journal, open.engine))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            return .failed([("", error)])
        }
        // The answer need not wait for this, and what fails is tried again after the next one.
        if let journal = state.withLock({ $0?.journal }) {
            startOnOwnThread { [self] in
                try? removeOld(from: journal)
                journal.checkpoint()
            }
        }
        return try result.get()
    }

    /// What an idempotency key is answered with from now on; the old answer stays where this fails.
    @concurrent
    func setResult(_ id: ULID, _ result: [UInt8]) async { try? open().journal.setResult(id, result) }

    @concurrent
    func load(_ id: ULID) async throws(JournalError) -> TransactionRecord? { try open().journal.load(id) }

    @concurrent
    func list(
        limit: Int, root: String?, uid: UInt32?
    ) async throws(JournalError) -> [EditJournal.Summary] {
        try open().journal.list(limit: limit, root: root, uid: uid)
    }

    func undoChanges(
        _ record: TransactionRecord, _ handle: PlanTree.RootHandle
    ) async -> Result<[FileChange], Undo.UndoFaults> {
        do throws(EditFault) {
            return try await onOwnThread(as: handle.rights) { Undo.changes(of: record, root: handle.root) }
        } catch {
            return .failure(Undo.UndoFaults(faults: [("", error)]))
        }
    }
}

extension RPCError {
    static func journal(_ error: JournalError) -> RPCError {
        switch error {
        case .duplicateKey:
            .invalidParams(
                path: "/idempotency_key", expected: "a key of its own",
                "Another request with this idempotency_key is at work: wait for its result.")
        case .failed(let reason):
            .internalError(
                "The edit journal cannot be used (\(reason)), so nothing was changed: free space, then try again.")
        }
    }
}
