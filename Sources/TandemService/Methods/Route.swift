import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC

extension Daemon {
    /// Says what a request would use, and why; sends nothing and takes nothing.
    func route(_ request: PendingRequest) throws(RPCError) {
        let name = request.params?["model"]?.string ?? configuration.defaultModel
        guard let model = configuration.resolve(name) else {
            throw .unknownModel(name, didYouMean: configuration.suggestions(for: name).first)
        }
        let client = LimitSet.Client(uid: request.peer.uid, user: request.params?["user"]?.string ?? "")
        let refusal = admission.wouldAdmit(.default, for: client)
        request.respond { writer in
            writer.beginObject()
            writer.member("model", model.name)
            switch model {
            case .leaf(let leaf):
                writer.member("workflow", "direct" as StaticString)
                candidates(of: leaf, to: &writer)
            case .workflow(let workflow):
                writer.member("workflow", workflow.settings.kind)
                writer.key("parts")
                writer.beginArray()
                for (key, part) in workflow.settings.parts {
                    writer.beginObject()
                    writer.member("part", key)
                    writer.member("model", part)
                    if case .leaf(let leaf)? = configuration.resolve(part) { candidates(of: leaf, to: &writer) }
                    writer.endObject()
                }
                writer.endArray()
            }
            writer.key("limits")
            writer.beginObject()
            writer.member("allowed", refusal == nil)
            if let refusal {
                writer.member("message", refusal.message)
                for member in refusal.data {
                    writer.key(member.name)
                    writer.raw(member.json)
                }
            }
            writer.endObject()
            writer.budget(admission)
            writer.endObject()
        }
    }

    /// The members `candidates`, in the order they would be tried, and `chosen`: the first that can be asked now.
    private func candidates(of leaf: ModelSettings, to writer: inout JSONWriter) {
        let now = EventLoop.shared.now
        var chosen: String?
        let all = candidates(for: leaf)
        writer.key("candidates")
        writer.beginArray()
        for candidate in all {
            let provider = providers[candidate.provider]
            var reason = provider.map { $0.unavailability } ?? "its provider is not configured"
            let breaker = provider?.breakers[candidate.model]
            // The only candidate of a request is probed rather than refused.
            if reason == nil, breaker?.state(at: now) == .open, all.count > 1 {
                reason = "it failed too often and rests"
            }
            if reason == nil, chosen == nil { chosen = candidate.name }
            writer.beginObject()
            writer.member("name", candidate.name)
            writer.member("provider", candidate.provider)
            writer.member("model", candidate.model)
            writer.member("available", reason == nil)
            writer.member("reason", ifPresent: reason)
            writer.key("breaker")
            writer.breaker(breaker, at: now)
            if let provider {
                writer.key("limits")
                writer.limits(of: provider, at: now)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("chosen")
        if let chosen { writer.string(chosen) } else { writer.null() }
    }
}
