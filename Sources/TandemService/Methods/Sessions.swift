import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    /// Conversations of the peer's uid (for root and the daemon's own user: of everybody), the newest first.
    func sessions(_ request: PendingRequest) {
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
