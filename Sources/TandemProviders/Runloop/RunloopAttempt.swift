import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemPolicy

/// One execution of the command in the devbox: started with its standard input attached, given the prompt and the
/// end of input, followed by the stream of its standard output, judged by its exit status. Every way out before the
/// execution is known to have ended kills its process group.
@LoopActor
final class RunloopAttempt: Attempt, TransferDelegate {
    /// Bytes of the prompt in one call.
    private static let inputPieceBytes = 64 << 10
    /// Resumptions of the output's stream in a row that brought nothing.
    private static let resumeLimit = 5
    /// The pause before each such resumption grows by this, up to five times as much.
    private static let resumePause = TimeSpan.milliseconds(200)
    /// Lines of output and errors asked for with the exit status: for messages and to see that nothing is missing,
    /// never for the answer.
    private static let tailLines = 20
    /// Bytes of the output's end kept for that.
    private static let tailBytes = 16 << 10

    private let api: RunloopAPI
    private let devbox: RunloopDevbox
    private let timeouts: TimeoutSettings
    private let words: String?
    private let input: [UInt8]
    private let estimatedPrompt: Int
    private unowned let delegate: any AttemptDelegate

    private var ticket: Int?
    private var devboxID = ""
    /// Known from the moment it began until it ended.
    private var execution: String?
    private var fetch: HTTPFetch?
    private var sent = 0
    private var inputFailure: UpstreamFailure?

    private var transfer: Transfer?
    private var events = SSEDecoder()
    private var errorBody: [UInt8] = []
    /// The server ended the stream at its own limit.
    private var isCut = false
    private var position = StdoutPosition()
    private var resumes = 0
    private var tail: [UInt8] = []
    private var hasChecked = false
    private var thinking = ThinkSplitter()

    private var timer: Deadline?
    private var resumeTimer: Deadline?
    private var lastActivity = MonotonicTime(nanoseconds: 0)
    private var hasFirstToken = false
    private var isPaused = false
    private var isOver = false
    private var failure: UpstreamFailure?
    private(set) var partial = Completion()

    init(
        api: RunloopAPI, devbox: RunloopDevbox, settings: RunloopSettings, timeouts: TimeoutSettings,
        model: ModelSettings, prompt: Prompt, delegate: any AttemptDelegate
    ) {
        self.api = api
        self.devbox = devbox
        self.timeouts = timeouts
        words = RunloopCommand.words(settings.command, model: model.model)
        input = Array(RunloopCommand.input(prompt).utf8)
        estimatedPrompt = prompt.estimatedPromptTokens
        self.delegate = delegate
    }

    func start() {
        lastActivity = EventLoop.shared.now
        timer = EventLoop.shared.schedule(at: lastActivity + timeouts.firstToken) { [weak self] in
            self?.checkPatience()
        }
        guard words != nil else {
            return EventLoop.shared.atEndOfTurn { [self] in
                fail(UpstreamFailure(.status(404), "a model of that name cannot be run in a devbox"))
            }
        }
        ticket = devbox.whenRunning { [weak self] result in self?.found(result) }
    }

    func cancel() {
        guard !isOver else { return }
        isOver = true
        release()
    }

    func pause() {
        isPaused = true
        transfer?.pause()
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        lastActivity = EventLoop.shared.now
        transfer?.resume()
    }

    func estimatedUsage() -> Usage { partial.estimatedUsage(promptTokens: estimatedPrompt) }

    // MARK: the ways out

    private func release() {
        if let timer { EventLoop.shared.cancel(timer) }
        if let resumeTimer { EventLoop.shared.cancel(resumeTimer) }
        timer = nil
        resumeTimer = nil
        if let ticket { devbox.cancel(ticket) }
        ticket = nil
        transfer?.cancel()
        transfer = nil
        fetch?.cancel()
        fetch = nil
        if let execution { api.kill(devboxID, execution) }
        execution = nil
    }

    private func end(_ result: Result<Completion, UpstreamFailure>) {
        guard !isOver else { return }
        isOver = true
        release()
        delegate.attempt(self, finished: result)
    }

    private func fail(_ failure: UpstreamFailure) { end(.failure(failure)) }

    private func checkPatience() {
        guard !isOver, let timer else { return }
        let patience = hasFirstToken ? timeouts.idle : timeouts.firstToken
        let due = (isPaused ? EventLoop.shared.now : lastActivity) + patience
        if due > EventLoop.shared.now { return EventLoop.shared.move(timer, to: due) }
        fail(hasFirstToken ? .stalled(timeouts) : .noFirstToken(timeouts))
    }

