import TandemBase
import TandemJSON
import TandemProtocol

/// How often progress is told at most.
private let reportInterval = TimeSpan.milliseconds(100)
/// The comment that holds an instruction begins so, in any case.
private let instructionMark = "tandem:"
/// Types of window/showMessage.
private let messageError = 1
private let messageInfo = 3

extension LSPServer {
    /// Does what a command asks for. The answer is `{applied}`, or for an explanation `{text}`.
    func execute(_ id: RPCID, _ params: JSONValue?) async throws(EditorError) -> [UInt8] {
        guard let name = params?["command"]?.string.flatMap(LSPCommandName.init) else {
            throw .invalidParams("there is no such command")
        }
        let argument = params?["arguments"]?[0]
        guard let uri = argument?["uri"]?.string, let path = filePath(uri), let range = LSPRange(argument?["range"])
        else { throw .invalidParams("the argument needs the uri of a file and a range") }
        let progress = await beginProgress(id, params?["workDoneToken"], name.title)
        defer { progress.end() }
        let document = try document(uri, path)
        let shown = shownPath(path)
        switch name {
        case .explain: return try await explain(document, shown, range, argument, progress)
        case .fix:
            guard let diagnostic = argument?["diagnostic"], let message = diagnostic["message"]?.string else {
                throw .invalidParams("the argument needs a diagnostic")
            }
            let source = diagnostic["source"]?.string.map { " (\($0))" } ?? ""
            let problem =
                "Fix this diagnostic in \(shown), line \(range.startLine + 1): \(message)\(source)\n"
                + "The line is:\n" + fenced(document.lines(range), name: "") + "\nChange nothing else."
            return try await change(uri, shown, document, problem, name.title, progress)
        case .apply:
            guard let instruction = argument?["instruction"]?.string ?? Self.instruction(in: document.lines(range))
            else {
                throw EditorError(
                    -32603,
                    "there is no instruction: write it as a comment that begins with \(instructionMark) in the selected "
                        + "lines, such as: # \(instructionMark) handle empty input")
            }
            let problem =
                "\(instruction)\n\nThis is about lines \(range.startLine + 1) to \(range.endLine + 1) of \(shown):\n"
                + fenced(document.lines(range), name: "")
            return try await change(uri, shown, document, problem, name.title, progress)
        }
    }

    /// What a comment of the text asks for.
    private static func instruction(in text: String) -> String? {
        for line in text.split(whereSeparator: \.isNewline) {
            let length = instructionMark.count
            guard let mark = line.indices.first(where: { line[$0...].prefix(length).lowercased() == instructionMark })
            else { continue }
            var rest = line[mark...].dropFirst(length)
            for end in ["*/", "-->"] where rest.hasSuffix(end) { rest = rest.dropLast(end.count) }
            let words = rest.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if !words.isEmpty { return words }
        }
        return nil
    }

    private func document(_ uri: String, _ path: String) throws(EditorError) -> LSPDocument {
        if let open = documents[uri] { return open }
        guard let bytes = readDisk(path), let text = String(validating: bytes, as: UTF8.self) else {
            throw EditorError(-32603, "\(path) is neither open nor a readable text file")
        }
        return LSPDocument(text: text, version: nil)
    }

    private func shownPath(_ path: String) -> String {
        rootPath.flatMap { relativePath(path, below: $0) } ?? path.split(separator: "/").last.map(String.init) ?? path
    }

    private func call(
        _ method: String, _ progress: LSPProgress, _ params: (inout JSONWriter) -> Void
    ) async throws(EditorError) -> JSONValue {
        do throws(RPCError) {
            return try await daemon.call(method, onEvent: { progress.report($0) }, params)
        } catch {
            if error.code == .methodNotFound {
                throw EditorError(-32603, "this tandemd cannot edit yet: update it")
            }
            throw error.code == .cancelled ? .cancelled : EditorError(-32603, error.message)
        }
    }

    // MARK: explain

    private func explain(
        _ document: LSPDocument, _ path: String, _ range: LSPRange, _ argument: JSONValue?, _ progress: LSPProgress
    ) async throws(EditorError) -> [UInt8] {
        let diagnostic = argument?["diagnostic"]?["message"]?.string.map { "\n\nThe diagnostic there: \($0)" } ?? ""
        let result = try await call("chat", progress) { writer in
            writer.member("stream", true)
            writer.key("messages")
            writer.beginArray()
            writer.beginObject()
            writer.member("role", "user")
            writer.member(
                "content",
                "Explain lines \(range.startLine + 1) to \(range.endLine + 1) of \(path), briefly:\n"
                    + fenced(document.lines(range), name: path) + diagnostic + "\n\nThe whole file:\n"
                    + fenced(document.text, name: path))
            writer.endObject()
            writer.endArray()
        }
        let text = result["content"]?.string ?? ""
        show(text, messageInfo)
        return object { $0.member("text", text) }
    }

