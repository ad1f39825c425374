import TandemBase

/// Whether the loop should ask the kernel again and again for a moment before it goes to sleep. To be woken costs the
/// first answer 20 to 40 µs, more than all that the daemon does for a request; but a loop that spins while nothing comes
/// costs power and somebody's time. So it spins only while waits have been short lately, as a local server's or a warm
/// cache's are, and never for long: a model that thinks, a stream of 50 pieces a second and an idle daemon sleep.
/// (The kernel's `haltpoll` idle governor does the same for a whole processor.)
struct BusyPolling: Hashable, Sendable {
    /// The longest spin; a wait that is expected to take longer is slept through.
    static let longestSpin = TimeSpan(nanoseconds: 50_000)
    /// A longer wait counts as this much: it stops the spinning for the next few waits, not for long.
    static let longestCounted = TimeSpan(nanoseconds: 1_000_000)
    /// The average moves by one part in so many with each wait.
    static let weight: Int64 = 4

    private var average = longestCounted
    private let isUseful: Bool

    /// With one processor whoever we wait for could not run meanwhile.
    init(processors: Int) { isUseful = processors > 1 }

    var spins: Bool { isUseful && average < Self.longestSpin }

    /// A wait has ended, whatever way, after `time`.
    mutating func waited(_ time: TimeSpan) {
        let counted = min(max(time, .zero), Self.longestCounted)
        average = TimeSpan(nanoseconds: average.nanoseconds + (counted.nanoseconds - average.nanoseconds) / Self.weight)
    }
}
