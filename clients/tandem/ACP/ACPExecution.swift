import TandemBase
import TandemJSON
import TandemProtocol

/// What "for this session" counts for when a person decides about edits.
private let editPermission = "edits"

/// How the last edit of a session is taken back.
struct ACPUndo {
    /// What the daemon changed on the disk.
    var transaction: String?
    /// What the editor was given: absolute paths with the text before (nil for a new file) and after.
    var buffers: [(path: String, before: String?, after: String)] = []
}

/// One file as a plan leaves it.
private struct FileChange {
    /// Relative to the root.
    var path: String
    var action: String
    /// Nil when it was not there.
    var before: String?
    /// Nil when it is deleted.
    var after: String?
    /// Where it was, of a renamed file.
    var oldPath: String?
    /// As the plan names it.
    var file: String { oldPath ?? path }
    var hashBefore: String?
    var call: ACPToolCall
}

extension ACPServer {
    /// Carries a plan out: resolved against what the editor has of the files, each changed file shown and asked for,
    /// and what is permitted written.
    func execute(_ plan: ACPEditPlan, _ session: ACPSession) async throws(RPCError) {
        var documents: [(path: String, text: String)] = []
        for file in plan.inputFiles {
            let path = session.cwd + "/" + file
            guard relativePath(path, below: session.cwd) != nil else { continue }
            if let text = try? await readFile(path, session) { documents.append((file, text)) }
            if Task.isCancelled { throw .cancelled() }
        }
        let calls = ACPFileCalls(plan, session)
        let result: JSONValue
        do throws(RPCError) {
            result = try await daemon.call("executePlan", onEvent: { calls.take($0) }) { writer in
                writer.member("plan", plan.plan)
                writer.documents(documents)
                writer.member("stream", true)
            }
        } catch {
            if error.code != .cancelled { calls.endRest("failed", "Nothing was changed.") }
            return try tell(error, session)
        }
        account(result, session)
        let changes = self.changes(result, plan, documents, calls, session)
        calls.endRest("completed", "The file is as the plan wants it.")
        guard !changes.isEmpty else {
            calls.showPlan { _ in .completed }
            return session.updates.message("\nNothing is left to change: the files are as the plan wants them.\n")
        }
        var permitted: [FileChange] = []
        for change in changes {
            if try await isPermitted(change.call, what: editPermission, session) {
                session.updates.update(change.call, "in_progress")
                permitted.append(change)
            } else {
                session.updates.update(change.call, "failed", content: [ACPToolCall.text("Rejected.")])
            }
        }
        let done = permitted.isEmpty ? [] : try await write(permitted, result, plan, session)
        let notDone = Set(changes.map(\.file)).subtracting(done.map(\.file))
        calls.showPlan { notDone.contains($0) ? nil : .completed }
        guard !done.isEmpty else { return session.updates.message("\nNothing was changed.\n") }
        let names = done.map(\.path).joined(separator: ", ")
        session.updates.message("\nChanged \(names); /undo takes it back.\n")
    }

    /// The files that change, each shown with what becomes of it.
    private func changes(
        _ result: JSONValue, _ plan: ACPEditPlan, _ documents: [(path: String, text: String)], _ calls: ACPFileCalls,
        _ session: ACPSession
    ) -> [FileChange] {
        (result["files"]?.elements.map { $0 } ?? []).compactMap { file in
            guard let path = file["path"]?.string, let action = file["action"]?.string else { return nil }
            let oldPath = action == "rename" ? plan.source(path) : nil
            let before = documents.first { $0.path == oldPath ?? path }?.text
            let after = action == "delete" ? nil : file["content"]?.string
            let diff = ACPToolCall.diff(
                path: session.cwd + "/" + path, old: action == "create" ? nil : before, new: after ?? "")
            let call = calls.show(oldPath ?? path, action: action, target: oldPath == nil ? nil : path, diff)
            return FileChange(
                path: path, action: action, before: before, after: after, oldPath: oldPath,
                hashBefore: file["sha256_before"]?.string, call: call)
        }
    }

