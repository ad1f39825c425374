import TandemBase
import Testing

@Suite struct TimeTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("2026-11-20", 1_795_132_800_000), ("2026-11-20T08:43:00Z", 1_795_164_180_000),
        ("2026-11-20t08:43:00.5z", 1_795_164_180_500), ("2026-11-20 09:43:00.123456+01:00", 1_795_164_180_123),
        ("2026-11-20T00:13:00-08:30", 1_795_164_180_000), ("2024-02-29", 1_709_164_800_000),
        ("1969-12-31T23:59:59.999Z", -1), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
    ])
    func readsRFC3339(text: String, milliseconds: Int64) {
        #expect(WallTime(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-00-01", "2026-11-00", "2026-11-31", "2026-02-29", "2100-02-29", "2026-11-20T",
        "2026-11-20T24:00:00Z", "2026-11-20T08:60:00Z", "2026-11-20T08:43:61Z", "2026-11-20T08:43:00", "x026-11-20",
        "2026-11-20T08:43:00.Z", "2026-11-20T08:43:00Zx", "2026-11-20T08:43:00+0100", "2026-11-20T08:43:00+24:00",
    ])
    func refusesTheRest(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }

    /// Writing and reading are each other's inverse over the years people have.
    @Test func writesWhatItReads() {
        var random = QuickRandom(seed: 4)
        for _ in 0..<10_000 {
            let time = WallTime(milliseconds: Int64(random.next() % 250_000_000_000_000) - 62_000_000_000_000)
            #expect(WallTime(rfc3339: time.description) == time)
        }
    }

    @Test func aDeadlineFarAwaySaturates() {
        let now = MonotonicTime(nanoseconds: 5)
        #expect(now + TimeSpan(nanoseconds: .max) == MonotonicTime(nanoseconds: .max))
        #expect(TimeSpan(nanoseconds: 1).wholeMilliseconds == 1 && TimeSpan.zero.wholeMilliseconds == 0)
        #expect(TimeSpan.milliseconds(3).wholeMilliseconds == 3 && TimeSpan.milliseconds(3).milliseconds == 3)
    }
}
