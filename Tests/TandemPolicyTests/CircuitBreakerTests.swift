import TandemBase
import TandemPolicy
import Testing

@Suite struct CircuitBreakerTests {
    static func settings(
        minSamples: Int = 5, errorRate: Double = 0.5, probes: Int = 1
    ) -> BreakerSettings {
        var settings = BreakerSettings()
        settings.minSamples = minSamples
        settings.errorRate = errorRate
        settings.halfOpenProbes = probes
        return settings
    }

    /// Admits one call and records its outcome at once.
    @discardableResult
    static func call(
        _ breaker: inout CircuitBreaker, _ outcome: CircuitBreaker.Outcome, at time: MonotonicTime, only: Bool = false
    ) -> CircuitBreaker.Change? {
        switch breaker.admit(at: time, onlyCandidate: only) {
        case .allow(let permit), .probe(let permit): breaker.record(outcome, permit, at: time)
        case .refuse: nil
        }
    }

    static func opened(_ settings: BreakerSettings = settings(), at time: MonotonicTime) -> CircuitBreaker {
        var breaker = CircuitBreaker(settings)
        for _ in 0..<settings.minSamples { call(&breaker, .failure, at: time) }
        return breaker
    }

    @Test func opensAtMoreThanTheRateAndNotAtIt() {
        var breaker = CircuitBreaker(Self.settings(minSamples: 4))
        for outcome in [CircuitBreaker.Outcome.failure, .success, .failure, .success, .success, .failure] {
            #expect(Self.call(&breaker, outcome, at: seconds(1)) == nil)
        }
        #expect(breaker.state(at: seconds(1)) == .closed)
        let until = seconds(2) + .minutes(30)
        #expect(Self.call(&breaker, .failure, at: seconds(2)) == .opened(until: until))
        #expect(breaker.state(at: seconds(2)) == .open && breaker.reopensAt == until)
        #expect(breaker.admit(at: seconds(3)) == .refuse(until: until))
        #expect(breaker.statistics(at: seconds(3)) == (4.0 / 7, 7))
    }

