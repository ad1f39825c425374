import TandemLoop
import TandemProviders

extension WorkflowRun {
    /// Who gave the last whole answer, as the line under it names them: "Qwen (local)" for the draft of a model on this
    /// machine or in a devbox, "Groq (polish)" for what a provider made of it, else the provider's name.
    func author(_ role: StepRole) -> String {
        guard let step = trace.steps.last(where: { $0.status == .ok }) else { return "" }
        switch role {
        case .draft: return capitalized(family(step.model)) + (isLocal(step.provider) ? " (local)" : "")
        case .polish: return capitalized(step.provider) + " (polish)"
        default: return capitalized(step.provider)
        }
    }

    private func isLocal(_ provider: String) -> Bool {
        guard let settings = environment.providers[provider]?.settings else { return false }
        switch settings.kind {
        case .runloop, .llama, .offline: return true
        case .openai, .anthropic, .gemini:
            let url = settings.baseURL
            return url.hasPrefix("unix:")
                || ["//127.", "//localhost", "//[::1]"].contains { mark in
                    url.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1).last?.starts(with: mark.utf8) ?? false
                }
        }
    }
}

/// "qwen" of "Qwen/qwen2.5-coder-32b".
private func family(_ model: String) -> String {
    let name = model.split(separator: "/").last ?? ""
    let letters = name.prefix { $0.isLetter }
    return String(letters.isEmpty ? name : letters)
}

private func capitalized(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }
