import TandemBase
import TandemJSON
import TandemLoop
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

    /// A ring: each chat passes here and hardly one is asked for, so keeping must cost next to nothing and looking up
    /// may cost a walk.
    private var ring: [(id: ULID, keptAt: MonotonicTime, size: Int, chat: Chat)?] = Array(
        repeating: nil, count: maxEntries)
    /// Where the next one goes, and how many stand before it.
    private var next = 0
    private var count = 0
    private var bytes = 0

    func keep(_ completion: Completion, of run: ChatRun) {
        let messages = run.chat.prompt.messages
        let size = messages.count + completion.content.utf8.count
        guard size <= Self.maxBytes / 8 else { return }
        let now = EventLoop.shared.now
        while count == Self.maxEntries || bytes + size > Self.maxBytes { dropOldest() }
        while let keptAt = ring[oldest]?.keptAt, now - keptAt >= Self.ttl { dropOldest() }
        // A copy: the slice would keep the whole message it came in alive.
        let chat = Chat(uid: run.request.peer.uid, messages: Array(messages), answer: completion.content)
        ring[next] = (run.id, now, size, chat)
        next = (next + 1) % Self.maxEntries
        count += 1
        bytes += size
    }

    private var oldest: Int { (next + Self.maxEntries - count) % Self.maxEntries }

    private func dropOldest() {
        guard let size = ring[oldest]?.size else { return }
        ring[oldest] = nil
        count -= 1
        bytes -= size
    }

    /// Nil for what is unknown, too old, or another uid's (nil: anybody's).
    func chat(_ id: ULID, uid: UInt32?) -> Chat? {
        guard let kept = ring.first(where: { $0?.id == id }) ?? nil,
            EventLoop.shared.now - kept.keptAt < Self.ttl, uid == nil || kept.chat.uid == uid
        else { return nil }
        return kept.chat
    }
}
