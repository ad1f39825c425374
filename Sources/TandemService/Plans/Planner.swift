import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

/// What a planner is asked, and how its answer becomes a plan.
@LoopActor
struct Planner {
    /// Tokens of files shown where the request names no number; less where the model's context is smaller.
    static let defaultContextTokens = 24_000
    /// Tokens left of a model's context for the problem, the rules and the plan.
    static let reservedTokens = 8_000
    /// How long `plan_id` is good for.
    static let planLifetime = TimeSpan.hours(24)

    struct Planned: Sendable {
        var id: ULID
        var plan: EditPlan
        var warnings: [String]
    }

    let run: PlanRun
    private let model: String
    let problem: String
    let files: [String]
    let contextTokens: Int
    private let cache: PlannerCache

    init(_ run: PlanRun, _ params: JSONValue) {
        self.run = run
        let configuration = run.daemon.configuration
        model = run.model
        problem = params["problem"]?.string ?? ""
        files = params["files"]?.elements.compactMap(\.string) ?? []
        var tokens = params["context_tokens"]?.int ?? Self.defaultContextTokens
        if case .leaf(let leaf)? = configuration.resolve(model), let context = leaf.context {
            tokens = min(tokens, max(1000, context - Self.reservedTokens))
        }
        contextTokens = tokens
        cache = PlannerCache(run, model: model, params["cache"]?.string)
    }

    /// Asks for a plan; an answer with faults is repaired by one more call that names them, then it is -32010.
    /// `found` hears each edit as soon as it is complete, and `restarted` that all so far count no more.
    func plan(
        _ tree: PlanTree?, found: @escaping @LoopActor (Int, PlannedEdit) -> Void = { _, _ in },
        restarted: @escaping @LoopActor () -> Void = {}
    ) async throws(RPCError) -> Planned {
        let selection = try await select(tree)
        let question = Self.question(problem, selection)
        var outcome: PlanReader.Outcome
        var answer: Completion
        if let known = try cache.answer(to: question) {
            let listener = Listener(run, found, restarted)
            (outcome, answer) = (listener.finish(known), known)
        } else {
            (outcome, answer) = try await ask(question, found, restarted)
        }
        if !outcome.isUsable {
            let repair = """
                \(question)

                You answered this before:
                ~~~~
                \(answer.content)
                ~~~~
                That answer cannot be used:
                \(outcome.faults)
                Answer again with the whole plan, without these faults.
                """
            (outcome, answer) = try await ask(repair, structured: hasStructuredOutput, found, restarted)
        }
        guard outcome.isUsable else { throw outcome.problemsOrCut.rpcError }
        cache.keep(answer, for: question)
        var planned = Planned(id: run.daemon.makeID(), plan: outcome.plan, warnings: selection.warnings)
        do throws(StoreError) {
            try await keep(planned)
        } catch {
            planned.warnings.append("The plan is not kept under its plan_id: give it to executePlan whole (\(error)).")
        }
        return planned
    }

    private func keep(_ planned: Planned) async throws(StoreError) {
        let store = run.daemon.store
        try await store.value { [uid = run.request.peer.uid] completion in
            store.save(
                plan: planned.plan.json, id: planned.id, uid: uid, expires: .now() + Self.planLifetime,
                completion: completion)
        }
    }

    /// - Parameter structured: the provider holds the model to the plan's JSON schema. Code within JSON strings makes
    ///   models worse, so that is for an answer that must not have faults in its form again.
    private func ask(
        _ question: String, structured: Bool = false, _ found: @escaping @LoopActor (Int, PlannedEdit) -> Void,
        _ restarted: @escaping @LoopActor () -> Void
    ) async throws(RPCError) -> (PlanReader.Outcome, Completion) {
        let listener = Listener(run, found, restarted)
        let completion = try await run.models.ask(
            model, as: .planner, system: structured ? PlannerPrompt.json : PlannerPrompt.blocks, user: question,
            members: structured ? [Prompt.Member("response_format", PlannerPrompt.responseFormat[...])] : []
        ) { listener.take($0) }
        let outcome = listener.finish(completion)
        if !outcome.isUsable { listener.dropAnnounced() }
        return (outcome, completion)
    }

    /// The planner itself, and whoever answers in its place.
    private var hasStructuredOutput: Bool {
        guard case .leaf(let leaf)? = run.daemon.configuration.resolve(model) else { return false }
        return run.daemon.candidates(for: leaf).allSatisfy {
            run.daemon.configuration.provider($0.provider)?.hasStructuredOutput == true
        }
    }

    /// Reads the plan while it comes.
    @LoopActor
    private final class Listener {
        private var reader = PlanReader()
        private var heard = ""
        private var hasAnnounced = false
        private let run: PlanRun
        private let found: @LoopActor (Int, PlannedEdit) -> Void
        private let restarted: @LoopActor () -> Void

        init(
            _ run: PlanRun, _ found: @escaping @LoopActor (Int, PlannedEdit) -> Void,
            _ restarted: @escaping @LoopActor () -> Void
        ) {
            self.run = run
            self.found = found
            self.restarted = restarted
        }

        func take(_ piece: WorkflowPiece) {
            switch piece {
            case .delta(.content(let text)):
                heard += text
                handle(reader.feed(text.utf8))
            // The same model again, or another one in its place: what the first said is no part of the answer.
            case .began, .reset: if !heard.isEmpty { startOver() }
            case .delta: break
            }
        }

        private func startOver() {
            reader = PlanReader()
            heard = ""
            dropAnnounced()
        }

        /// The edits so far count no more; a client that showed them is told to drop them.
        func dropAnnounced() {
            restarted()
            guard hasAnnounced else { return }
            hasAnnounced = false
            run.event("reset") { $0.member("reason", "fallback") }
        }

        func finish(_ completion: Completion) -> PlanReader.Outcome {
            if heard != completion.content {
                // The answer itself is what counts.
                startOver()
                handle(reader.feed(completion.content.utf8))
            }
            let (events, outcome) = reader.finish()
            handle(events)
            return outcome
        }

        private func handle(_ events: [PlanReader.Event]) {
            for event in events {
                switch event {
                case .edit(let index, let edit):
                    hasAnnounced = true
                    run.event("edit") { writer in
                        writer.member("index", index)
                        writer.key("edit")
                        edit.write(to: &writer)
                    }
                    found(index, edit)
                case .restart: dropAnnounced()
                }
            }
        }
    }

    private func select(_ tree: PlanTree?) async throws(RPCError) -> FileSelection {
        guard let tree else { return FileSelection() }
        let (problem, files, tokens) = (problem, files, contextTokens)
        do throws(EditFault) {
            return try await onOwnThread(as: tree.rights) {
                FileSelection.choose(problem, wanted: files, tree: tree, budget: tokens)
            }
        } catch {
            throw .forbidden(reason: "root", "\(error.message).")
        }
    }

    private static func question(_ problem: String, _ selection: FileSelection) -> String {
        var text = "The problem:\n\(problem)\n"
        if !selection.shown.isEmpty {
            text += "\nThe files (each line after its number and \"| \", which are not part of it):\n"
            for file in selection.shown { text += "\n=== \(file.path)\n\(file.text)" }
        }
        return text
    }
}

extension PlanReader.Outcome {
    var isUsable: Bool { problems.isEmpty && isComplete }

    var problemsOrCut: [PlanProblem] {
        problems.isEmpty ? [PlanProblem("/edits", "is cut off: the planner's answer ended within it")] : problems
    }

    /// For the planner, a line each.
    var faults: String { problemsOrCut.map { "- \($0.path) \($0.message)" }.joined(separator: "\n") }
}
