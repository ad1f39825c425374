import Foundation
import Synchronization
import TandemBase
import Testing

@testable import TandemStore

@Suite struct LedgerTests {
    let folder = TemporaryFolder()

    @Test func recordsComeBackWhole() async throws {
        let store = makeStore(folder.database)
        var full = makeRequest(makeID(1_790_000_000_123, 1))
        full.session = "s — ü"
        full.outcome = "providers_failed"
        full.errorCode = -32002
        full.errorMessage = "No provider answered; try later."
        (full.cached, full.escalated, full.polished, full.fallback, full.stream) = (true, true, true, true, true)
        full.savedUSD = 0.5
        full.tokens.estimated = true
        full.tokens.reasoning = 7
        full.tokens.cached = 8
        full.qualityIssues = Array(#"["empty"]"#.utf8)
        full.notices = Array(#"[{"code":"fallback","message":"…"}]"#.utf8)
        full.metadata = Array(#"{"a":1}"#.utf8)
        full.prompt = Array("p".utf8)
        full.answer = Array("a".utf8)
        full.steps[0].status = "failed"
        full.steps[0].errorKind = "timeout"
        full.steps[0].errorMessage = "no first token"
        full.steps[0].cached = true
        full.steps[0].savedUSD = 0.25
        full.steps.append(StepRecord(role: "general", provider: "ollama", model: "m"))
        let bare = RequestRecord(
            id: makeID(1_790_000_000_124, 2), uid: .max, method: "plan", model: "", workflow: "direct")
        store.record(full)
        store.record(bare)
        let entries = try await store.history()
        #expect(entries.map(\.request) == [bare, full])
        #expect(entries.allSatisfy { $0.feedback == nil })
        store.closed()
    }

    @Test func historyFiltersAndPages() async throws {
        let store = makeStore(folder.database)
        let ids = (0..<30).map { makeID(1_790_000_000_000 + Int64($0), UInt64($0)) }
        for (index, id) in ids.enumerated() {
            var request = makeRequest(id, uid: index % 2 == 0 ? 1 : 2)
            request.session = index % 3 == 0 ? "s" : nil
            store.record(request)
        }
        func found(_ change: (inout HistoryQuery) -> Void) async throws -> [ULID] {
            try await store.history(change).map(\.request.id)
        }
        #expect(try await found { $0.limit = 4 } == ids.suffix(4).reversed())
        #expect(try await found { $0.limit = 0 }.count == 1)
        #expect(
            try await found {
                $0.limit = 3; $0.before = ids[10]
            } == [ids[9], ids[8], ids[7]])
        #expect(try await found { $0.beforeTime = WallTime(milliseconds: 1_790_000_000_002) } == [ids[1], ids[0]])
        #expect(
            try await found {
                $0.session = "s"; $0.limit = 2
            } == [ids[27], ids[24]])
        #expect(try await found { $0.requestID = ids[5] } == [ids[5]])
        #expect(
            try await found {
                $0.requestID = ids[5]; $0.uid = 1
            } == [])
        #expect(try await found { $0.uid = 2 }.count == 15)
        store.closed()
    }

    /// The queue's limit holds, what is over it is counted and logged once, and what was taken is written.
    @Test func queueIsBounded() async throws {
        var limits = QueueLimits()
        limits.rows = 10
        limits.batchMilliseconds = 60_000
        let log = LogLines()
        let store = makeStore(folder.database, limits: limits, log: log)
        // The thread may take a first group before it sleeps for the rest of the group's time.
        for index in 0..<1000 { store.record(makeRequest(makeID(1_790_000_000_000, UInt64(index)))) }
        let lost = store.status.unrecorded
        #expect(lost >= 1000 - 20)
        #expect(log.count(of: .warning) == 1)
        let kept = try await store.history { $0.limit = 1000 }.count
        #expect(kept == 1000 - lost)
        store.closed()
    }

