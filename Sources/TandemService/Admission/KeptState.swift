import TandemBase
import TandemJSON
import TandemPolicy
import TandemProviders

/// Entries of one window that are kept one by one; of more, neighbours are counted as one with the later time, which
/// is a little too strict and never too loose.
private let exactEntries = 512

/// What limits know, as JSON: `{"default":{"global":[ms,weight,…],"clients":[{"uid":…,"user":…,"taken":[…]}]},…}`.
func encodeLimits(_ snapshot: LimitSet.Snapshot) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("default")
    writer.scope(snapshot.defaults)
    writer.key("reasoning")
    writer.scope(snapshot.reasoning)
    writer.endObject()
    return writer.bytes
}

/// Nil for what is not such a text: then nothing is restored.
func decodeLimits(_ bytes: [UInt8]) -> LimitSet.Snapshot? {
    guard let root = try? JSONDocument(bytes).root, root.kind == .object else { return nil }
    var snapshot = LimitSet.Snapshot()
    snapshot.defaults = readScope(root["default"])
    snapshot.reasoning = readScope(root["reasoning"])
    return snapshot
}

/// What is known of providers, by name: cooldowns, breakers, quotas.
struct KeptProvider: Sendable {
    var cooldownEnds: WallTime?
    var breakers: [(model: String, state: CircuitBreaker.Snapshot)] = []
    var requests: [SlidingWindowLimiter.Taken] = []
    var tokens: [SlidingWindowLimiter.Taken] = []

    var isEmpty: Bool { cooldownEnds == nil && breakers.isEmpty && requests.isEmpty && tokens.isEmpty }
}

func encodeProviders(_ providers: [(name: String, state: KeptProvider)]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, state) in providers where !state.isEmpty {
        writer.key(name)
        writer.beginObject()
        writer.member("cooldown_ends", ifPresent: state.cooldownEnds?.milliseconds)
        writer.key("breakers")
        writer.beginObject()
        for (model, breaker) in state.breakers {
            writer.key(model)
            writer.beginObject()
            writer.member("reopens_at", ifPresent: breaker.reopensAt?.milliseconds)
            writer.member("probe_successes", breaker.probeSuccesses)
            writer.key("samples")
            writer.beginArray()
            for sample in breaker.samples {
                writer.int(sample.time.milliseconds)
                writer.int(sample.successes)
                writer.int(sample.failures)
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
        writer.key("requests")
        writer.taken(state.requests)
        writer.key("tokens")
        writer.taken(state.tokens)
        writer.endObject()
    }
    writer.endObject()
    return writer.bytes
}

func decodeProviders(_ bytes: [UInt8]) -> [String: KeptProvider] {
    guard let root = try? JSONDocument(bytes).root else { return [:] }
    var result: [String: KeptProvider] = [:]
    for (name, value) in root.members {
        var state = KeptProvider()
        state.cooldownEnds = value["cooldown_ends"]?.int.map { WallTime(milliseconds: Int64($0)) }
        if let breakers = value["breakers"] {
            for (model, breaker) in breakers.members { state.breakers.append((model, readBreaker(breaker))) }
        }
        state.requests = readTaken(value["requests"])
        state.tokens = readTaken(value["tokens"])
        result[name] = state
    }
    return result
}

private func readBreaker(_ value: JSONValue) -> CircuitBreaker.Snapshot {
    let numbers = value["samples"].map { $0.elements.compactMap(\.int) } ?? []
    let samples = stride(from: 0, to: numbers.count - numbers.count % 3, by: 3).map { index in
        CircuitBreaker.Sample(
            time: WallTime(milliseconds: Int64(numbers[index])), successes: numbers[index + 1],
            failures: numbers[index + 2])
    }
    return CircuitBreaker.Snapshot(
        samples: samples, reopensAt: value["reopens_at"]?.int.map { WallTime(milliseconds: Int64($0)) },
        probeSuccesses: value["probe_successes"]?.int ?? 0)
}

private func readScope(_ value: JSONValue?) -> LimitSet.Snapshot.ScopeState {
    var state = LimitSet.Snapshot.ScopeState()
    guard let value else { return state }
    state.global = readTaken(value["global"])
    if let clients = value["clients"] {
        for client in clients.elements {
            guard let uid = client["uid"]?.int.flatMap({ UInt32(exactly: $0) }) else { continue }
            state.clients.append(
                (LimitSet.Client(uid: uid, user: client["user"]?.string), readTaken(client["taken"])))
        }
    }
    return state
}

private func readTaken(_ value: JSONValue?) -> [SlidingWindowLimiter.Taken] {
    let numbers = value.map { $0.elements.compactMap(\.int) } ?? []
    return stride(from: 0, to: numbers.count - numbers.count % 2, by: 2).map { index in
        SlidingWindowLimiter.Taken(time: WallTime(milliseconds: Int64(numbers[index])), weight: numbers[index + 1])
    }
}

extension JSONWriter {
    fileprivate mutating func scope(_ state: LimitSet.Snapshot.ScopeState) {
        beginObject()
        key("global")
        taken(state.global)
        key("clients")
        beginArray()
        for (client, items) in state.clients {
            beginObject()
            member("uid", client.uid)
            member("user", ifPresent: client.user)
            key("taken")
            taken(items)
            endObject()
        }
        endArray()
        endObject()
    }

    fileprivate mutating func taken(_ items: [SlidingWindowLimiter.Taken]) {
        let group = max(1, (items.count + exactEntries - 1) / exactEntries)
        beginArray()
        for start in stride(from: 0, to: items.count, by: group) {
            let part = items[start..<min(items.count, start + group)]
            int(part[part.endIndex - 1].time.milliseconds)
            int(part.reduce(0) { $0 + $1.weight })
        }
        endArray()
    }
}

extension Provider {
    /// What a restart should know.
    func kept(_ clock: ClockReading) -> KeptProvider {
        var state = KeptProvider()
        state.cooldownEnds = health.cooldownEnds(clock)
        for model in breakers.keys.sorted() {
            let snapshot = withBreaker(of: model) { $0.snapshot(clock) }
            if snapshot.reopensAt != nil || !snapshot.samples.isEmpty { state.breakers.append((model, snapshot)) }
        }
        state.requests = requestQuota?.snapshot(clock) ?? []
        state.tokens = tokenQuota?.snapshot(clock) ?? []
        return state
    }

    func restore(_ state: KeptProvider, _ clock: ClockReading) {
        if let ends = state.cooldownEnds { health.restore(cooldownEnds: ends, clock) }
        for (model, snapshot) in state.breakers {
            restore(CircuitBreaker(settings.breaker, restoring: snapshot, clock), of: model)
        }
        requestQuota?.restore(state.requests, clock)
        tokenQuota?.restore(state.tokens, clock)
    }
}
