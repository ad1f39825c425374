import TandemBase
import TandemJSON
import TandemProtocol

/// A plan that the daemon keeps, and can be carried out.
struct ACPEditPlan {
    var id: String
    var plan: JSONValue

    var edits: [JSONValue] { plan["edits"].map { Array($0.elements) } ?? [] }

    /// Files that must be there already, relative to the root, each once.
    var inputFiles: [String] {
        var files: [String] = []
        for edit in edits where edit["type"]?.string != "create" {
            if let file = edit["file"]?.string, !files.contains(file) { files.append(file) }
        }
        return files
    }

    /// What becomes of a file as a whole: create, delete, rename, or modify.
    func action(_ file: String) -> String {
        let types = edits.filter { $0["file"]?.string == file }.compactMap { $0["type"]?.string }
        return types.first { ["create", "delete", "rename"].contains($0) } ?? "modify"
    }

    /// The new name of a file that is renamed.
    func target(_ file: String) -> String? {
        edits.first { $0["file"]?.string == file && $0["type"]?.string == "rename" }?["to"]?.string
    }

    /// The old name of a file that has this one by a renaming.
    func source(_ file: String) -> String? {
        edits.first { $0["to"]?.string == file && $0["type"]?.string == "rename" }?["file"]?.string
    }

    static func title(_ edit: JSONValue) -> String {
        let file = edit["file"]?.string ?? "?"
        return switch edit["type"]?.string {
        case "create": "Create \(file)"
        case "delete": "Delete \(file)"
        case "rename": "Rename \(file) to \(edit["to"]?.string ?? "?")"
        case "add_import": "\(file): import \(edit["import_line"]?.string ?? "")"
        case "model_edit": "\(file): \(edit["action"]?.string ?? "edit")"
        case "remove_line": "\(file): remove a line"
        case "add_line": "\(file): add a line"
        default: "\(file): replace text"
        }
    }

    /// What a person reads: cause, strategy and each edit.
    var markdown: String {
        var parts = ["root_cause", "strategy"].compactMap { plan[$0]?.string }.filter { !$0.isEmpty }
        for edit in edits {
            var lines = ["- \(Self.title(edit))"]
            let old = edit["find"]?.string
            let new = edit["replace"]?.string ?? edit["line_content"]?.string ?? edit["content"]?.string
            if old != nil || new != nil {
                let body =
                    (old.map { Self.prefixed($0, "-") } ?? []) + (new.map { Self.prefixed($0, "+") } ?? [])
                lines += [fenced(body.joined(separator: "\n"), name: "diff")]
            }
            parts.append(lines.joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    private static func prefixed(_ text: String, _ sign: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { sign + $0 }
    }
}

extension ACPServer {
    /// Has a plan made and shows it; nil when there is nothing to carry out.
    func plan(_ content: ACPPromptContent, _ session: ACPSession) async throws(RPCError) -> ACPEditPlan? {
        let mentioned = content.files.compactMap { file in
            relativePath(file.path, below: session.cwd).map { (path: $0, text: file.text) }
        }
        var problem = content
        problem.files.removeAll { relativePath($0.path, below: session.cwd) != nil }
        let view = ACPPlanView(session)
        let result: JSONValue
        do throws(RPCError) {
            result = try await daemon.call("plan", onEvent: { view.take($0) }) { writer in
                writer.member("problem", problem.chatText)
                writer.member("stream", true)
                writer.member("model", ifPresent: session.model)
                // What the editor has of the files that the person names counts, saved or not.
                if canReadFiles, !mentioned.isEmpty {
                    writer.documents(mentioned)
                } else {
                    writer.member("root", session.cwd)
                    if !mentioned.isEmpty { writer.member("files", mentioned.map(\.path)) }
                }
            }
        } catch {
            try tell(error, session)
            return nil
        }
        account(result, session)
        guard let id = result["plan_id"]?.string, let plan = result["plan"] else {
            session.updates.message("The daemon gave no plan.")
            return nil
        }
        let made = ACPEditPlan(id: id, plan: plan)
        session.lastPlan = made
        for warning in result["warnings"]?.elements.compactMap(\.string) ?? [] {
            session.updates.thought("Tandem: \(warning)\n")
        }
        session.updates.message(made.edits.isEmpty ? "There is nothing to change.\n" : made.markdown + "\n")
        session.updates.plan(made.edits.map { (ACPEditPlan.title($0), .pending) })
        if session.mode != .edit, !made.edits.isEmpty { session.updates.message("\n/execute carries it out.\n") }
        return made.edits.isEmpty ? nil : made
    }

    /// Tells in words what the person can act on; throws on what ends the turn as a failure.
    func tell(_ error: RPCError, _ session: ACPSession) throws(RPCError) {
        switch error.code {
        case .methodNotFound:
            session.updates.message("This tandemd cannot edit yet: update it, then ask again.\n")
        case .planInvalid, .planConflict:
            var lines = [error.message]
            for member in error.data where member.name == "edits" || member.name == "problems" {
                for entry in (try? JSONDocument(member.json).root)?.elements.map({ $0 }) ?? [] {
                    let place = entry["file"]?.string ?? entry["path"]?.string ?? ""
                    lines.append("- \(place): \(entry["message"]?.string ?? "")")
                }
            }
            session.updates.message(lines.joined(separator: "\n") + "\n")
        default: throw error
        }
    }
}

extension JSONWriter {
    /// The member `documents`.
    mutating func documents(_ files: [(path: String, text: String)]) {
        key("documents")
        beginArray()
        for file in files {
            beginObject()
            member("path", file.path)
            member("content", file.text)
            endObject()
        }
        endArray()
    }
}

/// Shows a plan while it is written: its edits as the entries of the editor's plan.
@AdapterActor
private final class ACPPlanView {
    private let updates: ACPUpdates
    private var entries: [String] = []

    init(_ session: ACPSession) { updates = session.updates }

    func take(_ event: JSONValue) {
        switch event["type"]?.string {
        case "reasoning":
            if let text = event["text"] { updates.thought(text) }
        case "notice":
            if let text = event["message"]?.string { updates.thought("Tandem: \(text)\n") }
        case "reset": entries = []
        case "edit":
            guard let edit = event["edit"] else { return }
            entries.append(ACPEditPlan.title(edit))
            updates.plan(entries.map { ($0, .pending) })
        default: break
        }
    }
}
