import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    /// Conversations of the peer's uid (for root and the daemon's own user: of everybody), the newest first. With
    /// `session` that one's messages instead, oldest first; it has to be the peer's own.
    func sessions(_ request: PendingRequest) throws(RPCError) {
        let new = request.params?["append"]
        if let name = request.params?["session"]?.string {
            if let new { return try append(new, toSession: name, request) }
            return messages(request, ofSession: name)
        }
        guard new == nil else {
            throw .invalidParams(
                path: "/session", expected: "the name of a conversation",
                "Name the conversation to append to as `session`.")
        }
        store.sessions(uid: isOwner(request.peer) ? nil : request.peer.uid, limit: 1000) { result in
            startOnLoop {
                switch result {
                case .success(let sessions):
                    request.respond { writer in
                        writer.beginObject()
                        writer.key("sessions")
                        writer.beginArray()
                        for session in sessions { writer.session(session) }
                        writer.endArray()
                        writer.endObject()
                    }
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }

    /// The messages join the conversation in turn with its chats, so that none overtakes another.
    private func append(_ new: JSONValue, toSession name: String, _ request: PendingRequest) throws(RPCError) {
        let turn = conversations.enter(Conversations.Name(uid: request.peer.uid, name: name), user: "") { result in
            request.work = nil
            switch result {
            case .success(let turn):
                turn.keep(new)
                request.respond { $0.messages(turn.messages, ofSession: name) }
                turn.leave()
            case .failure(let error): request.fail(.ledgerUnreadable(error))
            }
        }
        guard let turn else { throw .overloaded(retryAfterMilliseconds: 1000) }
        request.work = WaitingRequest(request) { turn.leave() }
    }

    private func messages(_ request: PendingRequest, ofSession name: String) {
        store.session(name, uid: request.peer.uid, maxTokens: .max) { result in
            startOnLoop {
                switch result {
                case .success([]): request.fail(.notFound(what: "session", id: name))
                case .success(let turns):
                    request.respond { $0.messages(turns.map(\.message), ofSession: name) }
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func messages(_ messages: [[UInt8]], ofSession name: String) {
        beginObject()
        member("session", name)
        key("messages")
        beginArray()
        for message in messages { raw(message) }
        endArray()
        endObject()
    }

    fileprivate mutating func session(_ session: SessionSummary) {
        beginObject()
        member("session", session.name)
        member("uid", session.uid)
        member("user", session.user)
        member("created_at", session.createdAt.description)
        member("updated_at", session.updatedAt.description)
        member("turns", session.turns)
        member("tokens", session.tokens)
        endObject()
    }
}