    private func show(_ text: String, _ type: Int) {
        editor.notify("window/showMessage") { writer in
            writer.member("type", type)
            writer.member("message", text)
        }
    }

    // MARK: change

    /// Has the file changed and gives the change to the editor, whose undo takes it back.
    private func change(
        _ uri: String, _ path: String, _ document: LSPDocument, _ problem: String, _ label: String,
        _ progress: LSPProgress
    ) async throws(EditorError) -> [UInt8] {
        guard capabilities?["workspace"]?["applyEdit"]?.bool == true else {
            throw EditorError(-32603, "the editor does not offer workspace/applyEdit")
        }
        let result = try await call("solve", progress) { writer in
            writer.member("problem", problem)
            writer.documents([(path, document.text)])
            writer.member("stream", true)
        }
        let files = result["files"].map { Array($0.elements) } ?? []
        let others = files.compactMap { $0["path"]?.string }.filter { $0 != path }
        if !others.isEmpty {
            show(
                "Tandem also wanted to change \(others.joined(separator: ", ")), which it does not do here.",
                messageInfo)
        }
        guard let new = files.first(where: { $0["path"]?.string == path })?["content"]?.string,
            let edit = LSPTextEdit(from: document.text, to: new)
        else {
            show("Tandem found nothing to change.", messageInfo)
            return object { $0.member("applied", false) }
        }
        guard documents[uri]?.version == document.version else {
            throw EditorError(-32603, "\(path) was changed meanwhile: ask again")
        }
        let answer = try await editor.call("workspace/applyEdit") { writer in
            writer.member("label", label)
            writer.key("edit")
            writer.beginObject()
            write(edit, uri, document.version, to: &writer)
            writer.endObject()
        }
        let applied = answer["applied"]?.bool == true
        if !applied {
            let reason = answer["failureReason"]?.string.map { ": \($0)" } ?? ""
            show("The editor did not take the change\(reason)", messageError)
        }
        return object { $0.member("applied", applied) }
    }

    private func write(_ edit: LSPTextEdit, _ uri: String, _ version: Int?, to writer: inout JSONWriter) {
        guard capabilities?["workspace"]?["workspaceEdit"]?["documentChanges"]?.bool == true else {
            writer.key("changes")
            writer.beginObject()
            writer.key(uri)
            writer.beginArray()
            edit.write(to: &writer)
            writer.endArray()
            writer.endObject()
            return
        }
        writer.key("documentChanges")
        writer.beginArray()
        writer.beginObject()
        writer.key("textDocument")
        writer.beginObject()
        writer.member("uri", uri)
        writer.key("version")
        if let version { writer.int(version) } else { writer.null() }
        writer.endObject()
        writer.key("edits")
        writer.beginArray()
        edit.write(to: &writer)
        writer.endArray()
        writer.endObject()
        writer.endArray()
    }

    // MARK: progress

    /// Progress under the editor's token, or under one of ours where the editor lets servers begin it.
    private func beginProgress(_ id: RPCID, _ token: JSONValue?, _ title: String) async -> LSPProgress {
        var raw = token.map { Array($0.raw) }
        if raw == nil, capabilities?["window"]?["workDoneProgress"]?.bool == true {
            let own = newToken()
            if (try? await editor.call("window/workDoneProgress/create") { $0.member("token", raw: own) }) != nil {
                raw = own
            }
        }
        let progress = LSPProgress(self, raw)
        if let raw { progressRequests[raw] = id }
        progress.begin(title)
        return progress
    }
}

/// One work done progress, from its begin to its end; without a token nothing is sent.
@AdapterActor
final class LSPProgress {
    private unowned let server: LSPServer
    private let token: [UInt8]?
    private var lastReport = MonotonicTime(nanoseconds: .min / 2)
    private var characters = 0

    init(_ server: LSPServer, _ token: [UInt8]?) {
        self.server = server
        self.token = token
    }

    func begin(_ title: String) {
        send("begin") { writer in
            writer.member("title", title)
            writer.member("cancellable", true)
        }
    }

    func report(_ event: JSONValue) {
        var message: String?
        switch event["type"]?.string {
        case "step":
            message = [event["role"]?.string, event["model"]?.string].compactMap { $0 }.joined(separator: ": ")
        case "notice": message = event["message"]?.string
        case "file": message = event["path"]?.string
        case "content", "reasoning":
            characters += event["text"]?.string?.count ?? 0
            if MonotonicTime.now() >= lastReport + reportInterval { message = "\(characters) characters" }
        default: break
        }
        guard let message else { return }
        lastReport = .now()
        send("report") { $0.member("message", message) }
    }

    func end() {
        send("end") { _ in }
        if let token { server.progressRequests[token] = nil }
    }

    private func send(_ kind: String, _ members: (inout JSONWriter) -> Void) {
        guard let token else { return }
        server.editor.notify("$/progress") { writer in
            writer.member("token", raw: token)
            writer.key("value")
            writer.beginObject()
            writer.member("kind", kind)
            members(&writer)
            writer.endObject()
        }
    }
}
