import TandemBase

/// Both clocks read at one moment: what turns monotonic times into civil ones, which outlive the process, and back.
package struct ClockReading: Hashable, Sendable {
    /// Civil times farther away (a damaged record) are read as this far away.
    private static let farthest = TimeSpan.days(36_500)

    package var monotonic: MonotonicTime
    package var wall: WallTime

    package init(monotonic: MonotonicTime, wall: WallTime) {
        self.monotonic = monotonic
        self.wall = wall
    }

    /// The civil time of `time`, rounded up to a millisecond: what is restored never ends early.
    package func wall(of time: MonotonicTime) -> WallTime {
        let (whole, rest) = (time - monotonic).nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return WallTime(milliseconds: wall.milliseconds + whole + (rest > 0 ? 1 : 0))
    }

    /// The monotonic time of `time`; before the clock's start for what happened before this process.
    package func monotonic(of time: WallTime) -> MonotonicTime {
        let farthest = Self.farthest.nanoseconds / 1_000_000
        let near = min(max(time.milliseconds, wall.milliseconds - farthest), wall.milliseconds + farthest)
        let span = (near - wall.milliseconds) * 1_000_000
        return monotonic + TimeSpan(nanoseconds: span)
    }
}
