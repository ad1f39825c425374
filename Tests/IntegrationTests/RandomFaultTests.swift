import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Ten thousand requests with random faults, cancellations and clients that go away: nothing reserved stays reserved,
/// nothing grows, and the ledger adds up.
@Suite struct RandomFaultTests {
    private static let total = 10_000
    private static let clients = 8
    private static let inFlight = 40

    private static func reply(_ request: UpstreamRequest) -> Reply {
        // By what was asked and how often, so that each run meets every fault.
        switch request.index &* 2_654_435_761 % 100 {
        case 0..<4: .failure(500)
        case 4..<6: .tooManyRequests(retryAfter: "0.01")
        case 6..<8: .sse([.event(OpenAIMaterial.content("half")), .reset])
        case 8..<10: .nonsense
        case 10..<12: .reset
        case 12..<13: .hang
        case 13..<14: .sse([.event(OpenAIMaterial.content("half")), .hang])
        case 14..<16: .failure(400)
        case 16..<18: .sse([.done])
        case 18..<50: .stream(["one ", "two ", "three"], reasoning: ["hm"])
        default: .chat("a whole answer")
        }
    }

    private static let settings = """
        [breaker]
        min_samples = 20
        open_for = "5ms"
        [limits]
        user = "2000/1m"
        [budget]
        daily_usd = 1000.0
        [cache.responses]
        enabled = true
        entries = 50
        """

    private struct Tally: Sendable {
        var sent = 0
        var ok = 0
        var cancelled = 0
        var failed = 0
        /// Not waited for.
        var left = 0

        mutating func add(_ other: Tally) {
            sent += other.sent
            ok += other.ok
            cancelled += other.cancelled
            failed += other.failed
            left += other.left
        }
    }

    /// What hangs is given up after this long; a sanitized machine that is merely slow must not look as if it hung.
    private static let timeouts = {
        let limit = isSanitized ? "3s" : "200ms"
        return "first_token_timeout = \"\(limit)\"\nidle_timeout = \"\(limit)\""
    }()

