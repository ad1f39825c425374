import TandemBase
import TandemLoop
import TandemPolicy

/// Hears a call. All calls come on the loop, `finished` exactly once unless the call was cancelled.
@LoopActor
package protocol UpstreamCallDelegate: AnyObject {
    /// An upstream call goes out; `step` is its index in the trace.
    func call(_ call: UpstreamCall, began step: Int)
    func call(_ call: UpstreamCall, produced delta: Delta)
    func call(_ call: UpstreamCall, noticed notice: Notice)
    func call(_ call: UpstreamCall, finished result: Result<Completion, UpstreamCallFailure>)
}

/// Why no candidate answered; the attempts are in the trace.
package enum UpstreamCallFailure: Error, Hashable, Sendable {
    /// -32002.
    case providersFailed
    /// -32004.
    case deadlineExceeded
    /// Nothing was sent, because a provider's own limit is used up: -32001 with its name.
    /// `quota` is the one that is used up; nil for a pause that the provider asked for.
    case rateLimited(provider: String, quota: Rate?, retryAfter: TimeSpan)
    /// Too many wait for the only provider: -32008.
    case overloaded(retryAfter: TimeSpan)
}

/// One step of a request: a model and its fallbacks. The one owner of retries; every permit, reservation and place
/// that it takes for an attempt is given back on every way out (`settle`).
@LoopActor
package final class UpstreamCall: AttemptDelegate {
    package let role: StepRole
    private let candidates: [ModelSettings]
    private let prompt: Prompt
    private let trace: RequestTrace
    private let providers: ProviderRegistry
    private unowned let delegate: any UpstreamCallDelegate

    private var run: CandidateRun
    private var index = 0
    private var attempt: (any Attempt)?
    private var held: Held?
    private var waiting: (provider: Provider, ticket: ConcurrencyGate<@LoopActor () -> Void>.Ticket)?
    private var timer: Deadline?
    private var step = -1
    private var isPaused = false
    private var isOver = false
    private var isCancelled = false
    private var shortestWait: (provider: String, quota: Rate?, retryAfter: TimeSpan, overloaded: Bool)?

    /// What an attempt holds of its provider while it is out.
    private struct Held {
        var provider: Provider
        var model: String
        var permit: CircuitBreaker.Permit
        var requests: SlidingWindowLimiter.Reservation?
        var tokens: SlidingWindowLimiter.Reservation?
        var since: MonotonicTime
    }

    package init(
        _ role: StepRole, candidates: [ModelSettings], hasAlternative: Bool = false, prompt: Prompt,
        trace: RequestTrace, providers: ProviderRegistry, delegate: any UpstreamCallDelegate
    ) {
        self.role = role
        self.candidates = candidates
        self.prompt = prompt
        self.trace = trace
        self.providers = providers
        self.delegate = delegate
        run = CandidateRun(candidates: candidates.count, hasAlternative: hasAlternative, deadline: trace.deadline)
    }

    /// Whether another than the first candidate is at work or has answered.
    package var usesFallback: Bool { index > 0 }

    /// The candidate at work.
    package var model: ModelSettings { candidates[index] }

    package func start() { carryOut(run.start(at: EventLoop.shared.now)) }

    /// Content went to the client: from here on no other model continues.
    package func commit() { run.commit() }

    /// Ends the call at once; the upstream's transfer is closed, and the step is marked as cancelled.
    package func cancel() {
        isCancelled = true
        guard !isOver else { return }
        isOver = true
        if let timer { EventLoop.shared.cancel(timer) }
        // One that has entered already, at this turn's end, finds itself over and leaves (`entered`).
        if let waiting { _ = waiting.provider.gate.cancel(waiting.ticket) }
        waiting = nil
        let usage = attempt?.estimatedUsage() ?? Usage()
        attempt?.cancel()
        attempt = nil
        settle(.neutral, failure: nil, status: .cancelled, usage: usage, at: .now())
    }

    package func pause() {
        isPaused = true
        attempt?.pause()
    }

    package func resume() {
        isPaused = false
        attempt?.resume()
    }

    // MARK: candidates

    private func carryOut(_ action: CandidateRun.Action) {
        switch action {
        case .attempt(let candidate): begin(candidate)
        case .wait(let until, let candidate):
            timer = EventLoop.shared.schedule(at: until) { [weak self] in self?.begin(candidate) }
        case .exhausted(let reason): giveUp(reason)
        }
    }

    private func begin(_ candidate: Int) {
        guard !isOver else { return }
        if candidate != index, candidate > index { announceFallback(from: index, to: candidate) }
        index = candidate
        guard let provider = providers[model.provider], provider.isEnabled else {
            return refuse(.disabled, "the provider \(model.provider) is disabled")
        }
        if let refusal = refusal(of: provider) { return refuse(refusal.refusal, refusal.message) }
        // The closure keeps this call until its place is given back, whatever becomes of its owner.
        switch provider.gate.enter({ self.entered(provider) }) {
        case .entered: send(to: provider)
        case .queued(let ticket): waiting = (provider, ticket)
        case .overloaded(let retryAfter):
            note(retryAfter, provider, overloaded: true)
            refuse(.rateLimited, "too many requests wait for \(provider.settings.name)")
        }
    }

    /// Why the provider takes no calls now; nil when it does.
    private func refusal(of provider: Provider) -> (refusal: CallFailure.Refusal, message: String)? {
        switch provider.health.availability(at: EventLoop.shared.now) {
        case .available: break
        case .disabledByAuth(let reason): return (.auth, reason)
        case .coolingDown(let until):
            let wait = until - EventLoop.shared.now
            note(wait, provider)
            return (.rateLimited, "\(provider.settings.name) asked for a pause of \(seconds(wait))")
        }
        return provider.settings.apiKeyProblem.map { (.auth, $0) }
    }

    /// A place in the provider's gate became free for us, perhaps too late.
    private func entered(_ provider: Provider) {
        waiting = nil
        guard !isOver else { return leaveGate(provider, since: EventLoop.shared.now) }
        if let refusal = refusal(of: provider) {
            leaveGate(provider, since: EventLoop.shared.now)
            return refuse(refusal.refusal, refusal.message)
        }
        send(to: provider)
    }

    private func send(to provider: Provider) {
        let now = EventLoop.shared.now
        let model = self.model
        let decision = provider.withBreaker(of: model.model) {
            $0.admit(at: now, onlyCandidate: run.isOnlyCandidate)
        }
        let permit: CircuitBreaker.Permit
        switch decision {
        case .allow(let allowed), .probe(let allowed): permit = allowed
        case .refuse:
            leaveGate(provider, since: now)
            return refuse(.breakerOpen, "\(provider.settings.name)/\(model.model) failed too often and rests")
        }
        var held = Held(provider: provider, model: model.model, permit: permit, since: now)
        if let (wait, quota) = takeQuota(&held, at: now) {
            provider.record(.neutral, permit, of: model.model, at: now)
            leaveGate(provider, since: now)
            note(wait, provider, quota: quota)
            return refuse(.rateLimited, "the quota of \(provider.settings.name) is used up for \(seconds(wait))")
        }
        self.held = held
        provider.began()
        step = trace.steps.count
        trace.steps.append(StepTrace(role: role, provider: provider.settings.name, model: model.model, startedAt: now))
        delegate.call(self, began: step)
        guard !isOver else { return }
        let attempt = provider.makeAttempt(prompt, model, self)
        self.attempt = attempt
        if isPaused { attempt.pause() }
        attempt.start()
    }

    /// Takes the provider's own quotas; the wait until there is room when there is none, and then nothing is taken.
    private func takeQuota(_ held: inout Held, at now: MonotonicTime) -> (wait: TimeSpan, quota: Rate?)? {
        switch held.provider.requestQuota?.take(at: now) {
        case .refused(let retryAfter): return (retryAfter, held.provider.requestQuota?.rate)
        case .granted(let reservation): held.requests = reservation
        case nil: break
        }
        switch held.provider.tokenQuota?.take(prompt.estimatedPromptTokens + (prompt.maxTokens ?? 0), at: now) {
        case .refused(let retryAfter):
            if let requests = held.requests { held.provider.requestQuota?.giveBack(requests) }
            held.requests = nil
            return (retryAfter, held.provider.tokenQuota?.rate)
        case .granted(let reservation): held.tokens = reservation
        case nil: break
        }
        return nil
    }

    private func refuse(_ refusal: CallFailure.Refusal, _ message: String) {
        failed(UpstreamFailure(.notSent(refusal), message), latency: .zero, at: EventLoop.shared.now)
    }

    private func note(_ wait: TimeSpan, _ provider: Provider, quota: Rate? = nil, overloaded: Bool = false) {
        if let shortestWait, shortestWait.retryAfter <= wait { return }
        shortestWait = (provider.settings.name, quota, wait, overloaded)
    }

    private func failed(_ failure: UpstreamFailure, latency: TimeSpan, at now: MonotonicTime) {
        trace.attempts.append(
            AttemptTrace(provider: model.provider, model: model.model, failure: failure, latency: latency))
        var random = SystemRandomNumberGenerator()
        carryOut(run.next(after: failure.failure, at: now, budget: &trace.budget, random: &random))
    }

    private func giveUp(_ reason: CandidateRun.Exhaustion) {
        isOver = true
        let nothingSent = trace.attempts.allSatisfy { $0.failure.failure == .notSent(.rateLimited) }
        let failure: UpstreamCallFailure
        if reason == .deadline {
            failure = .deadlineExceeded
        } else if nothingSent, let shortestWait {
            failure =
                shortestWait.overloaded
                ? .overloaded(retryAfter: shortestWait.retryAfter)
                : .rateLimited(
                    provider: shortestWait.provider, quota: shortestWait.quota, retryAfter: shortestWait.retryAfter)
        } else {
            failure = .providersFailed
        }
        // Never from within `start`: the owner may not hold us yet. It may also let go of us until then, and hears
        // nothing more once it has cancelled.
        EventLoop.shared.atEndOfTurn { [delegate] in
            if !self.isCancelled { delegate.call(self, finished: .failure(failure)) }
        }
    }

    private func announceFallback(from: Int, to: Int) {
        let failure = trace.attempts.last?.failure
        let code = failure?.failure == .notSent(.breakerOpen) ? "breaker_open" : "fallback"
        let why = failure.map { ": \($0.message)" } ?? ""
        delegate.call(
            self, noticed: Notice(code, "\(candidates[to].name) answers instead of \(candidates[from].name)\(why)"))
    }

    private func seconds(_ span: TimeSpan) -> String { "\(max(1, (span.wholeMilliseconds + 999) / 1000)) s" }

    // MARK: the attempt

    package func attempt(_ attempt: any Attempt, produced delta: Delta) {
        guard !isOver else { return }
        if trace.steps[step].firstToken == nil {
            trace.steps[step].firstToken = MonotonicTime.now() - trace.steps[step].startedAt
        }
        delegate.call(self, produced: delta)
    }

    package func attempt(_ attempt: any Attempt, finished result: Result<Completion, UpstreamFailure>) {
        guard !isOver else { return }
        self.attempt = nil
        // One time for all that hears of it: a cooldown must not outlast the wait that is drawn from it.
        let now = MonotonicTime.now()
        switch result {
        // An empty draft is the quality check's business.
        case .success(let completion) where completion.isBlank && role != .draft:
            let failure = UpstreamFailure(.malformed, "the model answered with nothing")
            settle(failure.failure.health, failure: failure, status: .failed, usage: completion.usage, at: now)
            failed(failure, latency: trace.steps[step].latency, at: now)
        case .success(let completion):
            isOver = true
            settle(.success, failure: nil, status: .ok, usage: completion.usage, at: now)
            delegate.call(self, finished: .success(completion))
        case .failure(let failure):
            let sentNothing = attempt.partial == Completion()
            settle(
                failure.failure.health, failure: failure, status: .failed,
                usage: sentNothing ? Usage() : attempt.estimatedUsage(), at: now)
            failed(failure, latency: trace.steps[step].latency, at: now)
        }
    }

    /// Gives back all that the attempt held, and closes its step.
    private func settle(
        _ outcome: CircuitBreaker.Outcome, failure: UpstreamFailure?, status: StepTrace.Status, usage: Usage,
        at now: MonotonicTime
    ) {
        guard let held else { return }
        self.held = nil
        held.provider.record(outcome, held.permit, of: held.model, at: now)
        if failure?.nothingSent == true, let requests = held.requests {
            held.provider.requestQuota?.giveBack(requests)
        }
        if let tokens = held.tokens {
            held.provider.tokenQuota?.settle(tokens, weight: usage.promptTokens + usage.completionTokens)
        }
        held.provider.ended(failure, at: now)
        leaveGate(held.provider, since: held.since)
        trace.steps[step].end(
            status, after: now - held.since, usage: usage, failure: failure,
            cost: candidates[index].price?.cost(of: usage))
    }

    private func leaveGate(_ provider: Provider, since: MonotonicTime) {
        if let next = provider.gate.leave(held: EventLoop.shared.now - since) {
            EventLoop.shared.atEndOfTurn(next)
        }
    }
}

/// The providers by name.
@LoopActor
package final class ProviderRegistry {
    package private(set) var providers: [Provider] = []
    private var byName: [String: Provider] = [:]

    package init() {}

    package subscript(_ name: String) -> Provider? { byName[name] }

    /// Puts another set in place. Calls under way keep the provider they have.
    package func replace(with providers: [Provider]) {
        self.providers = providers
        byName = Dictionary(providers.map { ($0.settings.name, $0) }) { first, _ in first }
    }
}
