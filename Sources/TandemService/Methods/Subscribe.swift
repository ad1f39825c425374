import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore

/// What can be subscribed to.
enum Topic: String, CaseIterable, Hashable, Sendable { case requests, breakers, limits, config }

/// Those who watch. Events carry the id of the `subscribe` request. A subscriber that reads too slowly loses events
/// and is told how many, by a `dropped` event, as soon as it reads again: watching never holds anything up.
@LoopActor
final class Subscribers {
    /// Subscriptions of all connections together; more are -32008.
    static let limit = 256

    @LoopActor
    private final class Subscriber {
        let stream: EventStream
        let topics: Set<Topic>
        /// Sees only this uid's requests; nil for everybody's.
        let uid: UInt32?
        var dropped = 0

        init(_ stream: EventStream, _ topics: Set<Topic>, uid: UInt32?) {
            self.stream = stream
            self.topics = topics
            self.uid = uid
        }
    }

    private var subscribers: [Subscriber] = []

    /// False when there are too many.
    func add(_ stream: EventStream, _ topics: Set<Topic>, uid: UInt32?) -> Bool {
        subscribers.removeAll { !$0.stream.isOpen }
        guard subscribers.count < Self.limit else { return false }
        subscribers.append(Subscriber(stream, topics, uid: uid))
        return true
    }

    /// Whether anybody would hear: cheap enough for every request.
    func wants(_ topic: Topic) -> Bool {
        !subscribers.isEmpty && subscribers.contains { $0.topics.contains(topic) }
    }

    private func publish(
        _ topic: Topic, _ type: StaticString, uid: UInt32? = nil, _ write: (inout JSONWriter) -> Void
    ) {
        guard !subscribers.isEmpty else { return }
        var anyClosed = false
        for subscriber in subscribers where subscriber.topics.contains(topic) {
            if let uid, let own = subscriber.uid, own != uid { continue }
            guard subscriber.stream.isOpen else {
                anyClosed = true
                continue
            }
            if subscriber.stream.isCongested {
                subscriber.dropped += 1
                continue
            }
            if subscriber.dropped > 0 {
                let dropped = subscriber.dropped
                subscriber.dropped = 0
                subscriber.stream.send("dropped") { $0.member("count", dropped) }
            }
            subscriber.stream.send(type, write)
        }
        if anyClosed { subscribers.removeAll { !$0.stream.isOpen } }
    }

    // MARK: the events

    func requestStarted(_ id: ULID, method: StaticString, model: String, uid: UInt32, user: String) {
        publish(.requests, "request_started", uid: uid) { writer in
            writer.member("request_id", id.description)
            writer.member("method", method)
            writer.member("model", model)
            writer.member("uid", uid)
            writer.member("user", user)
        }
    }

    func requestFinished(_ record: RequestRecord) {
        publish(.requests, "request_finished", uid: record.uid) { writer in
            writer.member("request_id", record.id.description)
            writer.member("method", record.method)
            writer.member("model", record.model)
            writer.member("workflow", record.workflow)
            writer.member("uid", record.uid)
            writer.member("user", record.user)
            writer.member("outcome", record.outcome)
            writer.member("cached", record.cached)
            writer.member("fallback", record.fallback)
            writer.member("prompt_tokens", record.tokens.prompt)
            writer.member("completion_tokens", record.tokens.completion)
            writer.key("cost_usd")
            if let cost = record.costUSD { writer.double(cost) } else { writer.null() }
            writer.member("latency_ms", record.latencyMilliseconds)
            writer.key("first_token_ms")
            if let first = record.firstTokenMilliseconds { writer.double(first) } else { writer.null() }
        }
    }

    func breakerChanged(_ provider: Provider, model: String) {
        publish(.breakers, "breaker_changed") { writer in
            let now = EventLoop.shared.now
            let breaker = provider.breakers[model]
            writer.member("provider", provider.settings.name)
            writer.member("model", model)
            writer.member("state", (breaker?.state(at: now) ?? .closed).rawValue)
            if let reopensAt = breaker?.reopensAt {
                writer.member("reopens_at", (WallTime.now() + (reopensAt - now)).description)
            }
        }
    }

    /// Switched on or off, cooling down, its key refused, or well again.
    func providerChanged(_ provider: Provider) {
        publish(.breakers, "provider_changed") { writer in
            writer.member("provider", provider.settings.name)
            writer.member("enabled", provider.isEnabled)
            writer.availability(provider)
        }
    }

    func limitReached(_ error: RPCError, _ client: LimitSet.Client) {
        publish(.limits, "limit_reached", uid: client.uid) { writer in
            writer.member("kind", error.code.kind)
            writer.member("uid", client.uid)
            writer.member("user", client.user ?? "")
            for member in error.data {
                writer.key(member.name)
                writer.raw(member.json)
            }
        }
    }

    func configurationChanged(_ keys: [String]) {
        publish(.config, "config_changed") { $0.member("changed", keys) }
    }
}

extension JSONWriter {
    /// The members `available` and, where it is not, `reason`.
    @LoopActor
    mutating func availability(_ provider: Provider) {
        let reason = provider.unavailability
        member("available", reason == nil)
        member("reason", ifPresent: reason)
    }
}

extension Provider {
    /// Why nothing can be sent to it now, in words; nil when it can.
    var unavailability: String? {
        if !isEnabled { return "it is disabled" }
        if let problem = settings.apiKeyProblem { return problem }
        switch health.availability(at: EventLoop.shared.now) {
        case .available: return nil
        case .disabledByAuth(let reason): return reason
        case .coolingDown(let until):
            let left = (until - EventLoop.shared.now).wholeMilliseconds
            return "it asked for a pause of another \((left + 999) / 1000) s"
        }
    }
}

extension Daemon {
    func subscribe(_ request: PendingRequest) {
        let names = request.params?["topics"].map { $0.elements.compactMap(\.string) } ?? []
        let topics = Set(names.compactMap { Topic(rawValue: $0) })
        if let stream = request.makeEventStream(),
            !subscribers.add(stream, topics, uid: isOwner(request.peer) ? nil : request.peer.uid)
        {
            return request.fail(.overloaded(retryAfterMilliseconds: 1000))
        }
        request.respond { writer in
            writer.beginObject()
            writer.endObject()
        }
    }
}
