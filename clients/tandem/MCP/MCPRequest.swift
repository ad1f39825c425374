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
        // An undo is over before there would be anything to tell, and has no such member.
        if streams, tool.method != .undo { writer.member("stream", true) }
        writer.endObject()
        params = writer.bytes
    }

    /// The params of `escalate` for a conversation: what was said in it, and the message.
    static func escalation(_ arguments: JSONValue, earlier: JSONValue?, streams: Bool) -> [UInt8] {
        object { writer in
            writer.key("messages")
            writer.beginArray()
            if let earlier { for message in earlier.elements { writer.value(message) } }
            if let message = arguments["message"] { writer.message("user", message) }
            writer.endArray()
            writer.member("model", ifPresent: arguments["model"].flatMap { $0.isNull ? nil : $0 })
            if streams { writer.member("stream", true) }
        }
    }
}

extension JSONWriter {
    mutating func message(_ role: StaticString, _ content: JSONValue) {
        beginObject()
        member("role", role)
        member("content", content)
        endObject()
    }
}
