import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore

extension Daemon {
    /// Switches a provider by hand. It holds at once and over file and environment, until it is set again; the answer
    /// comes when the disk has it too.
    func setProvider(_ request: PendingRequest) throws(RPCError) {
        guard isOwner(request.peer) else {
            throw .forbidden(
                reason: "uid \(request.peer.uid) is not the daemon's",
                "Only the daemon's own user switches providers: ask them to do it.")
        }
        let name = request.params?["provider"]?.string ?? ""
        guard let provider = providers[name] else { throw .notFound(what: "provider", id: name) }
        if request.params?["reset_breaker"]?.bool == true { provider.resetBreakers() }
        guard let enabled = request.params?["enabled"]?.bool else {
            return respond(request, with: provider, isSaved: true)
        }
        var changed = overrides
        changed[name] = enabled
        setOverrides(changed)
        log(.notice, "the provider \(name) is \(enabled ? "enabled" : "disabled") by hand", .provider(name))
        store.setProviderOverride(name, enabled: enabled) { [self] result in
            startOnLoop { [self] in
                if case .failure(let error) = result {
                    log(.warning, "the provider's switch holds until the restart only: \(error)", .provider(name))
                }
                respond(request, with: providers[name] ?? provider, isSaved: (try? result.get()) != nil)
            }
        }
    }

    /// The provider as in `status`; `saved` false when only this process knows of it.
    private func respond(_ request: PendingRequest, with provider: Provider, isSaved: Bool) {
        request.respond { writer in
            writer.beginObject()
            writer.member("provider", provider.settings.name)
            writer.members(of: provider)
            writer.member("saved", isSaved)
            writer.endObject()
        }
    }
}
