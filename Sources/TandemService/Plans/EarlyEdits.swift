import TandemEdits
import TandemLoop
import TandemProtocol

/// `solve`: edits that need a model are begun the moment they are complete in the planner's stream, so that little is
/// left to do when the plan ends. Edits of different files run side by side, those of one file one after the other.
@LoopActor
final class EarlyEdits {
    private let models: PlanModels
    private let tree: PlanTree
    private let mode: EditMode
    private var tasks: [Int: Task<Early?, Never>] = [:]
    private var lastOfFile: [String: Task<Early?, Never>] = [:]

    /// An answer, with the region it was made for.
    struct Early: Sendable {
        var regionText: String
        var answer: ModelEditor.Answer
    }

    init(_ models: PlanModels, _ tree: PlanTree, _ mode: EditMode) {
        self.models = models
        self.tree = tree
        self.mode = mode
    }

    func begin(_ index: Int, _ edit: PlannedEdit) {
        // In sequential mode each edit has to see the one before.
        guard mode != .sequential else { return }
        let before = lastOfFile[edit.file]
        let task = startBesideLoop { [self] () -> Early? in
            _ = await before?.value
            return await resolve(index, edit)
        }
        tasks[index] = task
        lastOfFile[edit.file] = task
    }

    /// The plan starts over: what was begun is no longer wanted.
    func restart() {
        for task in tasks.values { task.cancel() }
        tasks = [:]
        lastOfFile = [:]
    }

    /// What has come of it, by the edits' place in the plan.
    func finish() async -> [Int: Early] {
        let tasks = self.tasks
        return await withTaskCancellationHandler {
            var answers: [Int: Early] = [:]
            for (index, task) in tasks { if let early = await task.value { answers[index] = early } }
            return answers
        } onCancel: {
            // A task does not hear of the cancellation of those who wait for it.
            for task in tasks.values { task.cancel() }
        }
    }

    private func resolve(_ index: Int, _ edit: PlannedEdit) async -> Early? {
        guard !Task.isCancelled else { return nil }
        var resolution = await PlanResolution.make([edit], mode: mode, tree: tree, base: [:])
        guard var request = resolution.resolutions.first?.requests.first, !Task.isCancelled else { return nil }
        request.index = 0
        resolution.edits = [edit]
        let editor = ModelEditor(models: models, resolution: resolution, rights: tree.rights)
        do throws(RPCError) {
            return Early(regionText: request.regionText, answer: try await editor.answer(request, file: 0, known: [:]))
        } catch {
            // What ends the request as a whole is met again, and told, when the plan is carried out.
            return nil
        }
    }
}
