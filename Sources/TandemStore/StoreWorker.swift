import CLinux
import Glibc
import Synchronization
import TandemBase

/// The longest a query may take.
private let queryLimit = TimeSpan.seconds(20)
/// Virtual-machine steps of a query between two looks at the queue: about a millisecond.
private let stepsBetweenLooks: Int32 = 50_000
/// Writes between two offers of the processor to others: about 0.1 ms. Nobody waits for a group of writes; a client or a
/// model's server on the same processor would wait for a whole time slice, 3 or 4 ms.
private let writesBetweenYields = 32
/// At most this often is old history looked for.
private let pruneInterval = TimeSpan.hours(1)

/// What runs on the store's thread: its two connections, and what happens when they fail. Made, used and gone there.
final class StoreWorker {
    private let options: StoreOptions
    private let file: DatabaseFile
    private let queue: WriteQueue
    private let shared: StoreShared
    private let log: StoreLog

    private var ledger: LedgerWriter?
    private var reader: Database?
    private var health = WriteHealth()
    private var isInQuery = false
    private var queryEnd = MonotonicTime(nanoseconds: .max)
    private var nextPrune = MonotonicTime(nanoseconds: .min)
    private var isPruning = false

    init(options: StoreOptions, queue: WriteQueue, shared: StoreShared, log: @escaping StoreLog) {
        self.options = options
        self.queue = queue
        self.shared = shared
        self.log = log
        file = DatabaseFile(path: options.path, durability: .normal, migrations: LedgerSchema.migrations)
    }

    /// Works until the queue is closed and empty.
    func run() {
        while true {
            let work = queue.next(mayWait: !isPruning, atRest: giveMemoryBack)
            if shared.overflowing.exchange(false, ordering: .relaxed) {
                log(.info, "the ledger's queue is empty again")
            }
            commit(work.writes)
            for job in work.jobs { job.run(self) }
            if work.closing { return closeConnections() }
            prune()
        }
    }

    /// An idle daemon holds no pages of the ledger, and not what a burst of requests needed and freed.
    private func giveMemoryBack() {
        ledger?.database.releaseMemory()
        reader?.releaseMemory()
        cl_release_freed_memory()
    }

    // Writing -------------------------------------------------------------------------------------------------

    private func commit(_ writes: [StoreWrite]) {
        guard !writes.isEmpty else { return }
        guard health.mayTry(at: options.now()) else { return shared.lose(writes.count) }
        switch attempt({ worker throws(SQLiteError) in try worker.insert(writes) }) {
        case .success(let skipped): shared.lose(skipped)
        case .failure: shared.lose(writes.count)
        }
    }

    /// One transaction; returns how many rows the database refused for their own sake.
    private func insert(_ writes: [StoreWrite]) throws(SQLiteError) -> Int {
        let ledger = try openLedger()
        return try ledger.database.transaction { () throws(SQLiteError) in
            var refused = 0
            for (index, write) in writes.enumerated() {
                if index % writesBetweenYields == writesBetweenYields - 1 { sched_yield() }
                do throws(SQLiteError) {
                    try ledger.insert(write)
                } catch {
                    guard error.scope == .row else { throw error }
                    refused += 1
                }
            }
            return refused
        }
    }

    /// Runs a write that has an answer, in a transaction of its own.
    func write<Value>(_ body: (Database) throws(SQLiteError) -> Value) -> Result<Value, StoreError> {
        attempt { worker throws(SQLiteError) in
            let database = try worker.openLedger().database
            return try database.transaction { () throws(SQLiteError) in try body(database) }
        }
    }

    /// Runs reads on one snapshot; between them full groups of writes go on.
    func read<Value>(_ body: (Database) throws(SQLiteError) -> Value) -> Result<Value, StoreError> {
        queryEnd = options.now() + queryLimit
        return attempt(keepsHealth: true) { worker throws(SQLiteError) in
            let database = try worker.openReader()
            worker.isInQuery = true
            defer { worker.isInQuery = false }
            return try database.snapshot { () throws(SQLiteError) in try body(database) }
        }
    }

