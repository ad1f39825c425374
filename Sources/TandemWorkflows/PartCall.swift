import TandemLoop
import TandemProviders

/// A part of a workflow that can be given up on its own, while the request goes on. It is cancelled with the task that
/// waits for it, too.
@LoopActor
final class PartCall {
    private var task: Task<Result<Completion, WorkflowFailure>, Never>?
    private var isCancelled = false

    /// Once.
    func run(
        _ body: @escaping @LoopActor () async throws(WorkflowFailure) -> Completion
    ) async throws(WorkflowFailure) -> Completion {
        guard !isCancelled else { throw .cancelled }
        let task = startOnLoop { () async -> Result<Completion, WorkflowFailure> in
            do throws(WorkflowFailure) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        self.task = task
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        return try result.get()
    }

    /// `run` throws `.cancelled`; upstream transfers are closed when this returns.
    func cancel() {
        isCancelled = true
        task?.cancel()
    }
}
