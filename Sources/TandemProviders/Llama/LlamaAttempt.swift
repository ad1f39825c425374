import TandemBase
import TandemHTTP
import TandemLoop
import TandemPolicy

/// A call to a model server of our own: waits until the server is there, then is an `HTTPAttempt` at it. The time that
/// it waited is part of the time for the first token; a server that is still loading then goes on loading.
@LoopActor
final class LlamaAttempt: Attempt, AttemptDelegate {
    private let pool: LlamaPool
    private let settings: ProviderSettings
    private let estimatedPrompt: Int
    private let makeInner: @LoopActor (ProviderSettings, any AttemptDelegate) -> any Attempt
    private unowned let delegate: any AttemptDelegate

    private var place: LlamaPool.Place?
    private var inner: (any Attempt)?
    private var timer: Deadline?
    private var startedAt = MonotonicTime(nanoseconds: 0)
    private var isPaused = false
    private var isOver = false

    /// `makeInner` makes the attempt at a provider's settings, whose address is the server's.
    init(
        pool: LlamaPool, settings: ProviderSettings, estimatedPromptTokens: Int, delegate: any AttemptDelegate,
        makeInner: @escaping @LoopActor (ProviderSettings, any AttemptDelegate) -> any Attempt
    ) {
        self.pool = pool
        self.settings = settings
        estimatedPrompt = estimatedPromptTokens
        self.makeInner = makeInner
        self.delegate = delegate
    }

    var partial: Completion { inner?.partial ?? Completion() }

    func estimatedUsage() -> Usage {
        inner?.estimatedUsage() ?? Completion().estimatedUsage(promptTokens: estimatedPrompt)
    }

    func start() {
        startedAt = EventLoop.shared.now
        place = pool.enter(settings) { [weak self] admission in self?.admitted(admission) }
        guard place != nil else {
            return EventLoop.shared.atEndOfTurn { [self] in
                end(.failure(UpstreamFailure(.connect, "the model server ended and is started again in a moment")))
            }
        }
        timer = EventLoop.shared.schedule(at: startedAt + settings.timeouts.firstToken) { [weak self] in
            guard let self else { return }
            self.end(.failure(.noFirstToken(self.settings.timeouts)))
        }
    }

    func cancel() {
        guard !isOver else { return }
        isOver = true
        inner?.cancel()
        release()
    }

    func pause() {
        isPaused = true
        inner?.pause()
    }

    func resume() {
        isPaused = false
        inner?.resume()
    }

    private func release() {
        if let timer { EventLoop.shared.cancel(timer) }
        timer = nil
        if let place { pool.leave(place) }
        place = nil
    }

    private func end(_ result: Result<Completion, UpstreamFailure>) {
        guard !isOver else { return }
        isOver = true
        release()
        delegate.attempt(self, finished: result)
    }

    private func admitted(_ admission: LlamaPool.Admission) {
        guard !isOver else { return }
        if let timer { EventLoop.shared.cancel(timer) }
        timer = nil
        switch admission {
        case .failure(let failure): end(.failure(failure))
        case .success(let address):
            var settings = settings
            settings.baseURL = address
            let left = startedAt + settings.timeouts.firstToken - EventLoop.shared.now
            settings.timeouts.firstToken = max(left, .milliseconds(1))
            let inner = makeInner(settings, self)
            self.inner = inner
            if isPaused { inner.pause() }
            inner.start()
        }
    }

    func attempt(_ attempt: any Attempt, produced delta: Delta) {
        guard !isOver else { return }
        delegate.attempt(self, produced: delta)
    }

    func attempt(_ attempt: any Attempt, finished result: Result<Completion, UpstreamFailure>) { end(result) }
}
