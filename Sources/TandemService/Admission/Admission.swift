import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders

/// Decides whether a request may be sent now: the limits of `[limits]` per (uid, user) and for everybody, default and
/// reasoning apart, and the budgets of `[budget]`. Everything that models are called for asks here first: a chat in the
/// scope `default`, an escalation in the scope `reasoning` besides.
@LoopActor
final class Admission {
    /// Tokens that an answer is taken for before any has come, where the request names no limit.
    static let firstCompletionTokens = 256

    private var limits: LimitSet
    private var rates: LimitSet.Rates
    /// Nil until a budget was configured: without one nothing is counted.
    private var budget: Budget?
    /// Moving average of what answers were long, for the estimate that a budget reserves.
    private var meanCompletionTokens: Int?
    /// Called when what a restart should know has changed.
    var onChange: (@LoopActor () -> Void)?
    /// Called with each refusal, for those who watch.
    var onRefusal: (@LoopActor (RPCError, LimitSet.Client) -> Void)?

    init(_ settings: LimitSettings) {
        rates = LimitSet.Rates(settings)
        limits = LimitSet(rates)
    }

    /// Takes over changed settings; what was taken and spent still counts.
    func update(limits settings: LimitSettings, budget budgets: BudgetSettings) {
        rates = LimitSet.Rates(settings)
        limits.update(rates)
        budget?.update(dailyUSD: budgets.dailyUSD, monthlyUSD: budgets.monthlyUSD)
    }

    /// Whether `beginBudget` has to be called before `settings` hold.
    func needsSpending(for settings: BudgetSettings) -> Bool { budget == nil && settings.isConfigured }

    /// Begins to count money; what was spent before comes from the ledger, in USD.
    func beginBudget(_ settings: BudgetSettings, spentToday: Double, spentThisMonth: Double) {
        guard needsSpending(for: settings) else { return }
        budget = Budget(
            dailyUSD: settings.dailyUSD, monthlyUSD: settings.monthlyUSD, spentToday: spentToday,
            spentThisMonth: spentThisMonth, at: .now())
    }

    /// Takes one request of `client` and reserves what it may cost; nil where neither a limit nor a budget holds.
    /// `scope` is nil where no limit holds, only the budget; `estimate` is the cost in USD, nil where the price is
    /// unknown. Throws -32001 or -32013, and then holds nothing.
    func admit(
        _ scope: LimitSet.Scope? = .default, for client: LimitSet.Client, requestID: @autoclosure () -> String,
        estimate: @LoopActor (_ completionTokens: Int) -> Double? = { _ in nil }
    ) throws(RPCError) -> AdmissionTicket? {
        let isLimited = if let scope { rates.holds(scope) } else { false }
        guard isLimited || budget != nil else { return nil }
        var taken: LimitSet.Reservation?
        if let scope, isLimited {
            switch limits.take(scope, for: client, at: EventLoop.shared.now) {
            case .granted(let reservation): taken = reservation
            case .refused(let refusal):
                let error = RPCError(refusal, requestID: requestID())
                onRefusal?(error, client)
                throw error
            }
        }
        var money: Budget.Reservation?
        switch budget?.reserve(estimate(meanCompletionTokens ?? Self.firstCompletionTokens), at: .now()) {
        case .granted(let reservation): money = reservation
        case .refused(let refusal):
            if let taken { limits.giveBack(taken) }
            let error = RPCError(refusal, requestID: requestID())
            onRefusal?(error, client)
            throw error
        case nil: break
        }
        onChange?()
        return AdmissionTicket(self, limits: taken, money: money)
    }

    fileprivate func settle(
        _ taken: LimitSet.Reservation?, _ money: Budget.Reservation?, wasSent: Bool, costUSD: Double?, tokens: Int
    ) {
        if !wasSent, let taken { limits.giveBack(taken) }
        if let money { budget?.settle(money, costUSD: wasSent ? costUSD : nil, at: .now()) }
        if wasSent, tokens > 0 {
            meanCompletionTokens = meanCompletionTokens.map { $0 + (tokens - $0) / 8 } ?? tokens
        }
        onChange?()
    }

    // MARK: for `route`, `status` and a restart

    func snapshot(_ clock: ClockReading) -> LimitSet.Snapshot { limits.snapshot(clock) }

