import Glibc
import TandemLoop

/// Starts a request's work on the loop without the executor preference of `startOnLoop`: under that, `@concurrent`
/// functions and the tasks of groups would run on the loop as well, and one long plan would hold up every other
/// request.
@discardableResult
func startBesideLoop<Success: Sendable>(_ body: @escaping @LoopActor () async -> Success) -> Task<Success, Never> {
    Task { @LoopActor in await body() }
}

/// Runs what waits for disks, locks or other processes on a thread of its own: the pool has as many threads as the
/// machine has cores, and one that waits is missing to everybody.
nonisolated func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        let work = Unmanaged.passRetained(ThreadWork { continuation.resume(returning: body()) })
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            // No thread is to be had: late is better than never.
            work.takeRetainedValue().body()
        }
    }
}

private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
