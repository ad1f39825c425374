import TandemJSON

extension ACPUpdates {
    /// Shows a kept conversation again, oldest message first.
    func replay(_ messages: [JSONValue], cwd: String) {
        var titles: [String: String] = [:]
        for message in messages {
            beginMessage()
            let text = Self.text(message["content"])
            switch message["role"]?.string {
            case "user": userMessage(text)
            case "assistant":
                self.message(text)
                for call in message["tool_calls"]?.elements.map({ $0 }) ?? [] {
                    guard let id = call["id"]?.string else { continue }
                    var shown = ACPToolCall(id: id, title: call["function"]?["name"]?.string ?? "tool", kind: "other")
                    let arguments = Array((call["function"]?["arguments"]?.string ?? "").utf8)
                    shown.rawInput = (try? JSONDocument(arguments)).map { Array($0.root.raw) }
                    titles[id] = shown.title
                    begin(shown)
                }
            case "tool":
                guard let id = message["tool_call_id"]?.string, let title = titles[id] else { continue }
                update(
                    ACPToolCall(id: id, title: title, kind: "other"), "completed", content: [ACPToolCall.text(text)])
            default: break
            }
            flush()
        }
    }

    /// A message's content as text: a string, or the text of its parts.
    private static func text(_ content: JSONValue?) -> String {
        guard let content else { return "" }
        if let text = content.string { return text }
        return content.elements.map { $0["text"]?.string ?? "[\($0["type"]?.string ?? "content")]" }
            .joined(separator: "\n")
    }
}
