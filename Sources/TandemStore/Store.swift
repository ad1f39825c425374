import CLinux
import Glibc
import Synchronization
import TandemBase

/// The ledger and everything else that outlives a restart, in SQLite on one thread of its own.
///
/// The caller's side never waits for the disk. Writes go into a bounded queue and are committed in groups; what cannot
/// be written (a full disk, an unusable file, a full queue) is dropped and counted, and the daemon serves on. Queries
/// are answered on the store's thread: `completion` hops back to where it belongs, or `value` does it for async code.
/// A query sees every write that was handed over before it.
///
/// The thread starts and the file is opened with the first write or query, so that starting the daemon pays for
/// neither; when idle the thread sleeps without a timer.
package final class Store: Sendable {
    private let options: StoreOptions
    private let log: StoreLog
    private let queue: WriteQueue
    private let shared: StoreShared
    private let thread = Mutex(ThreadState.none)
    private let ended = Signal()

    private enum ThreadState { case none, running }

    package init(_ options: StoreOptions, log: @escaping StoreLog) {
        self.options = options
        self.log = log
        queue = WriteQueue(limits: options.limits)
        shared = StoreShared(retainHistory: options.retainHistory)
    }

    deinit { queue.close() }

    // Writes: never block, never fail -------------------------------------------------------------------------

    /// Puts a finished request into the ledger.
    package func record(_ request: consuming RequestRecord) { add(.request(BoxedRequest(request))) }

    /// Appends messages to a conversation; it is made when it is new.
    package func append(_ turns: [SessionTurn], toSession session: String, uid: UInt32, user: String, at time: WallTime)
    {
        add(.turns(turns, session: session, uid: uid, user: user, at: time))
    }

    /// Keeps a blob under a key: the state of breakers, limits and caches across a restart.
    package func save(state: [UInt8], key: String, at time: WallTime) { add(.state(state, key: key, at: time)) }

    /// Keeps an entry of a cache until `expires`, and about the newest `keep` of that cache.
    package func save(cached row: CachedRow, expires: WallTime, keep: Int) {
        add(.cached(row, expires: expires, keep: keep))
    }

    /// Forgets all entries of a cache.
    package func clear(cache: String) { add(.clearCache(cache)) }

    private func add(_ write: consuming StoreWrite) {
        start()
        guard !queue.add(write) else { return }
        shared.lose(1)
        if !shared.overflowing.exchange(true, ordering: .relaxed) {
            log(.warning, "the ledger's queue is full: requests are served but not recorded until it empties")
        }
    }

    // Queries -------------------------------------------------------------------------------------------------

    package typealias Completion<Value> = @Sendable (Result<Value, StoreError>) -> Void

    package func history(_ query: HistoryQuery, completion: @escaping Completion<[HistoryEntry]>) {
        read(completion) { database throws(SQLiteError) in try History.read(query, from: database) }
    }

    package func stats(_ query: StatsQuery, completion: @escaping Completion<[StatsRow]>) {
        read(completion) { database throws(SQLiteError) in try Stats.read(query, from: database) }
    }

    /// What was spent since a time, by one uid and user or (nil) by all, in USD.
    package func spent(
        since: WallTime, uid: UInt32? = nil, user: String? = nil, completion: @escaping Completion<Double>
    ) {
        read(completion) { database throws(SQLiteError) in
            try Stats.spent(since: since, uid: uid, user: user, from: database)
        }
    }

    /// The newest messages of a conversation whose tokens fit into `maxTokens`, oldest first; empty for an unknown one.
    package func session(
        _ name: String, uid: UInt32, maxTokens: Int, completion: @escaping Completion<[SessionTurn]>
    ) {
        read(completion) { database throws(SQLiteError) in
            try Sessions.load(name, uid: uid, maxTokens: maxTokens, from: database)
        }
    }

    /// Newest first, at most 1000; nil for every uid's.
    package func sessions(uid: UInt32?, limit: Int = 100, completion: @escaping Completion<[SessionSummary]>) {
        read(completion) { database throws(SQLiteError) in
            try Sessions.list(uid: uid, limit: limit, from: database)
        }
    }

    /// nil when it is unknown, past its time or (with a uid) somebody else's.
    package func plan(_ id: ULID, uid: UInt32?, completion: @escaping Completion<[UInt8]?>) {
        let now = options.wallTime()
        read(completion) { database throws(SQLiteError) in
            try Keepsakes.plan(id, uid: uid, now: now, from: database)
        }
    }

    package func providerOverrides(completion: @escaping Completion<[String: Bool]>) {
        read(completion) { database throws(SQLiteError) in try Keepsakes.overrides(from: database) }
    }

    /// The newest entries of a cache that are not expired, oldest first; about `maxBytes` of values at most.
    package func cached(_ cache: String, limit: Int, maxBytes: Int, completion: @escaping Completion<[CachedRow]>) {
        let now = options.wallTime()
        read(completion) { database throws(SQLiteError) in
            try CachedAnswers.load(cache, limit: limit, maxBytes: maxBytes, now: now, from: database)
        }
    }

    package func state(_ key: String, completion: @escaping Completion<SavedState?>) {
        read(completion) { database throws(SQLiteError) in try Keepsakes.state(key, from: database) }
    }

    // Writes with an answer -----------------------------------------------------------------------------------

    /// True when there was one.
    package func deleteSession(_ name: String, uid: UInt32, completion: @escaping Completion<Bool>) {
        write(completion) { database throws(SQLiteError) in try Sessions.remove(name, uid: uid, from: database) }
    }

    /// Keeps a plan (JSON) until `expires`. Its identifier promises that it is there, so it waits for the commit.
    package func save(
        plan: [UInt8], id: ULID, uid: UInt32, expires: WallTime, completion: @escaping Completion<Void>
    ) {
        write(completion) { database throws(SQLiteError) in
            try Keepsakes.save(plan: plan, id: id, uid: uid, expires: expires, in: database)
        }
    }

    /// False when there is no such request (or it is another uid's).
    package func save(
        _ feedback: FeedbackRecord, of request: ULID, uid: UInt32?, completion: @escaping Completion<Bool>
    ) {
        write(completion) { database throws(SQLiteError) in
            try Keepsakes.save(feedback, of: request, uid: uid, in: database)
        }
    }

    /// `setProvider`'s choice; nil leaves it to the configuration again.
    package func setProviderOverride(_ provider: String, enabled: Bool?, completion: @escaping Completion<Void>) {
        write(completion) { database throws(SQLiteError) in
            try Keepsakes.setOverride(provider, enabled: enabled, in: database)
        }
    }

    // Life ----------------------------------------------------------------------------------------------------

    /// `retain.history` after a reload.
    package func setRetention(history: TimeSpan) {
        shared.retainHistory.store(history.nanoseconds, ordering: .relaxed)
    }

    /// Answers when everything handed over before is committed (or dropped and counted).
    package func flush(completion: @escaping Completion<Void>) {
        submit(StoreJob(run: { _ in completion(.success(())) }, refuse: { completion(.failure($0)) }))
    }

    /// Takes no more, writes what waits and closes the file; true when that was done before `deadline`. Blocks: for
    /// the end of the process. After it every write is dropped and every query answers `.closed`.
    @discardableResult
    package func close(deadline: MonotonicTime) -> Bool {
        queue.close()
        guard isRunning else { return true }
        let left = max(0, (deadline - .now()).wholeMilliseconds)
        guard ended.wait(milliseconds: Int32(clamping: left)) else { return false }
        ended.post()
        return true
    }

    /// Whether there is a file to read from; a query would make one.
    package var exists: Bool { access(options.path, F_OK) == 0 }

    /// Two stat(2) calls: cheap enough for any thread.
    package var status: StoreStatus {
        let bytes = ["", "-wal"].reduce(0) { sum, tail in
            var info = Glibc.stat()
            return stat(options.path + tail, &info) == 0 ? sum + Int(info.st_size) : sum
        }
        return StoreStatus(
            path: options.path, bytes: bytes, unrecorded: shared.unrecorded.load(ordering: .relaxed),
            failure: shared.failure.withLock { $0 })
    }

    /// The async form of a query: `try await store.value { store.history(query, completion: $0) }`.
    package func value<Value: Sendable>(
        _ query: (@escaping Completion<Value>) -> Void
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            query { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    func read<Value>(
        _ completion: @escaping Completion<Value>,
        _ body: @escaping @Sendable (Database) throws(SQLiteError) -> Value
    ) {
        submit(StoreJob(run: { completion($0.read(body)) }, refuse: { completion(.failure($0)) }))
    }

    private func write<Value>(
        _ completion: @escaping Completion<Value>,
        _ body: @escaping @Sendable (Database) throws(SQLiteError) -> Value
    ) {
        submit(StoreJob(run: { completion($0.write(body)) }, refuse: { completion(.failure($0)) }))
    }

    private func submit(_ job: StoreJob) {
        guard start() else { return job.refuse(.unavailable("its thread does not start; free some memory")) }
        if let refusal = queue.add(job) { job.refuse(refusal) }
    }

    // The thread ----------------------------------------------------------------------------------------------

    private var isRunning: Bool { thread.withLock { $0 == .running } }

    /// False when there is no thread and none can be had. A closed store starts none: its queue refuses by itself.
    @discardableResult
    private func start() -> Bool {
        thread.withLock { state in
            guard state == .none, !queue.isClosing else { return true }
            let seed = StoreThread(options: options, queue: queue, shared: shared, log: log, ended: ended)
            guard seed.start() else { return false }
            state = .running
            return true
        }
    }
}

/// What the thread needs; handed over through pthread_create. It does not know the `Store`, whose end closes the queue.
private final class StoreThread: Sendable {
    private let options: StoreOptions
    private let queue: WriteQueue
    private let shared: StoreShared
    private let log: StoreLog
    private let ended: Signal

    init(options: StoreOptions, queue: WriteQueue, shared: StoreShared, log: @escaping StoreLog, ended: Signal) {
        self.options = options
        self.queue = queue
        self.shared = shared
        self.log = log
        self.ended = ended
    }

    func start() -> Bool {
        var thread = pthread_t()
        let handedOver = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<StoreThread>.fromOpaque(context).takeRetainedValue().main()
                return nil
            }, handedOver.toOpaque())
        guard code == 0 else {
            handedOver.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func main() {
        // Signals belong to the loop.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        cl_set_thread_name("store")
        StoreWorker(options: options, queue: queue, shared: shared, log: log).run()
        ended.post()
    }
}