    /// One client's share: keeps `inFlight` requests going, cancels some, and in the end half of the clients go away
    /// in the middle of theirs.
    private static func run(_ socket: String, seed: UInt64, count: Int) throws -> Tally {
        var random = SplitMix(state: seed)
        let client = try RawClient(socket)
        var tally = Tally()
        // What was asked and not answered yet.
        var asked: [Int: String] = [:]
        func receive() throws {
            let text: String
            do { text = try client.response() } catch {
                throw RawClient.Failure(description: "\(error); not answered: \(asked)")
            }
            let answer = try Answer(text)
            asked[answer.root["id"]?.int ?? -1] = nil
            switch answer.code {
            case nil: tally.ok += 1
            case -32800: tally.cancelled += 1
            default: tally.failed += 1
            }
        }
        for id in 0..<count {
            let isEqual = random.next() % 4 == 0
            let params = """
                {"model":"\(random.next() % 2 == 0 ? "m" : "both")","stream":\(random.next() % 2 == 0),\
                "user":"u\(random.next() % 5)","timeout_ms":\(random.next() % 20 == 0 ? 30 : 5000),\
                "cache":"\(["use", "bypass", "refresh"][Int(random.next() % 3)])",\
                "messages":[{"role":"user","content":"\(isEqual ? "equal \(random.next() % 20)" : "\(seed) \(id)")"}]}
                """
            try client.send(RawClient.request("chat", params, id: "\(id)"))
            tally.sent += 1
            asked[id] = params
            if random.next() % 10 == 0 {
                // Right after it was sent, or at some time on its way.
                let victim = max(0, id - Int(random.next() % 2 * (random.next() % UInt64(inFlight))))
                try client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":\(victim)}}")
            }
            while asked.count >= inFlight { try receive() }
        }
        if seed % 2 == 0 { while !asked.isEmpty { try receive() } }
        tally.left = asked.count
        return tally
    }

    private func descriptors(_ pid: pid_t) -> Int {
        guard let folder = opendir("/proc/\(pid)/fd") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// Runs `count` requests and waits until the daemon is at rest.
    private func round(_ service: TestService, count: Int, seed: UInt64) async throws -> Tally {
        let socket = service.daemon.socketPath
        let tallies = await withTaskGroup(of: Result<Tally, any Error>.self) { group in
            for index in 0..<UInt64(Self.clients) {
                group.addTask {
                    await offPool { Result { try Self.run(socket, seed: seed + index, count: count / Self.clients) } }
                }
            }
            var results: [Result<Tally, any Error>] = []
            for await result in group { results.append(result) }
            return results
        }
        var status = try service.call("status")
        let isAtRest = try eventually {
            status = try service.call("status")
            return status["in_flight"]?.int == 0 && status["connections"]?.int == 1
        }
        #expect(isAtRest, "\(status.text)")
        return try tallies.reduce(into: Tally()) { $0.add(try $1.get()) }
    }

    @Test func nothingIsLeftBehind() async throws {
        let other = try ScriptedUpstream { Self.reply($0) }
        let service = try TestService(
            """
            \(Self.settings)
            [providers.second]
            kind = "openai"
            base_url = "\(other.baseURL)"
            \(Self.timeouts)
            [models.spare]
            provider = "second"
            model = "spare"
            price = { input = 1.0, output = 1.0 }
            [models.both]
            provider = "up"
            model = "scripted-too"
            price = { input = 1.0, output = 1.0 }
            fallbacks = ["spare"]
            """, provider: Self.timeouts
        ) { Self.reply($0) }
        var tally = try await round(service, count: Self.total / 5, seed: 100)
        let before = try service.call("status")
        let descriptorsBefore = descriptors(service.daemon.pid)
        tally.add(try await round(service, count: Self.total - Self.total / 5, seed: 200))
        #expect(tally.sent == Self.total)
        #expect(tally.ok > Self.total / 3 && tally.cancelled > 0 && tally.failed > 0, "\(tally)")

        let status = try service.call("status")
        for provider in status["providers"].map({ Array($0.elements) }) ?? [] {
            #expect(provider["in_flight"]?.int == 0)
        }
        #expect(status["budget"]?["reserved_usd"]?.double == 0)
        // curl keeps idle connections for the next request: a bounded number, which may still be reached.
        #expect(descriptors(service.daemon.pid) <= descriptorsBefore + Self.inFlight)
        let grown = (status["memory_bytes"]?.int ?? 0) - (before["memory_bytes"]?.int ?? 0)
        #expect(isSanitized || grown < 16 << 20, "\(grown) bytes more after \(Self.total) requests")

        try checkLedger(service, tally, budget: status["budget"]?["spent_today_usd"]?.double ?? -1)
    }

    /// Rows add up from their steps, the statistics from the rows, and the budget to the same sum.
    private func checkLedger(_ service: TestService, _ tally: Tally, budget: Double) throws {
        var outcomes: [String: Int] = [:]
        var cost = 0.0
        var tokens = 0
        var rows = 0
        var before: String?
        while true {
            let page = try service.call(
                "history", "{\"limit\":1000\(before.map { ",\"before\":\"\($0)\"" } ?? "")}")
            #expect(page.code == nil, "\(page.text)")
            let requests = page["requests"].map { Array($0.elements) } ?? []
            for row in requests {
                rows += 1
                outcomes[row["outcome"]?.string ?? "", default: 0] += 1
                let steps = row["steps"].map { Array($0.elements) } ?? []
                let stepTokens = steps.reduce(0) { $0 + ($1["usage"]?["completion_tokens"]?.int ?? 0) }
                #expect(row["usage"]?["completion_tokens"]?.int == stepTokens)
                let stepCost = steps.reduce(0) { $0 + ($1["cost_usd"]?.double ?? 0) }
                #expect(abs((row["cost_usd"]?.double ?? -1) - stepCost) < 1e-9)
                #expect(!steps.contains { $0["status"]?.string == "running" })
                cost += stepCost
                tokens += stepTokens
            }
            guard let last = requests.last?["request_id"]?.string, requests.count == 1000 else { break }
            before = last
        }
        // What the clients that went away sent last may not have been read, or have ended in any way.
        #expect((Self.total - tally.left...Self.total).contains(rows))
        let ok = outcomes["ok"] ?? 0
        #expect((tally.ok...tally.ok + tally.left).contains(ok))
        #expect((outcomes["cancelled"] ?? 0) >= tally.cancelled)
        let stats = try service.call("stats")
        #expect(stats["rows.0.requests"]?.int == rows && stats["rows.0.completion_tokens"]?.int == tokens)
        #expect(abs((stats["rows.0.cost_usd"]?.double ?? -1) - cost) < 1e-6)
        #expect(abs(budget - cost) < 1e-6)
    }
}

/// Repeatable randomness (Steele, Lea and Flood, SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
