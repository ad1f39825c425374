import Glibc
import TandemBase
import TandemJSON
import TandemProtocol

/// Codes of the Language Server Protocol beyond JSON-RPC's.
private let serverNotInitialized = -32002
private let requestFailed = -32803

/// What can be asked of the server by workspace/executeCommand, each with one argument `{uri, range, …}`.
enum LSPCommandName: String, CaseIterable {
    /// `diagnostic`: the one to fix.
    case fix = "tandem.fix"
    case explain = "tandem.explain"
    /// `instruction`: what to do with the range; without it a comment in the range that begins with "tandem:".
    case apply = "tandem.apply"

    var title: String {
        switch self {
        case .fix: "Tandem: fix this diagnostic"
        case .explain: "Tandem: explain"
        case .apply: "Tandem: apply instruction…"
        }
    }

    /// The kind of the code action; nil for what changes nothing.
    var kind: String? {
        switch self {
        case .fix: "quickfix"
        case .explain: nil
        case .apply: "refactor.rewrite"
        }
    }
}

/// A language server (LSP 3.17) whose code actions are the daemon's work.
@AdapterActor
final class LSPServer: AsyncServer {
    static nonisolated var framing: MessageFraming { .contentLength }

    let daemon = DaemonLink()
    let editor = EditorLink()
    private(set) var exitStatus: ExitCode?
    private var isInitialized = false
    private var isShutDown = false
    var capabilities: JSONValue?
    var rootPath: String?
    private(set) var documents: [String: LSPDocument] = [:]
    /// Requests by the progress token that the editor may cancel them with; raw JSON.
    var progressRequests: [[UInt8]: RPCID] = [:]
    private var lastToken = 0

    var nextFlush: MonotonicTime? { nil }
    func flush(now: MonotonicTime) {}
    var watched: [pollfd] { [] }
    func ready(_ descriptor: Int32, _ events: Int16) {}
    func end() {}

    func newToken() -> [UInt8] {
        lastToken += 1
        return Array("\"tandem-\(lastToken)\"".utf8)
    }

    // MARK: requests

    func answer(_ id: RPCID, _ method: String, _ params: JSONValue?) async throws(EditorError) -> [UInt8] {
        if method == "initialize" { return initialize(params) }
        guard isInitialized else { throw EditorError(serverNotInitialized, "initialize has to be the first request") }
        if method == "shutdown" {
            isShutDown = true
            return Array("null".utf8)
        }
        guard !isShutDown else { throw EditorError(-32600, "shutdown was asked for: only exit may follow") }
        switch method {
        case "textDocument/codeAction": return try codeActions(params)
        case "workspace/executeCommand":
            do throws(EditorError) {
                return try await execute(id, params)
            } catch {
                if Task.isCancelled { throw .cancelled }
                if error.code == -32603 { throw EditorError(requestFailed, error.message) }
                throw error
            }
        default: throw .methodNotFound(method)
        }
    }

    func began(_ id: RPCID, _ method: String, _ params: JSONValue?, _ task: Task<Void, Never>) {}
    func answered(_ method: String, _ params: JSONValue?, _ result: [UInt8]) {}

    private func initialize(_ params: JSONValue?) -> [UInt8] {
        isInitialized = true
        capabilities = params?["capabilities"]
        rootPath =
            (params?["workspaceFolders"]?[0]?["uri"]?.string ?? params?["rootUri"]?.string).flatMap(filePath)
            ?? params?["rootPath"]?.string
        return object { writer in
            writer.key("capabilities")
            writer.beginObject()
            writer.key("textDocumentSync")
            writer.beginObject()
            writer.member("openClose", true)
            // 1: every change brings the whole text.
            writer.member("change", 1)
            writer.endObject()
            writer.key("codeActionProvider")
            writer.beginObject()
            writer.member("codeActionKinds", LSPCommandName.allCases.compactMap(\.kind))
            writer.endObject()
            writer.key("executeCommandProvider")
            writer.beginObject()
            writer.member("commands", LSPCommandName.allCases.map(\.rawValue))
            writer.member("workDoneProgress", true)
            writer.endObject()
            writer.endObject()
            writer.key("serverInfo")
            writer.beginObject()
            writer.member("name", "tandem")
            writer.member("version", tandemVersion)
            writer.endObject()
        }
    }

