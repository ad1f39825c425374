import TandemBase
import TandemLoop
import TandemPolicy
import TandemProviders

/// What a reasoner said.
package struct Reasoning: Hashable, Sendable {
    /// Its answer; its thinking trace only where there is no answer: traces passed on made results worse in public
    /// measurements.
    var forCoder: String
    /// Everything, as the client was shown it.
    var shown: String
    /// Who said it.
    var provider: String
    var model: String
    /// The call that it took.
    var call: SparedCall
    var saidAt: MonotonicTime

    var size: Int { forCoder.utf8.count + shown.utf8.count }
}

/// A chain's reasoning by request, and the requests whose reasoning is on its way: equal ones share one upstream call.
@LoopActor
package final class ReasoningCache {
    /// Bytes of reasoning kept per chain.
    package static let maxBytes = 16 << 20

    package typealias Key = [UInt8]

    package private(set) var cache: TTLCache<Key, Reasoning>
    private var flights = SingleFlight<Key, ReasoningWaiter>()
    private var calls: [Key: SharedReasoning] = [:]
    private var soloCount: UInt64 = 0
    /// Called with what is kept, for a copy that outlives the process.
    package var onKeep: (@LoopActor (Key, Reasoning) -> Void)?

    package init(_ settings: CacheSettings) {
        cache = TTLCache(
            ttl: settings.ttl, maxEntries: settings.enabled ? settings.entries : 0, maxBytes: Self.maxBytes)
    }

    /// Takes over changed bounds.
    package func update(_ settings: CacheSettings) {
        cache.update(ttl: settings.ttl, maxEntries: settings.enabled ? settings.entries : 0, maxBytes: Self.maxBytes)
    }

    /// Drops everything that is kept; the number of entries.
    @discardableResult
    package func clear() -> Int {
        let count = cache.count
        cache.removeAll()
        return count
    }

    /// Takes in what an earlier process kept, `age` ago.
    package func restore(_ reasoning: Reasoning, for key: Key, age: TimeSpan) {
        let now = EventLoop.shared.now
        var reasoning = reasoning
        reasoning.saidAt = MonotonicTime(nanoseconds: now.nanoseconds - max(0, age.nanoseconds))
        cache.insert(reasoning, for: key, cost: reasoning.size, at: now, age: age)
    }

    func lookUp(_ key: Key) -> Reasoning? { cache.value(for: key, at: EventLoop.shared.now) }

    /// Asks the reasoner, or joins an equal request that already does. The call goes on as long as one of them waits.
    func reason(
        _ model: String, _ prompt: Prompt, key: Key, for run: WorkflowRun, output: @escaping WorkflowOutput
    ) async throws(WorkflowFailure) -> Reasoning {
        let waiter = ReasoningWaiter(run, output)
        var key = key
        let keeps = run.options.cache != .bypass
        if run.options.cache != .use { key = soloKey(key) }
        var joined = flights.join(key, waiter)
        if joined == .full {
            key = soloKey(key)
            joined = flights.join(key, waiter)
        }
        switch joined {
        case .lead(let ticket):
            waiter.ticket = ticket
            let call = SharedReasoning(leader: waiter, run)
            calls[key] = call
            waiter.call = call
            let storeKey = Key(key.prefix(32))
            call.start(model, prompt) { [self] result, isWhole in
                calls[key] = nil
                if keeps, isWhole, case .success(let reasoning) = result, !reasoning.forCoder.isEmpty {
                    cache.insert(reasoning, for: storeKey, cost: reasoning.size, at: EventLoop.shared.now)
                    onKeep?(storeKey, reasoning)
                }
                for waiter in flights.complete(key, ticket) { waiter.end(result) }
            }
        case .follow(let ticket):
            waiter.ticket = ticket
            waiter.call = calls[key]
            waiter.call?.add(waiter)
        case .full: break  // a key of its own has room for one
        }
        let flightKey = key
        return try await waiter.wait { [self] in leave(flightKey, waiter) }
    }

    private func leave(_ key: Key, _ waiter: ReasoningWaiter) {
        guard let ticket = waiter.ticket, let call = waiter.call else { return }
        switch flights.leave(key, ticket) {
        case .notWaiting: return
        case .continues: call.remove(waiter)
        case .promoted(let leader):
            call.remove(waiter)
            call.leader = leader
        case .cancelCall:
            calls[key] = nil
            call.cancel()
        }
    }

    /// A key that nobody else has.
    private func soloKey(_ key: Key) -> Key {
        soloCount += 1
        return key + Array(String(soloCount).utf8)
    }
}
