import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

/// One request of `plan`, `executePlan`, `solve` or `undo` from its parameters to its answer and its row in the
/// ledger. The work is a task on the loop; what blocks runs elsewhere.
@LoopActor
final class PlanRun: RequestWork, WorkflowListener {
    let id: ULID
    let request: PendingRequest
    let trace: RequestTrace
    let daemon: Daemon
    let streams: Bool
    let user: String
    private let method: Method
    /// What `started` and the ledger call the model of this request.
    let model: String
    let timeout: TimeSpan
    private let metadata: [UInt8]
    private var task: Task<Void, Never>?
    private var deadline: Deadline?
    private var isOver = false
    /// The work, while it waits for a slow client.
    private var waitsForRoom: CheckedContinuation<Void, Never>?
    /// The tree is being changed, or is: that ends well or ill by itself within moments, and is told as it is.
    var isCommitting = false
    /// Nobody reads the events of a change that cannot be cancelled any more.
    private var isUnheard = false
    private(set) lazy var models = PlanModels(self)

    init(
        _ request: PendingRequest, _ method: Method, model: String, daemon: Daemon, streams: Bool, user: String,
        timeout: TimeSpan?, isDetached: Bool, metadata: [UInt8]
    ) {
        self.request = request
        self.method = method
        self.model = model
        self.daemon = daemon
        self.streams = streams
        self.user = user
        self.timeout = timeout ?? Daemon.defaultRequestTimeout
        self.metadata = metadata
        id = daemon.makeID()
        trace = RequestTrace(deadline: request.arrival + self.timeout)
        request.isDetached = isDetached
    }

    /// Runs `body`, whose bytes are the result (one JSON object).
    func start(_ body: @escaping @LoopActor (PlanRun) async throws(RPCError) -> [UInt8]) {
        request.work = self
        daemon.began(self, id: id, uid: request.peer.uid)
        if streams {
            request.event("started") { writer in
                writer.member("request_id", id.description)
                writer.member("model", model)
            }
        }
        deadline = EventLoop.shared.schedule(at: trace.deadline) { [weak self] in self?.deadlinePassed() }
        task = startBesideLoop { [self] in
            do throws(RPCError) {
                let result = try await body(self)
                finish(.success(result))
            } catch {
                finish(.failure(error))
            }
        }
    }

    var canBeCancelled: Bool { !isCommitting }

    func cancel(_ cause: CancellationCause) {
        guard canBeCancelled else {
            isUnheard = true
            return resumeForRoom()
        }
        let id = id.description
        task?.cancel()
        finish(.failure(cause == .shutdown ? .shuttingDown(requestID: id) : .cancelled(requestID: id)))
    }

    func resume() {
        models.resume()
        resumeForRoom()
    }

    private func resumeForRoom() {
        waitsForRoom?.resume()
        waitsForRoom = nil
    }

    /// Waits until the client takes events again; returns at once where it does, or when the request is over.
    func room() async {
        guard isCongested, !isOver, !isUnheard else { return }
        await withCheckedContinuation { waitsForRoom = $0 }
    }

    private func deadlinePassed() {
        guard !isCommitting else { return }
        task?.cancel()
        finish(.failure(deadlineError))
    }

    var deadlineError: RPCError {
        .deadlineExceeded(timeoutMilliseconds: timeout.wholeMilliseconds, requestID: id.description)
    }

    var latency: TimeSpan { MonotonicTime.now() - request.arrival }

    private func finish(_ result: Result<[UInt8], RPCError>) {
        guard !isOver else { return }
        isOver = true
        resumeForRoom()
        if let deadline { EventLoop.shared.cancel(deadline) }
        models.release()
        var record = RequestRecord(
            id: id, uid: request.peer.uid, method: method.rawValue, model: model, workflow: "plan")
        record.user = user
        record.stream = streams
        record.metadata = metadata
        record.tokens = TokenCounts(trace.usage)
        record.costUSD = trace.cost
        record.latencyMilliseconds = latency.milliseconds
        record.cached = !trace.steps.isEmpty && trace.steps.allSatisfy(\.cached)
        record.steps = trace.steps.map { StepRecord($0) }
        switch result {
        case .success(let json):
            record.answerBytes = json.count
            request.respond { $0.raw(json) }
        case .failure(var error):
            error.requestID = error.requestID ?? id.description
            record.note(error)
            request.fail(error)
        }
        daemon.noteSavings(in: &record, of: trace, models: [model, models.planner, models.executor, models.verifier])
        daemon.ended(id)
        daemon.record(record)
    }

    // MARK: events

    func event(_ type: StaticString, _ write: (inout JSONWriter) -> Void) {
        if streams { request.event(type, write) }
    }

    /// How often progress is told: finer than that no bar shows it.
    private static let progressSteps = 200

    func progress(_ done: Int, of total: Int, _ unit: StaticString) {
        guard done == total || done % max(1, total / Self.progressSteps) == 0 else { return }
        event("progress") { writer in
            writer.member("done", done)
            writer.member("total", total)
            writer.key("unit")
            writer.string(unit)
        }
    }

    var isCongested: Bool { request.isCongested }

    func workflow(began step: Int) {
        event("step") { writer in
            let step = (index: step, trace: trace.steps[step])
            writer.member("step", step.index)
            writer.member("role", step.trace.role.rawValue)
            writer.member("provider", step.trace.provider)
            writer.member("model", step.trace.model)
        }
    }

    /// Models' words are not the answer here: of what they say only the reasoning is shown.
    func workflow(said piece: WorkflowPiece) -> Bool {
        if case .delta(.reasoning(let text)) = piece { event("reasoning") { $0.member("text", text) } }
        return false
    }

    func workflow(noticed notice: Notice) {
        trace.notices.append(notice)
        event("notice") { writer in
            writer.member("code", notice.code)
            writer.member("message", notice.message)
        }
    }
}
