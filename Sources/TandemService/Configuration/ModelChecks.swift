import TandemBase
import TandemProviders
import TandemWorkflows

/// Workflows within workflows. A model that is part of two others is looked at twice: without a bound twenty short lines
/// would make a million calls.
private let nestingLimit = 8

/// What can only be checked when all models are known: names, aliases, fallbacks, cycles and depth.
extension ConfigurationReader {
    mutating func checkModels() {
        checkAliases()
        let providers = Set(configuration.providers.map(\.name))
        for reference in providerReferences where !providers.contains(reference.name) {
            log.missing(
                reference.position, reference.path, "no provider is named \(shown(reference.name))",
                suggestion: nearestName(to: reference.name, among: providers.sorted()))
        }
        let names = modelNames
        let sorted = names.sorted()
        for reference in references { _ = check(reference, among: names, sorted) }
        for reference in fallbackReferences where check(reference, among: names, sorted) { checkFallback(reference) }
        checkNesting()
    }

    /// Models that were declared, readable or not, and every alias.
    private var modelNames: Set<String> {
        Set(modelPositions.keys).union(configuration.models.flatMap { [$0.name] + $0.aliases })
            .union(aliasReferences.map(\.name))
    }

    /// Whether the name stands for something; tells if not.
    private func check(_ reference: ModelReference, among names: Set<String>, _ sorted: [String]) -> Bool {
        if names.contains(reference.name) || configuration.resolve(reference.name) != nil { return true }
        log.missing(
            reference.position, reference.path, "no model is named \(shown(reference.name))",
            suggestion: nearestName(to: reference.name, among: sorted))
        return false
    }

    private func checkAliases() {
        var owners: Set<String> = []
        for alias in aliasReferences {
            if modelPositions[alias.name] != nil {
                log.fault(alias.position, alias.path, "\(shown(alias.name)) is also the name of a model")
            } else if !owners.insert(alias.name).inserted {
                log.fault(alias.position, alias.path, "the alias \(shown(alias.name)) is defined twice")
            }
        }
    }

    private func checkFallback(_ fallback: ModelReference) {
        switch configuration.resolve(fallback.name) {
        case .workflow:
            log.fault(
                fallback.position, fallback.path,
                "\(shown(fallback.name)) is a workflow; a fallback must be one provider's model")
        case .leaf(let leaf):
            if let path = modelPaths[leaf.name], fallback.path.hasPrefix(path + ".") {
                log.fault(fallback.position, fallback.path, "a model cannot be its own fallback")
            }
        case nil: break
        }
    }

    /// Depth first over the parts of workflows, with a stack of its own: a long chain must not exhaust the thread's.
    private func checkNesting() {
        enum Visit { case open, done(levels: Int) }
        var visits: [String: Visit] = [:]
        for model in configuration.models {
            guard case .workflow(let start) = model, visits[start.name] == nil else { continue }
            var path: [(workflow: WorkflowModel, next: Int)] = [(start, 0)]
            visits[start.name] = .open
            while let (workflow, next) = path.last {
                let parts = workflow.settings.parts
                guard next < parts.count else {
                    let inner = parts.compactMap { part -> Int? in
                        guard case .workflow(let inner)? = configuration.resolve(part.model),
                            case .done(let levels)? = visits[inner.name]
                        else { return nil }
                        return levels
                    }
                    let levels = 1 + (inner.max() ?? 0)
                    // Told once: all that stands above is nested deeper still.
                    if levels == nestingLimit + 1 {
                        log.fault(
                            modelPositions[workflow.name], modelPaths[workflow.name] ?? workflow.name,
                            "workflows are nested \(levels) deep here; expected at most \(nestingLimit)")
                    }
                    visits[workflow.name] = .done(levels: levels)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                guard case .workflow(let inner)? = configuration.resolve(parts[next].model) else { continue }
                switch visits[inner.name] {
                case nil:
                    visits[inner.name] = .open
                    path.append((inner, 0))
                case .open:
                    let cycle = path.map(\.workflow.name).drop { $0 != inner.name } + [inner.name]
                    tellCycle(cycle, closedBy: workflow.name, parts[next].key)
                case .done: break
                }
            }
        }
    }

    private func tellCycle(_ cycle: some Sequence<String>, closedBy workflow: String, _ key: String) {
        let path = "\(modelPaths[workflow] ?? workflow).\(key)"
        let position = references.first { $0.path == path }?.position ?? modelPositions[workflow]
        log.fault(position, path, "workflows go round in a circle: \(cycle.joined(separator: " → "))")
    }
}
