/// Makes ULIDs that sort in the order they were made, also within a millisecond (the specification's monotonicity):
/// history, transactions and "the last one" are read in the order of the ids.
package struct ULIDSource: Sendable {
    /// A clock that was set back by more, in milliseconds, is believed; by less it stands still.
    private static let steppedBack: Int64 = 1_000

    private var random: QuickRandom
    private var last: ULID?

    package init(after last: ULID? = nil, random: QuickRandom = QuickRandom()) {
        self.last = last
        self.random = random
    }

    package mutating func next(at time: WallTime = .now()) -> ULID {
        if var last, (0...Self.steppedBack).contains(last.time.milliseconds - time.milliseconds) {
            let (low, carry) = last.low.addingReportingOverflow(1)
            last.low = low
            if carry { last.high += 1 }
            self.last = last
            return last
        }
        let fresh = ULID(time: time, random: &random)
        last = fresh
        return fresh
    }
}
