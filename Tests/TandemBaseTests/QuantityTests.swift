import TandemBase
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("300ms", 0.3), ("2s", 2), ("1.5s", 1.5), ("5m", 300), ("1h", 3_600), ("30d", 2_592_000), (" 2 s ", 2),
        ("0s", 0),
    ])
    func durations(text: String, seconds: Double) {
        #expect(parseDuration(text)?.nanoseconds == Int64(seconds * 1e9))
    }

    @Test(arguments: ["", "s", "5", "-1s", "1w", "1 2s", "1.2.3s", "1e3s", "0x1s", "١s", "102y", "37000d"])
    func noDurations(text: String) {
        #expect(parseDuration(text) == nil)
    }

    @Test(arguments: [
        ("8MiB", 8 << 20), ("512KiB", 512 << 10), ("1GB", 1_000_000_000), ("100B", 100), ("100", 100), ("1.5kB", 1_500),
        ("0B", 0),
    ])
    func byteSizes(text: String, bytes: Int) {
        #expect(parseByteSize(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "-1MiB", "1TiBs", "9007199254740993GB", "1mib", "inf"])
    func noByteSizes(text: String) {
        #expect(parseByteSize(text) == nil)
    }

    @Test func rates() {
        #expect(Rate("60/1m") == Rate(count: 60, period: .minutes(1)))
        #expect(Rate(" 5 / 30s ") == Rate(count: 5, period: .seconds(30)))
        for text in ["60", "0/1m", "-1/1m", "60/0s", "60/1m/2", "1.5/1m", "a/1m", "60/m"] {
            #expect(Rate(text) == nil, "\(text)")
        }
    }
}
