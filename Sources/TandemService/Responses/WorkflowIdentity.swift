import TandemJSON
import TandemLoop
import TandemProviders
import TandemWorkflows

extension Daemon {
    /// What of the configuration a workflow's answer depends on, as a JSON value, with the branch of each A/B split that
    /// `stickiness` takes. Nil where it depends on more than the request: the expert looks at files.
    func identity(of workflow: WorkflowModel, stickiness: UInt64) -> [UInt8]? {
        var writer = JSONWriter()
        writer.beginArray()
        writer.string(workflow.settings.kind)
        switch workflow.settings {
        case .chain(let chain):
            writer.string(chain.depth.rawValue)
            writer.string(chain.instructions ?? "")
        case .route(let route):
            writer.bool(isInShare(stickiness, route.codeShare))
            writer.int(route.polish?.minLength ?? 0)
            writer.int(route.polish?.maxTokens ?? 0)
            writer.bool(route.attribution)
        case .escalate(let escalate):
            writer.string(escalate.signal)
            writer.bool(escalate.enabled)
        case .expert: return nil
        }
        for (key, part) in workflow.settings.parts {
            writer.string(key)
            switch configuration.resolve(part) {
            case .leaf(let leaf): writer.raw(identity(of: leaf))
            case .workflow(let inner):
                guard let inner = identity(of: inner, stickiness: stickiness) else { return nil }
                writer.raw(inner)
            case nil: return nil
            }
        }
        writer.endArray()
        return writer.bytes
    }
}
