import TandemBase

/// Successes and failures of the last `window`, in buckets: constant memory, O(1) per sample. A sample is forgotten
/// between 29/30 of the window and the whole window after it was taken.
package struct SampleWindow: Hashable, Sendable {
    /// Buckets of one window; more would be finer and slower.
    package static let bucketCount = 30

    /// The samples of one bucket, for storage.
    package struct Bucket: Hashable, Sendable {
        package var start: MonotonicTime
        package var successes: Int
        package var failures: Int
    }

    private struct Counts: Hashable { var successes = 0, failures = 0 }

    private let width: Int64
    private var newest = Int64.min
    private var buckets = [Counts](repeating: Counts(), count: bucketCount)
    private var total = Counts()

    package init(_ window: TimeSpan) {
        let count = Int64(Self.bucketCount)
        width = max(1, window.nanoseconds / count + (window.nanoseconds % count == 0 ? 0 : 1))
    }

    package var samples: Int { total.successes + total.failures }
    package var failures: Int { total.failures }

    /// Failures per sample, 0...1; 0 without samples.
    package var errorRate: Double { samples == 0 ? 0 : Double(failures) / Double(samples) }

    /// Forgets what has left the window. A time before the newest bucket changes nothing.
    package mutating func advance(to time: MonotonicTime) {
        let number = self.number(time)
        guard number > newest else { return }
        let count = Int64(Self.bucketCount)
        if newest == .min || number - newest >= count {
            if samples > 0 { for index in buckets.indices { buckets[index] = Counts() } }
            total = Counts()
        } else {
            for passed in newest + 1...number {
                let index = slot(passed)
                total.successes -= buckets[index].successes
                total.failures -= buckets[index].failures
                buckets[index] = Counts()
            }
        }
        newest = number
    }

    /// Adds samples taken at `time`, which may lie in the past; older than the window, they are dropped.
    package mutating func add(successes: Int = 0, failures: Int = 0, at time: MonotonicTime) {
        advance(to: time)
        let number = self.number(time)
        guard newest - number < Int64(Self.bucketCount) else { return }
        buckets[slot(number)].successes += successes
        buckets[slot(number)].failures += failures
        total.successes += successes
        total.failures += failures
    }

    /// The buckets that hold something, oldest first.
    package func nonEmptyBuckets() -> [Bucket] {
        guard samples > 0 else { return [] }
        return (newest - Int64(Self.bucketCount) + 1...newest).compactMap { number in
            let counts = buckets[slot(number)]
            guard counts.successes + counts.failures > 0 else { return nil }
            let start = MonotonicTime(nanoseconds: number * width)
            return Bucket(start: start, successes: counts.successes, failures: counts.failures)
        }
    }

    /// Floor division: restored samples may lie before the clock's zero.
    private func number(_ time: MonotonicTime) -> Int64 {
        let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: width)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private func slot(_ number: Int64) -> Int {
        let remainder = Int(number % Int64(Self.bucketCount))
        return remainder < 0 ? remainder + Self.bucketCount : remainder
    }
}
