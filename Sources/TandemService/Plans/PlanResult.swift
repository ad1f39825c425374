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
        var edits: [PlannedEdit]
        var outcomes: [EditOutcome]
        /// Each file's entry as JSON.
        var files: [[UInt8]]
        var verification: PlanVerification
        /// Model calls made for each edit that needed one.
        var attempts: [Int: Int]
        /// What a person should know about how it was done.
        var warnings: [String] = []
        /// nil unless a tree was changed.
        var transaction: ULID?

        static let checkedWarning = """
            this file system cannot exchange files, so each was checked and then renamed: what another program wrote \
            in between may be lost
            """

        @LoopActor
        func json(_ run: PlanRun, head: (inout JSONWriter) -> Void = { _ in }) -> [UInt8] {
            var writer = JSONWriter(reserving: files.reduce(4096) { $0 + $1.count + 256 })
            writer.beginObject()
            head(&writer)
            writer.key("transaction_id")
            if let transaction { writer.string(transaction.description) } else { writer.null() }
            writer.member("status", status)
            writer.key("files")
            writer.beginArray()
            for file in files { writer.raw(file) }
            writer.endArray()
            writer.key("edits")
            writer.beginArray()
            for outcome in outcomes where edits.indices.contains(outcome.index) {
                outcome.write(to: &writer, edit: edits[outcome.index], attempts: attempts[outcome.index] ?? 1)
            }
            writer.endArray()
            writer.member("warnings", warnings)
            writer.key("verify")
            verification.write(to: &writer)
            writer.callTotals(run)
            writer.key("counts")
            writer.beginObject()
            let done = outcomes.filter { $0.status == .applied || $0.status == .alreadyApplied }
            writer.member("edits", edits.count)
            writer.member("deterministic", done.count { $0.match != .model })
            writer.member("model", done.count { $0.match == .model })
            writer.member("files", files.count)
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
    static func entries(_ summaries: [FileSummary], withContent: Bool) async -> [[UInt8]] {
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
