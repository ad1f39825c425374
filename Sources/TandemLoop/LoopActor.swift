import TandemBase

/// The one thread that owns all hot state. Everything isolated to it runs on the process's event loop, without
/// locks and without hops.
@globalActor
package actor LoopActor {
    package static let shared = LoopActor()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoop.shared.asUnownedSerialExecutor() }

    /// Runs `body` at once, for callbacks that C delivers on the loop's thread. Stops the process elsewhere, which
    /// is a fault of the program, never of its input.
    package nonisolated static func assumeIsolated<Result, Failure: Error>(
        _ body: @LoopActor () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        EventLoop.shared.preconditionOnLoop()
        // What MainActor.assumeIsolated does: isolation is part of the function's type only.
        return try withoutActuallyEscaping(body) { (body) throws(Failure) in
            try unsafeBitCast(body, to: (() throws(Failure) -> Result).self)()
        }
    }
}

/// Starts work on the loop. The executor preference keeps what the task calls on the loop's thread, too.
@discardableResult
package func startOnLoop<Success: Sendable>(
    _ body: @escaping @LoopActor () async -> Success
) -> Task<Success, Never> {
    Task(executorPreference: EventLoop.shared, operation: body)
}

extension LoopActor {
    /// Runs `body` on the thread on which `EventLoop.run` has just returned: the state is still this thread's.
    package nonisolated static func afterRun<Result>(_ body: @LoopActor () -> Result) -> Result {
        EventLoop.shared.claimed { assumeIsolated(body) }
    }
}
