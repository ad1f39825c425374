import TandemBase
import TandemPolicy
import Testing

@Suite struct ConcurrencyGateTests {
    typealias Gate = ConcurrencyGate<Int>

    @Test func queuesInOrderAndRefusesWhenFull() {
        var gate = Gate(limit: 1, queueLimit: 2)
        #expect(gate.enter(0) == .entered)
        guard case .queued(let first) = gate.enter(1), case .queued = gate.enter(2) else {
            Issue.record("not queued")
            return
        }
        #expect(gate.enter(3) == .overloaded(retryAfter: Gate.firstRetryAfter))
        #expect(gate.cancel(first) == true)
        #expect(gate.cancel(first) == false)
        #expect(gate.leave(held: .seconds(3)) == 2)
        for _ in 0..<2 {
            #expect(gate.leave(held: .seconds(3)) == nil)
            #expect(gate.inFlight == 0)
        }
    }

    @Test func retryAfterFollowsHowLongCallsTake() {
        var gate = Gate(limit: 2, queueLimit: 0)
        _ = gate.enter(0)
        _ = gate.enter(1)
        #expect(gate.enter(2) == .overloaded(retryAfter: Gate.firstRetryAfter))
        _ = gate.leave(held: .seconds(4))
        _ = gate.enter(3)
        #expect(gate.enter(4) == .overloaded(retryAfter: .seconds(2)))
        for _ in 0..<200 {
            _ = gate.leave(held: .hours(10))
            _ = gate.enter(5)
        }
        #expect(gate.enter(6) == .overloaded(retryAfter: Gate.longestRetryAfter))
    }

    @Test func aRaisedLimitLetsWaitersIn() {
        var gate = Gate(limit: 1)
        for waiter in 0..<5 { _ = gate.enter(waiter) }
        #expect(gate.update(limit: 3) == [1, 2])
        #expect(gate.update(limit: 1) == [])
        #expect(gate.inFlight == 3)
        for _ in 0..<2 { #expect(gate.leave(held: .zero) == nil) }
        #expect(gate.leave(held: .zero) == 3)
    }

    @Test func agreesWithPlainListsAndEndsEmpty() {
        var random = SeededRandom(4)
        var gate = Gate(limit: 3, queueLimit: 6)
        var inside: Set<Int> = []
        var queue: [(waiter: Int, ticket: Gate.Ticket)] = []
        var overloaded = 0
        func leave() {
            guard let gone = inside.first else { return }
            inside.remove(gone)
            let next = gate.leave(held: .milliseconds(gone % 50))
            #expect(next == queue.first?.waiter)
            if let next {
                inside.insert(next)
                queue.removeFirst()
            }
        }
        for waiter in 0..<20_000 {
            switch Int.random(in: 0..<7, using: &random) {
            case 0..<4:
                switch gate.enter(waiter) {
                case .entered:
                    #expect(inside.count < 3 && queue.isEmpty)
                    inside.insert(waiter)
                case .queued(let ticket):
                    #expect(inside.count == 3 && queue.count < 6)
                    queue.append((waiter, ticket))
                case .overloaded:
                    #expect(inside.count == 3 && queue.count == 6)
                    overloaded += 1
                }
            case 4:
                guard !queue.isEmpty else { continue }
                let gone = queue.remove(at: Int.random(in: queue.indices, using: &random))
                #expect(gate.cancel(gone.ticket) == true)
            default: leave()
            }
            #expect(gate.inFlight == inside.count && gate.queued == queue.count)
        }
        #expect(overloaded > 100)
        while !inside.isEmpty { leave() }
        #expect(gate.inFlight == 0 && gate.queued == 0)
    }
}
