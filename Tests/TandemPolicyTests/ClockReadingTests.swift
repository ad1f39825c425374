import TandemBase
import TandemPolicy
import Testing

@Suite struct ClockReadingTests {
    let clock = ClockReading(monotonic: seconds(100), wall: noon)

    @Test(arguments: [0, 1, 999_999, 1_000_000, 1_000_001, -1, -999_999, -1_000_000, -5_000_000_001])
    func roundsUpToAMillisecond(offset: Int64) {
        let time = MonotonicTime(nanoseconds: clock.monotonic.nanoseconds + offset)
        let back = clock.monotonic(of: clock.wall(of: time))
        #expect(back >= time && (back - time).nanoseconds < 1_000_000)
    }

    @Test func survivesDamagedTimes() {
        #expect(clock.monotonic(of: WallTime(milliseconds: .max)) > seconds(1e9))
        #expect(clock.monotonic(of: WallTime(milliseconds: .min)) < seconds(-1e9))
    }
}
