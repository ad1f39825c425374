import TandemBase

/// One sliding window per client, in least-recently-used order and bounded in number; what happens at the bound is
/// said at `LimitSet`.
package struct ClientWindows: Sendable {
    package struct Reservation: Hashable, Sendable {
        fileprivate let window: SlotList<Window>.Handle
        fileprivate let taken: SlidingWindowLimiter.Reservation
    }

    package enum Answer: Hashable, Sendable {
        case granted(Reservation)
        case refused(retryAfter: TimeSpan)
    }

    fileprivate struct Window {
        /// Nil for the window that clients beyond the bound share.
        var client: LimitSet.Client?
        var limiter: SlidingWindowLimiter
    }

    package private(set) var rate: Rate
    private let maxClients: Int
    private var windows = SlotList<Window>()
    private var byClient: [LimitSet.Client?: SlotList<Window>.Handle] = [:]

    package init(_ rate: Rate, maxClients: Int) {
        self.rate = rate
        self.maxClients = max(1, maxClients)
    }

    package var count: Int { windows.count }

    package mutating func take(for client: LimitSet.Client, at time: MonotonicTime) -> Answer {
        let handle = window(of: client, at: time)
        switch windows.update(handle, { $0.limiter.take(at: time) }) {
        case .granted(let taken): return .granted(Reservation(window: handle, taken: taken))
        case .refused(let retryAfter): return .refused(retryAfter: retryAfter)
        case nil: return .refused(retryAfter: rate.period)
        }
    }

    package mutating func giveBack(_ reservation: Reservation) {
        _ = windows.update(reservation.window) { $0.limiter.giveBack(reservation.taken) }
    }

    package mutating func update(_ rate: Rate) {
        guard rate != self.rate else { return }
        self.rate = rate
        for handle in byClient.values { _ = windows.update(handle) { $0.limiter.update(rate) } }
    }

    package mutating func snapshot(
        _ clock: ClockReading
    ) -> [(client: LimitSet.Client, taken: [SlidingWindowLimiter.Taken])] {
        var result: [(client: LimitSet.Client, taken: [SlidingWindowLimiter.Taken])] = []
        var next = windows.firstHandle
        while let handle = next {
            next = windows.handle(after: handle)
            let taken = windows.update(handle) { $0.limiter.snapshot(clock) } ?? []
            if let client = windows[handle]?.client, !taken.isEmpty { result.append((client, taken)) }
        }
        return result
    }

    package mutating func restore(
        _ client: LimitSet.Client, _ taken: [SlidingWindowLimiter.Taken], _ clock: ClockReading
    ) {
        let handle = window(of: client, at: clock.monotonic)
        _ = windows.update(handle) { $0.limiter.restore(taken, clock) }
    }

    /// The client's window, made when there is place for it, as the most recently used.
    private mutating func window(of client: LimitSet.Client, at time: MonotonicTime) -> SlotList<Window>.Handle {
        if let handle = byClient[client] {
            windows.moveToBack(handle)
            return handle
        }
        // Two at most for each that is added: the number falls again after a crowd, and the cost stays constant.
        dropIdle(at: time)
        dropIdle(at: time)
        let key = windows.count < maxClients ? client : nil
        if let handle = byClient[key] {
            windows.moveToBack(handle)
            return handle
        }
        let handle = windows.append(Window(client: key, limiter: SlidingWindowLimiter(rate)))
        byClient[key] = handle
        return handle
    }

    private mutating func dropIdle(at time: MonotonicTime) {
        guard let handle = windows.firstHandle, windows.update(handle, { $0.limiter.isIdle(at: time) }) == true,
            let dropped = windows.remove(handle)
        else { return }
        byClient[dropped.client] = nil
    }
}
