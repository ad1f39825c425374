import TandemBase
import TandemJSON
import TandemProviders
import TandemStore

/// The messages of one kept conversation, as far as they are in memory, and what of them a model is shown. A value
/// without I/O.
struct Conversation: Sendable {
    struct Turn: Sendable {
        enum Role: Sendable { case system, user, other }

        /// One JSON object.
        var message: [UInt8]
        var tokens: Int
        var role: Role

        init(_ message: JSONValue) {
            self.message = Array(message.raw)
            tokens = estimatedTokens(bytes: self.message.count)
            switch message["role"]?.string {
            case "system", "developer": role = .system
            case "user": role = .user
            default: role = .other
            }
        }

        /// Nil for what is no message: a damaged row.
        init?(_ stored: SessionTurn) {
            guard let message = try? JSONDocument(stored.message).root, message.kind == .object else { return nil }
            self.init(message)
        }

        var stored: SessionTurn { SessionTurn(message: message, tokens: tokens) }
    }

    private(set) var turns: [Turn] = []
    private(set) var bytes = 0

    init(_ turns: [Turn] = []) { append(turns) }

    mutating func append(_ new: [Turn]) {
        turns += new
        if turns.count > SessionTurn.limit { turns.removeFirst(turns.count - SessionTurn.limit) }
        bytes = turns.reduce(0) { $0 + $1.message.count }
    }

    /// What is sent: the system messages, the newest turns that fit into `tokens` (all, for nil) with the new messages,
    /// and the new messages. A system message among the new ones replaces the conversation's. What is kept of the past
    /// begins with a user's message, so that no tool result is left without its call.
    func prompt(with new: [Turn], tokens: Int?) -> (messages: [UInt8], leftOut: Int) {
        let newSystem = new.filter { $0.role == .system }
        let system = newSystem.isEmpty ? turns.last { $0.role == .system }.map { [$0] } ?? [] : newSystem
        let past = turns.filter { $0.role != .system }
        let recent = new.filter { $0.role != .system }
        var start = past.startIndex
        if let tokens {
            var left = tokens - (system + recent).reduce(0) { $0 + $1.tokens }
            start = past.endIndex
            while start > past.startIndex, past[start - 1].tokens <= left {
                start -= 1
                left -= past[start].tokens
            }
            if start > past.startIndex {
                while start < past.endIndex, past[start].role != .user { start += 1 }
            }
        }
        var writer = JSONWriter(reserving: bytes + 256)
        writer.beginArray()
        for turn in system { writer.raw(turn.message) }
        for turn in past[start...] { writer.raw(turn.message) }
        for turn in recent { writer.raw(turn.message) }
        writer.endArray()
        return (writer.bytes, start - past.startIndex)
    }

    /// Which of a request's messages are to be kept: a system message only when it is another than the last.
    func newTurns(_ messages: [Turn]) -> [Turn] {
        let known = turns.last { $0.role == .system }?.message
        return messages.filter { $0.role != .system || $0.message != known }
    }
}

extension Completion {
    /// The answer as a message of the conversation.
    var message: [UInt8] {
        var writer = JSONWriter(reserving: content.utf8.count + 64)
        writer.beginObject()
        writer.member("role", "assistant" as StaticString)
        writer.member("content", content)
        if !toolCalls.isEmpty { writer.toolCalls(toolCalls) }
        writer.endObject()
        return writer.bytes
    }
}
