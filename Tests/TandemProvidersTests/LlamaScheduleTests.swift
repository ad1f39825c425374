import TandemBase
import Testing

@testable import TandemProviders

@Suite struct LlamaScheduleTests {
    private static let gigabyte = 1 << 30

    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    /// Two servers of 3 GiB each; memory for one.
    private func two() -> LlamaSchedule {
        var schedule = LlamaSchedule()
        schedule.add(1, need: 3 * Self.gigabyte, idleStop: .seconds(600))
        schedule.add(2, need: 3 * Self.gigabyte, idleStop: .seconds(600))
        return schedule
    }

    private func decide(
        _ schedule: inout LlamaSchedule, _ seconds: Double, free: Int = 1 << 30
    ) -> [LlamaSchedule.Action] {
        schedule.decide(at: at(seconds)) { free }
    }

    @Test func startsAtTheFirstRequestAndStopsWhenIdle() {
        var schedule = two()
        #expect(decide(&schedule, 0) == [])
        let ticket = schedule.want(1, at: at(1)) ?? 0
        #expect(decide(&schedule, 1) == [.start(1)] && decide(&schedule, 2) == [])
        schedule.ready(1, at: at(3))
        #expect(decide(&schedule, 3) == [.admit(ticket, 1)])
        #expect(decide(&schedule, 10_000) == [])
        schedule.leave(1, ticket, at: at(10_000))
        #expect(decide(&schedule, 10_000) == [.wake(at(10_600))])
        #expect(decide(&schedule, 10_600) == [.stop(1)])
        #expect(schedule.exited(1, at: at(10_601)).isEmpty && schedule.phase(of: 1) == .stopped)
    }

    @Test func twoThatFitRunSideBySide() {
        var schedule = two()
        let first = schedule.want(1, at: at(0)) ?? 0
        let second = schedule.want(2, at: at(0)) ?? 0
        #expect(decide(&schedule, 0, free: 8 << 30) == [.start(1)])
        schedule.ready(1, at: at(1))
        #expect(decide(&schedule, 1, free: 5 << 30) == [.start(2), .admit(first, 1)])
        schedule.ready(2, at: at(2))
        #expect(decide(&schedule, 2) == [.admit(second, 2)])
    }

    @Test func anIdleServerMakesRoomAtOnce() {
        var schedule = two()
        let first = schedule.want(1, at: at(0)) ?? 0
        _ = decide(&schedule, 0)
        schedule.ready(1, at: at(1))
        _ = decide(&schedule, 1)
        schedule.leave(1, first, at: at(2))
        _ = schedule.want(2, at: at(2))
        #expect(decide(&schedule, 2) == [.stop(1)] && decide(&schedule, 2.5) == [])
        #expect(schedule.exited(1, at: at(3)).isEmpty)
        #expect(decide(&schedule, 3) == [.start(2)])
    }

    @Test func theLoadedOneGoesFirstButNotForEver() {
        var schedule = two()
        let first = schedule.want(1, at: at(0)) ?? 0
        _ = decide(&schedule, 0)
        schedule.ready(1, at: at(1))
        _ = decide(&schedule, 1)
        let other = schedule.want(2, at: at(2)) ?? 0
        let second = schedule.want(1, at: at(5)) ?? 0
        #expect(decide(&schedule, 5) == [.wake(at(12)), .admit(second, 1)])
        // Its turn is over: what comes now waits, what runs may end.
        let third = schedule.want(1, at: at(12)) ?? 0
        #expect(decide(&schedule, 12) == [])
        schedule.leave(1, first, at: at(13))
        #expect(decide(&schedule, 13) == [])
        schedule.leave(1, second, at: at(14))
        #expect(decide(&schedule, 14) == [.stop(1)])
        #expect(schedule.exited(1, at: at(15)).isEmpty)
        // The one that waits since 2 s goes before the one that waits since 12 s.
        #expect(decide(&schedule, 15) == [.start(2)])
        schedule.ready(2, at: at(18))
        // And keeps its turn, although the other has waited longer than a turn by then.
        #expect(decide(&schedule, 23) == [.wake(at(28)), .admit(other, 2)])
        schedule.leave(2, other, at: at(24))
        #expect(decide(&schedule, 24) == [.stop(2)])
        _ = schedule.exited(2, at: at(25))
        #expect(decide(&schedule, 25) == [.start(1)])
        schedule.ready(1, at: at(26))
        #expect(decide(&schedule, 26).contains(.admit(third, 1)))
    }

