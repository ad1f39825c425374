import TandemJSON

/// The files of a plan that is carried out, each a call of a tool in the editor. Where models have a part in it, which
/// takes its time, a file is shown when the daemon has resolved it; else all are, at once, with what becomes of them.
@AdapterActor
final class ACPFileCalls {
    private let plan: ACPEditPlan
    private let session: ACPSession
    private let fileCount: Int
    /// Resolved and not shown, by the plan's names.
    private var held: [String] = []
    private var resolvedCount = 0
    private var asksModels = false
    /// Those that are shown and not over, by the plan's name of the file.
    private var open: [String: ACPToolCall] = [:]

    init(_ plan: ACPEditPlan, _ session: ACPSession) {
        self.plan = plan
        self.session = session
        fileCount = Set(plan.edits.compactMap { $0["file"]?.string }).count
        showPlan { _ in .inProgress }
    }

    func take(_ event: JSONValue) {
        session.showNotice(event)
        switch event["type"]?.string {
        case "step": asksModels = true
        case "file":
            // A file that cannot be edited ends it all, with words.
            guard event["status"]?.string == "resolved", let file = event["path"]?.string else { return }
            held.append(file)
            resolvedCount += 1
        default: return
        }
        // After the last one the result follows, which says more.
        guard asksModels, resolvedCount < fileCount else { return }
        for file in held {
            let call = call(
                file, action: plan.action(file), target: plan.target(file), id: session.updates.newIdentifier())
            session.updates.begin(call)
            open[file] = call
        }
        held = []
    }

    /// What becomes of a file.
    /// - Parameter target: its new name.
    func show(_ file: String, action: String, target: String?, _ content: [UInt8]) -> ACPToolCall {
        let shown = open.removeValue(forKey: file)
        var call = call(file, action: action, target: target, id: shown?.id ?? session.updates.newIdentifier())
        call.content = [content]
        if shown == nil { session.updates.begin(call) } else { session.updates.replace(call) }
        return call
    }

    /// Files that were shown and need no change after all, or that nothing becomes of.
    func endRest(_ status: String, _ text: String) {
        for call in open.values { session.updates.update(call, status, content: [ACPToolCall.text(text)]) }
        open = [:]
    }

    /// - Parameter status: of a file's edits; nil for those that are not wanted.
    func showPlan(_ status: (String) -> ACPUpdates.EntryStatus?) {
        session.updates.plan(
            plan.edits.compactMap { edit in
                status(edit["file"]?.string ?? "").map { (ACPEditPlan.title(edit), $0) }
            })
    }

    private func call(_ file: String, action: String, target: String?, id: String) -> ACPToolCall {
        let verb = ["create": "Create", "delete": "Delete", "rename": "Rename"][action] ?? "Edit"
        var call = ACPToolCall(
            id: id, title: "\(verb) \(file)\(target.map { " to \($0)" } ?? "")",
            kind: ["delete": "delete", "rename": "move"][action] ?? "edit")
        call.locations = [session.cwd + "/" + (target ?? file)]
        return call
    }
}
