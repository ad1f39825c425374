import TandemJSON

extension CodeClassifier {
    /// Messages at the end of a conversation that are looked at: the last turn with its context, and tools between them.
    private static let messageLimit = 6

    /// Classifies a conversation as `chat` takes it.
    package func classify(messages: JSONValue?) -> Result { classify(Self.turns(messages)) }

    /// What the user and the model said last; of content in parts its text.
    package static func turns(_ messages: JSONValue?) -> [Turn] {
        (messages?.elements.map { $0 } ?? []).suffix(messageLimit).compactMap { message in
            let content = message["content"]
            let text =
                content?.string ?? content?.elements.compactMap { $0["text"]?.string }.joined(separator: "\n") ?? ""
            switch message["role"]?.string {
            case "user": return Turn(.user, text)
            case "assistant": return Turn(.assistant, text)
            default: return nil
            }
        }
    }
}
