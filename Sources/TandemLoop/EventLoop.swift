import CLinux
import Glibc
import Synchronization
import TandemBase

/// Told when its descriptor is ready. `events` is a mask of CL_EPOLL*.
@LoopActor
package protocol ReadinessHandler: AnyObject {
    func ready(_ events: UInt32)
}

/// What epoll knows of a descriptor: made by `EventLoop.register`, ended by `EventLoop.unregister`.
@LoopActor
package struct Registration: Hashable {
    fileprivate var token: UInt64
    package let descriptor: Int32
}

/// One epoll_wait for connections, upstream sockets and sd-event's own descriptor; deadlines from a heap; jobs of
/// Swift tasks. It is the executor of `LoopActor`.
///
/// A turn: wait, dispatch what is ready, fire what is due, run the jobs, then the end-of-turn work (curl's zero
/// timeouts, buffered writes), once for all that the turn brought.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The process's loop.
    package static let shared = EventLoop()

    private struct Slot {
        var handler: (any ReadinessHandler)?
        var generation: UInt32 = 0
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var signalled = false
    }

    // Touched by any thread.
    private let inbox = Mutex(Inbox())
    private let wakeDescriptor = cl_eventfd()
    private let thread = Atomic<UInt>(0)

    // Touched by the loop's thread only; `@unchecked` stands for that.
    private let epoll = cl_epoll_create()
    private var localJobs: [UnownedJob] = []
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    /// Which registration a descriptor's number belongs to in epoll. libcurl closes a socket that was still connecting
    /// without a word, and accept may hand out its number at once: what the old registration does then must not reach
    /// the new one.
    private var owners: [UInt64] = []
    private var endOfTurn: [@LoopActor () -> Void] = []
    private var runningJobs: [UnownedJob] = []
    private var runningEndOfTurn: [@LoopActor () -> Void] = []
    private var stopping = false
    @LoopActor private var deadlines = DeadlineHeap()
    private var busyPolling = BusyPolling(processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    /// The time at which the present turn began; one clock reading a turn.
    private var turnTime = MonotonicTime(nanoseconds: 0)

    private static let wakeToken = UInt64.max
    private static let nobody = UInt64.max
    private static let roundsPerTurn = 8

    private init() {
        precondition(epoll >= 0 && wakeDescriptor >= 0, "no descriptors left for the event loop")
        cl_epoll_ctl(epoll, Int32(CL_EPOLL_ADD), wakeDescriptor, UInt32(CL_EPOLLIN), Self.wakeToken)
    }

    // MARK: executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoop {
            localJobs.append(job)
            return
        }
        let wake = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.signalled = true }
            return !inbox.signalled
        }
        if wake { cl_eventfd_signal(wakeDescriptor) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    package func checkIsolated() { preconditionOnLoop() }
    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    package var isOnLoop: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    package func preconditionOnLoop() {
        precondition(isOnLoop, "loop state touched from another thread")
    }

    // MARK: descriptors

    /// Starts watching a descriptor; the handler is kept until `unregister`.
    @LoopActor
    package func register(
        _ descriptor: Int32, events: UInt32, _ handler: any ReadinessHandler
    ) throws(SystemError) -> Registration {
        let index: Int
        if let free = freeSlots.popLast() {
            index = free
        } else {
            index = slots.count
            slots.append(Slot())
        }
        slots[index].handler = handler
        let token = UInt64(slots[index].generation) << 32 | UInt64(index)
        guard control(CL_EPOLL_ADD, descriptor, events, token) else {
            let error = SystemError("epoll_ctl")
            slots[index].handler = nil
            freeSlots.append(index)
            throw error
        }
        setOwner(of: descriptor, token)
        return Registration(token: token, descriptor: descriptor)
    }

    private func owner(of descriptor: Int32) -> UInt64 {
        Int(descriptor) < owners.count ? owners[Int(descriptor)] : Self.nobody
    }

    private func setOwner(of descriptor: Int32, _ token: UInt64) {
        while owners.count <= Int(descriptor) { owners.append(Self.nobody) }
        owners[Int(descriptor)] = token
    }

    /// Changes the interest of a registration. A descriptor that was closed and opened again behind epoll's back is
    /// added anew, unless it is another's by now.
    @LoopActor
    package func update(_ registration: Registration, events: UInt32) {
        let owner = owner(of: registration.descriptor)
        guard owner == registration.token || owner == Self.nobody else { return }
        setOwner(of: registration.descriptor, registration.token)
        if !control(CL_EPOLL_MOD, registration.descriptor, events, registration.token), cl_errno() == ENOENT {
            _ = control(CL_EPOLL_ADD, registration.descriptor, events, registration.token)
        }
    }

    /// Takes the descriptor out of epoll but keeps the registration: `update` puts it back. For idle descriptors
    /// whose hang-up would otherwise be reported again and again.
    @LoopActor
    package func suspend(_ registration: Registration) {
        guard owner(of: registration.descriptor) == registration.token else { return }
        setOwner(of: registration.descriptor, Self.nobody)
        _ = control(CL_EPOLL_DEL, registration.descriptor, 0, 0)
    }

    /// Ends a registration; events already fetched for it are dropped. Call it before the descriptor is closed.
    @LoopActor
    package func unregister(_ registration: Registration) {
        suspend(registration)
        let index = Int(registration.token & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(registration.token >> 32) else { return }
        slots[index].handler = nil
        slots[index].generation &+= 1
        freeSlots.append(index)
    }

    private func control(_ operation: Int, _ descriptor: Int32, _ events: UInt32, _ token: UInt64) -> Bool {
        cl_epoll_ctl(epoll, Int32(operation), descriptor, events, token) == 0
    }

    // MARK: time

    /// The present turn's time: at most one turn old, and free.
    @LoopActor package var now: MonotonicTime { turnTime }

    @LoopActor
    package func schedule(at time: MonotonicTime, _ action: @escaping @LoopActor () -> Void) -> Deadline {
        deadlines.schedule(at: time, action)
    }

    @LoopActor package func move(_ deadline: Deadline, to time: MonotonicTime) { deadlines.move(deadline, to: time) }
    @LoopActor package func cancel(_ deadline: Deadline) { deadlines.cancel(deadline) }
    /// Takes a deadline out; `move` puts it back.
    @LoopActor package func suspend(_ deadline: Deadline) { deadlines.remove(deadline) }

    /// Runs `action` once when everything of the present turn has been dispatched.
    @LoopActor package func atEndOfTurn(_ action: @escaping @LoopActor () -> Void) { endOfTurn.append(action) }

    // MARK: running

    /// Runs the loop on the calling thread until `stop`. One thread at a time.
    package func run() {
        claimed { LoopActor.assumeIsolated { runIsolated() } }
    }

    /// Makes the calling thread the loop's for as long as `body` runs.
    func claimed<Result>(_ body: () -> Result) -> Result {
        let me = UInt(pthread_self())
        let claim = thread.compareExchange(expected: 0, desired: me, ordering: .sequentiallyConsistent)
        precondition(claim.exchanged, "the event loop runs already")
        defer { thread.store(0, ordering: .sequentiallyConsistent) }
        return body()
    }

    /// Ends `run` after the present turn.
    @LoopActor package func stop() { stopping = true }

    @LoopActor
    private func runIsolated() {
        stopping = false
        let ready = UnsafeMutablePointer<cl_ready>.allocate(capacity: Int(CL_EPOLL_BATCH))
        defer { ready.deallocate() }
        turnTime = .now()
        finishTurn()
        while !stopping {
            let count = wait(ready)
            for index in 0..<max(0, Int(count)) { dispatch(ready[index]) }
            while let action = deadlines.popDue(at: turnTime) { action() }
            finishTurn()
        }
    }

    /// Waits for the next turn's events, and reads the clock for it.
    @LoopActor
    private func wait(_ ready: UnsafeMutablePointer<cl_ready>) -> Int32 {
        let start = MonotonicTime.now()
        turnTime = start
        var timeout = waitTime()
        guard timeout != 0 else { return cl_epoll_wait(epoll, ready, Int32(CL_EPOLL_BATCH), 0) }
        var count: Int32 = 0
        if busyPolling.spins {
            let end = start + BusyPolling.longestSpin
            repeat {
                count = cl_epoll_wait(epoll, ready, Int32(CL_EPOLL_BATCH), 0)
                turnTime = .now()
            } while count == 0 && turnTime < end
            timeout = waitTime()
        }
        if count == 0 {
            count = cl_epoll_wait(epoll, ready, Int32(CL_EPOLL_BATCH), timeout)
            turnTime = .now()
        }
        busyPolling.waited(turnTime - start)
        return count
    }

    @LoopActor
    private func dispatch(_ ready: cl_ready) {
        if ready.token == Self.wakeToken {
            cl_eventfd_drain(wakeDescriptor)
            inbox.withLock { inbox in
                inbox.signalled = false
                localJobs.append(contentsOf: inbox.jobs)
                inbox.jobs.removeAll(keepingCapacity: true)
            }
            return
        }
        let slot = slots[Int(ready.token & 0xFFFF_FFFF)]
        guard slot.generation == UInt32(ready.token >> 32) else { return }
        slot.handler?.ready(ready.events)
    }

    /// Jobs and end-of-turn work may cause each other. What they add beyond a few rounds waits for the next turn, so
    /// that a task which never pauses cannot starve the descriptors.
    @LoopActor
    private func finishTurn() {
        for _ in 0..<Self.roundsPerTurn where !(localJobs.isEmpty && endOfTurn.isEmpty) {
            swap(&localJobs, &runningJobs)
            for job in runningJobs {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            runningJobs.removeAll(keepingCapacity: true)
            swap(&endOfTurn, &runningEndOfTurn)
            for action in runningEndOfTurn { action() }
            runningEndOfTurn.removeAll(keepingCapacity: true)
        }
    }

    @LoopActor
    private func waitTime() -> Int64 {
        if !localJobs.isEmpty || !endOfTurn.isEmpty { return 0 }
        guard let earliest = deadlines.earliest else { return -1 }
        return max(0, earliest.nanoseconds - turnTime.nanoseconds)
    }
}
