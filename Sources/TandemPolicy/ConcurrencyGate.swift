import TandemBase

/// At most `limit` calls at a time (`max_in_flight` of a provider), and a bounded queue, first come first served, of
/// those who wait. Every entered call leaves exactly once.
package struct ConcurrencyGate<Waiter> {
    /// Waiters of a provider; the next one is told to come back (-32008).
    package static var defaultQueueLimit: Int { 256 }
    /// Bounds of the retry-after of a full queue, and its value before any call has ended.
    package static var shortestRetryAfter: TimeSpan { .milliseconds(100) }
    package static var longestRetryAfter: TimeSpan { .seconds(60) }
    package static var firstRetryAfter: TimeSpan { .seconds(1) }

    /// One waiter's place in the queue.
    package struct Ticket: Hashable, Sendable {
        fileprivate let place: SlotList<Waiter>.Handle
    }

    package enum Answer: Hashable, Sendable {
        case entered
        /// Wait until a `leave` names the waiter, or `cancel`.
        case queued(Ticket)
        /// The queue is full; `retryAfter` is about how long it takes to move by one.
        case overloaded(retryAfter: TimeSpan)
    }

    package private(set) var limit: Int
    package private(set) var inFlight = 0
    private let queueLimit: Int
    private var queue = SlotList<Waiter>()
    /// Moving average of how long calls take, in nanoseconds.
    private var averageHeld: Int64?

    package init(limit: Int, queueLimit: Int = defaultQueueLimit) {
        self.limit = max(1, limit)
        self.queueLimit = max(0, queueLimit)
    }

    package var queued: Int { queue.count }

    package mutating func enter(_ waiter: Waiter) -> Answer {
        if inFlight < limit, queue.isEmpty {
            inFlight += 1
            return .entered
        }
        guard queue.count < queueLimit else { return .overloaded(retryAfter: retryAfter) }
        return .queued(Ticket(place: queue.append(waiter)))
    }

    /// A call that had entered is over after `held`; the waiter it returns has entered in its place.
    package mutating func leave(held: TimeSpan) -> Waiter? {
        guard inFlight > 0 else { return nil }
        inFlight -= 1
        let held = max(0, held.nanoseconds)
        averageHeld = averageHeld.map { $0 + (held - $0) / 8 } ?? held
        return admit()
    }

    /// A waiter gives up. False when it had entered already, or had given up: then it must `leave`, or has nothing.
    package mutating func cancel(_ ticket: Ticket) -> Bool { queue.remove(ticket.place) != nil }

    /// Takes over a changed limit; those who enter by it at once.
    package mutating func update(limit: Int) -> [Waiter] {
        self.limit = max(1, limit)
        var admitted: [Waiter] = []
        while let waiter = admit() { admitted.append(waiter) }
        return admitted
    }

    private mutating func admit() -> Waiter? {
        guard inFlight < limit, !queue.isEmpty, let waiter = queue.removeFirst() else { return nil }
        inFlight += 1
        return waiter
    }

    private var retryAfter: TimeSpan {
        guard let averageHeld else { return Self.firstRetryAfter }
        let perPlace = TimeSpan(nanoseconds: averageHeld / Int64(limit))
        return min(Self.longestRetryAfter, max(Self.shortestRetryAfter, perPlace))
    }
}

extension ConcurrencyGate: Sendable where Waiter: Sendable {}
