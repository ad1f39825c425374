import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemWorkflows

// `cache` of a chat. It has an effect only where `[cache.responses]` is enabled:
//   absent    used and filled when the temperature is 0
//   use       used and filled
//   refresh   not used, but filled anew
//   bypass    neither
//   only      used; where it holds nothing the request fails with -32012, "cached answer"
// A workflow's answer is kept as a whole, but for the expert's, which may depend on files. Its temperature is the
// request's: the models it is made of may each have another.
extension ChatRun {
    var isCongested: Bool { chat.streams && request.isCongested }

    /// Whether this request has to do with the cache at all; `candidates` are a leaf and its fallbacks, none for a
    /// workflow.
    func usesCache(_ candidates: [ModelSettings]) -> Bool {
        switch chat.cache {
        case .bypass: false
        case .only: true
        case .use, .refresh: daemon.responses.isEnabled
        case nil:
            daemon.responses.isEnabled
                && isDeterministic(
                    candidates.first, temperature: chat.prompt.members.first { $0.name == "temperature" }?.json)
        }
    }

    func answerWithCache(_ candidates: [ModelSettings]) {
        guard let params = request.params else { return }
        let responses = daemon.responses
        let key = responseKey(
            uid: request.peer.uid, params: params, messages: chat.messages,
            modelIdentity: daemon.identity(of: candidates[0]))
        if chat.cache != .refresh, let answer = responses.answer(for: key) {
            return finish(with: answer, why: "the answer comes from the cache")
        }
        if chat.cache == .only {
            return finish(.failure(.noCachedAnswer(model: modelName, requestID: requestID)))
        }
        let place = SharedCall.Place(self, key, responses)
        sharing = place
        let joined = responses.join(key, place) {
            guard admit(candidates) else { return nil }
            let call = SharedCall(
                place, responses, candidates: candidates, prompt: chat.prompt, deadline: trace.deadline,
                ticket: ticket, providers: daemon.providers)
            // From here on the call's: it outlives this request while others wait.
            ticket = nil
            return call
        }
        if !joined { askAlone(candidates) }
    }

    /// Ends the request where the cache has the workflow's answer, or where nothing else was asked for; else its answer
    /// will be kept.
    func answerFromCache(_ workflow: WorkflowModel) -> Bool {
        guard usesCache([]) else { return false }
        let stickiness = chat.workflowOptions(uid: request.peer.uid, id: id).stickiness
        if let params = request.params, let identity = daemon.identity(of: workflow, stickiness: stickiness) {
            let key = responseKey(
                uid: request.peer.uid, params: params, messages: chat.messages, modelIdentity: identity)
            if chat.cache != .refresh, let answer = daemon.responses.answer(for: key) {
                finish(with: answer, why: "the answer comes from the cache")
                return true
            }
            workflowKey = key
        }
        guard chat.cache == .only else { return false }
        finish(.failure(.noCachedAnswer(model: modelName, requestID: requestID)))
        return true
    }

    /// Calls the model for this request only.
    func askAlone(_ candidates: [ModelSettings]) {
        sharing = nil
        if admit(candidates) { callUpstream(candidates) }
    }

    /// Ends with an answer that exists already, streamed like any other where the client wants it so.
    func finish(with answer: CachedAnswer, why: String) {
        let isNews = firstToken == nil
        trace.steps = answer.tracedSteps
        cachedAnswer = answer
        outcome = answer.outcome
        tell(Notice("cached", why))
        // Whoever followed a call in flight has heard it already.
        if isNews {
            for (index, step) in trace.steps.enumerated() { tell(index, step) }
            if !answer.completion.reasoning.isEmpty { tell(.reasoning(answer.completion.reasoning)) }
            if !answer.completion.content.isEmpty { tell(.content(answer.completion.content)) }
        }
        finish(.success(answer.completion))
    }
}

/// Whether the temperature is 0, by the request or by the model's defaults.
func isDeterministic(_ leaf: ModelSettings?, temperature: ArraySlice<UInt8>? = nil) -> Bool {
    guard let json = temperature ?? leaf?.defaults.first(where: { $0.name == "temperature" })?.json[...] else {
        return false
    }
    return Double(String(decoding: json, as: UTF8.self)) == 0
}

extension RPCError {
    static func noCachedAnswer(model: String, requestID: String) -> RPCError {
        var error = RPCError.notFound(what: "cached answer", id: model)
        error.message = "The cache holds no answer to this request: send it with another `cache` than \"only\"."
        error.requestID = requestID
        return error
    }
}
