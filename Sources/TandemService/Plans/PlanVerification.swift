import TandemBase
import TandemEdits
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders

/// What the checks of a resolved plan said (EDITS.md, Verify).
struct PlanVerification: Sendable {
    var checks: [VerifyCheck] = []

    /// A missing checker is skipped, not passed.
    var status: VerifyCheck.Status {
        if checks.contains(where: { $0.status == .failed }) { return .failed }
        return checks.contains(where: { $0.status == .passed }) ? .passed : .skipped
    }

    /// Threads that wait for checkers, and for verifiers, which may take minutes; all requests together.
    private static let checkers = TaskGate(limit: 8)
    private static let verifiers = TaskGate(limit: 4)
    /// Of them for one request.
    private static let checksAtOnce = 4

    /// The languages' own checkers over the changed files, side by side.
    @concurrent
    static func syntax(_ changes: [FileChange], as rights: PeerRights?) async throws(RPCError) -> PlanVerification {
        var checks: [(Int, VerifyCheck)] = []
        var waiting: [(Int, SyntaxVerifier)] = []
        for (index, change) in changes.enumerated() {
            guard let after = change.after else { continue }
            let before = change.before ?? changes.first { $0.path == change.renamedFrom }?.before
            guard let verifier = SyntaxVerifier(path: change.path, before: before, after: after) else { continue }
            if verifier.isQuick { checks.append((index, verifier.check())) } else { waiting.append((index, verifier)) }
        }
        let found = await untilCancelled { stop in
            await withTaskGroup(of: (Int, Swift.Result<VerifyCheck, EditFault>).self) { group in
                var rest = waiting[...]
                func addNext() {
                    guard let (index, verifier) = rest.popFirst() else { return }
                    group.addTask { (index, await run(checkers, as: rights) { verifier.check(stop: stop) }) }
                }
                for _ in 0..<checksAtOnce { addNext() }
                var found: [(Int, Swift.Result<VerifyCheck, EditFault>)] = []
                for await result in group {
                    found.append(result)
                    addNext()
                }
                return found
            }
        }
        for (index, result) in found { checks.append((index, try get(result))) }
        return PlanVerification(checks: checks.sorted { $0.0 < $1.0 }.map(\.1))
    }

    /// A configured command in a shadow copy of the changed tree.
    @concurrent
    static func configured(
        _ verifier: VerifierSettings, _ handle: PlanTree.RootHandle, _ changes: [FileChange]
    ) async throws(RPCError) -> PlanVerification {
        let check = await untilCancelled { stop in
            await run(verifiers, as: handle.rights) {
                ShadowTree.verify(
                    name: verifier.name, command: verifier.command, timeout: verifier.timeout, root: handle.root,
                    changes: changes, stop: stop)
            }
        }
        return PlanVerification(checks: [try get(check)])
    }

    /// Ends the commands of `body` when the request is over.
    private nonisolated static func untilCancelled<Value: Sendable>(
        _ body: (CommandRunner.Stop?) async -> Value
    ) async -> Value {
        let stop = CommandRunner.Stop()
        return await withTaskCancellationHandler {
            await body(stop)
        } onCancel: {
            stop?.stop()
        }
    }

    private nonisolated static func run(
        _ gate: TaskGate, as rights: PeerRights?, _ check: @escaping @Sendable () -> VerifyCheck
    ) async -> Swift.Result<VerifyCheck, EditFault> {
        do throws(EditFault) {
            return .success(
                try await gate.pass { () async throws(EditFault) in try await onOwnThread(as: rights, check) })
        } catch {
            return .failure(error)
        }
    }

    private static func get(_ result: Swift.Result<VerifyCheck, EditFault>) throws(RPCError) -> VerifyCheck {
        switch result {
        case .success(let check): return check
        case .failure(let fault): throw .forbidden(reason: "root", "\(fault.message).")
        }
    }

    /// -32011: nothing is committed; the outputs say why.
    func conflict(_ edits: [PlannedEdit]) -> RPCError {
        let failed = checks.filter { $0.status == .failed }
        let names = failed.map { $0.file.isEmpty ? $0.name : "\($0.name) of \($0.file)" }.joined(separator: ", ")
        var error = RPCError.planConflict(
            "The result did not pass \(names), so nothing was changed: mend the plan.",
            failed.map { check in
                PlanConflict(
                    edits.firstIndex { $0.file == check.file } ?? -1, check.file, kind: "verify_failed",
                    "\(check.name): \(check.output)")
            })
        error.data.append(.init("verify", json: json))
        return error
    }

    private var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("status", status.rawValue)
        writer.key("checks")
        writer.beginArray()
        for check in checks {
            writer.beginObject()
            writer.member("file", check.file)
            writer.member("name", check.name)
            writer.member("status", check.status.rawValue)
            writer.member("output", check.output)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension PlanVerification {
    private static let verifierSystem = """
        You review a change of source code before it is made. Answer with one line: "yes" if it does what it seems \
        meant to do and breaks nothing, else "no: " and the reasons.
        """
    /// Bytes of a diff that the verifier is shown; a larger one cannot be judged as a whole.
    private static let shownDiff = 200 << 10

    @concurrent
    private static func diff(_ changes: [FileChange]) async -> [UInt8] {
        Array(
            changes.map { change in
                UnifiedDiff.bytes(
                    oldPath: change.before == nil ? nil : change.path,
                    newPath: change.after == nil ? nil : change.path, old: change.before ?? [],
                    new: change.after ?? [], mode: change.mode ?? 0o644)
            }.joined())
    }

    /// One call that answers yes or no with reasons.
    @LoopActor
    static func model(_ models: PlanModels, _ changes: [FileChange]) async throws(RPCError) -> PlanVerification {
        let shown = await diff(changes)
        func result(_ status: VerifyCheck.Status, _ output: String) -> PlanVerification {
            PlanVerification(checks: [VerifyCheck(file: "", name: "model", status: status, output: output)])
        }
        guard shown.count <= shownDiff else {
            return result(.skipped, "the change is too large to be reviewed by a model at once")
        }
        let answer = try await models.ask(
            models.verifier, as: .verifier, system: verifierSystem, user: String(decoding: shown, as: UTF8.self)
        ).content
        // "no" and "not sure" differ.
        switch answer.drop(while: { !$0.isLetter }).prefix(while: \.isLetter).lowercased() {
        case "yes": return result(.passed, answer)
        case "no": return result(.failed, answer)
        default: return result(.skipped, answer)
        }
    }
}
