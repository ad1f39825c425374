import TandemBase
import TandemJSON
import TandemProtocol

/// The longest silence in progress; the rule is 15 s, and hosts have timeouts of their own.
private let heartbeat = TimeSpan.seconds(5)
/// How often the growth of an answer alone is told.
private let growthInterval = TimeSpan.seconds(1)

/// A `tools/call` that is not answered yet.
struct MCPCall {
    let id: RPCID
    let tool: MCPTool
    let revision: MCPRevision
    let conversation: String?
    /// The `progressToken` that was sent, raw JSON.
    let token: [UInt8]?
    /// Requests of one batch share a number.
    let batch: Int?
    /// Its request to the daemon.
    var request: Int
    /// What an escalation within a conversation asks.
    var question: JSONValue?

    private var count = 0
    private let started: MonotonicTime
    private var lastReport: MonotonicTime?
    private var wantsReport = false
    private var phase = ""
    private var characters = 0
    private var reportedCharacters = 0

    init(
        id: RPCID, tool: MCPTool, revision: MCPRevision, conversation: String?, token: [UInt8]?, batch: Int?,
        request: Int, now: MonotonicTime
    ) {
        self.id = id
        self.tool = tool
        self.revision = revision
        self.conversation = conversation
        self.token = token
        self.batch = batch
        self.request = request
        started = now
    }

    // MARK: progress

    /// When the next report is due.
    var due: MonotonicTime? {
        if token == nil { return nil }
        if wantsReport { return lastReport.map { $0 + frameInterval } ?? started }
        return (lastReport ?? started) + (characters > reportedCharacters ? growthInterval : heartbeat)
    }

    /// Takes in an event of the daemon.
    mutating func event(_ params: JSONValue) {
        switch params["type"]?.string {
        case "step":
            let parts = [params["role"]?.string, params["model"]?.string].compactMap { $0 }
            say(parts.joined(separator: ": "))
        case "notice": if let message = params["message"]?.string { say(message) }
        case "file":
            say([params["path"]?.string, params["status"]?.string].compactMap { $0 }.joined(separator: " "))
        case "edit":
            if let file = params["edit"]?["file"]?.string { say("planned an edit of \(file)") }
        case "progress":
            if let done = params["done"]?.int, let total = params["total"]?.int {
                say("\(done) of \(total) \(params["unit"]?.string ?? "")")
            }
        case "reset": characters = 0
        case "reasoning", "content":
            characters += params["text"].map { $0.raw.count - 2 } ?? 0
            if characters < reportedCharacters { reportedCharacters = 0 }
        default: break
        }
    }

    private mutating func say(_ phase: String) {
        self.phase = phase
        wantsReport = true
    }

    /// A `notifications/progress`; its value rises by one each time.
    mutating func report(now: MonotonicTime) -> [UInt8]? {
        guard let token else { return nil }
        count += 1
        lastReport = now
        wantsReport = false
        reportedCharacters = characters
        var message = phase
        if characters > 0 { message += (phase.isEmpty ? "" : ", ") + "\(characters) characters so far" }
        var writer = JSONWriter()
        writer.beginRequest(nil, method: "notifications/progress")
        writer.beginObject()
        writer.member("progressToken", raw: token)
        writer.member("progress", count)
        if !message.isEmpty { writer.member("message", message) }
        writer.endObject()
        writer.endRequest()
        return writer.bytes
    }

    // MARK: results

    /// The daemon's result as `CallToolResult`.
    func result(_ value: JSONValue) -> [UInt8] {
        var structured = JSONWriter(reserving: value.raw.count + 64)
        structured.beginObject()
        for (name, value) in value.members where !MCPTool.omitted.contains(name) {
            structured.key(name)
            structured.value(value)
        }
        structured.member("conversation", ifPresent: conversation)
        structured.endObject()
        return toolResult(revision, text: structured.bytes, structured: structured.bytes)
    }

    /// An error that a model can do something about: what to do, and the particulars as JSON.
    func failure(_ error: RPCError) -> [UInt8] { toolFailure(revision, error) }
}

/// A result with `isError`, which models see; a protocol error would end at the host.
func toolFailure(_ revision: MCPRevision, _ error: RPCError) -> [UInt8] {
    var writer = JSONWriter()
    writer.error(error)
    return toolResult(revision, text: Array(error.message.utf8) + [UInt8(ascii: "\n")] + writer.bytes, structured: nil)
}

private func toolResult(_ revision: MCPRevision, text: [UInt8], structured: [UInt8]?) -> [UInt8] {
    var writer = JSONWriter(reserving: text.count * 2 + 256)
    writer.beginResult(revision)
    writer.key("content")
    writer.beginArray()
    writer.beginObject()
    writer.member("type", "text")
    writer.key("text")
    writer.string(utf8: text)
    writer.endObject()
    writer.endArray()
    if let structured { writer.member("structuredContent", raw: structured) }
    writer.member("isError", structured == nil)
    writer.endObject()
    return writer.bytes
}

extension JSONWriter {
    /// Begins a result; a stateless one says what it is and who answers.
    mutating func beginResult(_ revision: MCPRevision) {
        beginObject()
        guard revision.isStateless else { return }
        member("resultType", "complete")
        key("_meta")
        beginObject()
        key(MCPMeta.serverInfo)
        serverInfo()
        endObject()
    }

    mutating func serverInfo() {
        beginObject()
        member("name", "tandem")
        member("title", "Tandem")
        member("version", tandemVersion)
        endObject()
    }
}
