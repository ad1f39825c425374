import CLinux
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

/// What a request asks for, as far as an answer has to have a form: a plan, a changed region, a verdict.
private enum OfflineTask {
    case talk, plan, region, verdict

    /// Told by the words that Tandem's own instructions always hold.
    init(_ messages: ArraySlice<UInt8>) {
        func says(_ words: String) -> Bool {
            var words = words
            return messages.withUnsafeBytes { bytes in
                words.withUTF8 { cl_find(bytes.baseAddress, bytes.count, $0.baseAddress, $0.count) >= 0 }
            }
        }
        if says("You plan changes of source files.") {
            self = .plan
        } else if says("You edit source code. You get one region") {
            self = .region
        } else if says("You review a change of source code") {
            self = .verdict
        } else {
            self = .talk
        }
    }
}

private let offlineLabel = "[offline] This is Tandem's built-in stand-in, not a language model.\n"

/// The answer's pieces, a line each.
func offlineAnswer(to prompt: Prompt) -> [String] {
    let question = lastUserText(prompt.messages) ?? ""
    switch OfflineTask(prompt.messages) {
    case .plan:
        return [
            offlineLabel, "````plan\n",
            #"{"root_cause": "[offline] no model has looked at the problem", "#
                + #""strategy": "[offline] one harmless new file shows how plans work"}"# + "\n````\n",
            "````edit\n",
            #"{"file": "tandem-offline.md", "type": "create", "content": {"block": "1"}}"# + "\n````\n",
            "````text id=1\n", "Made by Tandem's offline stand-in to show an edit; `tandem undo` removes it.\n",
            "````\n",
        ]
    case .region: return [offlineLabel, "````\n", region(in: question), "````\n"]
    case .verdict: return ["yes, but only because this is ", offlineLabel]
    case .talk: break
    }
    let first = question.split(separator: "\n").first.map(String.init) ?? ""
    let shown = first.count > 80 ? first.prefix(80) + "…" : first[...]
    return [
        offlineLabel,
        shown.isEmpty ? "\n" : "You asked: \(shown)\n\n",
        "To get real answers, give Tandem a model and ask again:\n",
        "- set a provider's key, such as GROQ_API_KEY, where the daemon sees it: `tandem doctor` says how;\n",
        "- or start a local server: Ollama on port 11434 or llama-server on port 8080;\n",
        "- or write a configuration: `tandem config init`, then `tandem config check`.\n",
    ]
}

/// The lines of the region that an executor is asked to change: they come back as they are.
private func region(in question: String) -> String {
    let lines = question.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(of: "The region:"), start + 2 < lines.count,
        let end = lines[(start + 2)...].firstIndex(of: "~~~~")
    else { return "" }
    return lines[(start + 2)..<end].map { $0 + "\n" }.joined()
}

/// The text of the last user message.
package func lastUserText(_ messages: ArraySlice<UInt8>) -> String? {
    guard let document = try? JSONDocument(Array(messages)) else { return nil }
    var last: JSONValue?
    for message in document.root.elements where message["role"]?.isString("user") == true { last = message["content"] }
    guard let last else { return nil }
    return last.string ?? last.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
}
