import TandemBase
import TandemLoop
import TandemPolicy
import TandemProviders
import TandemStore
import TandemWorkflows

// What a request spared, `saved_usd`: a call that a cache made unnecessary saves what the call cost, a free answer what
// the model that it replaced would have cost for the same tokens. The replaced model is the first one with a price
// among: the fallbacks of the model that the request named; of a workflow its parts with their fallbacks, in the order
// of `parts`; the default model, likewise.
extension Daemon {
    /// Notes what each step and the whole request spared; nil where nothing is known to have been. `models` are those
    /// that the request could use, by name.
    func noteSavings(in record: inout RequestRecord, of trace: RequestTrace, models: @autoclosure () -> [String]) {
        guard record.outcome == "ok" else { return }
        var replaced: Price??
        for (index, step) in trace.steps.enumerated() where step.status == .ok && !isReplaced(step.role, in: record) {
            let call = step.cached ? step.spared : step.cost == 0 ? SparedCall(step) : nil
            guard let call, var saved = call.cost else { continue }
            if saved == 0 {
                guard configuration.provider(step.provider)?.kind != .offline else { continue }
                if replaced == nil { replaced = .some(replacedPrice(models() + [configuration.defaultModel])) }
                guard let price = replaced ?? nil, let cost = price.cost(of: call.usage) else { continue }
                saved = cost
            }
            record.steps[index].savedUSD = saved
            record.savedUSD = (record.savedUSD ?? 0) + saved
        }
    }

    /// Whether what such a step said was dropped for another's answer.
    private func isReplaced(_ role: StepRole, in record: RequestRecord) -> Bool {
        (role == .draft && record.polished) || (role == .default && record.escalated)
    }

    private func replacedPrice(_ names: [String]) -> Price? {
        for name in names {
            switch configuration.resolve(name) {
            case .leaf(let leaf):
                let price = candidates(for: leaf).lazy.compactMap(\.price).first { $0.isAmount }
                if let price { return price }
            case .workflow(let workflow):
                if let price = replacedPrice(workflow.settings.parts.map(\.model)) { return price }
            case nil: break
            }
        }
        return nil
    }
}

extension Price {
    /// Whether anything costs something.
    fileprivate var isAmount: Bool { (input ?? 0) > 0 || (output ?? 0) > 0 }
}