    func restore(_ snapshot: LimitSet.Snapshot, _ clock: ClockReading) { limits.restore(snapshot, clock) }

    /// Whether a request of `client` would be let through now; takes nothing.
    func wouldAdmit(_ scope: LimitSet.Scope, for client: LimitSet.Client) -> RPCError? {
        guard rates.holds(scope) else { return nil }
        switch limits.take(scope, for: client, at: EventLoop.shared.now) {
        case .granted(let reservation):
            limits.giveBack(reservation)
            return nil
        case .refused(let refusal): return RPCError(refusal, requestID: nil)
        }
    }

    /// USD settled for this UTC day and month, and reserved for running requests; nil without a budget.
    var spending: (day: Double, month: Double, reserved: Double)? {
        guard var budget else { return nil }
        let totals = budget.totals(at: .now())
        return (totals.day.spent, totals.month.spent, totals.month.reserved)
    }
}

extension JSONWriter {
    /// The member `budget`, where there is one.
    @LoopActor
    mutating func budget(_ admission: Admission) {
        guard let spending = admission.spending else { return }
        key("budget")
        beginObject()
        member("spent_today_usd", spending.day)
        member("spent_this_month_usd", spending.month)
        member("reserved_usd", spending.reserved)
        endObject()
    }
}

/// What one request holds of limits and budgets, from its start to its end. Ended once, by `settle` or `release`;
/// whatever comes later does nothing.
@LoopActor
final class AdmissionTicket {
    private let admission: Admission
    private let limits: LimitSet.Reservation?
    private let money: Budget.Reservation?
    private var isOver = false

    fileprivate init(_ admission: Admission, limits: LimitSet.Reservation?, money: Budget.Reservation?) {
        self.admission = admission
        self.limits = limits
        self.money = money
    }

    /// The request is over. Where nothing was sent it counts nothing; else it cost `costUSD`.
    func settle(wasSent: Bool, costUSD: Double?, completionTokens: Int) {
        guard !isOver else { return }
        isOver = true
        admission.settle(limits, money, wasSent: wasSent, costUSD: costUSD, tokens: completionTokens)
    }

    /// Settles what the steps of a request came to; steps whose price is unknown count nothing.
    func settle(_ trace: RequestTrace) {
        let sent = trace.steps.count { $0.wasSent }
        let cost = trace.steps.reduce(0.0) { $0 + ($1.cached ? 0 : $1.cost ?? 0) }
        settle(wasSent: sent > 0, costUSD: cost, completionTokens: trace.usage.completionTokens / max(1, sent))
    }

    /// Nothing was sent.
    func release() { settle(wasSent: false, costUSD: nil, completionTokens: 0) }
}

extension StepTrace {
    /// Whether anything left this machine for it: a limit counts only that.
    fileprivate var wasSent: Bool {
        guard !cached, let failure else { return !cached }
        if case .notSent = failure.failure { return false }
        return !failure.nothingSent
    }
}

extension BudgetSettings {
    var isConfigured: Bool { dailyUSD != nil || monthlyUSD != nil }
}

extension LimitSet.Rates {
    init(_ settings: LimitSettings) {
        self.init(
            user: settings.user, global: settings.global, reasoningUser: settings.reasoningUser,
            reasoningGlobal: settings.reasoningGlobal)
    }

    func holds(_ scope: LimitSet.Scope) -> Bool {
        switch scope {
        case .default: user != nil || global != nil
        case .reasoning: reasoningUser != nil || reasoningGlobal != nil
        }
    }
}

extension RPCError {
    init(_ refusal: LimitSet.Refusal, requestID: String?) {
        self = .rateLimited(
            scope: refusal.scope, limit: refusal.limit, periodMilliseconds: refusal.period.wholeMilliseconds,
            retryAfterMilliseconds: refusal.retryAfter.wholeMilliseconds, requestID: requestID)
    }

    init(_ refusal: Budget.Refusal, requestID: String?) {
        self = .budgetExceeded(
            scope: refusal.scope.rawValue, budgetUSD: refusal.budgetUSD, spentUSD: refusal.spentUSD,
            resetsAt: refusal.resetsAt.description, requestID: requestID)
    }
}
