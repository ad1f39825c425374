import TandemBase

/// Takes one (provider, model) out of service while it fails, and lets single calls find out when it is back
/// (WORKFLOWS.md, rule 3).
///
/// Every admitted call holds a `Permit` that must come back through `record`, whatever became of the call. Permits
/// from before the last opening or closing say nothing about the present state and are ignored.
///
/// The only candidate of a request is never starved: while the breaker is open, also when the one probe is out
/// already, it is let through as a probe of its own. Its success counts towards closing like any probe's, its failure
/// opens again like any probe's.
package struct CircuitBreaker: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case closed, open
        case halfOpen = "half_open"
    }

    package enum Outcome: Hashable, Sendable {
        case success
        /// The provider's fault: see `CallFailure.health`.
        case failure
        /// Says nothing about health (429, auth, the caller's fault, cancelled): no sample; gives a probe back.
        case neutral
    }

    package struct Permit: Hashable, Sendable {
        package let isProbe: Bool
        fileprivate let epoch: UInt64
        fileprivate let serial: UInt64
    }

    package enum Decision: Hashable, Sendable {
        case allow(Permit)
        case probe(Permit)
        /// Nothing goes through before `until`; when that is now, a probe is out and its result decides.
        case refuse(until: MonotonicTime)
    }

    package enum Change: Hashable, Sendable {
        case opened(until: MonotonicTime)
        case closed
    }

    private var settings: BreakerSettings
    private var window: SampleWindow
    /// Nil while closed.
    package private(set) var reopensAt: MonotonicTime?
    private var probeSuccesses = 0
    /// The permit that holds the one place for probes.
    private var probeOut: UInt64?
    /// Counts openings and closings.
    private var epoch: UInt64 = 0
    private var serial: UInt64 = 0

    package init(_ settings: BreakerSettings) {
        self.settings = settings
        window = SampleWindow(settings.window)
    }

    /// Half-open is an open breaker whose wait is over.
    package func state(at time: MonotonicTime) -> State {
        guard let reopensAt else { return .closed }
        return time < reopensAt ? .open : .halfOpen
    }

    /// What the window holds at `time`; the samples that opened a breaker stay readable until they leave it.
    package mutating func statistics(at time: MonotonicTime) -> (errorRate: Double, samples: Int) {
        window.advance(to: time)
        return (window.errorRate, window.samples)
    }

    /// Whether a call may go out now. `onlyCandidate`: the request has nowhere else to go.
    package mutating func admit(at time: MonotonicTime, onlyCandidate: Bool = false) -> Decision {
        serial += 1
        guard let reopensAt else { return .allow(Permit(isProbe: false, epoch: epoch, serial: serial)) }
        if time >= reopensAt, probeOut == nil {
            probeOut = serial
        } else if !onlyCandidate {
            return .refuse(until: max(time, reopensAt))
        }
        return .probe(Permit(isProbe: true, epoch: epoch, serial: serial))
    }

    /// Takes a permit back with what became of its call.
    @discardableResult
    package mutating func record(_ outcome: Outcome, _ permit: Permit, at time: MonotonicTime) -> Change? {
        guard permit.epoch == epoch else { return nil }
        if probeOut == permit.serial { probeOut = nil }
        switch (outcome, reopensAt) {
        case (.neutral, _):
            return nil
        case (.success, nil):
            window.add(successes: 1, at: time)
            return judge(at: time)
        case (.failure, nil):
            window.add(failures: 1, at: time)
            return judge(at: time)
        case (.success, _):
            probeSuccesses += 1
            guard probeSuccesses >= settings.halfOpenProbes else { return nil }
            close()
            return .closed
        case (.failure, _):
            window.add(failures: 1, at: time)
            return open(at: time)
        }
    }

    /// Closes and forgets everything (`setProvider` with reset_breaker).
    package mutating func reset() { close() }

    /// Takes over changed settings; samples stay, and an open breaker stays open until the time it has named.
    package mutating func update(_ settings: BreakerSettings) {
        if settings.window != self.settings.window {
            var window = SampleWindow(settings.window)
            for bucket in self.window.nonEmptyBuckets() {
                window.add(successes: bucket.successes, failures: bucket.failures, at: bucket.start)
            }
            self.window = window
        }
        self.settings = settings
    }

    private mutating func judge(at time: MonotonicTime) -> Change? {
        guard window.samples >= settings.minSamples, window.errorRate > settings.errorRate else { return nil }
        return open(at: time)
    }

    private mutating func open(at time: MonotonicTime) -> Change {
        let until = max(reopensAt ?? time, time + settings.openFor)
        reopensAt = until
        startEpoch()
        return .opened(until: until)
    }

    private mutating func close() {
        reopensAt = nil
        window = SampleWindow(settings.window)
        startEpoch()
    }

    private mutating func startEpoch() {
        epoch += 1
        probeOut = nil
        probeSuccesses = 0
    }
}

extension CircuitBreaker {
    /// The state in civil time, for storage.
    package struct Snapshot: Hashable, Sendable {
        package var samples: [Sample]
        /// Nil when closed.
        package var reopensAt: WallTime?
        package var probeSuccesses: Int

        package init(samples: [Sample], reopensAt: WallTime?, probeSuccesses: Int) {
            self.samples = samples
            self.reopensAt = reopensAt
            self.probeSuccesses = probeSuccesses
        }
    }

    package struct Sample: Hashable, Sendable {
        package var time: WallTime
        package var successes: Int
        package var failures: Int

        package init(time: WallTime, successes: Int, failures: Int) {
            self.time = time
            self.successes = successes
            self.failures = failures
        }
    }

    package mutating func snapshot(_ clock: ClockReading) -> Snapshot {
        window.advance(to: clock.monotonic)
        let samples = window.nonEmptyBuckets().map {
            Sample(time: clock.wall(of: $0.start), successes: $0.successes, failures: $0.failures)
        }
        return Snapshot(samples: samples, reopensAt: reopensAt.map(clock.wall(of:)), probeSuccesses: probeSuccesses)
    }

    /// Restores a snapshot of an earlier process. Samples from the future (a clock set back) count as of now, and no
    /// wait is longer than `open_for`.
    package init(_ settings: BreakerSettings, restoring snapshot: Snapshot, _ clock: ClockReading) {
        self.init(settings)
        for sample in snapshot.samples where sample.successes >= 0 && sample.failures >= 0 {
            let time = min(clock.monotonic, clock.monotonic(of: sample.time))
            window.add(successes: sample.successes, failures: sample.failures, at: time)
        }
        window.advance(to: clock.monotonic)
        reopensAt = snapshot.reopensAt.map { min(clock.monotonic(of: $0), clock.monotonic + settings.openFor) }
        probeSuccesses = max(0, snapshot.probeSuccesses)
    }
}
