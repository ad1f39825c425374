import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemPolicy

/// One call to one provider's model: started, fed by the upstream, ended once.
@LoopActor
package protocol Attempt: AnyObject {
    func start()
    /// Ends it at once; the delegate hears no more.
    func cancel()
    /// Back-pressure: takes nothing more from the upstream until `resume`; its timers rest meanwhile.
    func pause()
    func resume()
    /// What has come so far.
    var partial: Completion { get }
    /// Tokens by length: what a cancelled or cut answer is ledgered with, and servers that count nothing.
    func estimatedUsage() -> Usage
}

/// Hears an attempt. All calls come on the loop, `finished` exactly once and never from within `start`.
@LoopActor
package protocol AttemptDelegate: AnyObject {
    func attempt(_ attempt: any Attempt, produced delta: Delta)
    func attempt(_ attempt: any Attempt, finished result: Result<Completion, UpstreamFailure>)
}

/// Reads the JSON of one provider kind's answers.
package protocol AnswerDecoder {
    /// Hands on what one event or whole answer says. False when it is none.
    mutating func decode(_ value: JSONValue, event: String, _ emit: (DecodedPiece) -> Void) -> Bool
    /// The answer has ended: what was held back is let go.
    mutating func finish(_ emit: (DecodedPiece) -> Void)
}

extension OpenAIDecoder: AnswerDecoder {
    package mutating func decode(_ value: JSONValue, event: String, _ emit: (DecodedPiece) -> Void) -> Bool {
        decode(value, emit)
    }
}

