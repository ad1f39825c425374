import Glibc
import Synchronization
import TandemBase
import TandemEdits
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
        startOnOwnThread { continuation.resume(returning: body()) }
    }
}

/// The same for what nobody waits for.
nonisolated func startOnOwnThread(_ body: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(ThreadWork(body))
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

/// As `onOwnThread`, with another account's rights where these are given. The thread has its own back before the
/// caller goes on: what a task's resumption starts must not inherit them.
nonisolated func onOwnThread<Value: Sendable>(
    as rights: PeerRights?, _ body: @escaping @Sendable () -> Value
) async throws(EditFault) -> Value {
    guard let rights else { return await onOwnThread(body) }
    let result = await onOwnThread { rights.perform(body) }
    do {
        return try result.get()
    } catch {
        throw EditFault(
            .forbidden,
            "this daemon cannot take the rights of uid \(rights.uid) (\(error)): send `documents` instead of `root`")
    }
}

/// Lets so many callers through at once, the others in the order they came.
final class TaskGate: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(free: limit)) }

    nonisolated func pass<Value: Sendable>(_ body: () async throws(EditFault) -> Value) async throws(EditFault) -> Value
    {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isOpen { continuation.resume() }
        }
        defer {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                if state.waiting.isEmpty {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
        return try await body()
    }
}

private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
