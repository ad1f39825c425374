import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemText
import TandemWorkflows

extension Daemon {
    /// Says what a request would use, and why; sends nothing and takes nothing.
    func route(_ request: PendingRequest) throws(RPCError) {
        let name = request.params?["model"]?.string ?? configuration.defaultModel
        guard let model = configuration.resolve(name) else {
            throw .unknownModel(name, didYouMean: configuration.suggestions(for: name).first)
        }
        guard let session = request.params?["session"]?.string, case .workflow = model else {
            return route(request, to: model, after: [])
        }
        // What was said before counts for the decision, as it would for the request.
        store.session(session, uid: request.peer.uid, maxTokens: .max) { result in
            startOnLoop { [self] in
                switch result {
                case .success(let turns): route(request, to: model, after: turns.map(\.message))
                case .failure(let error): request.fail(.ledgerUnreadable(error))
                }
            }
        }
    }

    private func route(_ request: PendingRequest, to model: ConfiguredModel, after earlier: [[UInt8]]) {
        let client = LimitSet.Client(uid: request.peer.uid, user: request.params?["user"]?.string ?? "")
        let asked = RoutedRequest(
            prompt: prompt(request.params, after: earlier), session: request.params?["session"]?.string, client: client)
        let refusal = admission.wouldAdmit(.default, for: client)
        request.respond { writer in
            writer.beginObject()
            writer.member("model", model.name)
            describe(model, asked, to: &writer)
            writer.key("limits")
            writer.limits(refusal)
            writer.budget(admission)
            writer.endObject()
        }
    }

    private func prompt(_ params: JSONValue?, after earlier: [[UInt8]]) -> Prompt {
        var writer = JSONWriter(reserving: 1024)
        writer.beginArray()
        for message in earlier { writer.raw(message) }
        for message in params?["messages"]?.elements.map({ $0 }) ?? [] { writer.value(message) }
        if let prompt = params?["prompt"]?.string { writer.message("user", prompt) }
        writer.endArray()
        return Prompt(messages: writer.bytes[...])
    }

    /// The members `workflow` and what belongs to it: the candidates of a provider's model, the parts of a workflow
    /// with when each is asked. Parts are models, so they are described in the same way.
    private func describe(_ model: ConfiguredModel, _ asked: RoutedRequest, to writer: inout JSONWriter) {
        switch model {
        case .leaf(let leaf):
            writer.member("workflow", "direct" as StaticString)
            candidates(of: leaf, to: &writer)
        case .workflow(let workflow):
            writer.member("workflow", workflow.settings.kind)
            var uses = workflow.settings.uses
            if case .route(let route) = workflow.settings {
                let decision = RouteDecision(asked, route)
                uses = decision.uses(route)
                decision.write(route, to: &writer)
            }
            writer.key("parts")
            writer.beginArray()
            for (key, part) in workflow.settings.parts {
                writer.beginObject()
                writer.member("part", key)
                writer.member("model", part)
                writer.member("used", uses[key] ?? "never")
                if case .escalate = workflow.settings, key == "reasoning" {
                    writer.key("reasoning_limits")
                    writer.limits(admission.wouldAdmit(.reasoning, for: asked.client))
                }
                if let model = configuration.resolve(part) { describe(model, asked, to: &writer) }
                writer.endObject()
            }
            writer.endArray()
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

/// What `route` is asked about.
private struct RoutedRequest {
    var prompt: Prompt
    var session: String?
    var client: LimitSet.Client
}

/// What a workflow `route` would do with a request.
private struct RouteDecision {
    let code: CodeClassifier.Result
    /// The branch of the A/B split; nil where a request for code is drawn by an identifier it does not have yet.
    let arm: String?
    let why: String

    init(_ asked: RoutedRequest, _ route: RouteSettings) {
        code = classifyRequest(asked.prompt)
        let share = "\(Int((route.codeShare * 100).rounded())) % of the requests for code"
        switch (code.isCode, route.codeShare, asked.session) {
        case (false, _, _): (arm, why) = ("general", "it is not taken for a request for code")
        case (true, 1..., _): (arm, why) = ("code", "it is taken for a request for code")
        case (true, ...0, _): (arm, why) = ("general", "it is taken for a request for code, of which none go to `code`")
        case (true, let codeShare, let session?):
            let takesCode = isInShare(stableHash(session), codeShare)
            arm = takesCode ? "code" : "general"
            why =
                "it is taken for a request for code; \(share) go to `code`, this session's \(takesCode ? "too" : "not")"
        case (true, _, nil):
            arm = nil
            why = "it is taken for a request for code; \(share) go to `code`, drawn for each request without a session"
        }
    }

    /// When each part is asked.
    func uses(_ route: RouteSettings) -> [String: String] {
        let polish = "if the draft has issues"
        switch arm {
        case "code": return ["code": "first", "general": "if code fails", "polish.model": polish]
        case nil: return ["code": "by its share", "general": "else, or if code fails", "polish.model": polish]
        default: return ["general": "first"]
        }
    }

    func write(_ route: RouteSettings, to writer: inout JSONWriter) {
        writer.member("is_code", code.isCode)
        writer.member("score", code.score)
        writer.key("reasons")
        writer.beginArray()
        for reason in code.reasons {
            writer.beginObject()
            writer.member("reason", reason.feature)
            writer.member("weight", reason.weight)
            writer.endObject()
        }
        writer.endArray()
        writer.member("code_share", route.codeShare)
        writer.key("arm")
        if let arm { writer.string(arm) } else { writer.null() }
        writer.key("chosen")
        switch arm {
        case "code": writer.string(route.code)
        case nil: writer.null()
        default: writer.string(route.general)
        }
        writer.member("why", why)
    }
}

extension WorkflowSettings {
    /// When each part is asked, where the request has no say in it.
    fileprivate var uses: [String: String] {
        switch self {
        case .chain: ["reasoner": "first", "coder": "then, with the reasoning"]
        case .expert(let expert) where !expert.dualModel: ["coder": "alone"]
        case .expert: ["router": "first, up to max_rounds times", "coder": "when the router calls generate_code"]
        case .escalate(let escalate) where !escalate.enabled: ["default": "alone"]
        case .escalate: ["default": "first", "reasoning": "if the default model answers with the signal"]
        case .route: [:]
        }
    }
}

extension JSONWriter {
    /// Whether a limit has room; why not, else.
    fileprivate mutating func limits(_ refusal: RPCError?) {
        beginObject()
        member("allowed", refusal == nil)
        if let refusal {
            member("message", refusal.message)
            for member in refusal.data {
                key(member.name)
                raw(member.json)
            }
        }
        endObject()
    }
}
