import TandemBase
import TandemLoop
import TandemPolicy
import TandemProviders

/// One request that waits for reasoning.
@LoopActor
final class ReasoningWaiter {
    let run: WorkflowRun
    let output: WorkflowOutput
    var ticket: SingleFlight<ReasoningCache.Key, ReasoningWaiter>.Ticket?
    var call: SharedReasoning?
    /// Where the shared call's steps stand in this request's trace.
    fileprivate var stepIndices: [Int] = []
    private var continuation: CheckedContinuation<Void, Never>?
    private var result: Result<Reasoning, WorkflowFailure>?

    init(_ run: WorkflowRun, _ output: @escaping WorkflowOutput) {
        self.run = run
        self.output = output
    }

    /// Waits for the end; `leave` is called when the task is cancelled before.
    func wait(leave: @escaping @LoopActor @Sendable () -> Void) async throws(WorkflowFailure) -> Reasoning {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard result == nil else { return continuation.resume() }
                self.continuation = continuation
            }
        } onCancel: {
            onLoop {
                guard self.result == nil else { return }
                leave()
                self.end(.failure(.cancelled))
            }
        }
        return try result!.get()
    }

    func end(_ result: Result<Reasoning, WorkflowFailure>) {
        guard self.result == nil else { return }
        call?.close(self)
        call = nil
        self.result = result
        continuation?.resume()
        continuation = nil
    }
}

/// One reasoner call for all requests that are equal: what it says goes to each of them. Its cost and its attempts are
/// the leader's; the steps of those who follow are marked as cached.
@LoopActor
final class SharedReasoning: WorkflowListener, PausableCall {
    var leader: ReasoningWaiter
    private var waiters: [ReasoningWaiter]
    private var run: WorkflowRun!
    private let trace: RequestTrace
    private var task: Task<Void, Never>?
    private var shown = ""
    private var answerBegan = false

    init(leader: ReasoningWaiter, _ leadersRun: WorkflowRun) {
        self.leader = leader
        waiters = [leader]
        trace = RequestTrace(deadline: leadersRun.trace.deadline)
        trace.budget = leadersRun.trace.budget
        run = WorkflowRun(
            environment: leadersRun.environment, options: leadersRun.options, trace: trace, listener: self)
        leadersRun.track(self)
    }

    /// `finished` is not called after `cancel`.
    func start(
        _ model: String, _ prompt: Prompt,
        finished: @escaping @LoopActor (Result<Reasoning, WorkflowFailure>, _ isWhole: Bool) -> Void
    ) {
        task = startOnLoop { [self] in
            let result: Result<Completion, WorkflowFailure>
            do throws(WorkflowFailure) {
                result = .success(
                    try await run.ask(model, as: .reasoner, prompt, hasAlternative: true) { [self] in hear($0) })
            } catch {
                result = .failure(error)
            }
            guard !Task.isCancelled else { return }
            leader.run.trace.budget = trace.budget
            let isWhole = (try? result.get())?.finishReason == .stop
            finished(result.map { reasoning(from: $0) }, isWhole)
        }
    }

    func cancel() { task?.cancel() }

    private func reasoning(from completion: Completion) -> Reasoning {
        let completion = completion.separatingUnopenedTrace() ?? completion
        let isAnswered = completion.content.contains { !$0.isWhitespace }
        let parts = [completion.reasoning, completion.content].filter { !$0.isEmpty }
        let step = trace.steps.last
        return Reasoning(
            forCoder: isAnswered ? completion.content : completion.reasoning, shown: parts.joined(separator: "\n\n"),
            provider: step?.provider ?? "", model: step?.model ?? "",
            call: step.map { SparedCall($0) } ?? SparedCall(usage: Usage(), cost: nil), saidAt: EventLoop.shared.now)
    }

    // MARK: who waits

    /// Joins a call that is under way: it is told what was said so far.
    func add(_ waiter: ReasoningWaiter) {
        waiters.append(waiter)
        waiter.run.track(self)
        for step in trace.steps.indices { announce(step, to: waiter) }
        if !shown.isEmpty { _ = waiter.output(.delta(.reasoning(shown))) }
    }

    func remove(_ waiter: ReasoningWaiter) {
        copySteps(to: waiter, isLeaving: true)
        waiters.removeAll { $0 === waiter }
        waiter.run.untrack(self)
        resumeCall()
    }

    /// The end, for this one: its trace gets what became of the call.
    fileprivate func close(_ waiter: ReasoningWaiter) {
        guard waiters.contains(where: { $0 === waiter }) else { return }
        copySteps(to: waiter, isLeaving: false)
        waiter.run.trace.attempts += trace.attempts
        if run.outcome.fallback { waiter.run.outcome.fallback = true }
        if run.outcome.fellShort { waiter.run.outcome.fellShort = true }
        waiter.run.untrack(self)
        waiters.removeAll { $0 === waiter }
    }

    private func announce(_ step: Int, to waiter: ReasoningWaiter) {
        waiter.stepIndices.append(waiter.run.trace.steps.count)
        waiter.run.trace.steps.append(trace.steps[step])
        waiter.run.began(step: waiter.stepIndices[step])
    }

    private func copySteps(to waiter: ReasoningWaiter, isLeaving: Bool) {
        for (step, index) in waiter.stepIndices.enumerated() {
            var copy = trace.steps[step]
            if waiter !== leader || isLeaving {
                // Somebody else pays for it.
                if !isLeaving, copy.status == .ok { copy.spared = SparedCall(copy) }
                copy.usage = Usage()
                copy.cost = 0
                copy.cached = true
            }
            if isLeaving, copy.status == .running {
                copy.status = .cancelled
                copy.latency = MonotonicTime.now() - copy.startedAt
            }
            waiter.run.trace.steps[index] = copy
        }
    }

    // MARK: what it says

    private func hear(_ piece: WorkflowPiece) -> Bool {
        switch piece {
        case .began, .reset:
            answerBegan = false
            for waiter in waiters where piece == .began { _ = waiter.output(.began) }
        case .delta(.reasoning(let text)): say(text)
        case .delta(.content(let text)):
            if !answerBegan, !shown.isEmpty { say("\n\n") }
            answerBegan = true
            say(text)
        case .delta(.toolCall): break
        }
        // Reasoning commits nobody: a reasoner that breaks off may be followed by its fallback.
        return false
    }

    private func say(_ text: String) {
        shown += text
        for waiter in waiters { _ = waiter.output(.delta(.reasoning(text))) }
    }

    func workflow(began step: Int) {
        for waiter in waiters { announce(step, to: waiter) }
    }

    func workflow(said piece: WorkflowPiece) -> Bool { hear(piece) }

    func workflow(noticed notice: Notice) {
        for waiter in waiters { waiter.run.relay(notice) }
    }

    var isCongested: Bool { waiters.contains { $0.run.isCongested } }

    func resumeCall() { if !isCongested { run.resume() } }
}
