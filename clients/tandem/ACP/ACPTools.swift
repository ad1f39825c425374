import TandemJSON
import TandemProtocol

/// The most characters of a function's name that every provider takes.
private let functionNameLimit = 64

/// The tools of a session's servers, under the names that the model is told.
@AdapterActor
struct ACPTools {
    struct Tool {
        let server: ToolServer
        let description: ToolServer.Tool

        var title: String { "\(server.name): \(description.title ?? description.name)" }
        var isReadOnly: Bool { description.isReadOnly }

        /// What came of it as text, and whether that is an error.
        func run(_ input: JSONValue) async throws(RPCError) -> (String, Bool) {
            try await server.callTool(description.name, input)
        }
    }

    private var tools: [(name: String, tool: Tool)] = []
    /// Servers that are of no use, and why.
    private(set) var problems: [String] = []

    /// Waits until each server is ready or has failed.
    init(_ session: ACPSession) async {
        for server in session.tools {
            await server.started()
            if let problem = server.problem { problems.append("the MCP server \(server.name) \(problem)") }
            for description in server.tools {
                let name = functionName(server.name + "__" + description.name)
                guard !tools.contains(where: { $0.name == name }) else { continue }
                tools.append((name, Tool(server: server, description: description)))
            }
        }
    }

    var names: [String] { tools.map(\.name) }

    subscript(name: String) -> Tool? { tools.first { $0.name == name }?.tool }

    /// The member `tools` of a chat, where there are any.
    func write(to writer: inout JSONWriter) {
        if tools.isEmpty { return }
        writer.key("tools")
        writer.beginArray()
        for (name, tool) in tools {
            writer.beginObject()
            writer.member("type", "function")
            writer.key("function")
            writer.beginObject()
            writer.member("name", name)
            writer.member("description", ifPresent: tool.description.description)
            writer.member("parameters", tool.description.inputSchema)
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }
}

private func functionName(_ text: String) -> String {
    let allowed = text.unicodeScalars.map { scalar -> Character in
        let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        return isPlain || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
    }
    return String(allowed.prefix(functionNameLimit))
}
