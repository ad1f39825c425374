import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore

// `session`: earlier turns go before the request's messages.
extension ChatRun {
    /// An answer without a limit of its own is left this share of the model's context, and at most so many tokens.
    private static let answerShare = 4
    private static let mostAnswerTokens = 4096

    /// Waits for its turn in the conversation, then goes on with the earlier messages before its own.
    func enterConversation(_ candidates: [ModelSettings]) {
        let name = Conversations.Name(uid: request.peer.uid, name: chat.session ?? "")
        turn = daemon.conversations.enter(name, user: chat.user) { [weak self] result in
            guard let self, !isOver else { return }
            switch result {
            case .success(let turn):
                prependEarlierTurns(turn, context: candidates[0].context)
                proceed(candidates)
            case .failure(.overloaded):
                finish(.failure(.overloaded(retryAfterMilliseconds: 1000, requestID: requestID)))
            case .failure(.closed): finish(.failure(.shuttingDown(requestID: requestID)))
            case .failure(let error):
                // A full or broken disk costs what is kept, not the answer.
                if let turn { prependEarlierTurns(turn, context: candidates[0].context) }
                tell(
                    Notice(
                        "conversation_unavailable",
                        "the conversation so far cannot be read, this answer does not know it: \(error)"))
                proceed(candidates)
            }
        }
        if turn == nil { finish(.failure(.overloaded(retryAfterMilliseconds: 1000, requestID: requestID))) }
    }

    private func prependEarlierTurns(_ turn: ConversationTurn, context: Int?) {
        let room = context.map {
            $0 - (chat.prompt.maxTokens ?? min($0 / Self.answerShare, Self.mostAnswerTokens))
        }
        let (messages, leftOut) = turn.prompt(with: chat.messages, tokens: room)
        guard let document = try? JSONDocument(messages) else { return }
        chat.replaceMessages(with: document.root)
        if leftOut > 0 {
            tell(
                Notice(
                    "trimmed",
                    "the conversation is longer than the model's context: its first \(leftOut) messages were left out"))
        }
    }
}

extension Daemon {
    func deleteSession(_ request: PendingRequest) {
        let session = request.params?["session"]?.string ?? ""
        conversations.delete(Conversations.Name(uid: request.peer.uid, name: session)) { result in
            startOnLoop {
                switch result {
                case .success(true):
                    request.respond { writer in
                        writer.beginObject()
                        writer.member("deleted", true)
                        writer.endObject()
                    }
                case .success(false): request.fail(.notFound(what: "session", id: session))
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }
}
