import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders
import TandemRPC

extension Daemon {
    func models(_ request: PendingRequest) {
        request.respond { writer in
            writer.beginObject()
            writer.key("models")
            writer.beginArray()
            for model in configuration.models { write(model, to: &writer) }
            writer.endArray()
            writer.member("default", configuration.defaultModel)
            writer.endObject()
        }
    }

    private func write(_ model: ConfiguredModel, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", model.name)
        switch model {
        case .leaf(let leaf):
            writer.key("workflow")
            writer.null()
            writer.member("provider", leaf.provider)
            writer.member("model", leaf.model)
            writer.member("available", isAvailable(model))
            writer.member("aliases", leaf.aliases)
            if let price = leaf.price {
                writer.key("price")
                writer.beginObject()
                writer.member("input", ifPresent: price.input)
                writer.member("output", ifPresent: price.output)
                writer.member("cached_input", ifPresent: price.cachedInput)
                writer.endObject()
            }
            writer.member("context", ifPresent: leaf.context)
        case .workflow(let workflow):
            writer.member("workflow", workflow.settings.kind)
            writer.member("available", isAvailable(model))
            writer.member("aliases", workflow.aliases)
            writer.key("parts")
            writer.beginObject()
            for (key, part) in workflow.settings.parts {
                writer.key(key)
                writer.string(part)
            }
            writer.endObject()
        }
        writer.endObject()
    }

    /// Whether a request for it could be sent now: its provider is enabled and has its key; of a workflow, all parts.
    private func isAvailable(_ model: ConfiguredModel, depth: Int = 0) -> Bool {
        switch model {
        case .leaf(let leaf):
            guard let provider = providers[leaf.provider], provider.isEnabled, provider.settings.apiKeyProblem == nil
            else { return false }
            return provider.health.availability(at: EventLoop.shared.now) == .available
        case .workflow(let workflow):
            // Cycles are a configuration fault; the bound only keeps a mistake there from becoming one here.
            guard depth < 16 else { return false }
            return workflow.settings.parts.allSatisfy { part in
                configuration.resolve(part.model).map { isAvailable($0, depth: depth + 1) } ?? false
            }
        }
    }
}
