import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC

/// Carries a plan out: resolve, ask models where edits need one, verify, commit.
@LoopActor
struct PlanExecution {
    let run: PlanRun
    let parameters: ExecuteParameters
    let tree: PlanTree
    /// Of the request, for the idempotency key.
    let hash: String

    /// Model calls made for each edit, by index.
    private var attempts: [Int: Int] = [:]

    init(_ run: PlanRun, _ parameters: ExecuteParameters, _ tree: PlanTree, hash: String) {
        self.run = run
        self.parameters = parameters
        self.tree = tree
        self.hash = hash
    }

    /// - Parameters:
    ///   - early: model edits' answers that are there already (`solve`).
    ///   - head: writes the members that stand before executePlan's own (`solve`).
    /// - Returns: the result object.
    mutating func execute(
        _ edits: [PlannedEdit], early: [Int: EarlyEdits.Early] = [:],
        head: (inout JSONWriter) -> Void = { _ in }
    ) async throws(RPCError) -> [UInt8] {
        try await checkBase(edits)
        let base = Dictionary(parameters.base) { first, _ in first }
        var resolution = await PlanResolution.make(edits, mode: parameters.mode, tree: tree, base: base)
        try await askModels(&resolution, early)
        announce(resolution)
        let outcomes = resolution.outcomes
        if !parameters.skipsConflicts, outcomes.contains(where: { $0.status == .failed }) {
            throw outcomes.conflictError(edits)
        }
        let changes = resolution.changes
        let verification = try await verify(edits, changes)
        if verification.status == .failed { throw verification.conflict(edits) }
        var result = Result(
            status: changes.isEmpty ? "nothing_to_do" : parameters.isDryRun ? "dry_run" : "committed",
            edits: edits, outcomes: outcomes, summaries: resolution.summaries, verification: verification,
            attempts: attempts)
        if !changes.isEmpty, !parameters.isDryRun, case .folder(let handle) = tree {
            result.transaction = try await commit(changes, edits, handle)
        }
        for summary in resolution.summaries where result.status == "committed" {
            run.event("file") { writer in
                writer.member("path", summary.path)
                writer.member("status", "committed")
                writer.member("action", summary.action.rawValue)
            }
        }
        let json = result.json(run, withContent: !tree.isFolder, head: head)
        if let transaction = result.transaction {
            do throws(JournalError) {
                try await run.daemon.edits.setResult(transaction, json)
            } catch {
                // The tree is changed and the client is told so; only a repetition by key could not be answered.
                run.daemon.log(.error, "the result of edit transaction \(transaction) was not recorded: \(error)")
            }
        }
        return json
    }

    /// Preconditions on files that no edit names.
    private func checkBase(_ edits: [PlannedEdit]) async throws(RPCError) {
        let named = Set(edits.map(\.file))
        let others = parameters.base.filter { !named.contains($0.path) }
        guard !others.isEmpty else { return }
        let stale = await Self.stale(others, tree)
        guard let first = stale.first else { return }
        var outcomes: [EditOutcome] = []
        for path in stale {
            outcomes.append(
                .failed(-1, EditFault(.stale, "\(path) is not as in base any more; read it again and plan anew")))
        }
        var error = outcomes.conflictError(edits)
        error.message = "\(first) is not as in base any more, so nothing was changed: read it again and plan anew."
        throw error
    }

    @concurrent
    private static func stale(_ base: [(path: String, hash: String)], _ tree: PlanTree) async -> [String] {
        base.filter { path, hash in
            let image = try? tree.read(path)
            return hash.lowercased() != Digest.sha256(image?.bytes ?? [])
        }.map(\.path)
    }

    // MARK: models

    /// Files side by side, the edits of one file one after the other, because each has to fit with those before.
    private mutating func askModels(
        _ resolution: inout PlanResolution, _ early: [Int: EarlyEdits.Early]
    ) async throws(RPCError) {
        let waiting = resolution.resolutions.indices.filter { !resolution.resolutions[$0].requests.isEmpty }
        guard !waiting.isEmpty else { return }
        let editor = ModelEditor(models: run.models, resolution: resolution)
        var faults: [Int: EditFault] = [:]
        var finished: [FileAnswers] = []
        if parameters.mode == .sequential {
            for file in waiting { finished.append(try await Self.answers(editor, file, early)) }
        } else {
            finished = try await Self.side(waiting, editor, early)
        }
        for answers in finished {
            resolution.resolutions[answers.file] = answers.resolution
            faults.merge(answers.faults) { first, _ in first }
            attempts.merge(answers.attempts) { first, _ in first }
        }
        resolution.closeRequests(faults)
    }

    private struct FileAnswers: Sendable {
        var file: Int
        var resolution: PlanFile.Resolution
        var faults: [Int: EditFault]
        var attempts: [Int: Int]
    }

    /// Model edits under way at once; the provider's own gate bounds them further.
    private static let modelFilesAtOnce = 16

