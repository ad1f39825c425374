import CLinux
import Foundation
import Synchronization
import TandemBase
import TandemEdits

/// Stops the world at a chosen step: from then on nothing is written any more, as after kill -9.
final class StepGate: Sendable {
    enum Kind: Sendable {
        case never
        /// Every call from this one on fails: the process is dead.
        case kill(at: Int)
        /// This one call fails.
        case fail(at: Int, Int32)
    }

    private let state: Mutex<(count: Int, kind: Kind)>

    init(_ kind: Kind) { state = Mutex((0, kind)) }

    var steps: Int { state.withLock { $0.count } }

    func pass() throws(SystemError) {
        let code: Int32? = state.withLock { state in
            defer { state.count += 1 }
            switch state.kind {
            case .never: return nil
            case .kill(let at): return state.count >= at ? EIO : nil
            case .fail(let at, let code): return state.count == at ? code : nil
            }
        }
        if let code { throw SystemError("injected", code: code) }
    }
}

/// A journal in memory whose writes pass a gate.
final class MemoryJournal: TransactionJournal {
    private let records = Mutex<[ULID: TransactionRecord]>([:])
    let gate: Mutex<StepGate>

    init(_ gate: StepGate = StepGate(.never)) { self.gate = Mutex(gate) }

    private func change(_ id: ULID, _ body: (inout TransactionRecord) -> Void) throws(JournalError) {
        let gate = gate.withLock { $0 }
        do throws(SystemError) { try gate.pass() } catch { throw .failed("\(error)") }
        records.withLock { records in
            guard var record = records[id] else { return }
            body(&record)
            records[id] = record
        }
    }

    func begin(_ record: TransactionRecord) throws(JournalError) {
        if let key = record.idempotencyKey, try find(idempotencyKey: key, uid: record.uid) != nil {
            throw .duplicateKey
        }
        records.withLock { $0[record.id] = record }
    }

    func setImages(_ id: ULID, _ changes: [FileChange], folders: [String]) throws(JournalError) {
        try change(id) {
            $0.changes = changes
            $0.folders = folders
        }
    }

    func setState(_ id: ULID, _ state: TransactionState) throws(JournalError) {
        try change(id) {
            $0.state = state
            if state == .aborted { $0.idempotencyKey = nil }
        }
    }

    func discard(_ id: ULID) throws(JournalError) { records.withLock { $0[id] = nil } }

    func unfinished() throws(JournalError) -> [TransactionRecord] {
        records.withLock { $0.values.filter { !$0.state.isFinished }.sorted { $0.time < $1.time } }
    }

    func load(_ id: ULID) throws(JournalError) -> TransactionRecord? { records.withLock { $0[id] } }

    func find(idempotencyKey: String, uid: UInt32) throws(JournalError) -> TransactionRecord? {
        records.withLock { $0.values.first { $0.idempotencyKey == idempotencyKey && $0.uid == uid } }
    }
}

/// A small tree with every kind of change: modify, delete, create (also in new folders), rename.
struct TransactionScene {
    let folder = ScratchFolder()
    let journal: MemoryJournal
    var fileSystem = FileSystem()
    let id: ULID
    var changes: [FileChange] = []

    init(_ kind: StepGate.Kind, moves: FileSystem.Moves = .exchanges) {
        let gate = StepGate(kind)
        journal = MemoryJournal(gate)
        fileSystem.moves = moves
        fileSystem.intercept = { (_) throws(SystemError) in try gate.pass() }
        var generator = SystemRandomNumberGenerator()
        id = ULID(time: WallTime(milliseconds: 1), random: &generator)
        for (path, bytes) in Self.before { folder.write(path, Array(bytes.utf8)) }
        chmod(folder.path + "/a", 0o751)
        changes = [
            FileChange(path: "a", before: Array("a1\n".utf8), after: Array("a2\n".utf8)),
            FileChange(path: "dir/b", before: Array("b1".utf8), after: Array("b2".utf8)),
            FileChange(path: "c", before: Array("c1\n".utf8), after: nil, mode: 0o644),
            FileChange(path: "new/deep/d", before: nil, after: Array("d2\n".utf8)),
            FileChange(path: "e", before: Array("e1\n".utf8), after: nil, mode: 0o644),
            FileChange(path: "dir/f", before: nil, after: Array("e2\n".utf8), renamedFrom: "e"),
        ]
    }

    static let before = ["a": "a1\n", "dir/b": "b1", "c": "c1\n", "e": "e1\n", "other": "x"]
    static let after = ["a": "a2\n", "dir/b": "b2", "new/deep/d": "d2\n", "dir/f": "e2\n", "other": "x"]

    func tree() -> [String: String] { folder.files().mapValues { String(decoding: $0, as: UTF8.self) } }

    /// Every file's bytes and permissions, and the folders.
    func state() -> [String: [UInt8]] {
        var state: [String: [UInt8]] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: folder.path) ?? .init() {
            state["folder " + name] = []
        }
        for (path, bytes) in folder.files() { state["folder " + path] = Array("\(mode(path) ?? 0) ".utf8) + bytes }
        return state
    }

    /// The paths whose bytes or permissions are not what they were.
    func differences(from old: [String: [UInt8]]) -> [String] {
        let new = state()
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    }

    /// Permission bits of a file; nil where there is none.
    func mode(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(folder.path + "/" + path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    func commit() throws -> TransactionEngine.Outcome {
        let root = try EditRoot(folder.path)
        try journal.begin(TransactionRecord(id: id, root: folder.path, time: WallTime(milliseconds: 1)))
        return TransactionEngine(journal: journal, fileSystem: fileSystem).commit(id, root: root, changes: changes)
    }

    /// The next start: everything works again.
    func restart() throws -> [TransactionState] {
        journal.gate.withLock { $0 = StepGate(.never) }
        var healthy = FileSystem()
        healthy.moves = fileSystem.moves
        return try TransactionEngine(journal: journal, fileSystem: healthy).recover().map(\.state)
    }

    /// Whether folders or temporary files are left that neither state has.
    var strays: [String] {
        let names = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
        let hasNew = tree()["new/deep/d"] != nil
        return names.filter { $0.contains(".tandem-") || (!hasNew && $0.hasPrefix("new")) }
    }
}

extension TransactionEngine.Outcome {
    var isCommitted: Bool { if case .committed = self { true } else { false } }
    var kinds: [EditFault.Kind] { if case .failed(let faults) = self { faults.map(\.fault.kind) } else { [] } }
}
