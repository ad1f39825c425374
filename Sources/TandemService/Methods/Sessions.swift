import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    /// Conversations of the peer's uid (for root and the daemon's own user: of everybody), the newest first. With
    /// `session` that one's messages instead, oldest first; it has to be the peer's own.
    func sessions(_ request: PendingRequest) {
        if let name = request.params?["session"]?.string { return messages(request, ofSession: name) }
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

    private func messages(_ request: PendingRequest, ofSession name: String) {
        store.session(name, uid: request.peer.uid, maxTokens: .max) { result in
            startOnLoop {
                switch result {
                case .success([]): request.fail(.notFound(what: "session", id: name))
                case .success(let turns):
                    request.respond { writer in
                        writer.beginObject()
                        writer.member("session", name)
                        writer.key("messages")
                        writer.beginArray()
                        for turn in turns { writer.raw(turn.message) }
                        writer.endArray()
                        writer.endObject()
                    }
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }
}

extension JSONWriter {
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
