import TandemJSON

/// The revisions of the Model Context Protocol that are spoken, by the date each is named after
/// (https://modelcontextprotocol.io/specification).
enum MCPRevision: String, CaseIterable, Comparable {
    case november2024 = "2024-11-05"
    case march2025 = "2025-03-26"
    case june2025 = "2025-06-18"
    case november2025 = "2025-11-25"
    /// Stateless: every request names its revision; there is no `initialize` and no `ping`.
    case july2026 = "2026-07-28"

    /// The newest with a handshake; what a client is offered that asks for one unknown here.
    static let newestHandshake = MCPRevision.november2025

    /// Newest first.
    static let names = allCases.reversed().map(\.rawValue)

    var isStateless: Bool { self == .july2026 }
    /// Batches were dropped with 2025-06-18.
    var hasBatches: Bool { self <= .march2025 }
    /// Whether an error about an unreadable message has no id at all, instead of null.
    var leavesUnknownIDOut: Bool { self >= .november2025 }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Names under `_meta` (revision 2026-07-28, "General fields").
enum MCPMeta {
    static let revision = "io.modelcontextprotocol/protocolVersion"
    static let capabilities = "io.modelcontextprotocol/clientCapabilities"
    static let serverInfo: StaticString = "io.modelcontextprotocol/serverInfo"
}

/// An error of the protocol itself. What a model can do something about is a tool result instead.
struct MCPError: Error {
    var code: Int
    var message: String
    /// One JSON value.
    var data: [UInt8]?

    init(_ code: Int, _ message: String, data: [UInt8]? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    static func invalidParams(_ message: String) -> MCPError { MCPError(-32602, message) }

    static func methodNotFound(_ name: String) -> MCPError {
        MCPError(-32601, "there is no method \(name.prefix(64)): this server has tools only")
    }

    /// -32022, with the revisions that are spoken.
    static func unsupportedRevision(_ requested: String) -> MCPError {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("supported", MCPRevision.names)
        writer.member("requested", requested)
        writer.endObject()
        return MCPError(-32022, "Unsupported protocol version", data: writer.bytes)
    }
}
