import TandemBase
import TandemLoop
import TandemStore

/// Saves what changes all the time and must outlive a restart: at most every few seconds while it changes, at once
/// when something important happened, and at the end. The disk is the store's thread's business.
@LoopActor
final class StateKeeper {
    /// A change is saved this long after it.
    static let pause = TimeSpan.seconds(3)
    /// An important change, as an opened breaker, is saved this long after it.
    static let importantPause = TimeSpan.milliseconds(100)
    /// Writing the state down may take this share of the loop's time.
    private static let leastPauseFactor: Int64 = 100

    private let store: Store
    private let states: @LoopActor () -> [(key: String, value: [UInt8])]
    private var deadline: Deadline?
    private var isDirty = false
    private var earliest = MonotonicTime(nanoseconds: 0)

    init(_ store: Store, states: @escaping @LoopActor () -> [(key: String, value: [UInt8])]) {
        self.store = store
        self.states = states
    }

    /// Something changed.
    func changed() {
        guard !isDirty else { return }
        isDirty = true
        schedule(at: EventLoop.shared.now + Self.pause)
    }

    /// Something changed that the next process should not have to learn again.
    func changedImportantly() {
        isDirty = true
        schedule(at: EventLoop.shared.now + Self.importantPause)
    }

    private func schedule(at time: MonotonicTime) {
        let time = max(time, earliest)
        if let deadline {
            if !deadline.isPending || deadline.at > time { EventLoop.shared.move(deadline, to: time) }
        } else {
            deadline = EventLoop.shared.schedule(at: time) { [unowned self] in save() }
        }
    }

    /// Hands everything to the store, if anything changed.
    func save() {
        guard isDirty else { return }
        isDirty = false
        let start = MonotonicTime.now()
        let time = WallTime.now()
        for state in states() { store.save(state: state.value, key: state.key, at: time) }
        let took = MonotonicTime.now() - start
        earliest = start + TimeSpan(nanoseconds: took.nanoseconds * Self.leastPauseFactor)
    }
}
