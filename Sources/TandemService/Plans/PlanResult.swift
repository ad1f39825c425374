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
        var summaries: [FileSummary]
        var verification: PlanVerification
        /// Model calls made for each edit that needed one.
        var attempts: [Int: Int]
        /// nil unless a tree was changed.
        var transaction: ULID?

        @LoopActor
        func json(_ run: PlanRun, withContent: Bool, head: (inout JSONWriter) -> Void) -> [UInt8] {
            var writer = JSONWriter(reserving: 4096)
            writer.beginObject()
            head(&writer)
            writer.key("transaction_id")
            if let transaction { writer.string(transaction.description) } else { writer.null() }
            writer.member("status", status)
            writer.key("files")
            writer.beginArray()
            for summary in summaries { summary.write(to: &writer, withContent: withContent) }
            writer.endArray()
            writer.key("edits")
            writer.beginArray()
            for outcome in outcomes where edits.indices.contains(outcome.index) {
                outcome.write(to: &writer, edit: edits[outcome.index], attempts: attempts[outcome.index] ?? 1)
            }
            writer.endArray()
            writer.key("verify")
            verification.write(to: &writer)
            writer.callTotals(run)
            writer.key("counts")
            writer.beginObject()
            let done = outcomes.filter { $0.status == .applied || $0.status == .alreadyApplied }
            writer.member("edits", edits.count)
            writer.member("deterministic", done.count { $0.match != .model })
            writer.member("model", done.count { $0.match == .model })
            writer.member("files", summaries.count)
            writer.endObject()
            writer.endObject()
            return writer.bytes
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
