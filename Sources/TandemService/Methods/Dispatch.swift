import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC

extension Daemon {
    /// What this daemon serves; the method table describes nothing else.
    static let availableMethods: Set<Method> = [
        .chat, .cancel, .models, .status, .history, .reload, .ping, .discover, .cancelRequest, .stats, .feedback,
        .sessions, .deleteSession, .setProvider, .clearCache, .subscribe, .route, .plan, .executePlan, .solve, .undo,
        .transactions, .escalate,
    ]

    /// Carries out a request whose parameters are checked.
    func dispatch(_ method: Method, _ request: PendingRequest) throws(RPCError) {
        switch method {
        case .chat: try chat(request)
        case .cancel: cancel(request)
        case .models: models(request)
        case .status: status(request)
        case .history: history(request)
        case .reload: reload(request)
        case .stats: try stats(request)
        case .feedback: try feedback(request)
        case .sessions: try sessions(request)
        case .deleteSession: deleteSession(request)
        case .setProvider: try setProvider(request)
        case .clearCache: try clearCache(request)
        case .escalate: try escalate(request)
        case .route: try route(request)
        case .subscribe: subscribe(request)
        case .plan: try plan(request)
        case .executePlan: try executePlan(request)
        case .solve: try solve(request)
        case .undo: try undo(request)
        case .transactions: transactions(request)
        case .ping:
            request.respond { writer in
                writer.beginObject()
                writer.endObject()
            }
        case .discover: request.respond { $0.raw(discoveryDocument) }
        default: throw .methodNotFound(method.rawValue)
        }
    }

    private func chat(_ request: PendingRequest) throws(RPCError) {
        guard let params = request.params else { return }
        let chat = ChatRequest(params)
        let name = chat.model ?? configuration.defaultModel
        if let candidates = recentCandidates(of: name) {
            return ChatRun(request, chat, model: candidates[0].name, daemon: self).start(candidates)
        }
        switch configuration.resolve(name) {
        case .leaf(let leaf):
            ChatRun(request, chat, model: leaf.name, daemon: self).start(candidates(for: leaf))
        case .workflow(let workflow):
            ChatRun(request, chat, model: workflow.name, daemon: self).start(workflow)
        case nil:
            throw .unknownModel(name, didYouMean: configuration.suggestions(for: name).first)
        }
    }

    private func cancel(_ request: PendingRequest) {
        let run = request.params?["request_id"]?.string.flatMap { ULID($0) }.flatMap { self.run($0, for: request.peer) }
        let canBeCancelled = run?.canBeCancelled ?? false
        run?.cancel(.asked)
        request.respond { writer in
            writer.beginObject()
            writer.member("cancelled", canBeCancelled)
            writer.endObject()
        }
    }

    private func reload(_ request: PendingRequest) {
        startOnLoop { [self] in
            do throws(RPCError) {
                let changed = try await reloadConfiguration()
                request.respond { writer in
                    writer.beginObject()
                    writer.member("changed", changed)
                    writer.endObject()
                }
            } catch {
                request.fail(error)
            }
        }
    }
}
