import TandemLoop

/// Commands in devboxes that are being ended, or may have to be as soon as their start is answered: a daemon waits for
/// them before it exits, for they go on by themselves and cost money.
@LoopActor
package final class ExecutionEndings {
    package static let shared = ExecutionEndings()

    private var pending = 0
    private var waiting: (@LoopActor () -> Void)?

    func began() { pending += 1 }

    func ended() {
        pending -= 1
        if pending == 0, let waiting {
            self.waiting = nil
            waiting()
        }
    }

    /// Calls back when there is none, perhaps at once. One waits at a time.
    package func whenNone(_ body: @escaping @LoopActor () -> Void) {
        if pending == 0 { body() } else { waiting = body }
    }
}