    // MARK: starting it

    private func found(_ result: Result<String, UpstreamFailure>) {
        ticket = nil
        guard !isOver else { return }
        switch result {
        case .failure(let failure): fail(failure)
        case .success(let id):
            devboxID = id
            execute()
        }
    }

    private func execute() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("command", words ?? "")
        writer.member("attach_stdin", true)
        writer.endObject()
        let api = api
        let devboxID = devboxID
        // Not kept in `fetch`: a call that is cancelled may have started the command all the same, so its answer is
        // waited for, and if nobody wants it any more the command is killed.
        ExecutionEndings.shared.began()
        api.call("POST", RunloopAPI.devboxPath(devboxID) + "/execute_async", writer.bytes) { [weak self] result in
            defer { ExecutionEndings.shared.ended() }
            let id = (try? result.get())?["execution_id"]?.string
            guard let self, !self.isOver else {
                if let id { api.kill(devboxID, id) }
                return
            }
            switch (result, id) {
            case (.failure(let failure), _): self.fail(failure)
            case (_, nil): self.fail(UpstreamFailure(.malformed, "Runloop answered without an execution's identifier"))
            case (_, let id?):
                self.execution = id
                self.sendInput()
            }
        }
    }

    private var executionPath: String { RunloopAPI.executionPath(devboxID, execution ?? "") }

    /// One piece after another: the API does not order calls that run side by side.
    private func sendInput() {
        var writer = JSONWriter(reserving: min(input.count - sent, Self.inputPieceBytes) + 64)
        let isEnd = sent == input.count
        writer.beginObject()
        if isEnd {
            writer.member("signal", "EOF")
        } else {
            var end = min(sent + Self.inputPieceBytes, input.count)
            // Whole characters only.
            while end < input.count, input[end] & 0xC0 == 0x80 { end -= 1 }
            writer.key("text")
            writer.string(utf8: input[sent..<end])
            sent = end
        }
        writer.endObject()
        fetch = api.call("POST", executionPath + "/send_std_in", writer.bytes) { [weak self] result in
            guard let self, !self.isOver else { return }
            self.fetch = nil
            let failure: UpstreamFailure
            switch result {
            case .success(let value) where value["success"]?.bool != false:
                return isEnd ? self.follow() : self.sendInput()
            case .success: failure = UpstreamFailure(.connect, "the command in the devbox did not take the prompt")
            case .failure(let fault): failure = fault
            }
            // A command that could not start takes no input: its exit status says more.
            self.inputFailure = failure
            self.askForEnd()
        }
    }

    // MARK: its output

    private func follow() {
        events = SSEDecoder()
        errorBody = []
        isCut = false
        let settings = api.endpoint("GET", "\(executionPath)/stream_stdout_updates?offset=\(position.position)")
        transfer = api.client.start(HTTPEndpoint(settings, client: api.client), body: [], delegate: self)
        if isPaused { transfer?.pause() }
        if transfer == nil { fail(UpstreamFailure(.connect, "no memory for another transfer")) }
    }

    func transfer(_ transfer: Transfer, received bytes: UnsafeRawBufferPointer) {
        guard !isOver, failure == nil else { return }
        guard (200..<300).contains(transfer.status) else {
            errorBody.append(contentsOf: bytes.prefix(max(0, Self.tailBytes - errorBody.count)))
            return
        }
        do throws(SSEDecoder.Fault) {
            try events.feed(bytes) { name, data in receive(name, data) }
        } catch {
            failure = UpstreamFailure(.malformed, "Runloop sent an event larger than \(SSEDecoder.eventLimit) bytes")
        }
        // libcurl must not be re-entered from its own callback.
        if let failure { EventLoop.shared.atEndOfTurn { [self] in fail(failure) } }
    }

    private func receive(_ name: String, _ data: UnsafeRawBufferPointer) -> Bool {
        guard !isOver, failure == nil, let value = try? JSONDocument(Array(data)).root else { return true }
        if name == "error" {
            let status = value["code"]?.int ?? 500
            isCut = status == 408
            if !isCut {
                failure = api.classifier(input).classify(
                    UpstreamErrorObject(value["error"] ?? value), status: status, retryAfter: nil)
            }
            return false
        }
        guard let output = value["output"]?.string else { return true }
        let text = position.take(output, offset: value["offset"]?.int)
        guard !text.isEmpty else { return true }
        resumes = 0
        lastActivity = EventLoop.shared.now
        if !hasFirstToken {
            hasFirstToken = true
            if timeouts.idle < timeouts.firstToken, let timer {
                EventLoop.shared.move(timer, to: lastActivity + timeouts.idle)
            }
        }
        tail.append(contentsOf: text.utf8)
        if tail.count > 2 * Self.tailBytes { tail.removeFirst(tail.count - Self.tailBytes) }
        thinking.feed(text) { produce($0) }
        return !isOver
    }

    private func produce(_ delta: Delta) {
        guard !isOver else { return }
        _ = partial.append(delta)
        delegate.attempt(self, produced: delta)
    }

    func transfer(_ transfer: Transfer, finished result: Result<Void, TransferFailure>) {
        guard !isOver else { return }
        self.transfer = nil
        if let failure { return fail(failure) }
        let status = transfer.status
        switch result {
        case .success where (200..<300).contains(status):
            events.finish { name, data in receive(name, data) }
            if let failure { return fail(failure) }
            guard !isOver else { return }
            if isCut { resumeOutput() } else { askForEnd() }
        case .success where status == 408: resumeOutput()
        case .success where status >= 500: resumeOrFail(classified(status))
        case .success: fail(classified(status))
        case .failure(let fault): resumeOrFail(api.classifier(input).classify(fault, isAnswering: hasFirstToken))
        }
    }

    private func classified(_ status: Int) -> UpstreamFailure {
        api.classifier(input).classify(UpstreamErrorObject(body: errorBody), status: status, retryAfter: nil)
    }

    /// After a fault, which must not go on for ever.
    private func resumeOrFail(_ failure: UpstreamFailure) {
        if resumes < Self.resumeLimit { resumeOutput() } else { fail(failure) }
    }

    /// The execution goes on without us: its output is taken up again where it was left. How long nothing may come is
    /// the timeouts' affair.
    private func resumeOutput() {
        let pause = Self.resumePause.nanoseconds * Int64(min(resumes, Self.resumeLimit))
        resumes += 1
        resumeTimer = EventLoop.shared.schedule(at: EventLoop.shared.now + TimeSpan(nanoseconds: pause)) {
            [weak self] in
            guard let self, !self.isOver else { return }
            self.resumeTimer = nil
            self.follow()
        }
    }

    // MARK: its end

    private func askForEnd() {
        let path = "\(executionPath)/wait_for_status?last_n=\(Self.tailLines)"
        fetch = api.call("POST", path, RunloopAPI.waitBody(["completed"]), holds: true) { [weak self] result in
            guard let self, !self.isOver else { return }
            self.fetch = nil
            switch result {
            case .failure(let failure) where failure.isLongPollEnd: self.goOn(after: failure)
            case .failure(let failure): self.fail(self.inputFailure ?? failure)
            case .success(let view) where view["status"]?.string == "completed": self.conclude(view)
            case .success: self.goOn(after: UpstreamFailure(.streamBroken, "the command's output ended before it did"))
            }
        }
    }

    /// It still runs although its stream ended.
    private func goOn(after failure: UpstreamFailure) {
        if let inputFailure { fail(inputFailure) } else { resumeOrFail(failure) }
    }

    /// Whether what was streamed ends like what the command has written.
    private func hasAllOutput(_ stdout: String?) -> Bool {
        let end = Array(withoutBlanksAtEnd(stdout ?? "").suffix(Self.tailBytes))
        let have = withoutBlanksAtEnd(String(decoding: tail, as: UTF8.self))
        return have.suffix(end.count).elementsEqual(end)
    }

    private func withoutBlanksAtEnd(_ text: String) -> ArraySlice<UInt8> {
        var bytes = Array(text.utf8)[...]
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        return bytes
    }

    private func conclude(_ view: JSONValue) {
        let status = view["exit_status"]?.int ?? 0
        if status == 0, inputFailure == nil, !hasChecked, !hasAllOutput(view["stdout"]?.string) {
            // The stream may have been cut cleanly on its way here: once more from where it ended.
            hasChecked = true
            return follow()
        }
        execution = nil
        guard status == 0 else {
            let words = UpstreamWords(request: input, key: nil)
            return fail(
                RunloopCommand.failure(status: status, stderr: view["stderr"]?.string ?? "", words: words))
        }
        if let inputFailure { return fail(inputFailure) }
        thinking.finish { produce($0) }
        guard partial != Completion() else {
            return fail(UpstreamFailure(.malformed, "the command in the devbox wrote nothing"))
        }
        partial.usage = estimatedUsage()
        end(.success(partial))
    }
}
