import TandemBase
import TandemLoop
import TandemPolicy
import TandemProviders
import TandemRPC

/// One upstream call for all requests in flight that are equal. Each hears what it says, from its beginning, and can
/// leave; the call goes on as long as one of them waits. Its steps and its cost are the leader's; for those who follow
/// it is an answer from the cache.
@LoopActor
final class SharedCall: UpstreamCallDelegate {
    /// One request's place.
    @LoopActor
    final class Place {
        let key: ResponseCache.Key
        fileprivate weak var run: ChatRun?
        private let cache: ResponseCache
        private(set) var ticket: SingleFlight<ResponseCache.Key, Place>.Ticket?
        private(set) var call: SharedCall?

        init(_ run: ChatRun, _ key: ResponseCache.Key, _ cache: ResponseCache) {
            self.run = run
            self.key = key
            self.cache = cache
        }

        func take(_ ticket: SingleFlight<ResponseCache.Key, Place>.Ticket, _ call: SharedCall?) {
            self.ticket = ticket
            guard let call, self.call == nil else { return }
            self.call = call
            call.add(self)
        }

        /// The request is over before the call is; a second time does nothing.
        func leave() {
            cache.leave(self)
            ended()
        }

        func resume() { call?.resumeIfAllRead() }

        fileprivate func ended() {
            call = nil
            ticket = nil
        }
    }

    let key: ResponseCache.Key
    var leader: Place
    private let cache: ResponseCache
    private let trace: RequestTrace
    private let candidates: [ModelSettings]
    /// What the call holds of limits and budgets; the leader's, until the call ends.
    private let ticket: AdmissionTicket?
    private var call: UpstreamCall!
    private var places: [Place] = []
    /// What the present attempt has said.
    private var partial = Completion()

    init(
        _ leader: Place, _ cache: ResponseCache, candidates: [ModelSettings], prompt: Prompt,
        deadline: MonotonicTime, ticket: AdmissionTicket?, providers: ProviderRegistry
    ) {
        key = leader.key
        self.leader = leader
        self.cache = cache
        self.candidates = candidates
        self.ticket = ticket
        trace = RequestTrace(deadline: deadline)
        call = UpstreamCall(
            .direct, candidates: candidates, prompt: prompt, trace: trace, providers: providers, delegate: self)
    }

    func start() { call.start() }

    // MARK: who waits

    /// A request that comes later is told what was said so far.
    fileprivate func add(_ place: Place) {
        places.append(place)
        guard let run = place.run else { return }
        for (index, step) in trace.steps.enumerated() { run.tell(index, step) }
        if !partial.reasoning.isEmpty { run.tell(.reasoning(partial.reasoning)) }
        if !partial.content.isEmpty { run.tell(.content(partial.content)) }
        for (index, piece) in partial.toolCalls.enumerated() { run.tell(.toolCall(index: index, piece)) }
        if run.chat.streams, !partial.content.isEmpty || !partial.toolCalls.isEmpty { call.commit() }
    }

    func remove(_ place: Place) {
        places.removeAll { $0 === place }
        resumeIfAllRead()
    }

    /// Nobody waits any more: the upstream's transfer is closed, and the last to leave takes the cost.
    func cancel() {
        call.cancel()
        ticket?.settle(trace)
        if let run = leader.run { run.trace.adopt(trace) }
        places = []
    }

    /// The slowest reader sets the pace.
    fileprivate func resumeIfAllRead() {
        if !places.contains(where: { $0.run?.isCongested ?? false }) { call.resume() }
    }

    // MARK: the upstream's side

    func call(_ call: UpstreamCall, began step: Int) {
        partial = Completion()
        for place in places { place.run?.tell(step, trace.steps[step]) }
    }

    func call(_ call: UpstreamCall, produced delta: Delta) {
        _ = partial.append(delta)
        var isCongested = false
        for place in places {
            guard let run = place.run else { continue }
            if run.chat.streams, delta.isContent { call.commit() }
            run.tell(delta)
            if run.isCongested { isCongested = true }
        }
        if isCongested { call.pause() }
    }

    func call(_ call: UpstreamCall, noticed notice: Notice) {
        for place in places { place.run?.tell(notice) }
    }

    func call(_ call: UpstreamCall, finished result: Result<Completion, UpstreamCallFailure>) {
        ticket?.settle(trace)
        let waiting = cache.complete(self)
        places = []
        var shared: CachedAnswer?
        if case .success(let completion) = result {
            let answer = CachedAnswer(completion, trace)
            shared = answer
            // Another model's answer is not what this key stands for.
            if !call.usesFallback { cache.keep(answer, for: key) }
        }
        for place in waiting {
            place.ended()
            guard let run = place.run, !run.isOver else { continue }
            run.fallback = call.usesFallback
            if place === leader {
                run.trace.adopt(trace)
                run.conclude(result)
            } else if let shared {
                run.finish(with: shared, why: "an equal request in flight was answered")
            } else if result == .failure(.deadlineExceeded) {
                // The leader's deadline, not this one's.
                run.askAlone(candidates)
            } else {
                run.trace.attempts = trace.attempts
                run.conclude(result)
            }
        }
    }
}

extension RequestTrace {
    /// Takes over what another trace has of steps and attempts.
    func adopt(_ other: RequestTrace) {
        steps = other.steps
        attempts = other.attempts
    }
}
