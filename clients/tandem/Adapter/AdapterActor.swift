/// Isolates adapters that are written as tasks: each turn is one function from its first message to its last. All of
/// them run on the thread of the pump, whenever it brings something in; none ever waits for another thread.
@globalActor
actor AdapterActor {
    static let shared = AdapterActor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { AdapterExecutor.shared.asUnownedSerialExecutor() }

    /// Runs `body` at once, for code that is on the pump's thread without being isolated.
    nonisolated static func assumeIsolated<Result>(_ body: @AdapterActor () -> Result) -> Result {
        // What MainActor.assumeIsolated does: isolation is part of the function's type only.
        withoutActuallyEscaping(body) { unsafeBitCast($0, to: (() -> Result).self)() }
    }

    /// Runs `body`, and then every task that can go on.
    nonisolated static func run<Result>(_ body: @AdapterActor () -> Result) -> Result {
        let result = assumeIsolated(body)
        AdapterExecutor.shared.runJobs()
        return result
    }
}

/// Starts a task on the pump's thread.
@discardableResult
func startOnAdapter(_ body: @escaping @AdapterActor () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: AdapterExecutor.shared, operation: body)
}

/// Jobs of one thread. `@unchecked` stands for that: nothing in an adapter starts another.
final class AdapterExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    static let shared = AdapterExecutor()

    private var jobs: [UnownedJob] = []

    func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    func checkIsolated() {}
    func isIsolatingCurrentContext() -> Bool? { true }

    func runJobs() {
        while !jobs.isEmpty {
            let ready = jobs
            jobs = []
            for job in ready {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
    }
}

/// A value that comes later, once.
@AdapterActor
final class Promise<Value: Sendable> {
    private var result: Value?
    private var waiter: UnsafeContinuation<Value, Never>?

    /// The first value counts.
    func settle(_ value: Value) {
        guard result == nil else { return }
        result = value
        waiter?.resume(returning: value)
        waiter = nil
    }

    /// For one caller.
    func value() async -> Value {
        if let result { return result }
        return await withUnsafeContinuation { waiter = $0 }
    }
}
