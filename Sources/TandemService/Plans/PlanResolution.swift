import TandemBase
import TandemEdits

/// The edits of a plan against one snapshot of its files. Everything here is pure or reads files; nothing is written.
struct PlanResolution: Sendable {
    /// A file's content when it was read, or why it cannot be edited.
    typealias Snapshot = [String: Result<EditRoot.Image?, EditFault>]

    var edits: [PlannedEdit]
    var mode: EditMode
    var files: [PlanFile]
    var snapshot: Snapshot
    var base: [String: String]
    var resolutions: [PlanFile.Resolution]

    /// Reads every file once and resolves what needs no model, files side by side on the pool's threads.
    @concurrent
    static func make(
        _ edits: [PlannedEdit], mode: EditMode, tree: PlanTree, base: [String: String]
    ) async -> PlanResolution {
        let files = PlanFile.group(edits, mode: mode)
        var resolution = PlanResolution(
            edits: edits, mode: mode, files: files, snapshot: [:], base: base, resolutions: [])
        let parts = await withTaskGroup(of: (Int, Snapshot, [PlanFile.Resolution]).self) { group in
            // Reading with another account's rights takes a thread each time: one for all files.
            let size = tree.rights == nil ? filesPerTask : max(1, files.count)
            for (index, chunk) in files.chunks(of: size).enumerated() {
                group.addTask {
                    let snapshot = await tree.snapshot(
                        of: chunk.flatMap { [$0.path] + ($0.renames.map { [$0.to] } ?? []) })
                    let resolved = chunk.map { resolve($0, snapshot, base, mode, [:]) }
                    return (index, snapshot, resolved)
                }
            }
            var parts: [(Int, Snapshot, [PlanFile.Resolution])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }
        }
        for (_, snapshot, resolved) in parts {
            resolution.snapshot.merge(snapshot) { first, _ in first }
            resolution.resolutions += resolved
        }
        return resolution
    }

    /// Small files are handed to a task in groups: a task each would cost more than the work.
    private static let filesPerTask = 32

    /// Resolves one file again, with models' answers.
    @concurrent
    func resolve(_ position: Int, answers: [Int: [UInt8]]) async -> PlanFile.Resolution {
        Self.resolve(files[position], snapshot, base, mode, answers)
    }

    private static func resolve(
        _ file: PlanFile, _ snapshot: Snapshot, _ base: [String: String], _ mode: EditMode, _ answers: [Int: [UInt8]]
    ) -> PlanFile.Resolution {
        let image: EditRoot.Image?
        switch snapshot[file.path] {
        case .success(let found): image = found
        case .failure(let fault): return file.failed(fault)
        case nil: return file.failed(EditFault(.fileNotFound, "\(file.path) was not read"))
        }
        return file.resolve(
            image, target: file.renames.flatMap { snapshot[$0.to] } ?? .success(nil), base: base[file.path], mode: mode,
            answers: answers)
    }

    /// What every edit came to, in the plan's order.
    var outcomes: [EditOutcome] {
        let outcomes = resolutions.flatMap(\.outcomes)
        // As a rule they are in order already.
        let isSorted = zip(outcomes, outcomes.dropFirst()).allSatisfy { $0.index < $1.index }
        return isSorted ? outcomes : outcomes.sorted { $0.index < $1.index }
    }

    var changes: [FileChange] { resolutions.flatMap(\.changes) }
    var summaries: [FileSummary] { resolutions.compactMap(\.summary) }

    /// Gives up on edits that still wait for a model.
    mutating func closeRequests(_ faults: [Int: EditFault]) {
        for file in resolutions.indices {
            for edit in resolutions[file].outcomes.indices {
                let outcome = resolutions[file].outcomes[edit]
                guard outcome.request != nil else { continue }
                let fault =
                    outcome.fault ?? faults[outcome.index]
                    ?? EditFault(.modelAnswer, "no model could carry out this edit")
                var failed = EditOutcome.failed(outcome.index, fault)
                failed.request = nil
                resolutions[file].outcomes[edit] = failed
            }
        }
    }
}

extension Array {
    /// Consecutive pieces of at most `size` elements.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
