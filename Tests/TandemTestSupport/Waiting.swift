import CLinux
import Glibc
import Synchronization
import TandemBase

/// How long a test waits for something that must happen before it calls it lost. Generous: a loaded machine is no
/// fault, and a test that passes never waits this long. Sanitizers make everything many times slower.
package let testDeadline = TimeSpan.seconds(isSanitized ? 200 : 20)

/// A latch that opens once and stays open. Any number of threads may wait for it, in a poll(2) set too. One for which
/// nobody waits costs no descriptor: a test of ten thousand requests has more of them than a shell allows open files.
package final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var descriptor: Int32 = -1
    }

    private let state = Mutex(State())

    package init() {}

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    /// Readable once the gate is open.
    package var descriptor: Int32 {
        state.withLock { state in
            if state.descriptor < 0 {
                state.descriptor = cl_eventfd()
                precondition(state.descriptor >= 0, "no descriptors left for a gate")
                if state.isOpen { writeEvent(state.descriptor) }
            }
            return state.descriptor
        }
    }

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    package func open() {
        state.withLock { state in
            state.isOpen = true
            if state.descriptor >= 0 { writeEvent(state.descriptor) }
        }
    }

    /// Blocks until the gate is open; false when `limit` passed first.
    @discardableResult
    package func wait(within limit: TimeSpan = testDeadline) -> Bool {
        isOpen || isReady(descriptor, POLLIN, within: limit)
    }

    /// `wait`, without holding a thread of the cooperative pool.
    @discardableResult
    package func opened(within limit: TimeSpan = testDeadline) async -> Bool {
        await offPool { self.wait(within: limit) }
    }
}

/// Looks at `condition` again and again until it holds; false when `limit` passed first. For what cannot be waited
/// for as an event, such as the contents of /proc.
package func eventually(within limit: TimeSpan = testDeadline, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = MonotonicTime.now() + limit
    while true {
        if try condition() { return true }
        if MonotonicTime.now() > end { return false }
        usleep(1000)
    }
}

/// Runs blocking work on a thread of its own: the cooperative pool has as few threads as the machine has cores.
package func offPool<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        startThread { continuation.resume(returning: work()) }
    }
}

/// Makes an eventfd readable.
func writeEvent(_ descriptor: Int32) {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
}

/// Starts a detached thread.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 512 * 1024)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    let code = pthread_create(
        &thread, &attributes,
        { context in
            guard let context else { return nil }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
            return nil
        }, context)
    precondition(code == 0, "pthread_create: \(String(cString: strerror(code)))")
}

/// Whether one of `events` shows on the descriptor within the limit.
func isReady(_ descriptor: Int32, _ events: Int32, within limit: TimeSpan) -> Bool {
    let end = MonotonicTime.now() + limit
    while true {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let left = (end - .now()).wholeMilliseconds
        let count = poll(&entry, 1, Int32(clamping: max(0, left)))
        if count > 0 { return true }
        if count == 0 || cl_errno() != EINTR { return false }
    }
}

/// Blocks until one of two descriptors is readable.
func waitForAny(_ first: Int32, _ second: Int32) {
    var entries = [
        pollfd(fd: first, events: Int16(POLLIN), revents: 0), pollfd(fd: second, events: Int16(POLLIN), revents: 0),
    ]
    while poll(&entries, 2, -1) < 0, cl_errno() == EINTR {}
}

/// Whether a sanitizer watches: it keeps freed memory and a shadow of all memory, so bounds of memory say nothing.
package let isSanitized = getenv("ASAN_OPTIONS") != nil || getenv("TSAN_OPTIONS") != nil
