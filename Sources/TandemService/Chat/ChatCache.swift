import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC

// `cache` of a chat. It has an effect only where `[cache.responses]` is enabled:
//   absent    used and filled when the temperature is 0
//   use       used and filled
//   refresh   not used, but filled anew
//   bypass    neither
//   only      used; where it holds nothing the request fails with -32012, "cached answer"
extension ChatRun {
    var isCongested: Bool { chat.streams && request.isCongested }

    /// Whether this request has to do with the cache at all.
    func usesCache(_ leaf: ModelSettings) -> Bool {
        switch chat.cache {
        case .bypass: false
        case .only: true
        case .use, .refresh: daemon.responses.isEnabled
        case nil: daemon.responses.isEnabled && isDeterministic(leaf)
        }
    }

    /// Whether the temperature is 0, by the request or by the model's defaults.
    private func isDeterministic(_ leaf: ModelSettings) -> Bool {
        let own = chat.prompt.members.first { $0.name == "temperature" }?.json
        guard let json = own ?? leaf.defaults.first(where: { $0.name == "temperature" })?.json[...] else {
            return false
        }
        return Double(String(decoding: json, as: UTF8.self)) == 0
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

    /// Calls the model for this request only.
    func askAlone(_ candidates: [ModelSettings]) {
        sharing = nil
        if admit(candidates) { callUpstream(candidates) }
    }

    /// Ends with an answer that exists already, streamed like any other where the client wants it so.
    func finish(with answer: CachedAnswer, why: String) {
        let isNews = firstToken == nil
        trace.steps = answer.steps.map { step in
            var copy = StepTrace(
                role: step.role, provider: step.provider, model: step.model, startedAt: EventLoop.shared.now)
            copy.status = .ok
            copy.cached = true
            copy.cost = 0
            copy.spared = step.call
            return copy
        }
        cachedAnswer = answer
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

extension RPCError {
    static func noCachedAnswer(model: String, requestID: String) -> RPCError {
        var error = RPCError.notFound(what: "cached answer", id: model)
        error.message = "The cache holds no answer to this request: send it with another `cache` than \"only\"."
        error.requestID = requestID
        return error
    }
}
