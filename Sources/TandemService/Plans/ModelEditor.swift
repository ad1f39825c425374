import TandemBase
import TandemEdits
import TandemLoop
import TandemProtocol
import TandemProviders

/// Carries out the edits that need a model (EDITS.md, model_edit): the executor, one repair call that names the exact
/// fault, then the planner's model; a rescue of a deterministic edit gets one attempt.
@LoopActor
struct ModelEditor {
    private static let system = """
        You edit source code. You get one region of a file with some lines around it and a task. You answer with the \
        whole new region in one fenced block and nothing else.
        """

    let models: PlanModels
    let resolution: PlanResolution
    /// Whose rights the files have to be checked with; nil: the daemon's own.
    let rights: PeerRights?

    /// What became of one edit's calls.
    struct Answer: Sendable {
        var text: [UInt8]?
        var fault: EditFault?
        var attempts: Int
    }

    /// Asks until an answer passes its tests. `known` are the answers of the file's other edits.
    /// - Throws: what ends the request as a whole: cancellation, deadline.
    func answer(
        _ request: ModelEditRequest, file position: Int, known: [Int: [UInt8]]
    ) async throws(RPCError) -> Answer {
        let plan =
            request.isRescue
            ? [models.executor]
            : [models.executor, models.executor] + (models.planner == models.executor ? [] : [models.planner])
        var fault: EditFault?
        for (attempt, model) in plan.enumerated() {
            var prompt = request.prompt
            if let fault, attempt == 1 {
                prompt += "\n\nYour last answer was refused: \(fault.message). Answer again, without that fault."
            }
            let completion: Completion
            do throws(RPCError) {
                completion = try await models.ask(model, as: .executor, system: Self.system, user: prompt)
            } catch {
                if error.code != .providersFailed, error.code != .rateLimited, error.code != .overloaded { throw error }
                fault = EditFault(.modelAnswer, "\(model) did not answer: \(error.message)")
                continue
            }
            do throws(EditFault) {
                let text = try request.validate(
                    answer: completion.content, finishReason: completion.finishReason.rawValue)
                if let broken = try await syntaxFault(request.index, text, position, known) { throw broken }
                return Answer(text: text, attempts: attempt + 1)
            } catch {
                fault = error
            }
        }
        return Answer(fault: fault, attempts: plan.count)
    }

    /// A syntax error that the file did not have before this answer.
    private func syntaxFault(
        _ index: Int, _ text: [UInt8], _ position: Int, _ known: [Int: [UInt8]]
    ) async throws(EditFault) -> EditFault? {
        var answers = known
        answers[index] = text
        let resolved = await resolution.resolve(position, answers: answers)
        let checks: [VerifyCheck]
        do throws(RPCError) {
            checks = try await PlanVerification.syntax(resolved.changes, as: rights).checks
        } catch {
            throw EditFault(.forbidden, error.message)
        }
        let failed = checks.first { $0.status == .failed }
        return failed.map { EditFault(.syntax, "the answer breaks the file's syntax: \($0.output)") }
    }
}
