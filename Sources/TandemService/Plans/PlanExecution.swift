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
    /// Of the request's params; where there is an idempotency key.
    let hash: String?

    /// Model calls made for each edit, by index.
    private var attempts: [Int: Int] = [:]

    init(_ run: PlanRun, _ parameters: ExecuteParameters, _ tree: PlanTree, hash: String?) {
        self.run = run
        self.parameters = parameters
        self.tree = tree
        self.hash = hash
    }

    /// - Parameters:
    ///   - early: model edits' answers that are there already (`solve`).
    ///   - warnings: of what came before (`solve`).
    ///   - head: writes the members that stand before executePlan's own (`solve`).
    /// - Returns: the result object.
    mutating func execute(
        _ edits: [PlannedEdit], early: [Int: EarlyEdits.Early] = [:], warnings: [String] = [],
        head: (inout JSONWriter) -> Void = { _ in }
    ) async throws(RPCError) -> [UInt8] {
        try checkVerifier()
        try await checkBase(edits)
        let base = Dictionary(parameters.base) { first, _ in first }
        var resolution = await PlanResolution.make(edits, mode: parameters.mode, tree: tree, base: base)
        for (file, resolved) in zip(resolution.files, resolution.resolutions) where resolved.requests.isEmpty {
            await announce(file, resolved)
        }
        try await askModels(&resolution, early)
        let outcomes = resolution.outcomes
        if !parameters.skipsConflicts, outcomes.contains(where: { $0.status == .failed }) {
            throw .planConflict(outcomes.conflicts(in: edits), of: edits)
        }
        let changes = resolution.changes
        let verification = try await verify(edits, changes)
        if verification.status == .failed { throw verification.conflict(edits) }
        if parameters.isDryRun { try await rehearse(edits, changes) }
        var result = Result(
            status: changes.isEmpty ? "nothing_to_do" : parameters.isDryRun ? "dry_run" : "committed",
            outcomes: outcomes, verification: verification, warnings: warnings)
        // Hashes and diffs take as long as the commit, beside which they are made.
        let summaries = resolution.summaries
        async let lists = Result.Lists.make(
            summaries, withContent: !tree.isFolder, edits: edits, outcomes: outcomes, attempts: attempts)
        guard !changes.isEmpty, !parameters.isDryRun, case .folder(let handle) = tree else {
            if result.status == "committed" { await announceCommitted(summaries) }
            return result.json(await lists, run, head: head)
        }
        let transaction = run.daemon.makeID()
        result.transaction = transaction
        // With a key the answer is recorded with the transaction's begin, and a repetition gets it to the byte.
        var recorded: [UInt8]?
        if parameters.idempotencyKey != nil { recorded = result.json(await lists, run, head: head) }
        let record = TransactionRecord(
            id: transaction, root: handle.root.path, time: .now(), uid: run.request.peer.uid,
            idempotencyKey: parameters.idempotencyKey, paramsHash: hash, result: recorded)
        switch try await commit(record, changes, edits, handle) {
        case .earlier(let json): return json
        case .committed(let checked):
            await announceCommitted(summaries)
            if checked { result.warnings.append(Result.checkedWarning) }
            if let recorded, !checked { return recorded }
            let json = result.json(await lists, run, head: head)
            if recorded != nil { await run.daemon.edits.setResult(transaction, json) }
            return json
        }
    }

    private func announceCommitted(_ summaries: [FileSummary]) async {
        guard run.streams else { return }
        for summary in summaries {
            await run.room()
            run.event("file") { writer in
                writer.member("path", summary.path)
                writer.member("status", "committed")
                writer.member("action", summary.action.rawValue)
            }
        }
    }

    /// Preconditions on files that no edit names.
    private func checkBase(_ edits: [PlannedEdit]) async throws(RPCError) {
        let named = Set(edits.map(\.file))
        let others = parameters.base.filter { !named.contains($0.path) }
        guard !others.isEmpty else { return }
        let stale = await Self.stale(others, tree)
        guard let first = stale.first else { return }
        throw .planConflict(
            "\(first) is not as in base any more, so nothing was changed: read it again and plan anew.",
            stale.map { PlanConflict(-1, $0, PlanFile.stale($0)) })
    }

    @concurrent
    private static func stale(_ base: [(path: String, hash: String)], _ tree: PlanTree) async -> [String] {
        let images = await tree.snapshot(of: base.map(\.path))
        return base.filter { path, hash in
            guard let image = try? images[path]?.get() else { return true }
            return hash.lowercased() != Digest.sha256(image.bytes)
        }.map(\.path)
    }

    // MARK: models

    /// Files side by side, the edits of one file one after the other, because each has to fit with those before.
    private mutating func askModels(
        _ resolution: inout PlanResolution, _ early: [Int: EarlyEdits.Early]
    ) async throws(RPCError) {
        let waiting = resolution.resolutions.indices.filter { !resolution.resolutions[$0].requests.isEmpty }
        let total = resolution.files.count
        run.progress(total - waiting.count, of: total, "files")
        guard !waiting.isEmpty else { return }
        let editor = ModelEditor(models: run.models, resolution: resolution, rights: tree.rights)
        var faults: [Int: EditFault] = [:]
        let finished =
            parameters.mode == .sequential
            ? try await inOrder(waiting, editor) : try await sideBySide(waiting, editor, early, total)
        for work in finished {
            resolution.resolutions[work.file] = work.resolution
            faults.merge(work.faults) { first, _ in first }
            attempts.merge(work.attempts) { first, _ in first }
        }
        resolution.closeRequests(faults)
    }

    /// Edits in the plan's order, whichever file they are of.
    private func inOrder(_ files: [Int], _ editor: ModelEditor) async throws(RPCError) -> [FileModelWork] {
        var works = files.map { FileModelWork(editor, $0) }
        while let next = works.indices.filter({ works[$0].next != nil }).min(by: {
            (works[$0].next?.index ?? 0) < (works[$1].next?.index ?? 0)
        }) {
            try await works[next].answerNext([:])
            if works[next].next == nil {
                await announce(editor.resolution.files[works[next].file], works[next].resolution)
            }
        }
        return works
    }

    /// Model edits under way at once; the provider's own gate bounds them further.
    private static let modelFilesAtOnce = 16

    private func sideBySide(
        _ files: [Int], _ editor: ModelEditor, _ early: [Int: EarlyEdits.Early], _ total: Int
    ) async throws(RPCError) -> [FileModelWork] {
        let results = await withTaskGroup(of: Swift.Result<FileModelWork, RPCError>.self) { group in
            var rest = files[...]
            for file in rest.prefix(Self.modelFilesAtOnce) {
                group.addTask { await Self.finished(editor, file, early) }
            }
            rest = rest.dropFirst(Self.modelFilesAtOnce)
            var results: [Swift.Result<FileModelWork, RPCError>] = []
            for await result in group {
                results.append(result)
                run.progress(total - files.count + results.count, of: total, "files")
                switch result {
                case .failure:
                    group.cancelAll()
                    rest = []
                case .success(let work):
                    if let file = rest.popFirst() { group.addTask { await Self.finished(editor, file, early) } }
                    await announce(editor.resolution.files[work.file], work.resolution)
                }
            }
            return results
        }
        var found: [FileModelWork] = []
        // The first failure is the cause; what it cancelled comes behind it.
        for result in results { found.append(try result.get()) }
        return found
    }

    private static func finished(
        _ editor: ModelEditor, _ file: Int, _ early: [Int: EarlyEdits.Early]
    ) async -> Swift.Result<FileModelWork, RPCError> {
        var work = FileModelWork(editor, file)
        do throws(RPCError) {
            while work.next != nil { try await work.answerNext(early) }
            return .success(work)
        } catch {
            return .failure(error)
        }
    }

    // MARK: verify and commit

    /// A verifier that is not there is told before anything is spent on the plan.
    func checkVerifier() throws(RPCError) {
        guard case .configured(let name) = parameters.verification else { return }
        guard run.daemon.configuration.verifiers.contains(where: { $0.name == name }) else {
            let known = ["none", "syntax", "model"] + run.daemon.configuration.verifiers.map(\.name)
            throw .invalidParams(
                path: "/verify", expected: known.joined(separator: ", "),
                "There is no verifier `\(name.prefix(64))`: use one of \(known.joined(separator: ", ")).")
        }
        guard tree.isFolder else {
            throw .invalidParams(
                path: "/verify", expected: "none, syntax or model",
                "The verifier `\(name.prefix(64))` needs a folder: send `root`, or choose syntax or model.")
        }
    }

    private func verify(_ edits: [PlannedEdit], _ changes: [FileChange]) async throws(RPCError) -> PlanVerification {
        guard !changes.isEmpty else { return PlanVerification() }
        switch parameters.verification {
        case .none: return PlanVerification()
        case .syntax: return try await PlanVerification.syntax(changes, as: tree.rights)
        case .model: return try await PlanVerification.model(run.models, changes)
        case .configured(let name):
            guard let verifier = run.daemon.configuration.verifiers.first(where: { $0.name == name }),
                case .folder(let handle) = tree
            else { return PlanVerification() }
            return try await PlanVerification.configured(verifier, handle, changes)
        }
    }

    private enum Commit {
        case committed(checked: Bool)
        /// Another request with the same key was faster: its result.
        case earlier([UInt8])
    }

    private func commit(
        _ record: TransactionRecord, _ changes: [FileChange], _ edits: [PlannedEdit], _ handle: PlanTree.RootHandle
    ) async throws(RPCError) -> Commit {
        guard !Task.isCancelled else { throw .cancelled(requestID: run.id.description) }
        run.isCommitting = true
        let outcome: TransactionEngine.Outcome
        do throws(JournalError) {
            outcome = try await run.daemon.edits.commit(record, handle, changes)
        } catch {
            if case .duplicateKey = error, let hash, let earlier = try await run.earlierResult(parameters, hash) {
                return .earlier(earlier)
            }
            throw .journal(error)
        }
        switch outcome {
        case .committed(let checked): return .committed(checked: checked)
        case .unrecorded(let error): throw .journal(error)
        case .failed(let faults): throw conflict(faults, edits)
        }
    }

    /// A dry run that goes well promises what can be promised: that the real one would not be refused right now.
    private func rehearse(_ edits: [PlannedEdit], _ changes: [FileChange]) async throws(RPCError) {
        guard !changes.isEmpty, case .folder(let handle) = tree else { return }
        let record = TransactionRecord(
            id: run.daemon.makeID(), root: handle.root.path, time: .now(), uid: run.request.peer.uid)
        let outcome: TransactionEngine.Outcome
        do throws(JournalError) {
            outcome = try await run.daemon.edits.rehearse(record, handle, changes)
        } catch {
            throw .journal(error)
        }
        switch outcome {
        case .committed: return
        case .unrecorded(let error): throw .journal(error)
        case .failed(let faults): throw conflict(faults, edits)
        }
    }

    private func conflict(_ faults: [(path: String, fault: EditFault)], _ edits: [PlannedEdit]) -> RPCError {
        .planConflict(
            faults.map { path, fault in
                PlanConflict(edits.firstIndex { $0.file == path || $0.newName == path } ?? -1, path, fault)
            }, of: edits)
    }

    /// A file is resolved; what still waits for a model then found none that could do it.
    private func announce(_ file: PlanFile, _ resolution: PlanFile.Resolution) async {
        guard run.streams else { return }
        await run.room()
        let outcomes = resolution.outcomes
        run.event("file") { writer in
            writer.member("path", file.path)
            writer.member(
                "status", outcomes.contains { $0.status == .failed || $0.request != nil } ? "failed" : "resolved")
            writer.member("edits", outcomes.count)
        }
    }
}

extension PlannedEdit {
    /// The other name of a renamed file.
    fileprivate var newName: String? { if case .rename(let to) = operation { to } else { nil } }
}
