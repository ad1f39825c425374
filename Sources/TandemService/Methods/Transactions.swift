import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    /// Takes a committed transaction back, as a transaction of its own.
    func undo(_ request: PendingRequest) throws(RPCError) {
        let text = request.params?["transaction_id"]?.string ?? ""
        let isDryRun = request.params?["dry_run"]?.bool ?? false
        guard let id = ULID(text) else { throw .notFound(what: "transaction", id: text) }
        let run = PlanRun(
            request, .undo, model: "", daemon: self, streams: false, user: "", timeout: nil, isDetached: false,
            metadata: [])
        run.start { run throws(RPCError) in
            let found: TransactionRecord?
            do throws(JournalError) {
                found = try await run.daemon.edits.load(id)
            } catch {
                throw .journal(error)
            }
            guard let record = found, record.state == .committed,
                record.uid == request.peer.uid || run.daemon.isOwner(request.peer)
            else { throw .notFound(what: "transaction", id: text) }
            let access = try run.daemon.editAccess(request, changesTree: true)
            return try await run.undo(record, access, isDryRun: isDryRun)
        }
    }

    func transactions(_ request: PendingRequest) {
        let limit = request.params?["limit"]?.int ?? 50
        let root = request.params?["root"]?.string
        let uid = isOwner(request.peer) ? nil : request.peer.uid
        startBesideLoop { [self] in
            do throws(JournalError) {
                let list = try await edits.list(limit: limit, root: root, uid: uid)
                request.respond { writer in
                    writer.beginObject()
                    writer.key("transactions")
                    writer.beginArray()
                    for summary in list {
                        writer.beginObject()
                        writer.member("transaction_id", summary.id.description)
                        writer.member("at", summary.time.description)
                        writer.member("root", summary.root)
                        writer.member("state", summary.state.rawValue)
                        writer.member("files", summary.paths)
                        writer.member("undoes", ifPresent: summary.undoes?.description)
                        writer.endObject()
                    }
                    writer.endArray()
                    writer.endObject()
                }
            } catch {
                request.fail(.journal(error))
            }
        }
    }
}

extension PlanRun {
    fileprivate func undo(
        _ record: TransactionRecord, _ access: EditAccess, isDryRun: Bool
    ) async throws(RPCError) -> [UInt8] {
        let handle: PlanTree.RootHandle
        do throws(EditFault) {
            handle = try await PlanTree.RootHandle.open(record.root, access)
        } catch {
            throw Self.conflict([(record.root, error)])
        }
        let changes: [FileChange]
        switch await daemon.edits.undoChanges(record, handle) {
        case .success(let found): changes = found
        case .failure(let faults): throw Self.conflict(faults.faults)
        }
        var result = PlanExecution.Result(
            status: changes.isEmpty ? "nothing_to_do" : isDryRun ? "dry_run" : "committed")
        async let lists = PlanExecution.Result.Lists.make(changes.map(FileSummary.init), withContent: false)
        if !changes.isEmpty {
            guard !Task.isCancelled else { throw .cancelled(requestID: id.description) }
            isCommitting = !isDryRun
            let undoing = TransactionRecord(
                id: daemon.makeID(), root: record.root, time: .now(), uid: request.peer.uid, undoes: record.id)
            let outcome: TransactionEngine.Outcome
            do throws(JournalError) {
                outcome =
                    isDryRun
                    ? try await daemon.edits.rehearse(undoing, handle, changes)
                    : try await daemon.edits.commit(undoing, handle, changes, emptied: record.folders)
            } catch {
                throw .journal(error)
            }
            switch outcome {
            case .committed(let checked): if checked { result.warnings = [PlanExecution.Result.checkedWarning] }
            case .unrecorded(let error): throw .journal(error)
            case .failed(let faults): throw Self.conflict(faults)
            }
            if !isDryRun { result.transaction = undoing.id }
        }
        return result.json(await lists, self)
    }

    /// -32011 with the files that stand in the way.
    private static func conflict(_ faults: [(path: String, fault: EditFault)]) -> RPCError {
        let first = faults.first.map { ": \($0.fault.message)" } ?? ""
        return .planConflict(
            "The transaction cannot be undone, nothing was changed\(first)",
            faults.map { PlanConflict(-1, $0.path, $0.fault) })
    }
}

extension FileSummary {
    init(_ change: FileChange) {
        let action: Action = change.before == nil ? .create : change.after == nil ? .delete : .modify
        self.init(
            path: change.path, action: action, before: change.before, after: change.after, mode: change.mode ?? 0o644)
    }
}