    /// Tries once; a damaged file is set aside and the new one tried instead. Reads say nothing about writing.
    private func attempt<Value>(
        keepsHealth: Bool = false, _ body: (StoreWorker) throws(SQLiteError) -> Value
    ) -> Result<Value, StoreError> {
        if !isInQuery { closeWhatIsGone() }
        do throws(SQLiteError) {
            do throws(SQLiteError) {
                let value = try body(self)
                if !keepsHealth { succeeded() }
                return .success(value)
            } catch {
                // Inside a query its connection is in use: the query itself will find the damage, or the next write.
                guard error.scope == .file, !isInQuery else { throw error }
                closeConnections()
                let (database, outcome) = try file.setAsideDamaged(error, at: options.wallTime())
                try adopt(database, outcome)
                let value = try body(self)
                if !keepsHealth { succeeded() }
                return .success(value)
            }
        } catch {
            if error.code == .interrupted { return .failure(queue.isClosing ? .closed : .tooSlow) }
            if !keepsHealth, error.scope != .row { failed(error) }
            return .failure(.unavailable(error.description))
        }
    }

    private func succeeded() {
        guard health.succeeded() else { return }
        shared.failure.withLock { $0 = nil }
        log(.info, "requests are recorded again; \(shared.unrecorded.load(ordering: .relaxed)) were not so far")
    }

    private func failed(_ error: SQLiteError) {
        let isNews = health.failed(at: options.now())
        shared.failure.withLock { $0 = error.description }
        if isNews {
            log(.warning, "requests are served but not recorded: \(error); free space or mend \(file.path)")
        }
        // With a full disk or a lock the connection is sound and still reads; after the rest a fresh one may do better.
        switch error.code {
        case .full, .busy: break
        default: if !isInQuery { closeConnections() }
        }
    }

    // Connections ---------------------------------------------------------------------------------------------

    private func openLedger() throws(SQLiteError) -> LedgerWriter {
        if let ledger { return ledger }
        let (database, outcome) = try file.open(at: options.wallTime())
        return try adopt(database, outcome)
    }

    @discardableResult
    private func adopt(_ database: Database, _ outcome: DatabaseFile.Outcome) throws(SQLiteError) -> LedgerWriter {
        if case .setAside(let path, let reason) = outcome {
            log(.error, "\(file.path) cannot be used: \(reason); it is kept as \(path), and a new one was started")
        }
        let opened = try LedgerWriter(database)
        ledger = opened
        return opened
    }

    private func openReader() throws(SQLiteError) -> Database {
        if let reader { return reader }
        _ = try openLedger()
        let opened = try Database(path: file.path, durability: .normal, readOnly: true)
        opened.every(steps: stepsBetweenLooks) { [unowned self] in
            commit(queue.fullGroup())
            return !queue.isClosing && options.now() < queryEnd
        }
        reader = opened
        return opened
    }

    /// The last one to close copies the log back into the file.
    private func closeConnections() {
        reader = nil
        ledger = nil
    }

    /// A file that was removed under us would take everything without a word, and nobody could read it again.
    private func closeWhatIsGone() {
        guard ledger != nil, access(file.path, F_OK) != 0, [ENOENT, ENOTDIR].contains(cl_errno()) else { return }
        log(.warning, "\(file.path) was removed while in use: what it held is gone, and a new one is started")
        closeConnections()
    }

    // Retention -----------------------------------------------------------------------------------------------

    /// One slice of what is too old, so that writes and queries never wait long for it.
    private func prune() {
        guard ledger != nil, health.retryAt == nil else {
            isPruning = false
            return
        }
        if !isPruning {
            let now = options.now()
            guard now >= nextPrune else { return }
            nextPrune = now + pruneInterval
            isPruning = true
        }
        let now = options.wallTime()
        let oldest = now + TimeSpan(nanoseconds: -shared.retainHistory.load(ordering: .relaxed))
        let slice = attempt { worker throws(SQLiteError) in
            try Retention.removeSlice(of: try worker.openLedger().database, before: oldest, now: now)
        }
        switch slice {
        case .success(let isDone): isPruning = !isDone
        case .failure: isPruning = false
        }
    }
}