    /// New text of files goes through the editor where it takes it; the rest is one transaction of the daemon. Gives
    /// what was done.
    private func write(
        _ changes: [FileChange], _ result: JSONValue, _ plan: ACPEditPlan, _ session: ACPSession
    ) async throws(RPCError) -> [FileChange] {
        var undo = ACPUndo()
        var done: [FileChange] = []
        defer { if !done.isEmpty { session.undo = undo } }
        let throughEditor = canWriteFiles ? changes.filter { ["modify", "create"].contains($0.action) } : []
        let throughDaemon = canWriteFiles ? changes.filter { !["modify", "create"].contains($0.action) } : changes
        if !throughDaemon.isEmpty {
            let edits = Self.edits(throughDaemon, result, plan)
            do throws(RPCError) {
                let committed = try await commit(edits, throughDaemon, session)
                undo.transaction = committed["transaction_id"]?.string
                for change in throughDaemon {
                    session.updates.update(change.call, "completed")
                    done.append(change)
                }
            } catch {
                for change in throughDaemon { session.updates.update(change.call, "failed") }
                try tell(error, session)
            }
        }
        for change in throughEditor {
            let path = session.cwd + "/" + change.path
            do throws(EditorError) {
                try await put(change, path, session)
                undo.buffers.append((path, change.before, change.after ?? ""))
                done.append(change)
                session.updates.update(change.call, "completed")
            } catch {
                if Task.isCancelled { throw .cancelled() }
                session.updates.update(change.call, "failed", content: [ACPToolCall.text(error.message)])
            }
        }
        return done
    }

    private func put(_ change: FileChange, _ path: String, _ session: ACPSession) async throws(EditorError) {
        if let before = change.before, try await readFile(path, session) != before {
            throw EditorError(-32603, "\(change.path) was changed meanwhile: ask again")
        }
        _ = try await editor.call("fs/write_text_file") { writer in
            writer.member("sessionId", session.id)
            writer.member("path", path)
            writer.member("content", change.after ?? "")
        }
    }

    private func commit(
        _ edits: [[UInt8]], _ changes: [FileChange], _ session: ACPSession
    ) async throws(RPCError) -> JSONValue {
        try await daemon.call("executePlan") { writer in
            writer.key("plan")
            writer.beginObject()
            writer.key("edits")
            writer.beginArray()
            for edit in edits { writer.raw(edit) }
            writer.endArray()
            writer.endObject()
            writer.member("root", session.cwd)
            // What was shown is what is done: no model, and only if the files are still the same.
            writer.member("mode", "hybrid")
            writer.member("verify", "none")
            let known = changes.filter { $0.hashBefore != nil }
            if !known.isEmpty {
                writer.key("base")
                writer.beginObject()
                for change in known {
                    writer.key(change.file)
                    writer.string(change.hashBefore ?? "")
                }
                writer.endObject()
            }
        }
    }

    /// The plan's own edits of these files; where a model had a part in it, the file's text as a whole.
    private static func edits(_ changes: [FileChange], _ result: JSONValue, _ plan: ACPEditPlan) -> [[UInt8]] {
        let all = plan.edits
        var byModel: Set<String> = []
        for edit in result["edits"]?.elements.map({ $0 }) ?? [] where edit["match"]?.string == "model" {
            if let file = edit["file"]?.string { byModel.insert(file) }
        }
        var edits: [[UInt8]] = []
        for change in changes {
            let name = change.file
            if byModel.contains(name), change.action == "modify", let before = change.before, let after = change.after {
                edits.append(
                    object { writer in
                        writer.member("file", name)
                        writer.member("type", "replace")
                        writer.member("find", before)
                        writer.member("replace", after)
                    })
            } else {
                edits += all.filter { $0["file"]?.string == name }.map { Array($0.raw) }
            }
        }
        return edits
    }
}

extension ACPSession {
    func showNotice(_ event: JSONValue) {
        guard event["type"]?.string == "notice", let text = event["message"]?.string else { return }
        updates.thought("Tandem: \(text)\n")
    }
}
