import TandemBase
import TandemPolicy
import Testing

@Suite struct CandidateRunTests {
    static let deadline = seconds(100)

    /// The candidates called when every call fails with `failure`, and how it ends.
    static func calls(
        _ failures: [CallFailure], candidates: Int, attempts: Int = 3, hasAlternative: Bool = false
    ) -> ([Int], CandidateRun.Exhaustion?) {
        var run = CandidateRun(candidates: candidates, hasAlternative: hasAlternative, deadline: deadline)
        var budget = AttemptBudget(attempts: attempts)
        var random = SeededRandom(7)
        var called: [Int] = []
        var action = run.start(at: seconds(0))
        for failure in failures {
            switch action {
            case .attempt(let candidate), .wait(_, let candidate): called.append(candidate)
            case .exhausted(let reason): return (called, reason)
            }
            action = run.next(after: failure, at: seconds(1), budget: &budget, random: &random)
        }
        if case .exhausted(let reason) = action { return (called, reason) }
        return (called, nil)
    }

    static func always(_ failure: CallFailure, candidates: Int, attempts: Int = 3) -> [Int] {
        calls(Array(repeating: failure, count: 20), candidates: candidates, attempts: attempts).0
    }

    @Test func retriesTheSameWhileTheOthersKeepTheirTurn() {
        #expect(Self.always(.status(503), candidates: 1) == [0, 0, 0])
        #expect(Self.always(.status(503), candidates: 2) == [0, 0, 1])
        #expect(Self.always(.status(503), candidates: 3) == [0, 1, 2])
        #expect(Self.always(.status(503), candidates: 5) == [0, 1, 2])
        #expect(Self.always(.connect, candidates: 1, attempts: 1) == [0])
    }

    @Test func aTimeoutGoesToTheNextFirst() {
        #expect(Self.always(.timeout, candidates: 2) == [0, 1, 1])
        #expect(Self.always(.timeout, candidates: 1) == [0, 0, 0])
    }

    @Test(arguments: [
        CallFailure.status(400), .status(401), .status(403), .status(404), .status(422), .tls, .malformed,
        .streamBroken, .stall, .contextLength, .contentFilter,
    ])
    func whatTheSameWouldRefuseAgainGoesToTheNext(failure: CallFailure) {
        #expect(Self.calls([failure, failure], candidates: 2) == ([0, 1], .candidates))
        #expect(Self.calls([failure], candidates: 1) == ([0], .candidates))
    }