    /// A fix for each diagnostic of the range, then what can be done with any text.
    private func codeActions(_ params: JSONValue?) throws(EditorError) -> [UInt8] {
        guard let uri = params?["textDocument"]?["uri"]?.string, let range = params?["range"], LSPRange(range) != nil
        else { throw .invalidParams("textDocument.uri and range are needed") }
        let only = params?["context"]?["only"].map { $0.elements.compactMap(\.string) } ?? []
        let diagnostics = params?["context"]?["diagnostics"].map { Array($0.elements) } ?? []
        func isWanted(_ name: LSPCommandName) -> Bool {
            only.isEmpty || name.kind.map { kind in only.contains { kind == $0 || kind.hasPrefix($0 + ".") } } == true
        }
        var writer = JSONWriter()
        writer.beginArray()
        if isWanted(.fix) {
            for diagnostic in diagnostics {
                // Several fixes are told apart by what they fix.
                let detail = diagnostics.count > 1 ? ": " + (diagnostic["message"]?.string ?? "") : ""
                action(.fix, detail, uri, diagnostic["range"] ?? range, diagnostic, to: &writer)
            }
        }
        for name in [LSPCommandName.explain, .apply] where isWanted(name) {
            action(name, "", uri, range, nil, to: &writer)
        }
        writer.endArray()
        return writer.bytes
    }

    private func action(
        _ name: LSPCommandName, _ detail: String, _ uri: String, _ range: JSONValue, _ diagnostic: JSONValue?,
        to writer: inout JSONWriter
    ) {
        // Editors that do not know code actions as objects take plain commands.
        let isLiteral = capabilities?["textDocument"]?["codeAction"]?["codeActionLiteralSupport"]?.kind == .object
        guard isLiteral else { return command(name, name.title + detail, uri, range, diagnostic, to: &writer) }
        writer.beginObject()
        writer.member("title", name.title + detail)
        writer.member("kind", ifPresent: name.kind)
        if let diagnostic {
            writer.member("diagnostics", raw: [UInt8(ascii: "[")] + diagnostic.raw + [UInt8(ascii: "]")])
        }
        writer.key("command")
        command(name, name.title, uri, range, diagnostic, to: &writer)
        writer.endObject()
    }

    private func command(
        _ name: LSPCommandName, _ title: String, _ uri: String, _ range: JSONValue, _ diagnostic: JSONValue?,
        to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("title", title)
        writer.member("command", name.rawValue)
        writer.key("arguments")
        writer.beginArray()
        writer.beginObject()
        writer.member("uri", uri)
        writer.member("range", range)
        writer.member("diagnostic", ifPresent: diagnostic)
        writer.endObject()
        writer.endArray()
        writer.endObject()
    }

    // MARK: notifications

    func notified(_ method: String, _ params: JSONValue?) {
        let uri = params?["textDocument"]?["uri"]?.string ?? ""
        switch method {
        case "textDocument/didOpen":
            guard let document = params?["textDocument"], let text = document["text"]?.string else { return }
            documents[uri] = LSPDocument(text: text, version: document["version"]?.int)
        case "textDocument/didChange":
            // The last of them is the text; parts are not sent to a server that asks for all.
            let last = params?["contentChanges"].flatMap { Array($0.elements).last }
            guard let text = last?["text"]?.string, last?["range"] == nil else { return }
            documents[uri] = LSPDocument(text: text, version: params?["textDocument"]?["version"]?.int)
        case "textDocument/didClose": documents[uri] = nil
        case "window/workDoneProgress/cancel":
            if let id = params?["token"].flatMap({ progressRequests[Array($0.raw)] }) { editor.tasks[id]?.cancel() }
        case "exit": exitStatus = isShutDown ? .success : .failure
        default: break
        }
    }
}