    @Test func bytesInTheQueueAreBounded() async throws {
        var limits = QueueLimits()
        limits.bytes = 1 << 20
        limits.batchMilliseconds = 60_000
        let store = makeStore(folder.database, limits: limits)
        for index in 0..<50 {
            var request = makeRequest(makeID(1_790_000_000_000, UInt64(index)))
            request.prompt = [UInt8](repeating: 0x61, count: 200_000)
            store.record(request)
        }
        #expect(store.status.unrecorded >= 50 - 10)
        store.closed()
    }

    @Test func duplicateIsLeftOutAlone() async throws {
        let store = makeStore(folder.database)
        let id = makeID(1_790_000_000_000, 1)
        for request in [id, id, makeID(1_790_000_000_001, 2)] { store.record(makeRequest(request)) }
        #expect(try await store.history().count == 2)
        #expect(store.status.unrecorded == 1)
        #expect(store.status.failure == nil)
        store.closed()
    }

    @Test func opensLazilyAndPrivately() async throws {
        let store = makeStore(folder.database)
        #expect(folder.names().isEmpty)
        #expect(store.status.bytes == 0)
        store.record(makeRequest(makeID(1_790_000_000_000)))
        try await store.flushed()
        for name in folder.names() {
            var info = stat()
            #expect(stat(folder.path + "/state/" + name, &info) == 0 && info.st_mode & 0o777 == 0o600, "\(name)")
        }
        var info = stat()
        #expect(stat(folder.path + "/state", &info) == 0 && info.st_mode & 0o777 == 0o700)
        #expect(store.status.bytes > 0)
        store.closed()
        #expect(folder.names() == ["tandem.db"])
    }

    @Test func closingWritesWhatWaitsAndThenRefuses() async throws {
        let store = makeStore(folder.database)
        for index in 0..<500 { store.record(makeRequest(makeID(1_790_000_000_000, UInt64(index)))) }
        store.closed()
        store.closed()
        store.record(makeRequest(makeID(1_790_000_000_000, 999)))
        #expect(store.status.unrecorded == 1)
        await #expect(throws: StoreError.closed) { try await store.history() }
        let again = makeStore(folder.database)
        #expect(try await again.stats().first?.requests == 500)
        again.closed()
    }

    @Test func closingAnUnusedStoreDoesNothing() {
        makeStore(folder.database).closed()
        #expect(folder.names().isEmpty)
    }

