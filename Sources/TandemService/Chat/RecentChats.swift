import TandemBase
import TandemJSON
import TandemLoop
import TandemProviders
import TandemRPC

/// The last finished chats with what was said in them, in memory only: what `escalate` can take up by its request_id.
@LoopActor
final class RecentChats {
    nonisolated static let ttl = TimeSpan.hours(1)
    nonisolated static let maxEntries = 256
    /// Bytes of messages and answers.
    nonisolated static let maxBytes = 8 << 20

    struct Chat {
        var uid: UInt32
        /// The messages as they were sent on.
        var messages: [UInt8]
        var answer: String
    }

    private struct Label {
        var id: ULID
        var keptAt: MonotonicTime
        var size: Int
    }

    /// Each chat passes here and hardly one is asked for, so keeping must cost next to nothing and looking up may cost a
    /// walk.
    private struct Ring {
        var chats: [Chat?] = Array(repeating: nil, count: maxEntries)
        /// Of the chats in the same places.
        var labels: [Label?] = Array(repeating: nil, count: maxEntries)
        /// Where the next one goes, and how many stand before it.
        private var next = 0
        private var count = 0
        private var bytes = 0

        mutating func keep(_ chat: Chat, _ label: Label) {
            while count == maxEntries || bytes + label.size > maxBytes { dropOldest() }
            while let oldest = labels[oldest], label.keptAt - oldest.keptAt >= ttl { dropOldest() }
            chats[next] = chat
            labels[next] = label
            next = (next + 1) % maxEntries
            count += 1
            bytes += label.size
        }

        private var oldest: Int { (next + maxEntries - count) % maxEntries }

        private mutating func dropOldest() {
            let place = oldest
            guard let label = labels[place] else { return }
            labels[place] = nil
            chats[place] = nil
            count -= 1
            bytes -= label.size
        }
    }

    private var ring = Ring()

    func keep(_ completion: Completion, of run: ChatRun) {
        let messages = run.chat.prompt.messages
        let size = messages.count + completion.content.utf8.count
        guard size <= Self.maxBytes / 8 else { return }
        // A copy: the slice would keep the whole message it came in alive.
        let chat = Chat(uid: run.request.peer.uid, messages: Array(messages), answer: completion.content)
        ring.keep(chat, Label(id: run.id, keptAt: EventLoop.shared.now, size: size))
    }

    /// Nil for what is unknown, too old, or another uid's (nil: anybody's).
    func chat(_ id: ULID, uid: UInt32?) -> Chat? {
        guard let place = ring.labels.firstIndex(where: { $0?.id == id }), let label = ring.labels[place],
            let chat = ring.chats[place], EventLoop.shared.now - label.keptAt < Self.ttl, uid == nil || chat.uid == uid
        else { return nil }
        return chat
    }
}
