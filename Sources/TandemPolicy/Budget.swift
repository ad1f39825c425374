import TandemBase

/// USD per UTC day and per UTC month: reserved by estimate before a call, settled by its cost, released when nothing
/// was sent. A call whose price is unknown, or nothing, is never refused; what it costs all the same counts at its end.
///
/// A cost belongs to the day and month in which it was reserved; what is settled after their end counts nothing in the
/// next. A clock set back keeps what was spent.
package struct Budget: Sendable {
    /// The members of -32013.
    package struct Refusal: Hashable, Sendable {
        package enum Scope: String, Hashable, Sendable { case daily, monthly }

        package var scope: Scope
        package var budgetUSD: Double
        /// Settled costs; estimates of running calls are not in it, though they count for the decision.
        package var spentUSD: Double
        package var resetsAt: WallTime
    }

    package enum Answer: Hashable, Sendable {
        case granted(Reservation)
        case refused(Refusal)
    }

    /// What one call may cost. Settling or releasing it a second time does nothing.
    package struct Reservation: Hashable, Sendable {
        fileprivate let handle: SlotList<Pending>.Handle
    }

    fileprivate struct Pending {
        var nanoUSD: Int64
        var day: Int
        var month: Int
    }

    /// One period's account. Whole billionths of a dollar: sums have no rounding error.
    private struct Account {
        var limit: Int64?
        /// Counts the periods that were begun.
        var number = 0
        var start = WallTime(milliseconds: 0)
        var end = WallTime(milliseconds: 0)
        var spent: Int64 = 0
        var reserved: Int64 = 0

        /// An estimate above the whole budget counts as the whole: it waits for an unspent one instead of for ever.
        func holds(_ amount: Int64) -> Bool {
            guard let limit else { return true }
            return spent + reserved < limit && spent + reserved + min(amount, limit) <= limit
        }

        mutating func begin(_ start: WallTime, _ end: WallTime) {
            if start > self.start {
                number += 1
                spent = 0
                reserved = 0
            }
            (self.start, self.end) = (start, end)
        }
    }

    /// One call is never taken to cost more, in USD, and no account grows beyond the second: no sum overflows,
    /// whatever usage an upstream reports.
    private static let mostPerCall = 1e5
    private static let mostSpent: Int64 = 1_000_000_000_000_000_000

    private var daily = Account()
    private var monthly = Account()
    private var pending = SlotList<Pending>()

    /// The budgets of `[budget]` in USD, nil for none; `spentToday` and `spentThisMonth` in USD from the ledger.
    package init(
        dailyUSD: Double?, monthlyUSD: Double?, spentToday: Double = 0, spentThisMonth: Double = 0, at time: WallTime
    ) {
        update(dailyUSD: dailyUSD, monthlyUSD: monthlyUSD)
        advance(to: time)
        daily.spent = Self.nanoUSD(spentToday)
        monthly.spent = Self.nanoUSD(spentThisMonth)
    }

    /// Takes over changed budgets; what was spent still counts.
    package mutating func update(dailyUSD: Double?, monthlyUSD: Double?) {
        daily.limit = dailyUSD.map(Self.nanoUSD)
        monthly.limit = monthlyUSD.map(Self.nanoUSD)
    }

    /// Reserves an estimated cost in USD; nil where the price is unknown.
    package mutating func reserve(_ estimateUSD: Double?, at time: WallTime) -> Answer {
        advance(to: time)
        let amount = Self.nanoUSD(min(estimateUSD ?? 0, Self.mostPerCall))
        if amount > 0, !daily.holds(amount) { return .refused(refusal(.daily, daily)) }
        if amount > 0, !monthly.holds(amount) { return .refused(refusal(.monthly, monthly)) }
        daily.reserved += amount
        monthly.reserved += amount
        let handle = pending.append(Pending(nanoUSD: amount, day: daily.number, month: monthly.number))
        return .granted(Reservation(handle: handle))
    }

    /// The call is over and cost `costUSD`, which may be more than the budget; nil where it is unknown.
    package mutating func settle(_ reservation: Reservation, costUSD: Double?, at time: WallTime) {
        advance(to: time)
        guard let call = pending.remove(reservation.handle) else { return }
        let cost = Self.nanoUSD(min(costUSD ?? 0, Self.mostPerCall))
        if call.day == daily.number {
            daily.reserved -= call.nanoUSD
            daily.spent = min(daily.spent + cost, Self.mostSpent)
        }
        if call.month == monthly.number {
            monthly.reserved -= call.nanoUSD
            monthly.spent = min(monthly.spent + cost, Self.mostSpent)
        }
    }

    /// Nothing was sent.
    package mutating func release(_ reservation: Reservation, at time: WallTime) {
        settle(reservation, costUSD: nil, at: time)
    }

    /// Settled costs in USD and estimates of running calls of this day and month.
    package mutating func totals(
        at time: WallTime
    ) -> (day: (spent: Double, reserved: Double), month: (spent: Double, reserved: Double)) {
        advance(to: time)
        return (
            (Self.usd(daily.spent), Self.usd(daily.reserved)), (Self.usd(monthly.spent), Self.usd(monthly.reserved))
        )
    }

    private mutating func advance(to time: WallTime) {
        if time >= daily.start, time < daily.end { return }
        let civil = CivilTime(time)
        let day = CivilTime(year: civil.year, month: civil.month, day: civil.day).wallTime
        daily.begin(day, day + .days(1))
        let isDecember = civil.month == 12
        monthly.begin(
            CivilTime(year: civil.year, month: civil.month, day: 1).wallTime,
            CivilTime(year: civil.year + (isDecember ? 1 : 0), month: isDecember ? 1 : civil.month + 1, day: 1).wallTime
        )
    }

    private func refusal(_ scope: Refusal.Scope, _ account: Account) -> Refusal {
        Refusal(
            scope: scope, budgetUSD: Self.usd(account.limit ?? 0), spentUSD: Self.usd(account.spent),
            resetsAt: account.end)
    }

    /// Rounded up to a billionth of a dollar, at most a billion dollars.
    private static func nanoUSD(_ usd: Double) -> Int64 {
        guard usd > 0 else { return 0 }
        // A relative error of 1e-12 covers what a decimal fraction loses in binary: 0.79 stays 790,000,000.
        let scaled = min(usd, 1e9) * 1e9
        let nearest = scaled.rounded()
        return Int64(abs(scaled - nearest) <= scaled * 1e-12 ? nearest : scaled.rounded(.up))
    }

    private static func usd(_ nanoUSD: Int64) -> Double { Double(nanoUSD) / 1e9 }
}
