import TandemLoop
import TandemProviders

/// One `UpstreamCall` as an async call. Cancelling the task closes the upstream's transfer at once.
@LoopActor
final class LeafCall: UpstreamCallDelegate, PausableCall {
    private let run: WorkflowRun
    private let output: WorkflowOutput
    private var call: UpstreamCall?
    private var continuation: CheckedContinuation<Void, Never>?
    private var result: Result<Completion, WorkflowFailure>?

    init(
        _ run: WorkflowRun, _ role: StepRole, _ candidates: [ModelSettings], hasAlternative: Bool, _ prompt: Prompt,
        output: @escaping WorkflowOutput
    ) {
        self.run = run
        self.output = output
        call = UpstreamCall(
            role, candidates: candidates, hasAlternative: hasAlternative, prompt: prompt, trace: run.trace,
            providers: run.environment.providers, delegate: self)
    }

    func answer() async throws(WorkflowFailure) -> Completion {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A task that was cancelled before has its result already.
                guard result == nil else { return continuation.resume() }
                self.continuation = continuation
                run.track(self)
                call?.start()
            }
        } onCancel: {
            onLoop { self.cancel() }
        }
        return try result!.get()
    }

    /// The answer is no longer wanted: `answer` throws `.cancelled`.
    func cancel() {
        guard result == nil else { return }
        call?.cancel()
        end(.failure(.cancelled))
    }

    func resumeCall() { call?.resume() }

    private func end(_ result: Result<Completion, WorkflowFailure>) {
        guard self.result == nil else { return }
        self.result = result
        run.untrack(self)
        continuation?.resume()
        continuation = nil
    }

    // MARK: the upstream's side

    func call(_ call: UpstreamCall, began step: Int) {
        _ = output(.began)
        run.began(step: step)
    }

    func call(_ call: UpstreamCall, produced delta: Delta) {
        guard result == nil else { return }
        let isShown = output(.delta(delta))
        if isShown, delta.isContent { call.commit() }
        if run.isCongested { call.pause() }
    }

    func call(_ call: UpstreamCall, noticed notice: Notice) { run.relay(notice) }

    func call(_ call: UpstreamCall, finished result: Result<Completion, UpstreamCallFailure>) {
        guard self.result == nil else { return }
        switch result {
        case .success(let completion):
            if call.usesFallback { run.outcome.fallback = true }
            end(.success(completion))
        case .failure(let failure): end(.failure(.upstream(failure)))
        }
    }
}
