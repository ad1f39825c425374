import TandemBase

/// Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a pause is drawn
/// evenly from zero to a bound that starts at `base` and doubles up to `cap`.
package enum Backoff {
    package static let base = TimeSpan.milliseconds(250)
    package static let cap = TimeSpan.seconds(8)

    /// The bound of the pause before retry number `retry`, counted from 0.
    package static func bound(retry: Int) -> TimeSpan {
        TimeSpan(nanoseconds: min(cap.nanoseconds, base.nanoseconds << Int64(min(max(retry, 0), 16))))
    }

    package static func pause(retry: Int, random: inout some RandomNumberGenerator) -> TimeSpan {
        TimeSpan(nanoseconds: Int64.random(in: 0...bound(retry: retry).nanoseconds, using: &random))
    }
}

/// One step's way through its candidates: a model and its fallbacks, named by index, in order. It says whom to call
/// next and when; it makes no call and reads no clock.
///
/// The choices, where WORKFLOWS.md leaves them open:
/// - The same candidate is retried only while the budget also holds a call for every candidate not yet tried: A, A, A
///   alone; A, A, B with one fallback; A, B, C with two.
/// - A timeout goes to the next candidate first (waiting once was long enough) and is retried when there is none.
/// - Another candidate is called at once; a pause is only ever before a candidate that has failed before.
/// - A pause that the provider asked for (Retry-After) is waited out when it is at most `longestPauseBeforeFallback`;
///   for a longer one an untried candidate is called at once: waiting is only better than asking another while it is
///   hardly noticed. Without an untried candidate it is waited out up to the deadline.
/// - What the same candidate would refuse again (auth, 400, 404, 422, context length, content filter, malformed) goes
///   to the next candidate: another model may have a longer context or know the name.
/// - A candidate our own rules refuse costs nothing of the budget.
/// - At the end of the list what is left of the budget goes to the last candidate that may be retried.
/// - Where the workflow has another part that takes over (`hasAlternative`), that counts as one more untried candidate:
///   it gets its turn before anything is tried a third time, after a timeout at once, and a breaker is not probed.
/// - A pause that would end at or after the deadline is not begun.
package struct CandidateRun: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Call this candidate now.
        case attempt(Int)
        /// Call this candidate at `until`, not earlier.
        case wait(until: MonotonicTime, Int)
        /// Give up: -32002 with the attempts, or -32004 for `.deadline`.
        case exhausted(Exhaustion)
    }

    package enum Exhaustion: Hashable, Sendable {
        /// No candidate is left that could do better in time.
        case candidates
        case attempts
        case deadline
        /// Content has gone to the client: nobody continues it silently (rule 2).
        case committed
    }

    /// A longer Retry-After is not waited out while another candidate has not been tried.
    package static let longestPauseBeforeFallback = TimeSpan.seconds(2)

    private struct Comeback: Hashable {
        var candidate: Int
        var notBefore: MonotonicTime
    }

    private let candidates: Int
    private let hasAlternative: Bool
    private let deadline: MonotonicTime
    private var current = 0
    /// The first candidate not yet tried.
    private var untried = 1
    private var retries = 0
    private var wasSent = false
    private var spentOnCurrent = false
    private var comeback: Comeback?
    package private(set) var isCommitted = false

    /// `candidates` of at least one, by index from 0.
    package init(candidates: Int, hasAlternative: Bool = false, deadline: MonotonicTime) {
        self.candidates = max(1, candidates)
        self.hasAlternative = hasAlternative
        self.deadline = deadline
    }

    /// Whether the step has nowhere else to go, now or later: `CircuitBreaker.admit(onlyCandidate:)`.
    package var isOnlyCandidate: Bool { candidates == 1 && !hasAlternative }

    /// Content of the current attempt reached the client.
    package mutating func commit() { isCommitted = true }

    /// The client was told to drop it (`reset`): another candidate may start over.
    package mutating func uncommit() { isCommitted = false }

    /// The first action.
    package func start(at time: MonotonicTime) -> Action {
        time < deadline ? .attempt(current) : .exhausted(.deadline)
    }

    /// What to do after the candidate named last failed at `time`; the same `time` as `ProviderHealth.rateLimited`
    /// is told, so that a pause asked for is over exactly when the wait is.
    package mutating func next(
        after failure: CallFailure, at time: MonotonicTime, budget: inout AttemptBudget,
        random: inout some RandomNumberGenerator
    ) -> Action {
        if failure.wasSent {
            wasSent = true
        } else if spentOnCurrent {
            budget.giveBack()
        }
        spentOnCurrent = false
        if isCommitted { return .exhausted(.committed) }
        if time >= deadline { return .exhausted(.deadline) }

        if failure.retry != .never {
            let pause = failure.retryAfter ?? Backoff.pause(retry: retries, random: &random)
            comeback = Comeback(candidate: current, notBefore: time + pause)
        } else if failure.wasSent, comeback?.candidate == current {
            comeback = nil
        }
        let untriedCount = candidates - untried
        let otherCount = untriedCount + (hasAlternative ? 1 : 0)
        let fallbackFirst =
            otherCount > 0 && failure.retryAfter.map { $0 > Self.longestPauseBeforeFallback } ?? false
        if failure.retry == .same, !fallbackFirst, budget.extrasLeft > otherCount,
            let action = comeBack(at: time, &budget)
        {
            return action
        }
        if untriedCount > 0 {
            guard spend(&budget) else { return .exhausted(.attempts) }
            current = untried
            untried += 1
            return .attempt(current)
        }
        guard let comeback, !hasAlternative else { return .exhausted(.candidates) }
        if budget.extrasLeft == 0 { return .exhausted(.attempts) }
        if !failure.wasSent, comeback.candidate == current { return .exhausted(.candidates) }
        return comeBack(at: time, &budget) ?? .exhausted(.candidates)
    }

    /// Back to the candidate that may be retried, unless its pause ends too late.
    private mutating func comeBack(at time: MonotonicTime, _ budget: inout AttemptBudget) -> Action? {
        guard let comeback, comeback.notBefore < deadline, spend(&budget) else { return nil }
        current = comeback.candidate
        retries += 1
        return comeback.notBefore > time ? .wait(until: comeback.notBefore, current) : .attempt(current)
    }

    /// Pays for one more call; the first that is really sent is free.
    private mutating func spend(_ budget: inout AttemptBudget) -> Bool {
        guard wasSent else { return true }
        spentOnCurrent = budget.spend()
        return spentOnCurrent
    }
}
