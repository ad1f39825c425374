import Foundation
import Synchronization
import TandemBase
import Testing

@testable import TandemStore

/// A folder of its own for a test, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "tandem-store-" + UUID().uuidString
        mkdir(path, 0o700)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/state/tandem.db" }

    func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/state")) ?? []).sorted()
    }
}

/// Collects log lines.
final class LogLines: Sendable {
    private let lines = Mutex<[(StoreLogLevel, String)]>([])

    var log: StoreLog { { [self] level, text in lines.withLock { $0.append((level, text)) } } }
    var all: [(StoreLogLevel, String)] { lines.withLock { $0 } }

    func count(of level: StoreLogLevel) -> Int { all.count { $0.0 == level } }
}

/// A clock that only moves when it is told to.
final class TestClock: Sendable {
    private let offset = Mutex<TimeSpan>(.zero)
    static let start = WallTime(milliseconds: 1_790_000_000_000)

    func advance(_ span: TimeSpan) { offset.withLock { $0 = $0 + span } }
    var now: MonotonicTime { MonotonicTime(nanoseconds: 1_000_000_000) + offset.withLock { $0 } }
    var wallTime: WallTime { Self.start + offset.withLock { $0 } }
}

func makeStore(
    _ path: String, clock: TestClock = TestClock(), limits: QueueLimits = QueueLimits(), log: LogLines = LogLines()
) -> Store {
    var options = StoreOptions(path: path)
    options.limits = limits
    options.now = { clock.now }
    options.wallTime = { clock.wallTime }
    return Store(options, log: log.log)
}

extension Store {
    func flushed() async throws { try await value { flush(completion: $0) } }
    func history(_ change: (inout HistoryQuery) -> Void = { _ in }) async throws -> [HistoryEntry] {
        var query = HistoryQuery()
        change(&query)
        return try await value { history(query, completion: $0) }
    }
    func stats(_ change: (inout StatsQuery) -> Void = { _ in }) async throws -> [StatsRow] {
        var query = StatsQuery()
        change(&query)
        return try await value { stats(query, completion: $0) }
    }
    func closed() { #expect(close(deadline: .now() + .seconds(30))) }
}

/// Reproducible randomness (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

func makeID(_ milliseconds: Int64, _ random: UInt64 = 0) -> ULID {
    var generator = Seeded(state: random)
    return ULID(time: WallTime(milliseconds: milliseconds), random: &generator)
}

/// A typical request with one step.
func makeRequest(_ id: ULID, uid: UInt32 = 1000, model: String = "auto", provider: String = "groq") -> RequestRecord {
    var request = RequestRecord(id: id, uid: uid, method: "chat", model: model, workflow: "route")
    request.user = "me"
    request.arm = "code"
    request.finishReason = "stop"
    request.tokens.prompt = 120
    request.tokens.completion = 340
    request.costUSD = 0.0004
    request.latencyMilliseconds = 812.25
    request.firstTokenMilliseconds = 96.5
    request.answerBytes = 1490
    request.hasCode = true
    var step = StepRecord(role: "coder", provider: provider, model: "qwen-2.5-coder-32b")
    step.httpStatus = 200
    step.latencyMilliseconds = 811.5
    step.firstTokenMilliseconds = 96.25
    step.tokens = request.tokens
    step.costUSD = request.costUSD
    request.steps = [step]
    return request
}