    @Test func refusalsOfOurOwnCostNothing() {
        let refused = CallFailure.notSent(.breakerOpen)
        #expect(
            Self.calls([refused, refused, .status(500), .status(500), .status(500)], candidates: 3) == (
                [0, 1, 2, 2, 2], .attempts
            ))
        #expect(Self.calls([refused], candidates: 1) == ([0], .candidates))
        // What is left goes back to the one that may be retried.
        #expect(Self.calls([.timeout, refused, .timeout, .timeout], candidates: 2) == ([0, 1, 0, 0], .attempts))
        #expect(Self.calls([.timeout, .status(401), .timeout], candidates: 2) == ([0, 1, 0], .attempts))
        #expect(Self.calls([.timeout, refused, refused], candidates: 2) == ([0, 1, 0], .candidates))
    }

    @Test func aShortRetryAfterIsWaitedOutALongOneGoesToTheFallback() {
        var random = SeededRandom(1)
        func first(_ pause: TimeSpan, candidates: Int) -> CandidateRun.Action {
            var run = CandidateRun(candidates: candidates, deadline: Self.deadline)
            var budget = AttemptBudget()
            return run.next(
                after: .status(429, retryAfter: pause), at: seconds(10), budget: &budget, random: &random)
        }
        let limit = CandidateRun.longestPauseBeforeFallback
        #expect(first(limit, candidates: 2) == .wait(until: seconds(10) + limit, 0))
        #expect(first(limit + .milliseconds(1), candidates: 2) == .attempt(1))
        #expect(first(.seconds(30), candidates: 1) == .wait(until: seconds(40), 0))
    }

    @Test func retryAfterIsHonouredUpToTheDeadline() {
        var run = CandidateRun(candidates: 2, deadline: Self.deadline)
        var budget = AttemptBudget()
        var random = SeededRandom(1)
        let limited = CallFailure.status(429, retryAfter: .seconds(30))
        #expect(run.next(after: limited, at: seconds(10), budget: &budget, random: &random) == .attempt(1))
        // Both have asked for a pause: the last one's is waited out.
        let second = run.next(
            after: .status(429, retryAfter: .seconds(60)), at: seconds(11), budget: &budget, random: &random)
        #expect(second == .wait(until: seconds(71), 1))

        var alone = CandidateRun(candidates: 1, deadline: Self.deadline)
        var fresh = AttemptBudget()
        let tooLong = CallFailure.status(503, retryAfter: .seconds(100))
        #expect(alone.next(after: tooLong, at: seconds(0), budget: &fresh, random: &random) == .exhausted(.candidates))
        #expect(fresh.extrasLeft == 2)
    }

    // MARK: another part of the workflow takes over

    @Test func theAlternativeHasItsTurnLikeOneMoreCandidate() {
        func always(_ failure: CallFailure, candidates: Int, attempts: Int = 3) -> ([Int], CandidateRun.Exhaustion?) {
            Self.calls(
                Array(repeating: failure, count: 20), candidates: candidates, attempts: attempts, hasAlternative: true)
        }
        // One retry less than alone: the budget holds the alternative's call.
        #expect(always(.status(503), candidates: 1) == ([0, 0], .candidates))
        #expect(always(.status(503), candidates: 2) == ([0, 1], .candidates))
        #expect(always(.status(503), candidates: 1, attempts: 2) == ([0], .candidates))
        // Waiting once was long enough, and nobody comes back to it.
        #expect(always(.timeout, candidates: 1) == ([0], .candidates))
        #expect(always(.timeout, candidates: 2) == ([0, 1], .candidates))
        #expect(always(.status(401), candidates: 1) == ([0], .candidates))
    }

    @Test func whatIsLeftOfTheBudgetIsTheAlternatives() {
        var run = CandidateRun(candidates: 1, hasAlternative: true, deadline: Self.deadline)
        var budget = AttemptBudget(attempts: 3)
        var random = SeededRandom(1)
        _ = run.next(after: .status(503), at: seconds(1), budget: &budget, random: &random)
        let end = run.next(after: .status(503), at: seconds(2), budget: &budget, random: &random)
        #expect(end == .exhausted(.candidates))
        #expect(budget.extrasLeft == 1)
    }

    @Test func aLongRetryAfterIsNotWaitedOutWhereAnotherAnswers() {
        func first(_ pause: TimeSpan, hasAlternative: Bool) -> CandidateRun.Action {
            var run = CandidateRun(candidates: 1, hasAlternative: hasAlternative, deadline: Self.deadline)
            var budget = AttemptBudget()
            var random = SeededRandom(1)
            return run.next(
                after: .status(429, retryAfter: pause), at: seconds(10), budget: &budget, random: &random)
        }
        let limit = CandidateRun.longestPauseBeforeFallback
        #expect(first(limit, hasAlternative: true) == .wait(until: seconds(10) + limit, 0))
        #expect(first(limit + .milliseconds(1), hasAlternative: true) == .exhausted(.candidates))
        #expect(first(limit + .milliseconds(1), hasAlternative: false) != .exhausted(.candidates))
    }

    @Test func anOpenBreakerIsProbedOnlyForWhomNobodyStandsIn() {
        func isOnly(_ candidates: Int, _ hasAlternative: Bool) -> Bool {
            CandidateRun(candidates: candidates, hasAlternative: hasAlternative, deadline: Self.deadline)
                .isOnlyCandidate
        }
        #expect(isOnly(1, false) && !isOnly(1, true) && !isOnly(2, false) && !isOnly(2, true))
    }

    @Test func nobodyContinuesCommittedContent() {
        var run = CandidateRun(candidates: 2, deadline: Self.deadline)
        var budget = AttemptBudget()
        var random = SeededRandom(1)
        run.commit()
        #expect(
            run.next(after: .streamBroken, at: seconds(1), budget: &budget, random: &random) == .exhausted(.committed))
        run.uncommit()
        #expect(run.next(after: .streamBroken, at: seconds(1), budget: &budget, random: &random) == .attempt(1))
    }

    @Test func theDeadlineEndsIt() {
        var run = CandidateRun(candidates: 2, deadline: Self.deadline)
        var budget = AttemptBudget()
        var random = SeededRandom(1)
        #expect(run.start(at: Self.deadline) == .exhausted(.deadline))
        #expect(
            run.next(after: .connect, at: Self.deadline, budget: &budget, random: &random) == .exhausted(.deadline))
    }

    @Test func stepsShareOneBudget() {
        var budget = AttemptBudget()
        var random = SeededRandom(1)
        var calls = 0
        for _ in 0..<4 {
            var run = CandidateRun(candidates: 1, deadline: Self.deadline)
            var action = run.start(at: seconds(0))
            while true {
                if case .exhausted = action { break }
                calls += 1
                action = run.next(after: .connect, at: seconds(0), budget: &budget, random: &random)
            }
        }
        #expect(calls == 4 + 2 && budget.extrasLeft == 0)
    }

    @Test func backoffDoublesUpToItsCapWithFullJitter() {
        #expect(
            (0...7).map { Backoff.bound(retry: $0).wholeMilliseconds } == [
                250, 500, 1000, 2000, 4000, 8000, 8000, 8000,
            ])
        #expect(Backoff.bound(retry: 1000) == Backoff.cap)
        var random = SeededRandom(3)
        let pauses = (0..<2000).map { _ in Backoff.pause(retry: 2, random: &random).milliseconds }
        #expect(pauses.allSatisfy { (0...1000).contains($0) })
        #expect((pauses.min() ?? 1000) < 20 && (pauses.max() ?? 0) > 980)
        #expect((450...550).contains(pauses.reduce(0, +) / 2000))
    }

    /// Every sequence of failures, to its end.
    @Test(arguments: 1...3, 1...4)
    func everySequenceKeepsTheRules(candidates: Int, attempts: Int) {
        let failures: [CallFailure] = [
            .connect, .timeout, .status(429, retryAfter: .seconds(60)), .status(404), .notSent(.rateLimited),
        ]
        var sequences = 0
        func explore(
            _ run: CandidateRun, _ budget: AttemptBudget, _ action: CandidateRun.Action, _ now: MonotonicTime,
            _ sent: [Int], _ depth: Int, _ failedAt: [Int: MonotonicTime]
        ) {
            var now = now
            let candidate: Int
            switch action {
            case .exhausted:
                sequences += 1
                return
            case .attempt(let index): candidate = index
            case .wait(let until, let index):
                #expect(until > now && until < Self.deadline)
                #expect(failedAt[index].map { until >= $0 } == true, "a pause only before a retry, Retry-After kept")
                (now, candidate) = (until, index)
            }
            #expect(candidate < candidates && depth <= attempts + candidates + 1)
            for failure in failures {
                var (run, budget, random) = (run, budget, SeededRandom(UInt64(depth)))
                let sent = failure.wasSent ? sent + [candidate] : sent
                #expect(sent.count <= attempts)
                var failedAt = failedAt
                failedAt[candidate] = now + (failure.retryAfter ?? .zero)
                let next = run.next(after: failure, at: now, budget: &budget, random: &random)
                if failure.retry == .never, case .attempt(candidate) = next {
                    Issue.record("called again at once what it refused")
                }
                explore(run, budget, next, now, sent, depth + 1, failedAt)
            }
        }
        let run = CandidateRun(candidates: candidates, deadline: Self.deadline)
        explore(run, AttemptBudget(attempts: attempts), run.start(at: seconds(0)), seconds(0), [], 0, [:])
        #expect(sequences > 0)
    }

    @Test func tellsKindsAndHealthApart() {
        #expect(CallFailure.status(429).kind == "rate_limited" && CallFailure.status(429).health == .neutral)
        #expect(CallFailure.status(401).kind == "auth" && CallFailure.status(403).health == .neutral)
        #expect(CallFailure.status(500).kind == "http_status" && CallFailure.status(529).health == .failure)
        #expect(CallFailure.status(408).health == .failure && CallFailure.status(422).health == .neutral)
        #expect(CallFailure.stall.kind == "timeout" && CallFailure.stall.health == .failure)
        #expect(CallFailure.notSent(.breakerOpen).kind == "breaker_open")
    }
}
