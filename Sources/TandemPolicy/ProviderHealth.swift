import TandemBase

/// What holds for all models of a provider: the pause it asked for with a 429, and a key it refused.
package struct ProviderHealth: Hashable, Sendable {
    /// A longer Retry-After is taken for a mistake, so that one bad header cannot take a provider away for days.
    package static let longestCooldown = TimeSpan.hours(1)

    package enum Availability: Hashable, Sendable {
        case available
        /// 429 with Retry-After.
        case coolingDown(until: MonotonicTime)
        /// 401 or 403: until `reload`. `reason` is for people.
        case disabledByAuth(reason: String)
    }

    package private(set) var cooldownEnds: MonotonicTime?
    package private(set) var authFailure: String?

    package init() {}

    package func availability(at time: MonotonicTime) -> Availability {
        if let authFailure { return .disabledByAuth(reason: authFailure) }
        if let cooldownEnds, time < cooldownEnds { return .coolingDown(until: cooldownEnds) }
        return .available
    }

    /// A 429. Without Retry-After there is no pause beyond the request's own backoff; a pause never gets shorter.
    package mutating func rateLimited(retryAfter: TimeSpan?, at time: MonotonicTime) {
        guard let retryAfter, retryAfter > .zero else { return }
        let ends = time + min(retryAfter, Self.longestCooldown)
        cooldownEnds = max(cooldownEnds ?? ends, ends)
    }

    /// A 401 or 403. `reason` says in one sentence what to do, and holds no key.
    package mutating func authFailed(reason: String) { authFailure = reason }

    /// The configuration was read again: the key may be another one.
    package mutating func reload() { authFailure = nil }

    /// Forgets everything (`setProvider` with reset_breaker).
    package mutating func reset() { self = ProviderHealth() }

    /// The pause in civil time, for storage; nil when there is none. A refused key is not stored: a restart reads the
    /// configuration again.
    package func cooldownEnds(_ clock: ClockReading) -> WallTime? {
        guard let cooldownEnds, cooldownEnds > clock.monotonic else { return nil }
        return clock.wall(of: cooldownEnds)
    }

    package mutating func restore(cooldownEnds: WallTime, _ clock: ClockReading) {
        rateLimited(retryAfter: clock.monotonic(of: cooldownEnds) - clock.monotonic, at: clock.monotonic)
    }
}
