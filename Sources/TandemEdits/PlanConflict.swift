import TandemJSON
import TandemProtocol

/// Why something of a plan cannot be done: one entry of -32011's `edits`.
package struct PlanConflict: Sendable {
    /// The edit's place in the plan; -1 where it is no single edit's.
    package var index: Int
    package var file: String
    package var kind: String
    package var message: String
    /// 1-based.
    package var lines: [Int] = []

    package init(_ index: Int, _ file: String, kind: String, _ message: String) {
        self.index = index
        self.file = file
        self.kind = kind
        self.message = message
    }

    package init(_ index: Int, _ file: String, _ fault: EditFault) {
        self.init(index, file, kind: fault.kind.rawValue, fault.message)
        lines = fault.lines
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("index", index)
        writer.member("file", file)
        writer.member("kind", kind)
        writer.member("message", message)
        if !lines.isEmpty {
            writer.key("lines")
            writer.beginArray()
            for line in lines { writer.int(line) }
            writer.endArray()
        }
        writer.endObject()
    }
}

extension RPCError {
    /// -32011; the tree is untouched.
    package static func planConflict(_ message: String, _ conflicts: [PlanConflict]) -> RPCError {
        var writer = JSONWriter()
        writer.beginArray()
        for conflict in conflicts { conflict.write(to: &writer) }
        writer.endArray()
        return planConflict(message, edits: writer.bytes)
    }

    /// -32011 for a plan of so many edits, with the first conflict's message.
    package static func planConflict(_ conflicts: [PlanConflict], of edits: [PlannedEdit]) -> RPCError {
        let count = Set(conflicts.map(\.index)).count
        let first = conflicts.first.map { ": \($0.message)" } ?? ""
        return planConflict(
            "\(count) of \(edits.count) edits cannot be applied, nothing was changed\(first)", conflicts)
    }
}

extension [EditOutcome] {
    /// Of each edit that failed, in the plan's order.
    package func conflicts(in edits: [PlannedEdit]) -> [PlanConflict] {
        filter { $0.status == .failed }.sorted { $0.index < $1.index }.map { outcome in
            let fault = outcome.fault ?? EditFault(.modelAnswer, outcome.message ?? "")
            return PlanConflict(outcome.index, edits[outcome.index].file, fault)
        }
    }
}