    private static func side(
        _ files: [Int], _ editor: ModelEditor, _ early: [Int: EarlyEdits.Early]
    ) async throws(RPCError) -> [FileAnswers] {
        let results = await withTaskGroup(of: Swift.Result<FileAnswers, RPCError>.self) { group in
            var rest = files[...]
            for file in rest.prefix(modelFilesAtOnce) {
                group.addTask { await outcome(editor, file, early) }
            }
            rest = rest.dropFirst(modelFilesAtOnce)
            var results: [Swift.Result<FileAnswers, RPCError>] = []
            for await result in group {
                results.append(result)
                if case .failure = result {
                    group.cancelAll()
                } else if let file = rest.popFirst() {
                    group.addTask { await outcome(editor, file, early) }
                }
            }
            return results
        }
        var found: [FileAnswers] = []
        for result in results { found.append(try result.get()) }
        return found
    }

    private static func outcome(
        _ editor: ModelEditor, _ file: Int, _ early: [Int: EarlyEdits.Early]
    ) async -> Swift.Result<FileAnswers, RPCError> {
        do throws(RPCError) {
            return .success(try await answers(editor, file, early))
        } catch {
            return .failure(error)
        }
    }

    private static func answers(
        _ editor: ModelEditor, _ file: Int, _ early: [Int: EarlyEdits.Early]
    ) async throws(RPCError) -> FileAnswers {
        var known: [Int: [UInt8]] = [:]
        var collected = FileAnswers(
            file: file, resolution: editor.resolution.resolutions[file], faults: [:], attempts: [:])
        // Each round answers one request; a file has as many as edits.
        while let request = collected.resolution.requests.first(where: { collected.faults[$0.index] == nil }) {
            let answer: ModelEditor.Answer
            // Made for this very region; a file that changed meanwhile is asked about anew.
            if let ready = early[request.index], ready.regionText == request.regionText {
                answer = ready.answer
            } else {
                answer = try await editor.answer(request, file: file, known: known)
            }
            collected.attempts[request.index] = answer.attempts
            if let text = answer.text {
                known[request.index] = text
                collected.resolution = await editor.resolution.resolve(file, answers: known)
                // An answer that no longer fits is not asked for again.
                if collected.resolution.requests.contains(where: { $0.index == request.index }) {
                    collected.faults[request.index] = EditFault(
                        .modelAnswer, "the model's answer does not fit the file")
                }
            } else {
                collected.faults[request.index] = answer.fault
            }
        }
        return collected
    }

    // MARK: verify and commit

    private func verify(_ edits: [PlannedEdit], _ changes: [FileChange]) async throws(RPCError) -> PlanVerification {
        guard !changes.isEmpty else { return PlanVerification() }
        switch parameters.verification {
        case .none: return PlanVerification()
        case .syntax: return await PlanVerification.syntax(changes)
        case .model: return try await PlanVerification.model(run.models, changes)
        case .configured(let name):
            guard let verifier = run.daemon.configuration.verifiers.first(where: { $0.name == name }) else {
                let known = ["none", "syntax", "model"] + run.daemon.configuration.verifiers.map(\.name)
                throw .invalidParams(
                    path: "/verify", expected: known.joined(separator: ", "),
                    "There is no verifier `\(name.prefix(64))`: use one of \(known.joined(separator: ", ")).")
            }
            guard case .folder(let handle) = tree else {
                throw .invalidParams(
                    path: "/verify", expected: "none, syntax or model",
                    "The verifier `\(name.prefix(64))` needs a folder: send `root`, or choose syntax or model.")
            }
            return await PlanVerification.configured(verifier, handle, changes)
        }
    }

    private func commit(
        _ changes: [FileChange], _ edits: [PlannedEdit], _ handle: PlanTree.RootHandle
    ) async throws(RPCError) -> ULID {
        guard !Task.isCancelled else { throw .cancelled(requestID: run.id.description) }
        run.isCommitting = true
        defer { run.isCommitting = false }
        let record = TransactionRecord(
            id: run.daemon.makeID(), root: handle.root.path, time: .now(), uid: run.request.peer.uid,
            idempotencyKey: parameters.idempotencyKey, paramsHash: hash)
        let outcome: TransactionEngine.Outcome
        do throws(JournalError) {
            outcome = try await run.daemon.edits.commit(record, handle, changes)
        } catch {
            throw .journal(error)
        }
        switch outcome {
        case .committed: return record.id
        case .failed(let faults):
            throw faults.map { path, fault in
                EditOutcome.failed(edits.firstIndex { $0.file == path } ?? -1, fault)
            }.conflictError(edits)
        }
    }

    private func announce(_ resolution: PlanResolution) {
        guard run.streams else { return }
        for (position, file) in resolution.files.enumerated() {
            let outcomes = resolution.resolutions[position].outcomes
            run.event("file") { writer in
                writer.member("path", file.path)
                writer.member("status", outcomes.contains { $0.status == .failed } ? "failed" : "resolved")
                writer.member("edits", outcomes.count)
            }
            run.progress(position + 1, of: resolution.files.count, "files")
        }
    }
}
