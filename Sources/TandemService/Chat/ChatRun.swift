import CLinux
import Glibc
import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

/// One `chat` from its parameters to its answer and its row in the ledger. A leaf model is called straight from here,
/// without a task: this is the hot path. A workflow runs in one task (`ChatWorkflow`).
@LoopActor
final class ChatRun: RequestWork, UpstreamCallDelegate {
    let id: ULID
    let request: PendingRequest
    /// With `session`, the earlier turns are in it from `proceed` on.
    let chat: ChatRequest
    let trace: RequestTrace
    let daemon: Daemon
    let modelName: String
    private let timeout: TimeSpan
    private var call: UpstreamCall?
    /// The workflow to run, and how it runs, where the model is one.
    var workflowModel: WorkflowModel?
    var workflow: (run: WorkflowRun, task: Task<Void, Never>)?
    var outcome = WorkflowOutcome()
    /// What its answer is to be kept under.
    var workflowKey: ResponseCache.Key?
    /// Set for the method `escalate`.
    var escalation: EscalationRequest?
    /// What the request holds of limits and budgets.
    var ticket: AdmissionTicket?
    /// Its place in the conversation that it names.
    var turn: ConversationTurn?
    /// The answer comes from the cache: what it is, and what it spared.
    var cachedAnswer: CachedAnswer?
    /// The call that it shares with equal requests, or makes for the cache.
    var sharing: SharedCall.Place?
    private var deadline: Deadline?
    var firstToken: TimeSpan?
    var fallback = false
    private(set) var isOver = false
    private(set) lazy var requestID = id.description

    init(_ request: PendingRequest, _ chat: ChatRequest, model: String, daemon: Daemon) {
        self.request = request
        self.chat = chat
        self.daemon = daemon
        modelName = model
        timeout = chat.timeout ?? Daemon.defaultRequestTimeout
        id = daemon.makeID()
        trace = RequestTrace(deadline: request.arrival + timeout)
    }

    func start(_ candidates: [ModelSettings]) {
        request.work = self
        request.isDetached = chat.isDetached
        daemon.began(self, id: id, uid: request.peer.uid)
        if chat.streams {
            request.event("started") { writer in
                writer.member("request_id", requestID)
                writer.member("model", modelName)
            }
        }
        // Cancelled by `finish`, which comes in any case.
        deadline = EventLoop.shared.schedule(at: trace.deadline) { [self] in deadlinePassed() }
        if chat.session != nil { enterConversation(candidates) } else { proceed(candidates) }
    }

    /// Calls the model; `proceed` has seen to limits and caches.
    func callUpstream(_ candidates: [ModelSettings]) {
        if workflowModel != nil || escalation != nil { return runWorkflow() }
        let call = UpstreamCall(
            .direct, candidates: candidates, prompt: chat.prompt, trace: trace, providers: daemon.providers,
            delegate: self)
        self.call = call
        call.start()
    }

    // MARK: the client's side

    func cancel(_ cause: CancellationCause) {
        guard !isOver else { return }
        stop()
        finish(.failure(cause == .shutdown ? .shuttingDown(requestID: requestID) : .cancelled(requestID: requestID)))
    }

    func resume() {
        call?.resume()
        sharing?.resume()
        workflow?.run.resume()
    }

    /// Closes what goes on upstream, at once, so that the ledger sees how far it came.
    private func stop() {
        call?.cancel()
        stopWorkflow()
    }

    private func deadlinePassed() {
        guard !isOver else { return }
        stop()
        finish(.failure(deadlineError))
    }

    private var deadlineError: RPCError {
        .deadlineExceeded(timeoutMilliseconds: timeout.wholeMilliseconds, requestID: requestID)
    }

    // MARK: the upstream's side

    func call(_ call: UpstreamCall, began step: Int) { tell(step, trace.steps[step]) }

    func tell(_ index: Int, _ step: StepTrace) {
        guard chat.streams else { return }
        request.event("step") { writer in
            writer.member("step", index)
            writer.member("role", step.role.rawValue)
            writer.member("provider", step.provider)
            writer.member("model", step.model)
        }
    }

    func call(_ call: UpstreamCall, produced delta: Delta) {
        if chat.streams, delta.isContent { call.commit() }
        tell(delta)
        if chat.streams, request.isCongested { call.pause() }
    }

    func tell(_ delta: Delta) {
        if firstToken == nil { firstToken = MonotonicTime.now() - request.arrival }
        guard chat.streams else { return }
        switch delta {
        case .content(let text):
            request.event("content") { $0.member("text", text) }
        case .reasoning(let text):
            if chat.showsReasoning { request.event("reasoning") { $0.member("text", text) } }
        case .toolCall(let index, let piece):
            request.event("tool_call") { writer in
                writer.member("index", index)
                // Not `id`: that is the request's, and one object holds a name once.
                writer.member("call_id", ifPresent: piece.id)
                writer.member("name", ifPresent: piece.name)
                writer.member("arguments", piece.arguments)
            }
        }
    }

    func call(_ call: UpstreamCall, noticed notice: Notice) { tell(notice) }

