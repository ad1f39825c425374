import Synchronization
import TandemBase

/// Bounds of what waits for the writer, and how it is grouped.
package struct QueueLimits: Sendable {
    /// Writes that may wait; more are not recorded.
    package var rows = 16_384
    /// Their bytes; prompts and answers count when they are kept.
    package var bytes = 32 << 20
    /// Queries that may wait; more are refused.
    package var jobs = 256
    /// So many writes end the wait for more.
    package var batchRows = 1024
    /// How long the first write of a group waits for others, in milliseconds.
    package var batchMilliseconds = 25
    /// After so long without work the thread is at rest, in milliseconds.
    package var restMilliseconds = 1000

    package init() {}
}

/// A query, with the means to refuse it.
struct StoreJob: Sendable {
    var run: @Sendable (StoreWorker) -> Void
    var refuse: @Sendable (StoreError) -> Void
}

/// What callers hand to the store's thread. Adding never blocks beyond a short lock, and wakes the thread only when it
/// sleeps or a group is full.
final class WriteQueue: Sendable {
    private enum Writer { case asleep, grouping, busy }

    private struct State {
        var writes: [StoreWrite] = []
        var bytes = 0
        var jobs: [StoreJob] = []
        var writer = Writer.busy
        var closing = false
    }

    private let state = Mutex(State())
    private let signal = Signal()
    private let limits: QueueLimits

    init(limits: QueueLimits) { self.limits = limits }

    /// False when it is full or closed.
    func add(_ write: consuming StoreWrite) -> Bool {
        let size = write.size
        let (added, wake) = state.withLock { [write] state in
            guard !state.closing, state.writes.count < limits.rows,
                state.bytes + size <= limits.bytes || state.writes.isEmpty
            else { return (false, false) }
            state.writes.append(write)
            state.bytes += size
            switch state.writer {
            case .asleep: return (true, true)
            case .grouping: return (true, state.writes.count == limits.batchRows)
            case .busy: return (true, false)
            }
        }
        if wake { signal.post() }
        return added
    }

    /// Nil when it was taken, else why it was not.
    func add(_ job: StoreJob) -> StoreError? {
        let refusal: StoreError? = state.withLock { state in
            if state.closing { return .closed }
            if state.jobs.count >= limits.jobs { return .overloaded }
            state.jobs.append(job)
            return nil
        }
        if refusal == nil { signal.post() }
        return refusal
    }

    /// No more is taken; what is there is still worked off.
    func close() {
        state.withLock { $0.closing = true }
        signal.post()
    }

    var isClosing: Bool { state.withLock { $0.closing } }

    struct Work {
        var writes: [StoreWrite]
        var jobs: [StoreJob]
        var closing: Bool
    }

    /// Waits for a full group, the end of a group's time, a job or the end, and calls `atRest` once where that takes
    /// long. Only the store's thread calls this.
    func next(mayWait: Bool, atRest: () -> Void = {}) -> Work {
        var groupEnd: MonotonicTime?
        var hasRested = false
        while true {
            let timeout: Int32? = state.withLock { state in
                if !state.jobs.isEmpty || state.closing || state.writes.count >= limits.batchRows { return nil }
                if state.writes.isEmpty {
                    if !mayWait { return nil }
                    state.writer = .asleep
                    return hasRested ? -1 : Int32(limits.restMilliseconds)
                }
                let end = groupEnd ?? .now() + .milliseconds(limits.batchMilliseconds)
                groupEnd = end
                let left = (end - .now()).wholeMilliseconds
                if left <= 0 { return nil }
                state.writer = .grouping
                return Int32(left)
            }
            guard let timeout else { return take() }
            if !signal.wait(milliseconds: timeout), groupEnd == nil, !hasRested {
                hasRested = true
                atRest()
            }
        }
    }

    /// A full group, without waiting: for a long query, which lets the writer go on in between.
    func fullGroup() -> [StoreWrite] {
        state.withLock { state in
            guard state.writes.count >= limits.batchRows else { return [] }
            state.bytes = 0
            return state.writes.taken()
        }
    }

    private func take() -> Work {
        state.withLock { state in
            state.writer = .busy
            state.bytes = 0
            return Work(writes: state.writes.taken(), jobs: state.jobs.taken(), closing: state.closing)
        }
    }
}

extension Array {
    fileprivate mutating func taken() -> [Element] {
        defer { self = [] }
        return self
    }
}
