import TandemBase
import TandemPolicy
import Testing

@Suite struct SlidingWindowLimiterTests {
    /// Takes that count, as a plain list.
    struct Model {
        struct Take {
            var id: Int
            var time: MonotonicTime
            var weight: Int
        }
        var rate: Rate
        var takes: [Take] = []

        mutating func expire(_ now: MonotonicTime) { takes.removeAll { now - $0.time >= rate.period } }
        var total: Int { takes.reduce(0) { $0 + $1.weight } }

        /// The first moment at which `weight` fits.
        func fits(_ weight: Int) -> MonotonicTime? {
            takes.map { $0.time + rate.period }.first { moment in
                takes.filter { moment - $0.time < rate.period }.reduce(0) { $0 + $1.weight } + weight <= rate.count
            }
        }
    }

    @Test func isExactAtTheEdges() {
        var limiter = SlidingWindowLimiter(Rate(count: 2, period: .seconds(60)))
        guard case .granted = limiter.take(at: seconds(0)), case .granted(let second) = limiter.take(at: seconds(10))
        else {
            Issue.record("refused below the limit")
            return
        }
        #expect(limiter.take(at: seconds(20)) == .refused(retryAfter: .seconds(40)))
        let justBefore = MonotonicTime(nanoseconds: 59_999_999_999)
        #expect(limiter.take(at: justBefore) == .refused(retryAfter: TimeSpan(nanoseconds: 1)))
        limiter.giveBack(second)
        limiter.giveBack(second)
        #expect(limiter.used(at: justBefore) == 1)
        #expect(limiter.isIdle(at: seconds(60)) == true)
    }

    @Test func agreesWithAPlainListOver1000InterleavedRequests() {
        for seed in 1...20 {
            var random = SeededRandom(UInt64(seed))
            let rate = Rate(count: Int.random(in: 1...40, using: &random), period: .seconds(60))
            let weighted = seed % 2 == 0
            var limiter = SlidingWindowLimiter(rate)
            var model = Model(rate: rate)
            var running: [(id: Int, reservation: SlidingWindowLimiter.Reservation)] = []
            var now = seconds(1)
            var refusals = 0
            for id in 0..<1000 {
                now = now + .milliseconds(Int.random(in: 0...3000, using: &random))
                model.expire(now)
                let asked = weighted ? Int.random(in: 0...rate.count + 2, using: &random) : 1
                let weight = min(asked, rate.count)
                switch limiter.take(asked, at: now) {
                case .granted(let reservation):
                    #expect(model.total + weight <= rate.count)
                    model.takes.append(.init(id: id, time: now, weight: weight))
                    running.append((id, reservation))
                case .refused(let retryAfter):
                    refusals += 1
                    #expect(model.total + weight > rate.count)
                    #expect(now + retryAfter == model.fits(weight))
                }
                if Int.random(in: 0..<3, using: &random) == 0, !running.isEmpty {
                    let ended = running.remove(at: Int.random(in: running.indices, using: &random))
                    let index = model.takes.firstIndex { $0.id == ended.id }
                    if weighted, Bool.random(using: &random) {
                        let usage = Int.random(in: 0...rate.count * 2, using: &random)
                        limiter.settle(ended.reservation, weight: usage)
                        limiter.settle(ended.reservation, weight: 1_000_000)
                        if let index { model.takes[index].weight = usage }
                    } else {
                        limiter.giveBack(ended.reservation)
                        limiter.giveBack(ended.reservation)
                        if let index { model.takes.remove(at: index) }
                    }
                }
                #expect(limiter.used(at: now) == model.total)
            }
            #expect(refusals > 0)
            for call in running { limiter.giveBack(call.reservation) }
            model.takes.removeAll { take in running.contains { $0.id == take.id } }
            #expect(limiter.used(at: now) == model.total)
            #expect(limiter.isIdle(at: now + .seconds(60)) == true)
        }
    }

    @Test func moreThanTheLimitWaitsForAnEmptyWindow() {
        var limiter = SlidingWindowLimiter(Rate(count: 6000, period: .minutes(1)))
        _ = limiter.take(1, at: seconds(0))
        #expect(limiter.take(9000, at: seconds(1)) == .refused(retryAfter: .seconds(59)))
        guard case .granted = limiter.take(9000, at: seconds(60)) else {
            Issue.record("refused for ever")
            return
        }
    }

    @Test func memoryIsBoundedAndTheLimitKept() {
        let count = SlidingWindowLimiter.maxEntries + 1000
        var limiter = SlidingWindowLimiter(Rate(count: count, period: .seconds(10)))
        var granted: [SlidingWindowLimiter.Reservation] = []
        for index in 0..<count + 10 {
            let time = MonotonicTime(nanoseconds: Int64(index) * 1000)
            if case .granted(let reservation) = limiter.take(at: time) { granted.append(reservation) }
        }
        #expect(granted.count == count)
        let clock = ClockReading(monotonic: seconds(1), wall: noon)
        #expect(limiter.snapshot(clock).count == SlidingWindowLimiter.maxEntries)
        for reservation in granted { limiter.giveBack(reservation) }
        #expect(limiter.isIdle(at: seconds(1)) == true)
    }

    @Test func survivesARestart() {
        var limiter = SlidingWindowLimiter(Rate(count: 10, period: .seconds(60)))
        _ = limiter.take(4, at: seconds(1000))
        guard case .granted(let nothing) = limiter.take(6, at: seconds(1010)) else { return }
        limiter.settle(nothing, weight: 3)
        let taken = limiter.snapshot(ClockReading(monotonic: seconds(1020), wall: noon))
        var restored = SlidingWindowLimiter(Rate(count: 10, period: .seconds(60)))
        restored.restore(taken, ClockReading(monotonic: seconds(5), wall: noon + .seconds(15)))
        #expect(restored.used(at: seconds(5)) == 7)
        #expect(restored.take(4, at: seconds(5)) == .refused(retryAfter: .seconds(25)))
        #expect(restored.used(at: seconds(30)) == 3)
    }

    @Test func aChangedRateKeepsWhatWasTaken() {
        var limiter = SlidingWindowLimiter(Rate(count: 10, period: .seconds(60)))
        for _ in 0..<5 { _ = limiter.take(at: seconds(0)) }
        limiter.update(Rate(count: 3, period: .seconds(30)))
        #expect(limiter.take(at: seconds(10)) == .refused(retryAfter: .seconds(20)))
    }
}