    @Test func aWaiterThatLeavesBlocksNobody() {
        var schedule = two()
        let first = schedule.want(1, at: at(0)) ?? 0
        _ = decide(&schedule, 0)
        schedule.ready(1, at: at(0))
        _ = decide(&schedule, 0)
        let other = schedule.want(2, at: at(0)) ?? 0
        let second = schedule.want(1, at: at(11)) ?? 0
        #expect(decide(&schedule, 11) == [])
        schedule.leave(2, other, at: at(11))
        #expect(decide(&schedule, 11) == [.admit(second, 1)])
        schedule.leave(1, first, at: at(12))
    }

    @Test func startsAgainWithBackoff() {
        var schedule = two()
        var now = 0.0
        for (round, pause) in [0.5, 1, 2, 4, 8, 16, 30, 30].enumerated() {
            guard let ticket = schedule.want(1, at: at(now)) else {
                Issue.record("round \(round)")
                return
            }
            #expect(decide(&schedule, now) == [.start(1)])
            #expect(schedule.exited(1, at: at(now)) == [ticket])
            if pause > 2 {
                #expect(schedule.want(1, at: at(now)) == nil)
            } else {
                let patient = schedule.want(1, at: at(now)) ?? 0
                #expect(decide(&schedule, now) == [.wake(at(now + pause))])
                schedule.leave(1, patient, at: at(now))
            }
            now += pause
        }
        // One that ran well begins anew.
        _ = schedule.want(1, at: at(now))
        _ = decide(&schedule, now)
        schedule.ready(1, at: at(now))
        _ = schedule.exited(1, at: at(now + 61))
        #expect(schedule.want(1, at: at(now + 61)) != nil)
        #expect(decide(&schedule, now + 61) == [.wake(at(now + 61.5))])
    }

    @Test func retiresOneWithOtherSettings() {
        var schedule = two()
        let ticket = schedule.want(1, at: at(0)) ?? 0
        _ = decide(&schedule, 0)
        schedule.ready(1, at: at(0))
        _ = decide(&schedule, 0)
        schedule.retire(1)
        #expect(decide(&schedule, 1) == [] && !schedule.remove(1))
        schedule.leave(1, ticket, at: at(2))
        #expect(decide(&schedule, 2) == [.stop(1)])
        _ = schedule.exited(1, at: at(3))
        #expect(schedule.remove(1) && schedule.remove(1) && schedule.want(1, at: at(3)) == nil)
    }

    /// Random requests at random servers: nothing is admitted twice or to a server that is not there, at most what
    /// fits is loaded, every request is admitted in the end or was failed, and servers do not take turns faster than
    /// they may.
    @Test(arguments: 0..<50)
    func everyRequestHasItsTurn(_ seed: Int) {
        var random = Generator(state: UInt64(seed) + 1)
        var schedule = two()
        var now = 0.0
        var open: [Int: Int] = [:]
        var running: [Int: (server: Int, end: Double)] = [:]
        var events: [(time: Double, server: Int, isReady: Bool)] = []
        var loaded: Set<Int> = []
        var starts = 0
        for step in 0..<600 {
            now += Double(random.next() % 500) / 1000
            if step < 500, let ticket = schedule.want(1 + Int(random.next() % 2), at: at(now)) {
                open[ticket] = 0
            }
            for (ticket, run) in running where run.end <= now {
                schedule.leave(run.server, ticket, at: at(now))
                running[ticket] = nil
            }
            for event in events where event.time <= now {
                if event.isReady {
                    schedule.ready(event.server, at: at(now))
                } else {
                    loaded.remove(event.server)
                    #expect(schedule.exited(event.server, at: at(now)).isEmpty)
                }
            }
            events.removeAll { $0.time <= now }
            for action in decide(&schedule, now, free: loaded.isEmpty ? 4 << 30 : 1 << 30) {
                switch action {
                case .start(let id):
                    #expect(loaded.isEmpty)
                    loaded.insert(id)
                    starts += 1
                    events.append((now + 1, id, true))
                case .stop(let id):
                    #expect(!running.values.contains { $0.server == id })
                    events.append((now + 0.2, id, false))
                case .admit(let ticket, let id):
                    #expect(loaded.contains(id) && open.removeValue(forKey: ticket) != nil)
                    running[ticket] = (id, now + Double(random.next() % 3000) / 1000)
                case .wake(let time): #expect(time > at(now))
                }
            }
            if step >= 500 { now += 1 }
        }
        #expect(open.isEmpty && running.isEmpty)
        // Busy servers keep their turn; only idle ones may go sooner.
        #expect(Double(starts) < now / 3)
    }
}

/// SplitMix64.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