/// An attempt over HTTP: server-sent events or one JSON body, whatever the server chose to send.
@LoopActor
package final class HTTPAttempt: Attempt, TransferDelegate {
    /// An answer that comes whole is waited for until the request's own deadline, which is sooner.
    private static let wholeAnswerTimeout = TimeSpan.hours(24)
    /// Bytes of an answer, whole or of what its stream said so far; larger is refused.
    private static let bodyLimit = 64 << 20
    /// Bytes of a failed response that are read for its error object.
    private static let errorBodyLimit = 64 << 10
    /// How long the response may go on after `[DONE]`: a connection that ends properly can be used again.
    private static let endingTime = TimeSpan.milliseconds(250)

    private enum Form { case unknown, events, body }

    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private let timeouts: TimeoutSettings
    private let firstTokenTimeout: TimeSpan
    private let key: Secret?
    private var request: [UInt8]
    private let estimatedPrompt: Int
    private unowned let delegate: any AttemptDelegate

    private var decoder: any AnswerDecoder
    private var transfer: Transfer?
    private var events = SSEDecoder()
    private var form = Form.unknown
    private var body: [UInt8] = []
    private var timer: Deadline?
    /// When the present wait began: with the request, then with the latest piece.
    private var waitingSince = MonotonicTime(nanoseconds: 0)
    private var isPaused = false
    private var hasFirstToken = false
    private var sawFinish = false
    private var sawDone = false
    private var usage: Usage?
    private var failure: UpstreamFailure?
    private var isOver = false
    package private(set) var partial = Completion()

    package init(
        client: HTTPClient, endpoint: HTTPEndpoint, timeouts: TimeoutSettings, key: Secret?, request: [UInt8],
        estimatedPromptTokens: Int, expectsStream: Bool = true, decoder: any AnswerDecoder,
        delegate: any AttemptDelegate
    ) {
        self.client = client
        self.endpoint = endpoint
        self.timeouts = timeouts
        self.key = key
        self.request = request
        estimatedPrompt = estimatedPromptTokens
        firstTokenTimeout =
            expectsStream || timeouts.firstTokenIsConfigured ? timeouts.firstToken : Self.wholeAnswerTimeout
        self.decoder = decoder
        self.delegate = delegate
    }

    package func start() {
        waitingSince = EventLoop.shared.now
        transfer = client.start(endpoint, body: request, delegate: self)
        // Held by its timer and its transfer until `release`: a weak reference costs an allocation, and slows every count
        // of references to its object.
        timer = EventLoop.shared.schedule(at: waitingSince + min(patience, timeouts.idle)) { [self] in checkPatience() }
        if let transfer {
            if isPaused { transfer.pause() }
        } else {
            failure = UpstreamFailure(.connect, "no memory for another transfer", nothingSent: true)
            endSoon()
        }
    }

    package func cancel() {
        guard !isOver else { return }
        isOver = true
        release()
    }

    package func pause() {
        isPaused = true
        transfer?.pause()
    }

    package func resume() {
        guard isPaused else { return }
        isPaused = false
        waitingSince = EventLoop.shared.now
        transfer?.resume()
    }

    private func release() {
        transfer?.cancel()
        transfer = nil
        if let timer { EventLoop.shared.cancel(timer) }
        timer = nil
    }

    private func end(_ result: Result<Completion, UpstreamFailure>) {
        guard !isOver else { return }
        isOver = true
        release()
        delegate.attempt(self, finished: result)
    }

    // MARK: patience

    private var patience: TimeSpan { hasFirstToken ? timeouts.idle : firstTokenTimeout }

    private func beganAnswering() {
        hasFirstToken = true
        waitingSince = EventLoop.shared.now
    }

    /// The timer is not moved for each piece, nor when an answer begins and the idle timeout may become the shorter one:
    /// it fires at least once in the idle timeout, and looks when the last piece came.
    private func checkPatience() {
        guard !isOver, let timer else { return }
        if sawDone { return complete() }
        let now = EventLoop.shared.now
        let due = (isPaused ? now : waitingSince) + patience
        if due > now { return EventLoop.shared.move(timer, to: min(due, now + timeouts.idle)) }
        // A whole answer is one; what the server still keeps the stream open for is its own affair.
        if sawFinish { return complete() }
        end(.failure(hasFirstToken ? .stalled(timeouts) : .noFirstToken(timeouts)))
    }

    // MARK: the response

    package func transfer(_ transfer: Transfer, received bytes: UnsafeRawBufferPointer) {
        guard !isOver, failure == nil else { return }
        if transfer.status >= 400 || transfer.status < 200 {
            let room = max(0, Self.errorBodyLimit - body.count)
            body.append(contentsOf: bytes.prefix(room))
            return
        }
        if form == .unknown { form = chooseForm(transfer, bytes) }
        switch form {
        case .events: feed(bytes)
        case .unknown, .body:
            if form == .body { beganAnswering() }
            guard body.count + bytes.count <= Self.bodyLimit else {
                failure = .tooLarge(Self.bodyLimit)
                return endSoon()
            }
            body.append(contentsOf: bytes)
        }
    }

    /// Servers mislabel both forms, so the first byte decides: a JSON answer begins with a brace, an event never.
    private func chooseForm(_ transfer: Transfer, _ bytes: UnsafeRawBufferPointer) -> Form {
        for byte in bytes where byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 {
            return byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "<") ? .body : .events
        }
        return .unknown
    }

    private func feed(_ bytes: UnsafeRawBufferPointer) {
        do throws(SSEDecoder.Fault) {
            try events.feed(bytes) { name, data in receive(name, data) }
        } catch {
            failure = UpstreamFailure(
                .malformed, "the upstream sent an event larger than \(SSEDecoder.eventLimit) bytes")
        }
        // Asked for each read and not for each piece: one read adds little.
        if failure == nil, partial.size > Self.bodyLimit { failure = .tooLarge(Self.bodyLimit) }
        if failure != nil { endSoon() }
    }

    /// One event. False ends the reading of this piece.
    private func receive(_ name: String, _ data: UnsafeRawBufferPointer) -> Bool {
        if hasFirstToken { waitingSince = EventLoop.shared.now }
        if data.elementsEqual("[DONE]".utf8) {
            sawDone = true
            if let timer { EventLoop.shared.move(timer, to: EventLoop.shared.now + Self.endingTime) }
            return true
        }
        guard !sawDone else { return true }
        guard let value = try? JSONDocument(Array(data)).root else {
            failure = UpstreamFailure(
                partialIsEmpty ? .malformed : .streamBroken, "the upstream sent an event that is not JSON")
            return false
        }
        guard decoder.decode(value, event: name, take) else {
            // An event of a kind we do not know is no fault; an answer made only of such is.
            return true
        }
        return failure == nil && !isOver
    }

    private func take(_ piece: DecodedPiece) {
        guard !isOver else { return }
        switch piece {
        case .delta(let delta):
            if !hasFirstToken { beganAnswering() }
            guard partial.append(delta) else {
                failure = UpstreamFailure(
                    .malformed, "the upstream sent more than \(Completion.toolCallLimit) tool calls")
                return
            }
            delegate.attempt(self, produced: delta)
        case .finish(let reason):
            sawFinish = true
            partial.finishReason = reason
        case .usage(let usage): self.usage = usage
        case .logprobs(let tokens): partial.append(logprobs: tokens)
        case .failure(let error):
            failure = failures.classify(error, status: error.status, retryAfter: nil)
        }
    }

    /// libcurl must not be re-entered from its own write callback; the turn's end is soon enough.
    private func endSoon() {
        EventLoop.shared.atEndOfTurn { [self] in
            if let failure { end(.failure(failure)) }
        }
    }

    package func transfer(_ transfer: Transfer, finished result: Result<Void, TransferFailure>) {
        guard !isOver else { return }
        if let failure { return end(.failure(failure)) }
        let status = transfer.status
        // A status says more than how the connection then ended.
        if status != 0, status < 200 || status >= 300 { return end(.failure(failedResponse(transfer))) }
        if case .failure(let fault) = result, !sawDone, !sawFinish { return end(.failure(describe(fault))) }
        complete()
    }

    /// All that was to come has come.
    private func complete() {
        switch form {
        case .events: events.finish { name, data in receive(name, data) }
        case .body, .unknown: readBody()
        }
        if let failure { return end(.failure(failure)) }
        decoder.finish(take)
        guard !isOver else { return }
        end(conclude())
    }

    private func readBody() {
        guard !body.isEmpty else { return }
        guard let answer = try? JSONDocument(body).root, decoder.decode(answer, event: "", take) else {
            failure = UpstreamFailure(.malformed, "the upstream answered with something that is not a completion")
            return
        }
        if failure == nil { sawDone = true }
    }

    private var partialIsEmpty: Bool {
        partial.content.isEmpty && partial.reasoning.isEmpty && partial.toolCalls.isEmpty
    }

    /// A stream is whole when a finish reason or `[DONE]` came; one that just ends was cut.
    private func conclude() -> Result<Completion, UpstreamFailure> {
        if !sawFinish, !sawDone || partialIsEmpty && usage == nil {
            return .failure(
                partialIsEmpty
                    ? UpstreamFailure(.malformed, "the upstream sent an empty answer")
                    : UpstreamFailure(.streamBroken, "the stream ended before the answer was complete"))
        }
        if !partial.toolCalls.isEmpty, partial.finishReason == .stop { partial.finishReason = .toolCalls }
        // No prompt has no tokens: noughts are no counts.
        if let usage, usage.promptTokens + usage.completionTokens > 0 {
            partial.usage = usage
        } else {
            partial.usage = estimatedUsage()
        }
        return .success(partial)
    }

    package func estimatedUsage() -> Usage { partial.estimatedUsage(promptTokens: estimatedPrompt) }

    // MARK: failures

    private func describe(_ fault: TransferFailure) -> UpstreamFailure {
        failures.classify(fault, isAnswering: hasFirstToken || !body.isEmpty)
    }

    private func failedResponse(_ transfer: Transfer) -> UpstreamFailure {
        let retryAfter = transfer.header("retry-after").flatMap { parseRetryAfter($0, now: .now()) }
        return failures.classify(UpstreamErrorObject(body: body), status: transfer.status, retryAfter: retryAfter)
    }

    private var failures: FailureClassifier {
        FailureClassifier(words: UpstreamWords(request: request, key: key), connectTimeout: timeouts.connect)
    }
}
