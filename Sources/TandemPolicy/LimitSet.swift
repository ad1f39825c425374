import TandemBase

/// The limits of requests, per (peer uid, user) and for everybody, default and reasoning apart. A take is all or
/// nothing: when a later window refuses, what the earlier one gave is given back. (The quotas of a provider are windows
/// of its own, kept where its calls are made.)
///
/// At most `maxClients` windows of clients are kept per scope; the least recently used that is empty makes place for a
/// new client, which changes no answer. With that many clients inside one period the newest share one window: they are
/// limited together rather than not at all.
package struct LimitSet: Sendable {
    /// Windows of single clients per scope.
    package static let maxClients = 4096

    package enum Scope: String, CaseIterable, Hashable, Sendable { case `default`, reasoning }

    /// The rates of `[limits]`; nil is "none".
    package struct Rates: Hashable, Sendable {
        package var user: Rate?
        package var global: Rate?
        package var reasoningUser: Rate?
        package var reasoningGlobal: Rate?

        package init(
            user: Rate? = nil, global: Rate? = nil, reasoningUser: Rate? = nil, reasoningGlobal: Rate? = nil
        ) {
            self.user = user
            self.global = global
            self.reasoningUser = reasoningUser
            self.reasoningGlobal = reasoningGlobal
        }
    }

    /// Whose requests are counted together.
    package struct Client: Hashable, Sendable {
        package var uid: UInt32
        package var user: String?

        package init(uid: UInt32, user: String?) {
            self.uid = uid
            self.user = user
        }
    }

    /// The members of -32001.
    package struct Refusal: Hashable, Sendable {
        package enum Level: Hashable, Sendable { case user, global }

        /// "default" or "reasoning".
        package var scope: String
        /// Which of the scope's windows is full.
        package var level: Level
        package var limit: Int
        package var period: TimeSpan
        package var retryAfter: TimeSpan
    }

    package enum Answer: Hashable, Sendable {
        case granted(Reservation)
        case refused(Refusal)
    }

    /// What one take got. Giving it back a second time does nothing.
    package struct Reservation: Hashable, Sendable {
        fileprivate let scope: Scope
        fileprivate let client: ClientWindows.Reservation?
        fileprivate let global: SlidingWindowLimiter.Reservation?
    }

    private struct ScopeWindows {
        var clients: ClientWindows?
        var global: SlidingWindowLimiter?
    }

    private var defaults = ScopeWindows()
    private var reasoning = ScopeWindows()

    package init(_ rates: Rates) { update(rates) }

    /// Takes over changed rates; what was taken still counts.
    package mutating func update(_ rates: Rates) {
        Self.update(&defaults, user: rates.user, global: rates.global)
        Self.update(&reasoning, user: rates.reasoningUser, global: rates.reasoningGlobal)
    }

    /// Takes one request of `client`: from its own window, then from everybody's.
    package mutating func take(_ scope: Scope, for client: Client, at time: MonotonicTime) -> Answer {
        switch scope {
        case .default: Self.take(&defaults, scope, client, time)
        case .reasoning: Self.take(&reasoning, scope, client, time)
        }
    }

    /// Nothing was sent: everything is free again.
    package mutating func giveBack(_ reservation: Reservation) {
        switch reservation.scope {
        case .default: Self.giveBack(&defaults, reservation.client, reservation.global)
        case .reasoning: Self.giveBack(&reasoning, reservation.client, reservation.global)
        }
    }

    private static func update(_ windows: inout ScopeWindows, user: Rate?, global: Rate?) {
        if let user {
            if windows.clients == nil {
                windows.clients = ClientWindows(user, maxClients: maxClients)
            } else {
                windows.clients?.update(user)
            }
        } else {
            windows.clients = nil
        }
        update(&windows.global, global)
    }

    private static func update(_ limiter: inout SlidingWindowLimiter?, _ rate: Rate?) {
        if let rate, limiter != nil { limiter?.update(rate) } else { limiter = rate.map(SlidingWindowLimiter.init) }
    }

    private static func take(
        _ windows: inout ScopeWindows, _ scope: Scope, _ client: Client, _ time: MonotonicTime
    ) -> Answer {
        func refuse(_ level: Refusal.Level, _ rate: Rate, _ retryAfter: TimeSpan) -> Answer {
            .refused(
                Refusal(
                    scope: scope.rawValue, level: level, limit: rate.count, period: rate.period,
                    retryAfter: retryAfter))
        }
        var clientTaken: ClientWindows.Reservation?
        switch windows.clients?.take(for: client, at: time) {
        case .granted(let reservation): clientTaken = reservation
        case .refused(let retryAfter): return refuse(.user, windows.clients!.rate, retryAfter)
        case nil: break
        }
        var globalTaken: SlidingWindowLimiter.Reservation?
        switch windows.global?.take(at: time) {
        case .granted(let reservation): globalTaken = reservation
        case .refused(let retryAfter):
            if let clientTaken { windows.clients?.giveBack(clientTaken) }
            return refuse(.global, windows.global!.rate, retryAfter)
        case nil: break
        }
        return .granted(Reservation(scope: scope, client: clientTaken, global: globalTaken))
    }

    private static func giveBack(
        _ windows: inout ScopeWindows, _ client: ClientWindows.Reservation?,
        _ global: SlidingWindowLimiter.Reservation?
    ) {
        if let client { windows.clients?.giveBack(client) }
        if let global { windows.global?.giveBack(global) }
    }
}

extension LimitSet {
    /// What counts, in civil time, for storage.
    package struct Snapshot: Sendable {
        package struct ScopeState: Sendable {
            package var clients: [(client: Client, taken: [SlidingWindowLimiter.Taken])] = []
            package var global: [SlidingWindowLimiter.Taken] = []

            package init() {}
        }

        package var defaults = ScopeState()
        package var reasoning = ScopeState()

        package init() {}
    }

    package mutating func snapshot(_ clock: ClockReading) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.defaults = Self.snapshot(&defaults, clock)
        snapshot.reasoning = Self.snapshot(&reasoning, clock)
        return snapshot
    }

    /// Counts what an earlier process took, where the settings still have a limit for it.
    package mutating func restore(_ snapshot: Snapshot, _ clock: ClockReading) {
        Self.restore(&defaults, snapshot.defaults, clock)
        Self.restore(&reasoning, snapshot.reasoning, clock)
    }

    private static func snapshot(_ windows: inout ScopeWindows, _ clock: ClockReading) -> Snapshot.ScopeState {
        var state = Snapshot.ScopeState()
        state.clients = windows.clients?.snapshot(clock) ?? []
        state.global = windows.global?.snapshot(clock) ?? []
        return state
    }

    private static func restore(_ windows: inout ScopeWindows, _ state: Snapshot.ScopeState, _ clock: ClockReading) {
        for (client, taken) in state.clients { windows.clients?.restore(client, taken, clock) }
        windows.global?.restore(state.global, clock)
    }
}