    @Test(arguments: 1...12)
    func neverOpensUnderMinSamples(minSamples: Int) {
        var breaker = CircuitBreaker(Self.settings(minSamples: minSamples, errorRate: 0))
        for _ in 1..<minSamples { #expect(Self.call(&breaker, .failure, at: seconds(1)) == nil) }
        #expect(breaker.state(at: seconds(1)) == .closed)
        #expect(Self.call(&breaker, .failure, at: seconds(1)) != nil)
    }

    @Test func aRateOfOneNeverOpens() {
        var breaker = CircuitBreaker(Self.settings(errorRate: 1))
        for _ in 0..<100 { #expect(Self.call(&breaker, .failure, at: seconds(1)) == nil) }
    }

    @Test func neutralOutcomesAreNoSamples() {
        var breaker = CircuitBreaker(Self.settings())
        for _ in 0..<100 { Self.call(&breaker, .neutral, at: seconds(1)) }
        #expect(breaker.statistics(at: seconds(1)) == (0, 0))
    }

    @Test func forgetsFailuresThatLeftTheWindow() {
        var breaker = CircuitBreaker(Self.settings())
        for _ in 0..<4 { Self.call(&breaker, .failure, at: seconds(1)) }
        #expect(breaker.statistics(at: seconds(289)).samples == 4)
        #expect(breaker.statistics(at: seconds(301)).samples == 0)
        #expect(Self.call(&breaker, .failure, at: seconds(302)) == nil)
    }

    @Test func probesOneAtATimeAndTakesEveryWayBack() {
        var breaker = Self.opened(at: seconds(0))
        let due = seconds(1800)
        #expect(breaker.admit(at: seconds(1799.9)) == .refuse(until: due))
        #expect(breaker.state(at: due) == .halfOpen)
        for _ in 0..<3 {
            guard case .probe(let permit) = breaker.admit(at: due) else {
                Issue.record("no probe")
                return
            }
            #expect(breaker.admit(at: seconds(1801)) == .refuse(until: seconds(1801)))
            #expect(breaker.record(.neutral, permit, at: seconds(1802)) == nil)
        }
        #expect(Self.call(&breaker, .success, at: seconds(1803)) == .closed)
        #expect(breaker.state(at: seconds(1803)) == .closed && breaker.reopensAt == nil)
        #expect(breaker.statistics(at: seconds(1803)).samples == 0)
    }

    @Test func aFailedProbeWaitsTheWholeTimeAgain() {
        var breaker = Self.opened(at: seconds(0))
        #expect(Self.call(&breaker, .failure, at: seconds(1805)) == .opened(until: seconds(3605)))
        #expect(breaker.admit(at: seconds(3604)) == .refuse(until: seconds(3605)))
    }

    @Test func openingAgainNeverShortensTheWait() {
        var breaker = Self.opened(at: seconds(0))
        var shorter = Self.settings()
        shorter.openFor = .seconds(10)
        breaker.update(shorter)
        #expect(breaker.reopensAt == seconds(1800))
        #expect(Self.call(&breaker, .failure, at: seconds(5), only: true) == .opened(until: seconds(1800)))
        #expect(Self.call(&breaker, .failure, at: seconds(1795), only: true) == .opened(until: seconds(1805)))
    }

    @Test func closesAfterAsManyProbesAsAsked() {
        var breaker = Self.opened(Self.settings(probes: 3), at: seconds(0))
        #expect(Self.call(&breaker, .success, at: seconds(1800)) == nil)
        #expect(Self.call(&breaker, .success, at: seconds(1801)) == nil)
        #expect(Self.call(&breaker, .success, at: seconds(1802)) == .closed)
    }

    @Test func theOnlyCandidateIsNeverRefused() {
        var breaker = Self.opened(at: seconds(0))
        guard case .probe(let first) = breaker.admit(at: seconds(1), onlyCandidate: true),
            case .probe(let second) = breaker.admit(at: seconds(1), onlyCandidate: true)
        else {
            Issue.record("refused")
            return
        }
        #expect(breaker.record(.failure, first, at: seconds(10)) == .opened(until: seconds(1810)))
        #expect(breaker.record(.success, second, at: seconds(11)) == nil, "from before the last opening")
        #expect(Self.call(&breaker, .success, at: seconds(12), only: true) == .closed)
    }

    @Test func lateResultsOfEarlierCallsChangeNothing() {
        var breaker = CircuitBreaker(Self.settings())
        guard case .allow(let early) = breaker.admit(at: seconds(0)),
            case .allow(let other) = breaker.admit(at: seconds(0))
        else { return }
        for _ in 0..<5 { Self.call(&breaker, .failure, at: seconds(1)) }
        let until = breaker.reopensAt
        #expect(breaker.record(.failure, early, at: seconds(100)) == nil)
        #expect(breaker.record(.success, other, at: seconds(100)) == nil)
        #expect(breaker.reopensAt == until)
    }

    @Test func resetClosesAndForgets() {
        var breaker = Self.opened(at: seconds(0))
        breaker.reset()
        #expect(breaker.state(at: seconds(1)) == .closed && breaker.statistics(at: seconds(1)).samples == 0)
    }

    @Test func changedSettingsKeepSamples() {
        var breaker = CircuitBreaker(Self.settings())
        for _ in 0..<4 { Self.call(&breaker, .failure, at: seconds(1000)) }
        var settings = Self.settings()
        settings.window = .minutes(10)
        breaker.update(settings)
        #expect(breaker.statistics(at: seconds(1000)).samples == 4)
        #expect(Self.call(&breaker, .failure, at: seconds(1001)) != nil)
    }

    @Test func survivesARestart() {
        let before = ClockReading(monotonic: seconds(50_000), wall: noon)
        let after = ClockReading(monotonic: seconds(3), wall: noon + .minutes(2))
        var closed = CircuitBreaker(Self.settings())
        for _ in 0..<4 { Self.call(&closed, .failure, at: seconds(49_995)) }
        var restored = CircuitBreaker(Self.settings(), restoring: closed.snapshot(before), after)
        #expect(restored.statistics(at: after.monotonic) == (1, 4))
        #expect(Self.call(&restored, .failure, at: seconds(4)) != nil)

        var open = Self.opened(at: seconds(49_999))
        let kept = CircuitBreaker(Self.settings(), restoring: open.snapshot(before), after)
        #expect(kept.state(at: after.monotonic) == .open)
        #expect(kept.reopensAt == seconds(3 + 1800 - 1 - 120))

        // A clock set back must not keep it away longer than open_for.
        let wrong = ClockReading(monotonic: seconds(3), wall: WallTime(milliseconds: 0))
        let bounded = CircuitBreaker(Self.settings(), restoring: open.snapshot(before), wrong)
        #expect(bounded.reopensAt == seconds(3) + .minutes(30))
    }

    /// Against a list of samples and plain sentences.
    @Test(arguments: [UInt64(1), 2, 3])
    func agreesWithAPlainModel(seed: UInt64) {
        struct Call { var permit: CircuitBreaker.Permit, epoch: Int, holdsPlace: Bool }
        var random = SeededRandom(seed)
        var settings = Self.settings(minSamples: 4, errorRate: 0.6, probes: 2)
        settings.window = .seconds(30)
        settings.openFor = .seconds(20)
        var breaker = CircuitBreaker(settings)
        var now = seconds(0)
        var samples: [(second: Int64, failed: Bool)] = []
        var reopens: MonotonicTime?
        var (successes, epoch, placeTaken, openings) = (0, 0, false, 0)
        var calls: [Call] = []
        var sick = false

        for _ in 0..<20_000 {
            now = now + .milliseconds(Int.random(in: 0...900, using: &random))
            if Int.random(in: 0..<300, using: &random) == 0 { sick.toggle() }
            if Bool.random(using: &random) || calls.isEmpty {
                let only = Int.random(in: 0..<20, using: &random) == 0
                switch breaker.admit(at: now, onlyCandidate: only) {
                case .allow(let permit):
                    #expect(reopens == nil)
                    calls.append(Call(permit: permit, epoch: epoch, holdsPlace: false))
                case .probe(let permit):
                    let holdsPlace = reopens.map { now >= $0 } == true && !placeTaken
                    #expect(reopens != nil && (only || holdsPlace))
                    placeTaken = placeTaken || holdsPlace
                    calls.append(Call(permit: permit, epoch: epoch, holdsPlace: holdsPlace))
                case .refuse(let until):
                    #expect(!only && reopens != nil && (now < reopens! || placeTaken))
                    #expect(until == max(now, reopens ?? now))
                }
                continue
            }
            let call = calls.remove(at: Int.random(in: calls.indices, using: &random))
            let draw = Int.random(in: 0..<10, using: &random)
            let outcome: CircuitBreaker.Outcome = draw == 0 ? .neutral : (draw < 8) == sick ? .failure : .success
            let change = breaker.record(outcome, call.permit, at: now)
            guard call.epoch == epoch else {
                #expect(change == nil)
                continue
            }
            if call.holdsPlace { placeTaken = false }
            let second = now.nanoseconds / 1_000_000_000
            samples.removeAll { $0.second <= second - 30 }
            var opens = false
            if outcome != .neutral, reopens == nil {
                samples.append((second, outcome == .failure))
                let failures = samples.count { $0.failed }
                opens = samples.count >= 4 && Double(failures) / Double(samples.count) > 0.6
                #expect(breaker.statistics(at: now).samples == samples.count)
            } else if outcome == .failure {
                samples.append((second, true))
                opens = true
            } else if outcome == .success {
                successes += 1
                if successes == 2 {
                    #expect(change == .closed)
                    samples = []
                    (reopens, successes, placeTaken) = (nil, 0, false)
                    epoch += 1
                    continue
                }
            }
            if opens {
                let until = max(reopens ?? now, now + .seconds(20))
                #expect(change == .opened(until: until))
                (reopens, successes, placeTaken) = (until, 0, false)
                epoch += 1
                openings += 1
            } else {
                #expect(change == nil)
            }
            #expect(breaker.reopensAt == reopens)
        }
        #expect(openings > 5)
    }
}
