import TandemBase

/// `[breaker]`: when a (provider, model) pair is taken out of service and for how long.
package struct BreakerSettings: Hashable, Sendable {
    /// The sliding window that is judged.
    package var window: TimeSpan = .minutes(5)
    /// Opens at *more* than this share of failures, 0...1.
    package var errorRate = 0.5
    /// Fewer samples in the window than this never open it.
    package var minSamples = 5
    /// How long it stays open before it is probed.
    package var openFor: TimeSpan = .minutes(30)
    /// Successful probes, one at a time, that close it again.
    package var halfOpenProbes = 1

    package init() {}
}

/// A cache with an age limit and an entry limit.
package struct CacheSettings: Hashable, Sendable {
    package var enabled: Bool
    package var ttl: TimeSpan
    package var entries: Int

    package init(enabled: Bool, ttl: TimeSpan, entries: Int) {
        self.enabled = enabled
        self.ttl = ttl
        self.entries = entries
    }
}
