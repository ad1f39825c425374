import TandemBase

/// So much weight within any period: an exact sliding window of timestamps. Requests weigh 1; tokens are reserved by
/// estimate and settled by usage. Weight taken at t counts until just before t + period.
///
/// Above `maxEntries` grants in one period the newest two are counted as one with the later time, so that memory stays
/// bounded; the limit is then kept a little too strictly, never too loosely.
package struct SlidingWindowLimiter: Sendable {
    /// Timestamps kept, 40 bytes each.
    package static let maxEntries = 65_536

    /// What was granted. Giving it back or settling it a second time does nothing.
    package struct Reservation: Hashable, Sendable {
        fileprivate let handle: SlotList<Entry>.Handle
        fileprivate let weight: Int
    }

    package enum Answer: Hashable, Sendable {
        case granted(Reservation)
        /// At `retryAfter` from now the same take would be granted, if nothing else is taken meanwhile.
        case refused(retryAfter: TimeSpan)
    }

    /// Weight taken at one time, for storage.
    package struct Taken: Hashable, Sendable {
        package var time: WallTime
        package var weight: Int

        package init(time: WallTime, weight: Int) {
            self.time = time
            self.weight = weight
        }
    }

    fileprivate struct Entry {
        var time: MonotonicTime
        var weight: Int
        /// Takes that were not yet given back or settled.
        var pending: Int
    }

    package private(set) var rate: Rate
    private var entries = SlotList<Entry>()
    private var total = 0

    package init(_ rate: Rate) { self.rate = rate }

    /// Weight that counts at `time`.
    package mutating func used(at time: MonotonicTime) -> Int {
        expire(time)
        return total
    }

    /// Whether nothing counts any more at `time`: such a window answers like a new one.
    package mutating func isIdle(at time: MonotonicTime) -> Bool {
        expire(time)
        return entries.isEmpty
    }

    /// Takes `weight`. More than the whole limit is taken as the whole limit, so that it waits for an empty window
    /// instead of for ever. O(1); a refusal walks the entries that have to expire first.
    package mutating func take(_ weight: Int = 1, at time: MonotonicTime) -> Answer {
        expire(time)
        let weight = min(max(weight, 0), rate.count)
        if total + weight > rate.count { return .refused(retryAfter: waitFor(weight, at: time)) }
        return .granted(Reservation(handle: add(weight, at: time), weight: weight))
    }

    /// Nothing was sent: the weight is free again.
    package mutating func giveBack(_ reservation: Reservation) { settle(reservation, weight: 0) }

    /// The call is over and weighed `weight`, which may be more than the limit. What has left the window stays out.
    package mutating func settle(_ reservation: Reservation, weight: Int) {
        let weight = min(max(weight, 0), Int(Int32.max))
        let change = entries.update(reservation.handle) { entry -> Int in
            guard entry.pending > 0 else { return 0 }
            entry.pending -= 1
            entry.weight += weight - reservation.weight
            return weight - reservation.weight
        }
        guard let change else { return }
        total += change
        if let entry = entries[reservation.handle], entry.pending == 0, entry.weight == 0 {
            entries.remove(reservation.handle)
        }
    }

    /// Takes over a changed rate; what was taken still counts.
    package mutating func update(_ rate: Rate) { self.rate = rate }

    package mutating func snapshot(_ clock: ClockReading) -> [Taken] {
        expire(clock.monotonic)
        return entries.map { Taken(time: clock.wall(of: $0.time), weight: $0.weight) }
    }

    /// Counts what an earlier process took, oldest first. Times in the future (a clock set back) count as now.
    package mutating func restore(_ taken: [Taken], _ clock: ClockReading) {
        for item in taken where item.weight > 0 {
            let time = min(clock.monotonic, clock.monotonic(of: item.time))
            settle(
                Reservation(handle: add(0, at: time), weight: 0), weight: item.weight)
        }
        expire(clock.monotonic)
    }

    private mutating func add(_ weight: Int, at time: MonotonicTime) -> SlotList<Entry>.Handle {
        total += weight
        if entries.count >= Self.maxEntries, let last = entries.lastHandle {
            _ = entries.update(last) { entry in
                entry.time = time
                entry.weight += weight
                entry.pending += 1
            }
            return last
        }
        return entries.append(Entry(time: time, weight: weight, pending: 1))
    }

    private mutating func expire(_ time: MonotonicTime) {
        while let first = entries.first, first.time + rate.period <= time {
            total -= first.weight
            entries.removeFirst()
        }
    }

    private func waitFor(_ weight: Int, at time: MonotonicTime) -> TimeSpan {
        var excess = total + weight - rate.count
        for entry in entries {
            excess -= entry.weight
            if excess <= 0 { return entry.time + rate.period - time }
        }
        return rate.period
    }
}
