import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemStore

/// The conversations that the daemon keeps, each belonging to a peer uid. The recent ones are in memory, so that only
/// the first request of one waits for the database, and the loop never.
///
/// Requests of one conversation are answered one after another, in the order they came: each sees the answers of those
/// before it. What is kept are the new messages and the answer, together, when the request ended well; a request that
/// failed or was cancelled leaves no trace and can be sent again.
@LoopActor
final class Conversations {
    /// Conversations in memory while nobody uses them, and bytes of their messages.
    static let idleLimit = 64
    static let idleBytes = 4 << 20
    /// Requests that wait for their turn in one conversation; the next is -32008.
    static let waitersPerConversation = 16

    struct Name: Hashable, Sendable {
        var uid: UInt32
        var name: String
    }

    /// One conversation in use: who has the turn, and who waits for it.
    @LoopActor
    fileprivate final class Entry {
        let name: Name
        var conversation: Conversation?
        var holder: ConversationTurn?
        var waiters = SlotList<ConversationTurn>()
        var isDeleted = false

        init(_ name: Name) { self.name = name }
    }

    fileprivate let store: Store
    private var used: [Name: Entry] = [:]
    private var idle: TTLCache<Name, Conversation>

    init(_ store: Store) {
        self.store = store
        idle = TTLCache(ttl: .hours(1), maxEntries: Self.idleLimit, maxBytes: Self.idleBytes)
    }

    /// Calls `ready` when it is this request's turn and the conversation is there; nil when too many wait already.
    func enter(
        _ name: Name, user: String, ready: @escaping @LoopActor (Result<ConversationTurn, StoreError>) -> Void
    ) -> ConversationTurn? {
        let entry = used[name] ?? Entry(name)
        let turn = ConversationTurn(self, entry, user: user, ready)
        if entry.holder == nil {
            used[name] = entry
            give(turn)
        } else {
            guard entry.waiters.count < Self.waitersPerConversation else { return nil }
            turn.place = entry.waiters.append(turn)
        }
        return turn
    }

    private func give(_ turn: ConversationTurn) {
        let entry = turn.entry
        entry.holder = turn
        if entry.conversation == nil { entry.conversation = idle.value(for: entry.name, at: EventLoop.shared.now) }
        // Never from within `enter` or `leave`.
        if entry.conversation != nil { return EventLoop.shared.atEndOfTurn { turn.begin(.success(turn)) } }
        store.session(entry.name.name, uid: entry.name.uid, maxTokens: .max) { result in
            let loaded = result.map { Conversation($0.compactMap { Conversation.Turn($0) }) }
            startOnLoop {
                if case .success(let conversation) = loaded, entry.conversation == nil {
                    entry.conversation = conversation
                }
                turn.begin(loaded.map { _ in turn })
            }
        }
    }

    fileprivate func leave(_ turn: ConversationTurn) {
        let entry = turn.entry
        if let place = turn.place, entry.waiters.remove(place) != nil { return }
        guard entry.holder === turn else { return }
        entry.holder = nil
        if let next = entry.waiters.removeFirst() {
            next.place = nil
            return give(next)
        }
        if used[entry.name] === entry { used[entry.name] = nil }
        if let conversation = entry.conversation, !entry.isDeleted {
            idle.insert(conversation, for: entry.name, cost: conversation.bytes, at: EventLoop.shared.now)
        }
    }

    /// Forgets the conversation, here and in the database; what a running request says in it is not kept.
    func delete(_ name: Name, completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        idle.remove(name)
        if let entry = used.removeValue(forKey: name) { entry.isDeleted = true }
        store.deleteSession(name.name, uid: name.uid, completion: completion)
    }
}

/// One request's place in its conversation, from `enter` to `leave`.
@LoopActor
final class ConversationTurn {
    private let conversations: Conversations
    fileprivate let entry: Conversations.Entry
    fileprivate var place: SlotList<ConversationTurn>.Handle?
    private let user: String
    private var ready: (@LoopActor (Result<ConversationTurn, StoreError>) -> Void)?
    private var new: [Conversation.Turn] = []

    fileprivate init(
        _ conversations: Conversations, _ entry: Conversations.Entry, user: String,
        _ ready: @escaping @LoopActor (Result<ConversationTurn, StoreError>) -> Void
    ) {
        self.conversations = conversations
        self.entry = entry
        self.user = user
        self.ready = ready
    }

    fileprivate func begin(_ result: Result<ConversationTurn, StoreError>) {
        guard let ready else { return }
        self.ready = nil
        ready(result)
    }

    /// The messages to send, the conversation's first, and how many of it did not fit into `tokens`.
    func prompt(with messages: JSONValue, tokens: Int?) -> (messages: [UInt8], leftOut: Int) {
        new = messages.elements.map { Conversation.Turn($0) }
        let conversation = entry.conversation ?? Conversation()
        defer { new = conversation.newTurns(new) }
        return conversation.prompt(with: new, tokens: tokens)
    }

    /// The request ended well: its messages and its answer belong to the conversation from now on.
    func keep(_ answer: Completion) {
        guard let message = try? JSONDocument(answer.message).root else { return }
        keep(new + [Conversation.Turn(message)])
    }

    /// Adds messages as they are: what was said where no chat of ours was asked.
    func keep(_ messages: JSONValue) { keep(messages.elements.map { Conversation.Turn($0) }) }

    /// All the messages there are.
    var messages: [[UInt8]] { entry.conversation?.turns.map(\.message) ?? [] }

    private func keep(_ turns: [Conversation.Turn]) {
        guard !entry.isDeleted else { return }
        entry.conversation?.append(turns)
        conversations.store.append(
            turns.map(\.stored), toSession: entry.name.name, uid: entry.name.uid, user: user, at: .now())
    }

    /// Lets the next request have its turn. A second time does nothing.
    func leave() {
        ready = nil
        conversations.leave(self)
    }
}
