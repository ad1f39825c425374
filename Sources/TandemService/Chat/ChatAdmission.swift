import TandemBase
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC

// What a chat goes through before a model is called, and what it gives back at its end.
extension ChatRun {
    var client: LimitSet.Client { LimitSet.Client(uid: request.peer.uid, user: chat.user) }

    /// An answer from the cache costs nothing and is limited by nothing; everything else takes its limits first.
    func proceed(_ candidates: [ModelSettings]) {
        if daemon.subscribers.wants(.requests) {
            daemon.subscribers.requestStarted(
                id, method: method, model: modelName, uid: request.peer.uid, user: chat.user)
        }
        if let workflowModel {
            if answerFromCache(workflowModel) { return }
        } else if escalation == nil, usesCache(candidates) {
            return answerWithCache(candidates)
        }
        if admit(candidates) { callUpstream(candidates) }
    }

    /// Takes limits and budget; false when the request was refused, and is over. An escalation asks for the reasoning
    /// limits only, by itself, and says so where they have no room.
    func admit(_ candidates: [ModelSettings]) -> Bool {
        do throws(RPCError) {
            let scope: LimitSet.Scope? = escalation == nil ? .default : nil
            ticket = try daemon.admission.admit(scope, for: client, requestID: requestID) { completionTokens in
                let prompt = TokenEstimate(chat.prompt)
                guard let name = escalation?.model ?? workflowModel?.name else {
                    return candidates[0].estimatedCost(of: prompt, completionTokens: completionTokens)
                }
                return daemon.estimatedCost(name, prompt, completionTokens: completionTokens)
            }
            return true
        } catch {
            finish(.failure(error))
            return false
        }
    }

    /// Gives back what the request holds, whatever became of it.
    func release(_ result: Result<Completion, RPCError>) {
        ticket?.settle(trace)
        ticket = nil
        sharing?.leave()
        sharing = nil
        if let turn {
            self.turn = nil
            if case .success(let completion) = result { turn.keep(completion) }
            turn.leave()
        }
    }
}
