import TandemBase
import TandemPolicy
import Testing

@Suite struct BudgetTests {
    static func granted(_ answer: Budget.Answer) -> Budget.Reservation? {
        if case .granted(let reservation) = answer { reservation } else { nil }
    }

    @Test func reservesSettlesAndReleases() throws {
        var budget = Budget(dailyUSD: 1, monthlyUSD: 10, at: noon)
        let first = try #require(Self.granted(budget.reserve(0.6, at: noon)))
        guard case .refused(let refusal) = budget.reserve(0.5, at: noon) else {
            Issue.record("granted over the budget")
            return
        }
        #expect(refusal.scope == .daily && refusal.budgetUSD == 1 && refusal.spentUSD == 0)
        #expect(refusal.resetsAt == WallTime(rfc3339: "2026-11-21T00:00:00Z"))
        budget.settle(first, costUSD: 0.25, at: noon)
        budget.settle(first, costUSD: 0.25, at: noon)
        let second = try #require(Self.granted(budget.reserve(0.75, at: noon)))
        budget.release(second, at: noon)
        #expect(budget.totals(at: noon).day == (0.25, 0))
        #expect(budget.totals(at: noon).month == (0.25, 0))
    }

    @Test func theMonthRefusesWithItsOwnReset() {
        let december = WallTime(rfc3339: "2026-12-31T23:59:59Z") ?? noon
        var budget = Budget(dailyUSD: nil, monthlyUSD: 1, spentThisMonth: 1.5, at: december)
        guard case .refused(let refusal) = budget.reserve(0.1, at: december) else {
            Issue.record("granted over the budget")
            return
        }
        #expect(refusal.scope == .monthly && refusal.budgetUSD == 1 && refusal.spentUSD == 1.5)
        #expect(refusal.resetsAt == WallTime(rfc3339: "2027-01-01T00:00:00Z"))
        #expect(Self.granted(budget.reserve(0.1, at: december + .seconds(1))) != nil)
    }

    @Test func unknownAndFreePricesAreNotRefusedButCountWhatTheyCome() throws {
        var budget = Budget(dailyUSD: 0.5, monthlyUSD: nil, spentToday: 2, at: noon)
        for (estimate, cost) in [(nil, nil), (0, 0), (-1, 0), (Double.nan, 0), (nil, 5)] as [(Double?, Double?)] {
            let reservation = try #require(Self.granted(budget.reserve(estimate, at: noon)))
            budget.settle(reservation, costUSD: cost, at: noon)
        }
        // The last one's fallback had a price.
        #expect(budget.totals(at: noon).day == (7, 0))
        #expect(Self.granted(budget.reserve(0.000000001, at: noon)) == nil)
    }

    @Test func aNewDayBeginsEmptyAndLateCostsStayInTheOld() throws {
        var budget = Budget(dailyUSD: 1, monthlyUSD: 2, at: noon)
        let late = try #require(Self.granted(budget.reserve(0.9, at: noon)))
        let tomorrow = noon + .days(1)
        #expect(Self.granted(budget.reserve(1, at: tomorrow)) != nil)
        budget.settle(late, costUSD: 0.8, at: tomorrow)
        #expect(budget.totals(at: tomorrow).day == (0, 1))
        #expect(budget.totals(at: tomorrow).month == (0.8, 1))
    }

    @Test func aClockSetBackKeepsWhatWasSpent() {
        var budget = Budget(dailyUSD: 1, monthlyUSD: nil, spentToday: 0.9, at: noon)
        #expect(Self.granted(budget.reserve(0.2, at: noon + .days(-2))) == nil)
    }

    @Test func wholeSumsHaveNoRoundingError() throws {
        var budget = Budget(dailyUSD: 0.3, monthlyUSD: nil, at: noon)
        for _ in 0..<3 {
            let reservation = try #require(Self.granted(budget.reserve(0.1, at: noon)))
            budget.settle(reservation, costUSD: 0.1, at: noon)
        }
        #expect(Self.granted(budget.reserve(0.000000001, at: noon)) == nil)
    }

    @Test func absurdCostsDoNotOverflow() throws {
        var budget = Budget(dailyUSD: nil, monthlyUSD: nil, at: noon)
        for _ in 0..<20_000 {
            let reservation = try #require(Self.granted(budget.reserve(1, at: noon)))
            budget.settle(reservation, costUSD: .infinity, at: noon)
        }
        #expect(budget.totals(at: noon).day.spent == 1e9)
    }

    @Test func nothingStaysReservedAndTheBudgetHolds() {
        var random = SeededRandom(11)
        var budget = Budget(dailyUSD: 1, monthlyUSD: 8, at: noon)
        var now = noon
        var running: [(reservation: Budget.Reservation, estimate: Double)] = []
        var refused = 0
        for _ in 0..<20_000 {
            now = now + .seconds(Int.random(in: 0...600, using: &random))
            let estimate = Double(Int.random(in: 1...50, using: &random)) / 1000
            if let reservation = Self.granted(budget.reserve(estimate, at: now)) {
                running.append((reservation, estimate))
            } else {
                refused += 1
            }
            while running.count > 8 || (!running.isEmpty && Bool.random(using: &random)) {
                let call = running.remove(at: Int.random(in: running.indices, using: &random))
                if Bool.random(using: &random) {
                    budget.settle(call.reservation, costUSD: call.estimate, at: now)
                } else {
                    budget.release(call.reservation, at: now)
                }
            }
            let totals = budget.totals(at: now)
            #expect(totals.day.spent + totals.day.reserved <= 1.000001)
            #expect(totals.month.spent + totals.month.reserved <= 8.000001)
        }
        for call in running { budget.release(call.reservation, at: now) }
        let totals = budget.totals(at: now)
        #expect(totals.day.reserved == 0 && totals.month.reserved == 0)
        #expect(refused > 100)
    }
}
