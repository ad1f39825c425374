import TandemBase
import TandemJSON
import TandemProtocol

/// What goes to the editor about one session, in order: small pieces of text are put together, and anything else
/// lets go of them first.
@AdapterActor
final class ACPUpdates {
    /// Who says a piece of text, and which message it belongs to.
    private struct Voice: Equatable {
        var update: String
        var messageID: String
    }

    private let editor: EditorLink
    private let sessionID: String
    private var pieces = TextPieces<Voice>()
    private var random = QuickRandom()
    private var messageID = ""
    private var thoughtID = ""
    /// What was said as message since it was set, as the inside of a JSON string; nil while nobody wants it.
    var transcript: [UInt8]?

    init(_ editor: EditorLink, sessionID: String) {
        self.editor = editor
        self.sessionID = sessionID
    }

    /// When held text goes out.
    var due: MonotonicTime? { pieces.due }

    func flush(now: MonotonicTime = .now()) {
        if let piece = pieces.take(now: now) { send(piece) }
    }

    /// Begins another message: what follows does not belong to what the model said before.
    func beginMessage() {
        messageID = newIdentifier()
        thoughtID = newIdentifier()
    }

    func newIdentifier() -> String { ULID(time: .now(), random: &random).description }

    func message(_ text: JSONValue) { message(text.raw.dropFirst().dropLast()) }
    func message(_ text: String) { message(escaped(text)) }
    func thought(_ text: JSONValue) { chunk("agent_thought_chunk", thoughtID, text.raw.dropFirst().dropLast()) }
    func thought(_ text: String) { chunk("agent_thought_chunk", thoughtID, escaped(text)) }
    func userMessage(_ text: String) { chunk("user_message_chunk", messageID, escaped(text)) }

    private func message(_ text: ArraySlice<UInt8>) {
        transcript?.append(contentsOf: text)
        chunk("agent_message_chunk", messageID, text)
    }

    private func escaped(_ text: String) -> ArraySlice<UInt8> {
        var writer = JSONWriter()
        writer.string(text)
        return writer.bytes.dropFirst().dropLast()
    }

    private func chunk(_ update: String, _ id: String, _ text: ArraySlice<UInt8>) {
        if text.isEmpty { return }
        for piece in pieces.add(Voice(update: update, messageID: id), text, now: .now()) { send(piece) }
    }

    private func send(_ piece: TextPieces<Voice>.Piece) {
        write(piece.kind.update) { writer in
            writer.member("messageId", piece.kind.messageID)
            writer.key("content")
            writer.raw(
                object { writer in
                    writer.member("type", "text")
                    writer.member("text", raw: piece.json)
                })
        }
    }

    /// Any other update; `members` are those beside its name.
    func send(_ update: String, _ members: (inout JSONWriter) -> Void) {
        flush()
        write(update, members)
    }

    private func write(_ update: String, _ members: (inout JSONWriter) -> Void) {
        editor.notify("session/update") { writer in
            writer.member("sessionId", sessionID)
            writer.key("update")
            writer.beginObject()
            writer.member("sessionUpdate", update)
            members(&writer)
            writer.endObject()
        }
    }

    // MARK: plans

    enum EntryStatus: String {
        case pending, inProgress = "in_progress", completed
    }

    func plan(_ entries: [(text: String, status: EntryStatus)]) {
        send("plan") { writer in
            writer.key("entries")
            writer.beginArray()
            for entry in entries {
                writer.beginObject()
                writer.member("content", entry.text)
                writer.member("priority", "medium")
                writer.member("status", entry.status.rawValue)
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

/// A call of a tool as the editor shows it: begun by `tool_call`, changed by `tool_call_update`.
struct ACPToolCall {
    var id: String
    var title: String
    /// read, edit, delete, move, search, execute, think, fetch, switch_mode or other.
    var kind: String
    /// Raw JSON of its content; empty for none.
    var content: [[UInt8]] = []
    /// Absolute paths.
    var locations: [String] = []
    var rawInput: [UInt8]?

    /// The members, with the status.
    func write(_ status: String, to writer: inout JSONWriter) {
        writer.member("toolCallId", id)
        writer.member("title", title)
        writer.member("kind", kind)
        writer.member("status", status)
        if !content.isEmpty {
            writer.key("content")
            writer.beginArray()
            for entry in content { writer.raw(entry) }
            writer.endArray()
        }
        if !locations.isEmpty {
            writer.key("locations")
            writer.beginArray()
            for path in locations { writer.raw(object { $0.member("path", path) }) }
            writer.endArray()
        }
        if let rawInput { writer.member("rawInput", raw: rawInput) }
    }

    static func diff(path: String, old: String?, new: String) -> [UInt8] {
        object { writer in
            writer.member("type", "diff")
            writer.member("path", path)
            writer.member("oldText", ifPresent: old)
            writer.member("newText", new)
        }
    }

    static func text(_ text: String) -> [UInt8] {
        object { writer in
            writer.member("type", "content")
            writer.key("content")
            writer.raw(
                object { writer in
                    writer.member("type", "text")
                    writer.member("text", text)
                })
        }
    }
}

extension ACPUpdates {
    func begin(_ call: ACPToolCall) { send("tool_call") { call.write("pending", to: &$0) } }

    /// A call that is known better now than when it began.
    func replace(_ call: ACPToolCall) { send("tool_call_update") { call.write("pending", to: &$0) } }

    /// - Parameter content: replaces what was shown so far; raw JSON.
    func update(_ call: ACPToolCall, _ status: String, content: [[UInt8]] = []) {
        send("tool_call_update") { writer in
            writer.member("toolCallId", call.id)
            writer.member("status", status)
            if !content.isEmpty {
                writer.key("content")
                writer.beginArray()
                for entry in content { writer.raw(entry) }
                writer.endArray()
            }
        }
    }
}
