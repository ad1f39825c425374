import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders

/// What experts did between a client's question and the calls that the client has to run: code that was written, files
/// that were read. The client never sees it and so cannot send it back with its results; without it the router would
/// have to begin again. In memory only: after a restart it does.
@LoopActor
package final class ExpertMemory {
    static let ttl = TimeSpan.hours(1)
    static let maxEntries = 256
    /// Bytes of messages.
    static let maxBytes = 8 << 20

    private var rounds = TTLCache<[UInt8], [[UInt8]]>(ttl: ttl, maxEntries: maxEntries, maxBytes: maxBytes)

    package init() {}

    /// Keeps the messages that came between `conversation` and the answer with these calls.
    func keep(_ messages: [[UInt8]], after conversation: [JSONValue], before calls: [String], uid: UInt32) {
        guard !messages.isEmpty else { return }
        rounds.insert(
            messages, for: key(conversation[...], calls, uid), cost: messages.reduce(0) { $0 + $1.count },
            at: EventLoop.shared.now)
    }

    /// The conversation with what is known to have come before each of its answers that call tools.
    func completing(_ prompt: Prompt, uid: UInt32) -> Prompt {
        guard rounds.count > 0 else { return prompt }
        let messages = prompt.parsedMessages?.elements.map { $0 } ?? []
        var known: [Int: [[UInt8]]] = [:]
        for (index, message) in messages.enumerated() {
            let calls = message["tool_calls"]?.elements.map { $0["id"]?.string ?? "" } ?? []
            guard !calls.isEmpty else { continue }
            known[index] = rounds.value(for: key(messages[..<index], calls, uid), at: EventLoop.shared.now)
        }
        guard !known.isEmpty else { return prompt }
        var writer = JSONWriter(reserving: prompt.messages.count * 2)
        writer.beginArray()
        for (index, message) in messages.enumerated() {
            for inner in known[index] ?? [] { writer.raw(inner) }
            writer.value(message)
        }
        writer.endArray()
        return prompt.replacingMessages(writer.bytes)
    }

    /// The whole conversation counts: some servers give the same identifiers to all calls.
    private func key(_ conversation: ArraySlice<JSONValue>, _ calls: [String], _ uid: UInt32) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.beginArray()
        writer.int(uid)
        for call in calls { writer.string(call) }
        for message in conversation { writer.canonical(message) }
        writer.endArray()
        return sha256(writer.bytes)
    }
}
