import TandemBase
import TandemJSON
import TandemLoop

/// Kind `offline`: no model at all. It answers in process, always the same for the same messages, says in every
/// answer that it is not a model, and how to get one. With it every method can be tried on a fresh machine.
@LoopActor
final class OfflineAttempt: Attempt {
    private let prompt: Prompt
    private unowned let delegate: any AttemptDelegate
    private var pieces: ArraySlice<String> = []
    private var isOver = false
    private var isPaused = false
    private var isScheduled = false
    private(set) var partial = Completion()

    init(_ prompt: Prompt, _ model: ModelSettings, _ delegate: any AttemptDelegate) {
        self.prompt = prompt
        self.delegate = delegate
    }

    func start() {
        pieces = offlineAnswer(to: prompt)[...]
        schedule()
    }

    func cancel() { isOver = true }
    func pause() { isPaused = true }
    func resume() {
        isPaused = false
        schedule()
    }

    func estimatedUsage() -> Usage { partial.estimatedUsage(promptTokens: prompt.estimatedPromptTokens) }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        EventLoop.shared.atEndOfTurn { [self] in
            isScheduled = false
            produce()
        }
    }

    private func produce() {
        guard !isOver, !isPaused else { return }
        if let piece = pieces.popFirst() {
            partial.content += piece
            delegate.attempt(self, produced: .content(piece))
            return schedule()
        }
        isOver = true
        partial.usage = estimatedUsage()
        delegate.attempt(self, finished: .success(partial))
    }
}

/// The answer's pieces, a line each.
func offlineAnswer(to prompt: Prompt) -> [String] {
    let question = lastUserText(prompt.messages).map { $0.split(separator: "\n").first.map(String.init) ?? "" } ?? ""
    let shown = question.count > 80 ? question.prefix(80) + "…" : question[...]
    return [
        "[offline] This is Tandem's built-in stand-in, not a language model.\n",
        shown.isEmpty ? "\n" : "You asked: \(shown)\n\n",
        "To get real answers, give Tandem a model and ask again:\n",
        "- set a provider's key where the daemon sees it, for example\n",
        "  `systemctl --user set-environment GROQ_API_KEY=…` and `systemctl --user restart tandemd`;\n",
        "- or start a local server: Ollama on port 11434 or llama-server on port 8080;\n",
        "- or write a configuration: `tandem config init`, then `tandem config check`.\n",
    ]
}

/// The text of the last user message.
package func lastUserText(_ messages: ArraySlice<UInt8>) -> String? {
    guard let document = try? JSONDocument(Array(messages)) else { return nil }
    var last: JSONValue?
    for message in document.root.elements where message["role"]?.isString("user") == true { last = message["content"] }
    guard let last else { return nil }
    return last.string ?? last.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
}
