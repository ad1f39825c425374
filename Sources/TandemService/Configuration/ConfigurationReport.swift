import TandemBase
import TandemProviders
import TandemRPC

/// What `tandemd --check-config` prints, and its exit status.
package struct ConfigurationReport: Hashable, Sendable {
    /// Standard output; without line ends.
    package var lines: [String]
    /// 0, or 1 when there are faults.
    package var status: Int32

    /// Loads the configuration, keys included, and lists every fault, or a summary with the warnings.
    package static func check(explicit: String? = nil, environment: [String: String]) -> ConfigurationReport {
        do {
            let configuration = try Configuration.load(explicit: explicit, environment: environment)
            return ConfigurationReport(lines: summary(of: configuration), status: 0)
        } catch {
            let count = error.faults.count
            let total = count == 1 ? "1 fault" : "\(count) faults"
            return ConfigurationReport(lines: error.faults.map(\.description) + [total], status: 1)
        }
    }

    private static func summary(of configuration: Configuration) -> [String] {
        var lines = configuration.warnings.map { "warning: \($0)" }
        _ = AccessPolicy(configuration.access) { lines.append("warning: \($0)") }
        if configuration.files.isEmpty {
            lines.append("no configuration file; \(configuration.path ?? "tandem.toml") would be read")
        }
        for file in configuration.files { lines.append("read \(file)") }
        lines.append("default model: \(configuration.defaultModel)")
        for provider in configuration.providers {
            var line = "provider \(provider.name): \(provider.kind.rawValue)"
            if !provider.baseURL.isEmpty { line += ", \(provider.baseURL)" }
            if let source = provider.apiKeySource { line += ", key from \(source)" }
            if !provider.enabled { line += ", disabled" }
            lines.append(line)
        }
        for model in configuration.models {
            switch model {
            case .leaf(let leaf): lines.append("model \(leaf.name): \(leaf.provider)/\(leaf.model)")
            case .workflow(let workflow):
                let parts = workflow.settings.parts.map { "\($0.key) \($0.model)" }.joined(separator: ", ")
                lines.append("model \(workflow.name): \(workflow.settings.kind) of \(parts)")
            }
        }
        lines.append("no faults")
        return lines
    }
}