    /// Queries of another process's connection while the writer commits: each sees whole groups and never an error.
    @Test func readersSeeConsistentSnapshots() async throws {
        let store = makeStore(folder.database)
        store.record(makeRequest(makeID(1_790_000_000_000, 0)))
        try await store.flushed()
        let path = folder.database
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let database = try Database(path: path, durability: .normal, readOnly: true)
                    for _ in 0..<100 {
                        let (requests, steps) = try database.snapshot { () throws(SQLiteError) in
                            (
                                try database.statement("SELECT count(*) FROM requests").first { $0.int() },
                                try database.statement("SELECT count(*) FROM steps").first { $0.int() }
                            )
                        }
                        #expect(requests == steps)
                    }
                }
            }
            group.addTask {
                for index in 1...3000 {
                    store.record(makeRequest(makeID(1_790_000_000_000, UInt64(index))))
                    if index % 200 == 0 { try await store.flushed() }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.stats().first?.requests == 3001)
        store.closed()
    }

    /// A query without end: full groups of writes go on beside it, and closing ends it.
    @Test func longQueryStopsNeitherWritesNorTheEnd() async throws {
        var limits = QueueLimits()
        limits.batchRows = 50
        let store = makeStore(folder.database, limits: limits)
        let endless = Mutex<Result<Int?, StoreError>?>(nil)
        await withCheckedContinuation { (running: CheckedContinuation<Void, Never>) in
            store.read({ (result: Result<Int?, StoreError>) in endless.withLock { $0 = result } }) {
                database throws(SQLiteError) in
                running.resume()
                return try database.statement(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
                ).first { $0.int() }
            }
        }
        for index in 0..<50 { store.record(makeRequest(makeID(1_790_000_000_000, UInt64(index)))) }
        let other = try Database(path: folder.database, durability: .normal, readOnly: true)
        let patience = MonotonicTime.now() + .seconds(20)
        var seen = 0
        while seen < 50, MonotonicTime.now() < patience {
            seen = try other.statement("SELECT count(*) FROM requests").first { $0.int() } ?? 0
            await Task.yield()
        }
        #expect(seen == 50)
        #expect(endless.withLock { $0 } == nil)
        store.closed()
        #expect(endless.withLock { $0 } == .failure(.closed))
    }

    /// Not a threshold: the figures that docs quote come from a release build of this test.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["TANDEM_STORE_BENCHMARK"] != nil))
    func benchmark() async throws {
        let count = 100_000
        var limits = QueueLimits()
        limits.rows = count
        limits.bytes = 1 << 30
        let store = makeStore(folder.database, limits: limits)
        try await store.flushed()
        let requests = (0..<count).map { makeRequest(makeID(1_790_000_000_000 + Int64($0), UInt64($0))) }
        let copying = cpuTime(CLOCK_THREAD_CPUTIME_ID)
        var last: BoxedRequest?
        for request in requests { last = BoxedRequest(request) }
        print("the benchmark's own copy: \((cpuTime(CLOCK_THREAD_CPUTIME_ID) - copying) * 1e9 / Double(count)) ns")
        #expect(last != nil)
        // CPU time, which other programs on the machine do not disturb.
        let start = MonotonicTime.now()
        let (processStart, threadStart) = (cpuTime(CLOCK_PROCESS_CPUTIME_ID), cpuTime(CLOCK_THREAD_CPUTIME_ID))
        for request in requests { store.record(request) }
        let caller = cpuTime(CLOCK_THREAD_CPUTIME_ID) - threadStart
        try await store.flushed()
        let written = MonotonicTime.now()
        let writer = cpuTime(CLOCK_PROCESS_CPUTIME_ID) - processStart - caller
        print("caller: \(caller * 1e9 / Double(count)) ns of CPU a record")
        print("writer: \(writer * 1e6 / Double(count)) µs of CPU a request with one step")
        print("written: \(Double(count) / ((written - start).milliseconds / 1000)) requests/s")
        _ = try await store.stats()
        print("one row of stats: \((MonotonicTime.now() - written).milliseconds) ms")
        let before = MonotonicTime.now()
        _ = try await store.stats { $0.by = .provider }
        print("stats by provider: \((MonotonicTime.now() - before).milliseconds) ms")
        let page = MonotonicTime.now()
        _ = try await store.history()
        print("50 of history: \((MonotonicTime.now() - page).milliseconds) ms")
        print("bytes a request: \(store.status.bytes / count)")
        store.closed()
        let paced = makeStore(folder.path + "/paced.db")
        var inBursts = 0.0
        for burst in stride(from: 0, to: count, by: 500) {
            let start = cpuTime(CLOCK_THREAD_CPUTIME_ID)
            for request in requests[burst..<burst + 500] { paced.record(request) }
            inBursts += cpuTime(CLOCK_THREAD_CPUTIME_ID) - start
            try await paced.flushed()
        }
        print("caller, 500 at a time: \(inBursts * 1e9 / Double(count)) ns of CPU a record")
        paced.closed()
        for path in [folder.database, folder.path + "/empty.db"] {
            let opening = MonotonicTime.now()
            let again = makeStore(path)
            _ = try await again.value { again.providerOverrides(completion: $0) }
            print("first answer: \((MonotonicTime.now() - opening).milliseconds) ms")
            again.closed()
        }
    }
}

private func cpuTime(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
