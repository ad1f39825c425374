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
struct DeadlineHeap {
    private var items: [Deadline] = []

    var earliest: MonotonicTime? { items.first?.at }

    mutating func schedule(at time: MonotonicTime, _ action: @escaping @LoopActor () -> Void) -> Deadline {
        let deadline = Deadline(at: time, action: action)
        deadline.heapIndex = items.count
        items.append(deadline)
        siftUp(items.count - 1)
        return deadline
    }

    /// Moves a deadline, or puts one that has fired in again; one that was cancelled stays out.
    mutating func move(_ deadline: Deadline, to time: MonotonicTime) {
        guard deadline.action != nil else { return }
        let earlier = time < deadline.at
        deadline.at = time
        if deadline.heapIndex < 0 {
            deadline.heapIndex = items.count
            items.append(deadline)
            siftUp(items.count - 1)
        } else if earlier {
            siftUp(deadline.heapIndex)
        } else {
            siftDown(deadline.heapIndex)
        }
    }

    mutating func cancel(_ deadline: Deadline) {
        deadline.action = nil
        remove(deadline)
    }

    /// Takes the earliest deadline that is due.
    mutating func popDue(at now: MonotonicTime) -> (@LoopActor () -> Void)? {
        guard let first = items.first, first.at <= now else { return nil }
        remove(first)
        return first.action
    }

    /// Takes the deadline out without ending it: `move` may put it back.
    mutating func remove(_ deadline: Deadline) {
        let index = deadline.heapIndex
        guard index >= 0 else { return }
        deadline.heapIndex = -1
        let last = items.removeLast()
        guard index < items.count else { return }
        items[index] = last
        last.heapIndex = index
        siftUp(index)
        siftDown(last.heapIndex)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        let item = items[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard item.at < items[parent].at else { break }
            items[index] = items[parent]
            items[index].heapIndex = index
            index = parent
        }
        items[index] = item
        item.heapIndex = index
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        let item = items[index]
        while true {
            var child = 2 * index + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].at < items[child].at { child += 1 }
            guard items[child].at < item.at else { break }
            items[index] = items[child]
            items[index].heapIndex = index
            index = child
        }
        items[index] = item
        item.heapIndex = index
    }
}
