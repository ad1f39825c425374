import Synchronization
import TandemBase
import Testing

@testable import TandemStore

@Suite struct StatsTests {
    let folder = TemporaryFolder()

    @Test(arguments: [1, 2, 3, 7, 20, 99, 100, 101, 1000])
    func ranksAreNearestRank(count: Int) {
        for percent in [50, 95, 99] {
            let rank = Percentiles.rank(percent, of: count)
            #expect(rank * 100 >= percent * count && (rank - 1) * 100 < percent * count && rank <= count)
        }
    }

    /// Every grouping against a model in plain Swift, on random requests.
    @Test(arguments: [StatsQuery.Grouping.model, .workflow, .user, .day, nil])
    func matchesAPlainModel(by: StatsQuery.Grouping?) async throws {
        let store = makeStore(folder.database)
        var random = Seeded(state: 42)
        var requests: [RequestRecord] = []
        for index in 0..<700 {
            let time = 1_790_000_000_000 + Int64.random(in: 0..<400_000_000, using: &random)
            var request = makeRequest(
                makeID(time, UInt64(index)), model: ["a", "b", "c"].randomElement(using: &random)!)
            request.user = ["u", "v"].randomElement(using: &random)!
            request.workflow = ["route", "chain"].randomElement(using: &random)!
            request.arm = request.workflow == "route" ? ["code", "general"].randomElement(using: &random)! : nil
            request.outcome = ["ok", "ok", "ok", "cancelled", "providers_failed"].randomElement(using: &random)!
            request.cached = .random(using: &random)
            request.fallback = .random(using: &random)
            request.polished = .random(using: &random)
            request.escalated = .random(using: &random)
            request.hasCode = .random(using: &random)
            request.costUSD = Bool.random(using: &random) ? Double(Int.random(in: 0..<64, using: &random)) / 64 : nil
            request.latencyMilliseconds = Double.random(in: 0..<5000, using: &random)
            request.firstTokenMilliseconds = Bool.random(using: &random) ? .random(in: 0..<900, using: &random) : nil
            requests.append(request)
            store.record(request)
        }
        let since = WallTime(milliseconds: 1_790_000_050_000)
        let until = WallTime(milliseconds: 1_790_000_350_000_000 / 1000 + 300_000_000)
        let rows = try await store.stats {
            $0.by = by
            $0.since = since
            $0.until = until
        }
        let chosen = requests.filter { $0.startedAt >= since && $0.startedAt < until }
        #expect(chosen.count < requests.count)
        let groups = Dictionary(grouping: chosen) { request -> [String?] in
            switch by {
            case nil, .provider: [nil, nil]
            case .model: [request.model, nil]
            case .user: [request.user, nil]
            case .workflow: [request.workflow, request.arm]
            case .day: [String(request.startedAt.description.prefix(10)), nil]
            }
        }
        #expect(rows.count == groups.count)
        for row in rows {
            let members = try #require(groups[[row.key, row.arm]])
            let good = members.filter { $0.outcome == "ok" }
            #expect(row.requests == members.count)
            #expect(row.cancelled == members.count { $0.outcome == "cancelled" })
            #expect(row.errors == members.count { $0.outcome == "providers_failed" })
            #expect(row.cached == members.count { $0.cached })
            #expect(row.fallbacks == members.count { $0.fallback })
            #expect(row.polished == members.count { $0.polished })
            #expect(row.escalated == members.count { $0.escalated })
            #expect(row.tokens.completion == members.reduce(0) { $0 + $1.tokens.completion })
            #expect(row.costUSD == members.compactMap(\.costUSD).reduce(0, +))
            #expect(row.unpriced == members.count { $0.costUSD == nil })
            #expect(row.meanLength == 1490)
            #expect(abs(row.codeShare! - Double(good.count { $0.hasCode }) / Double(good.count)) < 1e-9)
            #expect(row.latency == percentiles(good.map(\.latencyMilliseconds)))
            #expect(row.firstToken == percentiles(good.compactMap(\.firstTokenMilliseconds)))
        }
        if by == .day { #expect(rows.map(\.key!) == rows.map(\.key!).sorted()) }
        if by == .model { #expect(rows.map(\.requests) == rows.map(\.requests).sorted(by: >)) }
        store.closed()
    }

    /// The definition, word for word: the smallest value that at least p% of the values do not exceed.
    private func percentiles(_ values: [Double]) -> Percentiles? {
        func at(_ percent: Double) -> Double? {
            values.sorted().first { value in
                Double(values.count { $0 <= value }) * 100 >= percent * Double(values.count)
            }
        }
        guard let p50 = at(50), let p95 = at(95), let p99 = at(99) else { return nil }
        return Percentiles(p50: p50, p95: p95, p99: p99)
    }

    @Test func providersAreCountedByTheirOwnCalls() async throws {
        let store = makeStore(folder.database)
        var request = makeRequest(makeID(1_790_000_000_000, 1), provider: "groq")
        request.fallback = true
        request.steps[0].status = "failed"
        request.steps.append(request.steps[0])
        var second = StepRecord(role: "general", provider: "ollama", model: "m")
        second.latencyMilliseconds = 5
        second.tokens.completion = 9
        request.steps.append(second)
        store.record(request)
        let rows = try await store.stats { $0.by = .provider }
        let groq = try #require(rows.first { $0.key == "groq" })
        let ollama = try #require(rows.first { $0.key == "ollama" })
        #expect((groq.requests, groq.errors, groq.fallbacks) == (1, 2, 1))
        #expect(groq.latency == nil)
        #expect(groq.costUSD == 0.0008)
        #expect((ollama.requests, ollama.errors, ollama.unpriced) == (1, 0, 1))
        #expect(ollama.costUSD == nil)
        #expect(ollama.latency == Percentiles(p50: 5, p95: 5, p99: 5))
        #expect(ollama.tokens.completion == 9)
        store.closed()
    }

    @Test func feedbackIsKeptAndAveraged() async throws {
        let store = makeStore(folder.database)
        let ids = [makeID(1_790_000_000_000, 1), makeID(1_790_000_000_001, 2), makeID(1_790_000_000_002, 3)]
        for id in ids { store.record(makeRequest(id)) }
        let time = WallTime(milliseconds: 5)
        func give(_ score: Double, _ id: ULID, uid: UInt32? = 1000) async throws -> Bool {
            let feedback = FeedbackRecord(score: score, comment: "c", givenAt: time)
            return try await store.value { store.save(feedback, of: id, uid: uid, completion: $0) }
        }
        #expect(try await give(-1, ids[0]))
        #expect(try await give(1, ids[0]))
        #expect(try await give(0, ids[1], uid: nil))
        #expect(try await !give(1, ids[2], uid: 7))
        #expect(try await !give(1, makeID(3, 3)))
        #expect(try await store.stats().first?.feedbackMean == 0.5)
        #expect(try await store.stats { $0.by = .model }.first?.feedbackMean == 0.5)
        #expect(
            try await store.history { $0.requestID = ids[0] }.first?.feedback
                == FeedbackRecord(score: 1, comment: "c", givenAt: time))
        store.closed()
    }

    @Test func nothingGivesNoRows() async throws {
        let store = makeStore(folder.database)
        #expect(try await store.stats().isEmpty)
        #expect(try await store.stats { $0.by = .provider }.isEmpty)
        store.closed()
    }

    @Test func spendingIsSummedFromATime() async throws {
        let store = makeStore(folder.database)
        for index in 0..<10 {
            var request = makeRequest(makeID(1_790_000_000_000 + Int64(index), UInt64(index)), uid: UInt32(index % 2))
            request.costUSD = index == 9 ? nil : 0.25
            store.record(request)
        }
        let since = WallTime(milliseconds: 1_790_000_000_004)
        #expect(try await store.value { store.spent(since: since, completion: $0) } == 1.25)
        #expect(try await store.value { store.spent(since: since, uid: 0, completion: $0) } == 0.75)
        #expect(try await store.value { store.spent(since: since, user: "x", completion: $0) } == 0)
        store.closed()
    }
}