    func tell(_ notice: Notice) {
        trace.notices.append(notice)
        guard chat.streams, chat.notifies else { return }
        request.event("notice") { writer in
            writer.member("code", notice.code)
            writer.member("message", notice.message)
        }
    }

    func call(_ call: UpstreamCall, finished result: Result<Completion, UpstreamCallFailure>) {
        fallback = call.usesFallback
        conclude(result)
    }

    func conclude(_ result: Result<Completion, UpstreamCallFailure>) { finish(result.mapError { rpcError($0) }) }

    func rpcError(_ failure: UpstreamCallFailure) -> RPCError {
        RPCError(failure, trace, timeout: timeout, requestID: requestID)
    }

    // MARK: the end

    func finish(_ result: Result<Completion, RPCError>) {
        guard !isOver else { return }
        // A stream has shown it as content.
        if !chat.streams, let separated = (try? result.get())?.separatingUnopenedTrace() {
            return finish(.success(separated))
        }
        isOver = true
        if let deadline { EventLoop.shared.cancel(deadline) }
        release(result)
        let latency = MonotonicTime.now() - request.arrival
        let cost = trace.cost
        switch result {
        case .success(let completion):
            let usage = trace.usage
            request.respond { writer in
                write(completion, usage, cost, latency, to: &writer)
            }
        case .failure(let error): request.fail(error)
        }
        // Behind the writing of the answer, which is due at the end of this turn, too.
        EventLoop.shared.atEndOfTurn { [self] in
            if case .success(let completion) = result { daemon.recentChats.keep(completion, of: self) }
            daemon.record(ledgerEntry(result, cost: cost, latency: latency))
            daemon.ended(id)
        }
    }

    private func write(
        _ completion: Completion, _ usage: Usage, _ cost: Double?, _ latency: TimeSpan, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("request_id", id)
        writer.member("model", modelName)
        writer.member("content", completion.content)
        writer.member("reasoning", chat.showsReasoning ? completion.reasoning : "")
        writer.toolCalls(completion.toolCalls)
        writer.member("finish_reason", completion.finishReason.rawValue)
        // A workflow's would be of tokens that its answer does not have.
        if !completion.logprobs.isEmpty, workflowModel == nil { writer.logprobs(completion.logprobs) }
        writer.usage(usage)
        writer.cost(cost)
        writer.milliseconds("latency_ms", latency)
        writer.milliseconds("first_token_ms", firstToken)
        writer.member("workflow", workflowKind)
        writer.member("cached", cachedAnswer != nil)
        writer.member("escalated", outcome.escalated)
        writer.member("polished", outcome.polished)
        writer.member("fallback", fallback || outcome.fallback)
        writer.member("quality_issues", outcome.qualityIssues)
        writer.steps(trace.steps)
        writer.notices(trace.notices)
        writer.endObject()
    }
}

extension ChatRun {
    private func ledgerEntry(
        _ result: Result<Completion, RPCError>, cost: Double?, latency: TimeSpan
    ) -> RequestRecord {
        var record = RequestRecord(
            id: id, uid: request.peer.uid, method: method.description, model: modelName, workflow: workflowKind)
        record.user = chat.user
        record.session = chat.session
        record.stream = chat.streams
        record.note(outcome)
        record.fallback = fallback || outcome.fallback
        record.cached = cachedAnswer != nil
        record.tokens = TokenCounts(trace.usage)
        record.costUSD = cost
        record.latencyMilliseconds = latency.milliseconds
        record.firstTokenMilliseconds = firstToken?.milliseconds
        record.steps.reserveCapacity(trace.steps.count)
        for step in trace.steps { record.steps.append(StepRecord(step)) }
        if let metadata = chat.metadata { record.metadata = Array(metadata.raw) }
        if !trace.notices.isEmpty {
            var writer = JSONWriter()
            writer.beginObject()
            writer.notices(trace.notices)
            writer.endObject()
            record.notices = (try? JSONDocument(writer.bytes).root["notices"].map { Array($0.raw) }) ?? []
        }
        let keepsContent = daemon.configuration.historyContent
        if keepsContent { record.prompt = Array(chat.prompt.messages) }
        switch result {
        case .success(let completion):
            record.finishReason = completion.finishReason.rawValue
            record.answerBytes = completion.content.utf8.count
            record.hasCode = holdsCodeBlock(completion.content)
            if keepsContent { record.answer = Array(completion.content.utf8) }
        case .failure(let error): record.note(error)
        }
        daemon.noteSavings(in: &record, of: trace, models: [modelName])
        return record
    }
}

/// Whether a fenced block stands in the text. Byte search: Character search costs more than the whole answer's writing.
private func holdsCodeBlock(_ text: String) -> Bool {
    var text = text
    let fence: StaticString = "```"
    return text.withUTF8 { bytes in
        guard let base = bytes.baseAddress, let first = memchr(base, 0x60, bytes.count) else { return false }
        let rest = bytes.count - (UnsafeRawPointer(first) - UnsafeRawPointer(base))
        return cl_find(first, rest, fence.utf8Start, fence.utf8CodeUnitCount) >= 0
    }
}
