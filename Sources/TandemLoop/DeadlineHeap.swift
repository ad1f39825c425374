import TandemBase

/// Something that is to happen at a point in time, unless it is cancelled or moved first.
@LoopActor
package final class Deadline {
    fileprivate(set) package var at: MonotonicTime
    fileprivate var heapIndex = -1
    fileprivate var action: (@LoopActor () -> Void)?

    fileprivate init(at: MonotonicTime, action: @escaping @LoopActor () -> Void) {
        self.at = at
        self.action = action
    }

    /// Whether it still lies ahead.
    package var isPending: Bool { heapIndex >= 0 }
}

/// A binary heap of deadlines that knows each one's place, so that moving and cancelling are O(log n). The earliest
/// is handed to epoll_wait as its timeout: no timerfd, no system call for re-arming.
@LoopActor
struct DeadlineHeap: ~Copyable {
    /// The time beside the object: comparing does not follow references, and moving an entry counts none. The heap holds
    /// one reference to each deadline in it, from `insert` to `remove`.
    private struct Entry {
        var at: MonotonicTime
        var deadline: Unmanaged<Deadline>
    }

    private var entries: [Entry] = []

    deinit { for entry in entries { entry.deadline.release() } }

    var earliest: MonotonicTime? { entries.first?.at }

    mutating func schedule(at time: MonotonicTime, _ action: @escaping @LoopActor () -> Void) -> Deadline {
        let deadline = Deadline(at: time, action: action)
        insert(deadline)
        return deadline
    }

    /// Moves a deadline, or puts one that has fired in again; one that was cancelled stays out.
    mutating func move(_ deadline: Deadline, to time: MonotonicTime) {
        guard deadline.action != nil else { return }
        let earlier = time < deadline.at
        deadline.at = time
        let index = deadline.heapIndex
        guard index >= 0 else { return insert(deadline) }
        let entry = Entry(at: time, deadline: .passUnretained(deadline))
        if earlier { siftUp(entry, from: index) } else { siftDown(entry, from: index) }
    }

    mutating func cancel(_ deadline: Deadline) {
        deadline.action = nil
        remove(deadline)
    }

    /// Takes the earliest deadline that is due.
    mutating func popDue(at now: MonotonicTime) -> (@LoopActor () -> Void)? {
        guard let first = entries.first, first.at <= now else { return nil }
        let deadline = first.deadline.takeUnretainedValue()
        remove(deadline)
        return deadline.action
    }

    /// Takes the deadline out without ending it: `move` may put it back.
    mutating func remove(_ deadline: Deadline) {
        let index = deadline.heapIndex
        guard index >= 0 else { return }
        deadline.heapIndex = -1
        defer { Unmanaged.passUnretained(deadline).release() }
        let last = entries.removeLast()
        guard index < entries.count else { return }
        // It comes from another branch: it may belong above the gap as well as below.
        if index > 0, last.at < entries[(index - 1) / 2].at {
            siftUp(last, from: index)
        } else {
            siftDown(last, from: index)
        }
    }

    private mutating func insert(_ deadline: Deadline) {
        let entry = Entry(at: deadline.at, deadline: .passRetained(deadline))
        entries.append(entry)
        siftUp(entry, from: entries.count - 1)
    }

    /// Puts the entry into the gap at `start` or above it.
    private mutating func siftUp(_ entry: Entry, from start: Int) {
        var gap = start
        while gap > 0 {
            let parent = (gap - 1) / 2
            guard entry.at < entries[parent].at else { break }
            place(entries[parent], at: gap)
            gap = parent
        }
        place(entry, at: gap)
    }

    /// Puts the entry into the gap at `start` or below it.
    private mutating func siftDown(_ entry: Entry, from start: Int) {
        var gap = start
        while true {
            var child = 2 * gap + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].at < entries[child].at { child += 1 }
            guard entries[child].at < entry.at else { break }
            place(entries[child], at: gap)
            gap = child
        }
        place(entry, at: gap)
    }

    private mutating func place(_ entry: Entry, at index: Int) {
        entries[index] = entry
        entry.deadline.takeUnretainedValue().heapIndex = index
    }
}
