import TandemBase
import TandemPolicy
import Testing

@Suite struct LimitSetTests {
    static func limits(
        user: Rate? = nil, global: Rate? = nil, reasoningUser: Rate? = nil, reasoningGlobal: Rate? = nil
    ) -> LimitSet {
        LimitSet(.init(user: user, global: global, reasoningUser: reasoningUser, reasoningGlobal: reasoningGlobal))
    }

    static let ann = LimitSet.Client(uid: 1000, user: "ann")
    static let bob = LimitSet.Client(uid: 1000, user: "bob")

    static func refusal(_ answer: LimitSet.Answer) -> LimitSet.Refusal? {
        if case .refused(let refusal) = answer { refusal } else { nil }
    }

    @Test func reasoningIsLimitedApart() {
        var limits = Self.limits(reasoningUser: Rate(count: 2, period: .seconds(300)))
        for _ in 0..<1000 { #expect(Self.refusal(limits.take(.default, for: Self.ann, at: seconds(0))) == nil) }
        for _ in 0..<2 { #expect(Self.refusal(limits.take(.reasoning, for: Self.ann, at: seconds(0))) == nil) }
        let refusal = Self.refusal(limits.take(.reasoning, for: Self.ann, at: seconds(100)))
        #expect(refusal?.scope == "reasoning" && refusal?.limit == 2 && refusal?.level == .user)
        #expect(refusal?.period == .seconds(300) && refusal?.retryAfter == .seconds(200))
    }

    @Test func clientsAreCountedApart() {
        var limits = Self.limits(user: Rate(count: 1, period: .minutes(1)))
        #expect(Self.refusal(limits.take(.default, for: Self.ann, at: seconds(0))) == nil)
        #expect(Self.refusal(limits.take(.default, for: Self.bob, at: seconds(0))) == nil)
        #expect(Self.refusal(limits.take(.default, for: .init(uid: 1, user: "ann"), at: seconds(0))) == nil)
        #expect(Self.refusal(limits.take(.default, for: .init(uid: 1000, user: nil), at: seconds(0))) == nil)
        #expect(Self.refusal(limits.take(.default, for: Self.ann, at: seconds(1)))?.scope == "default")
        #expect(Self.refusal(limits.take(.reasoning, for: Self.ann, at: seconds(1))) == nil)
    }

    @Test func aLaterRefusalReleasesTheEarlierTake() {
        let minute = TimeSpan.minutes(1)
        var limits = Self.limits(user: Rate(count: 2, period: minute), global: Rate(count: 1, period: minute))
        guard case .granted(let first) = limits.take(.default, for: Self.bob, at: seconds(0)) else { return }
        for _ in 0..<10 {
            #expect(Self.refusal(limits.take(.default, for: Self.ann, at: seconds(1)))?.level == .global)
        }
        limits.giveBack(first)
        #expect(Self.refusal(limits.take(.default, for: Self.ann, at: seconds(2))) == nil)
        #expect(Self.refusal(limits.take(.default, for: Self.ann, at: seconds(3)))?.level == .global)
    }

    @Test func nothingStaysReservedAfterEverythingEnded() {
        var random = SeededRandom(5)
        let period = TimeSpan.seconds(10)
        var limits = Self.limits(
            user: Rate(count: 5, period: period), global: Rate(count: 12, period: period),
            reasoningUser: Rate(count: 2, period: period), reasoningGlobal: Rate(count: 6, period: period))
        var running: [LimitSet.Reservation] = []
        var now = seconds(0)
        var (granted, refused) = (0, 0)
        for _ in 0..<10_000 {
            now = now + .milliseconds(Int.random(in: 0...400, using: &random))
            let client = LimitSet.Client(uid: UInt32.random(in: 0...4, using: &random), user: nil)
            let answer =
                Bool.random(using: &random)
                ? limits.take(.default, for: client, at: now) : limits.take(.reasoning, for: client, at: now)
            if case .granted(let reservation) = answer {
                running.append(reservation)
                granted += 1
            } else {
                refused += 1
            }
            if Int.random(in: 0..<4, using: &random) == 0, !running.isEmpty {
                limits.giveBack(running.remove(at: Int.random(in: running.indices, using: &random)))
            }
        }
        #expect(granted > 1000 && refused > 1000)
        for reservation in running { limits.giveBack(reservation) }
        let left = limits.snapshot(ClockReading(monotonic: now, wall: noon))
        #expect(left.defaults.clients.isEmpty && left.defaults.global.isEmpty)
        #expect(left.reasoning.clients.isEmpty && left.reasoning.global.isEmpty)
    }

    @Test func windowsOfClientsAreBounded() {
        var windows = ClientWindows(Rate(count: 1, period: .seconds(60)), maxClients: 8)
        func take(_ uid: UInt32, _ time: Double) -> Bool {
            if case .granted = windows.take(for: .init(uid: uid, user: nil), at: seconds(time)) { true } else { false }
        }
        for uid in 0..<8 as Range<UInt32> { #expect(take(uid, 0)) }
        // All places are taken within the period: newcomers share one window, and nobody's count is lost.
        #expect(take(100, 1))
        #expect(!take(101, 2))
        #expect(!take(102, 3))
        #expect(windows.count == 9)
        for uid in 0..<8 as Range<UInt32> { #expect(!take(uid, 4)) }
        // A period later the idle ones make place.
        for uid in 200..<203 as Range<UInt32> { #expect(take(uid, 61)) }
        #expect(windows.count <= 9)
        for uid in 1000..<3000 as Range<UInt32> { #expect(take(uid, Double(uid) * 100)) }
        #expect(windows.count <= 3)
    }

    @Test func aBusyClientDoesNotKeepIdleOnesInPlace() {
        var windows = ClientWindows(Rate(count: 100, period: .seconds(60)), maxClients: 4)
        for uid in 0..<4 as Range<UInt32> { _ = windows.take(for: .init(uid: uid, user: nil), at: seconds(0)) }
        _ = windows.take(for: .init(uid: 0, user: nil), at: seconds(50))
        _ = windows.take(for: .init(uid: 9, user: nil), at: seconds(70))
        #expect(windows.count == 3, "two idle ones went, the busy one stayed")
    }

    @Test func agreesWithPlainListsOfTimes() {
        var random = SeededRandom(21)
        let (user, global) = (Rate(count: 3, period: .seconds(7)), Rate(count: 8, period: .seconds(5)))
        var limits = Self.limits(user: user, global: global)
        var model: [(id: Int, uid: UInt32, time: MonotonicTime)] = []
        var running: [(id: Int, reservation: LimitSet.Reservation)] = []
        var now = seconds(0)
        var levels: [LimitSet.Refusal.Level: Int] = [:]
        for id in 0..<20_000 {
            now = now + .milliseconds(Int.random(in: 0...700, using: &random))
            let uid = UInt32.random(in: 0...3, using: &random)
            let mine = model.filter { $0.uid == uid && now - $0.time < user.period }
            let all = model.filter { now - $0.time < global.period }
            switch limits.take(.default, for: .init(uid: uid, user: nil), at: now) {
            case .granted(let reservation):
                #expect(mine.count < user.count && all.count < global.count)
                model.append((id, uid, now))
                running.append((id, reservation))
            case .refused(let refusal):
                levels[refusal.level, default: 0] += 1
                let (full, rate) = mine.count >= user.count ? (mine, user) : (all, global)
                #expect(refusal.level == (mine.count >= user.count ? .user : .global) && full.count == rate.count)
                #expect(now + refusal.retryAfter == full.first.map { $0.time + rate.period })
            }
            if Int.random(in: 0..<6, using: &random) == 0, !running.isEmpty {
                let ended = running.remove(at: Int.random(in: running.indices, using: &random))
                limits.giveBack(ended.reservation)
                model.removeAll { $0.id == ended.id }
            }
            model.removeAll { now - $0.time >= .seconds(8) }
            if running.count > 50 { running.removeFirst(25) }
        }
        #expect((levels[.user] ?? 0) > 100 && (levels[.global] ?? 0) > 100)
    }

    @Test func survivesARestartAndAReload() {
        var limits = Self.limits(user: Rate(count: 2, period: .minutes(5)), global: Rate(count: 9, period: .minutes(5)))
        for _ in 0..<2 { _ = limits.take(.default, for: Self.ann, at: seconds(0)) }
        let snapshot = limits.snapshot(ClockReading(monotonic: seconds(10), wall: noon))

        var restored = Self.limits(
            user: Rate(count: 2, period: .minutes(5)), global: Rate(count: 9, period: .minutes(5)))
        restored.restore(snapshot, ClockReading(monotonic: seconds(1000), wall: noon + .seconds(20)))
        let refusal = Self.refusal(restored.take(.default, for: Self.ann, at: seconds(1000)))
        #expect(refusal?.level == .user && refusal?.retryAfter == .seconds(270))

        restored.update(.init(user: Rate(count: 3, period: .minutes(5))))
        #expect(Self.refusal(restored.take(.default, for: Self.ann, at: seconds(1001))) == nil)
        #expect(Self.refusal(restored.take(.default, for: Self.ann, at: seconds(1001)))?.limit == 3)
    }
}
