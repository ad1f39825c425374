import TandemJSON
import TandemProtocol

/// The daemon's params for a tool's arguments, which are already checked.
struct MCPRequest {
    let params: [UInt8]

    /// - Parameters:
    ///   - folder: what a relative `root` is relative to: the daemon has another folder than this process.
    ///   - streams: whether events are wanted, for progress.
    init(_ tool: MCPTool, _ arguments: JSONValue?, folder: String, streams: Bool) {
        var writer = JSONWriter(reserving: 256 + (arguments?.raw.count ?? 0))
        writer.beginObject()
        if let message = arguments?["message"] {
            writer.key("messages")
            writer.beginArray()
            if let system = arguments?["system"], !system.isNull { writer.message("system", system) }
            writer.message("user", message)
            writer.endArray()
        }
        if let arguments {
            for (name, value) in arguments.members where !value.isNull {
                switch name {
                case "message", "system": break
                case "conversation": writer.member("session", value)
                case "root":
                    let root = value.string ?? ""
                    writer.member("root", root.hasPrefix("/") ? root : folder + "/" + root)
                default:
                    writer.key(name)
                    writer.value(value)
                }
            }
        }
        if streams { writer.member("stream", true) }
        writer.endObject()
        params = writer.bytes
    }

    /// The params of `escalate` for a conversation: its turns, as `history` gives them (newest first), and the message.
    /// Throws when the daemon does not keep what was said.
    static func escalation(_ arguments: JSONValue, turns: JSONValue, streams: Bool) throws(RPCError) -> [UInt8] {
        let entries = turns["requests"].map { Array($0.elements) } ?? []
        let answered = entries.reversed().filter { $0["outcome"]?.isString("ok") != false }
        guard !answered.isEmpty else {
            throw .notFound(what: "conversation", id: arguments["conversation"]?.string ?? "")
        }
        var writer = JSONWriter(reserving: turns.raw.count)
        writer.beginObject()
        writer.key("messages")
        writer.beginArray()
        for (index, entry) in answered.enumerated() {
            guard let messages = entry["messages"], let content = entry["content"] else {
                throw RPCError(
                    .notFound,
                    "the daemon does not keep what is said (history.content is off): leave conversation out and put "
                        + "all that matters into message")
            }
            for message in messages.elements where index == 0 || message["role"]?.isString("system") != true {
                writer.value(message)
            }
            writer.message("assistant", content)
        }
        if let message = arguments["message"] { writer.message("user", message) }
        writer.endArray()
        writer.member("model", ifPresent: arguments["model"].flatMap { $0.isNull ? nil : $0 })
        if streams { writer.member("stream", true) }
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func message(_ role: StaticString, _ content: JSONValue) {
        beginObject()
        member("role", role)
        member("content", content)
        endObject()
    }
}
