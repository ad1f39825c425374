import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders
import TandemRPC

/// The last finished chats with what was said in them, in memory only: what `escalate` can take up by its request_id.
@LoopActor
final class RecentChats {
    static let ttl = TimeSpan.hours(1)
    static let maxEntries = 256
    /// Bytes of messages and answers.
    static let maxBytes = 8 << 20

    struct Chat {
        var uid: UInt32
        /// The messages as they were sent on.
        var messages: [UInt8]
        var answer: String
    }

    private var chats = TTLCache<ULID, Chat>(ttl: ttl, maxEntries: maxEntries, maxBytes: maxBytes)

    func keep(_ completion: Completion, of run: ChatRun) {
        let messages = run.chat.prompt.messages
        let size = messages.count + completion.content.utf8.count
        guard size <= Self.maxBytes / 8 else { return }
        // A copy: the slice would keep the whole message it came in alive.
        let chat = Chat(uid: run.request.peer.uid, messages: Array(messages), answer: completion.content)
        chats.insert(chat, for: run.id, cost: size, at: EventLoop.shared.now)
    }

    /// Nil for what is unknown, too old, or another uid's (nil: anybody's).
    func chat(_ id: ULID, uid: UInt32?) -> Chat? {
        guard let chat = chats.value(for: id, at: EventLoop.shared.now), uid == nil || chat.uid == uid else {
            return nil
        }
        return chat
    }
}
