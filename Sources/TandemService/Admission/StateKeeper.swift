import TandemBase
import TandemLoop
import TandemStore

/// Saves what changes all the time and must outlive a restart: soon after a change, and at the end. A daemon that is
/// killed loses what changed within `pause` (or, where the state is so large that writing it down takes longer than a
/// millisecond, within a hundred times that). The disk is the store's thread's business.
@LoopActor
final class StateKeeper {
    /// A change is saved this long after it, with all others until then.
    static let pause = TimeSpan.milliseconds(100)
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
        let time = max(EventLoop.shared.now + Self.pause, earliest)
        if let deadline {
            EventLoop.shared.move(deadline, to: time)
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
