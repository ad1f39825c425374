import Glibc
import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemRPC
import TandemStore

extension Daemon {
    func plan(_ request: PendingRequest) throws(RPCError) {
        guard let params = request.params else { return }
        let parameters = executeParameters(params)
        let access = try editAccess(request, changesTree: parameters.root != nil)
        let run = planRun(request, .plan, parameters, try planner(params))
        let planner = Planner(run, params)
        run.start { run throws(RPCError) in
            let tree: PlanTree? =
                parameters.root == nil && parameters.documents == nil
                ? nil : try await PlanTree.open(parameters, access)
            let planned = try await planner.plan(tree)
            var writer = JSONWriter()
            writer.beginObject()
            writer.planned(planned)
            writer.callTotals(run)
            writer.member("warnings", planned.warnings)
            writer.endObject()
            return writer.bytes
        }
    }

    func executePlan(_ request: PendingRequest) throws(RPCError) {
        guard let params = request.params else { return }
        let parameters = executeParameters(params)
        let access = try editAccess(request, changesTree: parameters.root != nil)
        let run = planRun(request, .executePlan, parameters, configuration.plan.executor ?? defaultPlanner)
        run.start { run throws(RPCError) in
            let hash = await parameters.hash(params)
            if let earlier = try await run.earlierResult(parameters, hash) { return earlier }
            let plan = try await run.givenPlan(params)
            let tree = try await PlanTree.open(parameters, access)
            var execution = PlanExecution(run, parameters, tree, hash: hash)
            return try await execution.execute(plan.edits)
        }
    }

    func solve(_ request: PendingRequest) throws(RPCError) {
        guard let params = request.params else { return }
        let parameters = executeParameters(params)
        let access = try editAccess(request, changesTree: parameters.root != nil)
        let run = planRun(request, .solve, parameters, try planner(params))
        let planner = Planner(run, params)
        run.start { run throws(RPCError) in
            let hash = await parameters.hash(params)
            if let earlier = try await run.earlierResult(parameters, hash) { return earlier }
            let tree = try await PlanTree.open(parameters, access)
            var execution = PlanExecution(run, parameters, tree, hash: hash)
            try execution.checkVerifier()
            let early = EarlyEdits(run.models, tree, parameters.mode)
            // On every way out nothing that was begun early goes on.
            defer { early.restart() }
            let planned = try await planner.plan(
                tree, found: { early.begin($0, $1) }, restarted: { early.restart() })
            let answers = await early.finish()
            return try await execution.execute(planned.plan.edits, early: answers, warnings: planned.warnings) {
                $0.planned(planned)
            }
        }
    }

    private func executeParameters(_ params: JSONValue) -> ExecuteParameters {
        ExecuteParameters(params, defaultMode: EditMode(rawValue: configuration.plan.mode.rawValue) ?? .adaptive)
    }

    private var defaultPlanner: String { configuration.plan.planner ?? configuration.defaultModel }

    /// The model that is to plan.
    private func planner(_ params: JSONValue) throws(RPCError) -> String {
        let model = params["model"]?.string ?? defaultPlanner
        guard configuration.resolve(model) != nil else {
            throw .unknownModel(model, didYouMean: configuration.suggestions(for: model).first)
        }
        return model
    }

    private func planRun(
        _ request: PendingRequest, _ method: Method, _ parameters: ExecuteParameters, _ model: String
    ) -> PlanRun {
        PlanRun(
            request, method, model: model, daemon: self, streams: parameters.streams, user: parameters.user,
            timeout: parameters.timeout, isDetached: parameters.isDetached, metadata: parameters.metadata)
    }

    /// Where a request may edit: with the daemon's own rights for its own user and root; a daemon that runs as root
    /// takes the peer's rights for others. From any other daemon they get their own documents back.
    func editAccess(_ request: PendingRequest, changesTree: Bool) throws(RPCError) -> EditAccess {
        var access = EditAccess(roots: configuration.access.roots)
        guard changesTree, !isOwner(request.peer) else { return access }
        guard geteuid() == 0 else {
            throw .forbidden(
                reason: "root",
                "This daemon runs as another user and cannot edit your files: send `documents` instead of `root`.")
        }
        access.rights = PeerRights(uid: request.peer.uid, groups: request.peer.groups)
        access.addsHome = configuration.access.includesHome
        return access
    }
}

extension PlanRun {
    /// The stored result of an earlier request with the same idempotency key.
    func earlierResult(_ parameters: ExecuteParameters, _ hash: String?) async throws(RPCError) -> [UInt8]? {
        guard let hash, let key = parameters.idempotencyKey, parameters.documents == nil, !parameters.isDryRun else {
            return nil
        }
        let earlier: Idempotency
        do throws(JournalError) {
            earlier = try await daemon.edits.earlier(key, uid: request.peer.uid, hash: hash)
        } catch {
            throw .journal(error)
        }
        switch earlier {
        case .fresh: return nil
        case .replay(let json): return json
        case .refused(let error): throw error
        }
    }

    /// `plan` as it was sent, or what `plan_id` stands for.
    func givenPlan(_ params: JSONValue) async throws(RPCError) -> EditPlan {
        var value = params["plan"]
        if value == nil || value?.isNull == true {
            let text = params["plan_id"]?.string ?? ""
            guard let id = ULID(text) else { throw .notFound(what: "plan", id: text) }
            let uid = daemon.isOwner(request.peer) ? nil : request.peer.uid
            let json: [UInt8]?
            do throws(StoreError) {
                json = try await daemon.store.value { self.daemon.store.plan(id, uid: uid, completion: $0) }
            } catch {
                throw .ledgerUnreadable(error)
            }
            guard let document = json.flatMap({ try? JSONDocument($0) }) else {
                throw .notFound(what: "plan", id: text)
            }
            value = document.root
        }
        guard let value else { throw .notFound(what: "plan", id: "") }
        switch await Self.read(value) {
        case .success(let plan): return plan
        case .failure(let problems): throw problems.problems.rpcError
        }
    }

    /// A plan may be long: not on the loop.
    @concurrent
    private nonisolated static func read(_ plan: JSONValue) async -> Result<EditPlan, PlanProblems> {
        PlanSchema.read(plan)
    }
}

extension JSONWriter {
    mutating func planned(_ planned: Planner.Planned) {
        member("plan_id", planned.id.description)
        key("plan")
        planned.plan.write(to: &self)
    }
}
