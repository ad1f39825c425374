import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders

extension PlanExecution {
    /// The result object of executePlan (PROTOCOL.md).
    struct Result {
        var status: String
        var outcomes: [EditOutcome] = []
        var verification = PlanVerification()
        /// What a person should know about how it was done.
        var warnings: [String] = []
        /// nil unless a tree was changed.
        var transaction: ULID?

        static let checkedWarning = """
            this file system cannot exchange files, so each was checked and then renamed: what another program wrote \
            in between may be lost
            """

        /// The members that grow with the plan, written beside the loop.
        struct Lists: Sendable {
            /// Each file's entry.
            fileprivate var files: [[UInt8]]
            /// The array of all edits' entries.
            fileprivate var edits: [UInt8]
            fileprivate var editCount: Int

            /// - Parameter attempts: model calls made for each edit that needed one.
            @concurrent
            static func make(
                _ summaries: [FileSummary], withContent: Bool, edits: [PlannedEdit] = [], outcomes: [EditOutcome] = [],
                attempts: [Int: Int] = [:]
            ) async -> Lists {
                async let files = FileSummary.entries(summaries, withContent: withContent)
                var writer = JSONWriter(reserving: 256 + outcomes.count * bytesPerEdit)
                writer.beginArray()
                for outcome in outcomes where edits.indices.contains(outcome.index) {
                    outcome.write(to: &writer, edit: edits[outcome.index], attempts: attempts[outcome.index] ?? 1)
                }
                writer.endArray()
                return Lists(files: await files, edits: writer.bytes, editCount: edits.count)
            }

            /// Of an entry that needs no message, about.
            private static let bytesPerEdit = 128
        }

        @LoopActor
        func json(_ lists: Lists, _ run: PlanRun, head: (inout JSONWriter) -> Void = { _ in }) -> [UInt8] {
            var writer = JSONWriter(reserving: lists.files.reduce(4096 + lists.edits.count) { $0 + $1.count + 1 })
            writer.beginObject()
            head(&writer)
            writer.key("transaction_id")
            if let transaction { writer.string(transaction.description) } else { writer.null() }
            writer.member("status", status)
            writer.key("files")
            writer.beginArray()
            for file in lists.files { writer.raw(file) }
            writer.endArray()
            writer.member("edits", raw: lists.edits)
            writer.member("warnings", warnings)
            writer.key("verify")
            verification.write(to: &writer)
            writer.callTotals(run)
            writer.key("counts")
            writer.beginObject()
            let done = outcomes.lazy.filter { $0.status == .applied || $0.status == .alreadyApplied }
            writer.member("edits", lists.editCount)
            writer.member("deterministic", done.count { $0.match != .model })
            writer.member("model", done.count { $0.match == .model })
            writer.member("files", lists.files.count)
            writer.endObject()
            writer.endObject()
            return writer.bytes
        }
    }
}

extension FileSummary {
    /// Entries written by one task: small files cost less than a task.
    private static let entriesPerTask = 32

    /// The entries of a result's `files`, made side by side.
    @concurrent
    fileprivate static func entries(_ summaries: [FileSummary], withContent: Bool) async -> [[UInt8]] {
        await withTaskGroup(of: (Int, [[UInt8]]).self) { group in
            for (index, chunk) in summaries.chunks(of: entriesPerTask).enumerated() {
                group.addTask { (index, chunk.map { $0.json(withContent: withContent) }) }
            }
            var parts: [(Int, [[UInt8]])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }
}

extension JSONWriter {
    /// usage, cost_usd, latency_ms and steps of the request so far.
    @LoopActor
    mutating func callTotals(_ run: PlanRun) {
        usage(run.trace.usage)
        cost(run.trace.cost)
        member("latency_ms", run.latency.milliseconds)
        steps(run.trace.steps)
    }
}
