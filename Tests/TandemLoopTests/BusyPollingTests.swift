import TandemBase
import Testing

@testable import TandemLoop

@Suite struct BusyPollingTests {
    private func microseconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count * 1000) }

    private func polling(after waits: [Int64], processors: Int = 2) -> Bool {
        var polling = BusyPolling(processors: processors)
        for wait in waits { polling.waited(microseconds(wait)) }
        return polling.spins
    }

    @Test func anIdleLoopAndASlowStreamSleep() {
        #expect(!polling(after: []))
        #expect(!polling(after: Array(repeating: 20_000, count: 1000)))
        #expect(!polling(after: Array(repeating: 300, count: 1000)))
        #expect(!polling(after: Array(repeating: 60, count: 1000)))
    }

    @Test func shortWaitsAreSpunThroughSoon() {
        #expect(!polling(after: Array(repeating: 15, count: 5)))
        #expect(polling(after: Array(repeating: 15, count: 15)))
        #expect(!polling(after: Array(repeating: 15, count: 15), processors: 1))
    }

    /// A chat now and then between short waits does not keep it spinning, and one long wait ends it at once.
    @Test func aLongWaitEndsIt() {
        let short = [Int64](repeating: 15, count: 50)
        #expect(!polling(after: short + [1_000]))
        #expect(!polling(after: short + [5_000_000, 15, 15, 15]))
        #expect(polling(after: short + [5_000_000] + short))
        // Two short waits with each long one, as a stream's pieces have.
        #expect(!polling(after: (0..<1000).flatMap { _ in [20_000, 15, 15] }))
    }

    @Test func theAverageStaysWithinItsBoundsForAnyWaits() {
        var polling = BusyPolling(processors: 2)
        for wait: Int64 in [.max, .min, 0, -1, .max, 1, 0] { polling.waited(TimeSpan(nanoseconds: wait)) }
        for _ in 0..<100 { polling.waited(.zero) }
        #expect(polling.spins)
    }
}
