import TandemBase

/// Which model servers run, and whose requests go on: a pure state machine over servers that may not all fit into
/// memory at once. Requests for a loaded server come first; a server that does not fit waits until the one in its way
/// is idle, but no longer than `turnLimit` after that one was loaded and this one was first wanted. Then the loaded one
/// takes nothing new, finishes what it has, and makes room: both get turns, however busy they are, and none is
/// thrown out before it has had its own.
struct LlamaSchedule {
    /// How long a loaded server keeps another one waiting.
    static let turnLimit = TimeSpan.seconds(10)
    /// After a server that ended by itself the next start waits, doubling up to the limit.
    static let firstBackoff = TimeSpan.milliseconds(500)
    static let backoffLimit = TimeSpan.seconds(30)
    /// A request waits for such a start if it is at most this far away.
    static let startPatience = TimeSpan.seconds(2)
    /// A server that ran this long had no fault of its start.
    static let healthyAfter = TimeSpan.minutes(1)

    typealias ServerID = Int
    typealias Ticket = Int

    enum Action: Hashable {
        case start(ServerID)
        case stop(ServerID)
        case admit(Ticket, ServerID)
        /// Ask again at this time.
        case wake(MonotonicTime)
    }

    enum Phase: Hashable { case stopped, starting, ready, stopping }

    private struct Server {
        /// Bytes that it needs in memory, about; 0 where nobody knows.
        var need: Int
        var idleStop: TimeSpan
        var phase = Phase.stopped
        var active: Set<Ticket> = []
        var waiting: [(ticket: Ticket, since: MonotonicTime)] = []
        /// Since when it is ready, or since when it was last used.
        var readySince = MonotonicTime(nanoseconds: 0)
        var lastUsed = MonotonicTime(nanoseconds: 0)
        var failures = 0
        var startsAgainAt: MonotonicTime?

        var isLoaded: Bool { phase != .stopped }
        var isIdle: Bool { active.isEmpty && waiting.isEmpty }
    }

    private var servers: [ServerID: Server] = [:]
    private var nextTicket = 0

    init() {}

    mutating func add(_ id: ServerID, need: Int, idleStop: TimeSpan) {
        servers[id] = Server(need: need, idleStop: idleStop)
    }

    /// Forgets a server that is stopped and that nobody uses; false while it is not.
    mutating func remove(_ id: ServerID) -> Bool {
        guard let server = servers[id], server.phase == .stopped, server.isIdle else { return servers[id] == nil }
        servers[id] = nil
        return true
    }

    /// Another server takes its place: it stops as soon as it is idle.
    mutating func retire(_ id: ServerID) { servers[id]?.idleStop = .zero }

    func phase(of id: ServerID) -> Phase { servers[id]?.phase ?? .stopped }

    // MARK: what happens

    /// A request wants the server. Nil while its start is not to be tried: it has just failed.
    mutating func want(_ id: ServerID, at now: MonotonicTime) -> Ticket? {
        guard let server = servers[id] else { return nil }
        if server.phase == .stopped, let time = server.startsAgainAt, time > now + Self.startPatience { return nil }
        nextTicket += 1
        servers[id]?.waiting.append((nextTicket, now))
        return nextTicket
    }

    /// The request has ended, or does not want the server any more.
    mutating func leave(_ id: ServerID, _ ticket: Ticket, at now: MonotonicTime) {
        servers[id]?.waiting.removeAll { $0.ticket == ticket }
        if servers[id]?.active.remove(ticket) != nil { servers[id]?.lastUsed = now }
    }

    mutating func ready(_ id: ServerID, at now: MonotonicTime) {
        servers[id]?.phase = .ready
        servers[id]?.readySince = now
        servers[id]?.lastUsed = now
    }

    /// The process has ended. The requests that waited for it, if it was not told to end: they have failed.
    mutating func exited(_ id: ServerID, at now: MonotonicTime) -> [Ticket] {
        guard var server = servers[id] else { return [] }
        let wasTold = server.phase == .stopping
        let wasHealthy = server.phase == .ready && now - server.readySince > Self.healthyAfter
        server.phase = .stopped
        var failed: [Ticket] = []
        if wasTold {
            server.failures = 0
        } else {
            server.failures = wasHealthy ? 1 : server.failures + 1
            let doublings = min(server.failures - 1, 10)
            let pause = TimeSpan(nanoseconds: Self.firstBackoff.nanoseconds << doublings)
            server.startsAgainAt = now + min(pause, Self.backoffLimit)
            failed = server.waiting.map(\.ticket)
            server.waiting = []
        }
        servers[id] = server
        return failed
    }

    // MARK: what is to be done

    /// `available` is asked for at most once: the bytes that another server may take.
    mutating func decide(at now: MonotonicTime, available: () -> Int) -> [Action] {
        var actions: [Action] = []
        let blocked = makeRoom(at: now, available: available, &actions)
        for id in servers.keys.sorted() where servers[id]?.phase == .ready && id != blocked {
            for waiter in servers[id]?.waiting ?? [] {
                servers[id]?.active.insert(waiter.ticket)
                actions.append(.admit(waiter.ticket, id))
            }
            servers[id]?.waiting = []
        }
        stopIdle(at: now, &actions)
        return actions
    }

    /// Starts the server that has been wanted longest, or brings about that it can be. Returns the server that takes
    /// nothing new because of that.
    private mutating func makeRoom(
        at now: MonotonicTime, available: () -> Int, _ actions: inout [Action]
    ) -> ServerID? {
        let wanted = servers.filter { $0.value.phase == .stopped && !$0.value.waiting.isEmpty }
            .min { firstTicket($0.value) < firstTicket($1.value) }
        guard let (id, server) = wanted else { return nil }
        if let time = server.startsAgainAt, time > now {
            actions.append(.wake(time))
            return nil
        }
        // One start or end at a time: what it does to the memory has to be seen first.
        guard !servers.values.contains(where: { $0.phase == .starting || $0.phase == .stopping }) else { return nil }
        let loaded = servers.filter { $0.value.phase == .ready }
        if loaded.isEmpty || server.need == 0 || server.need <= available() {
            servers[id]?.phase = .starting
            actions.append(.start(id))
            return nil
        }
        if let idle = loaded.filter({ $0.value.isIdle }).min(by: {
            ($0.value.lastUsed, $0.key) < ($1.value.lastUsed, $1.key)
        }) {
            stop(idle.key, &actions)
            return nil
        }
        guard let victim = loaded.min(by: { ($0.value.readySince, $0.key) < ($1.value.readySince, $1.key) }) else {
            return nil
        }
        let since = server.waiting.first?.since ?? now
        let due = max(since, victim.value.readySince) + Self.turnLimit
        guard due <= now else {
            actions.append(.wake(due))
            return nil
        }
        if victim.value.active.isEmpty { stop(victim.key, &actions) }
        return victim.key
    }

    /// Tickets are given out in order: the smallest is the one that waits longest.
    private func firstTicket(_ server: Server) -> Ticket { server.waiting.first?.ticket ?? .max }

    private mutating func stopIdle(at now: MonotonicTime, _ actions: inout [Action]) {
        for id in servers.keys.sorted() {
            guard let server = servers[id], server.phase == .ready, server.isIdle else { continue }
            let due = server.lastUsed + server.idleStop
            if due <= now { stop(id, &actions) } else { actions.append(.wake(due)) }
        }
    }

    private mutating func stop(_ id: ServerID, _ actions: inout [Action]) {
        servers[id]?.phase = .stopping
        actions.append(.stop(id))
    }
}
