import Synchronization
import TandemBase
import TandemLoop

/// The event loop is one for the process; this is the thread that runs it in tests.
private let loopThread: Void = startThread { EventLoop.shared.run() }

package struct LoopFailure: Error, CustomStringConvertible {
    package var description: String
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let done = Gate()
}

/// Runs `body` on the event loop and waits for it, in one turn. Never call it from the loop itself.
package func onLoop<Value: Sendable>(_ body: @escaping @LoopActor () throws -> Value) throws -> Value {
    precondition(!EventLoop.shared.isOnLoop, "the loop would wait for itself")
    _ = loopThread
    let outcome = Outcome<Value>()
    startOnLoop {
        let result = Result { try body() }
        outcome.result.withLock { $0 = result }
        outcome.done.open()
    }
    guard outcome.done.wait(), let result = outcome.result.withLock({ $0 }) else {
        throw LoopFailure(description: "the event loop did not turn")
    }
    return try result.get()
}

/// Asks the loop again and again until the answer is yes; false when `limit` passed first.
package func onLoopEventually(
    within limit: TimeSpan = testDeadline, _ condition: @escaping @LoopActor () -> Bool
) throws -> Bool {
    try eventually(within: limit) { try onLoop(condition) }
}
