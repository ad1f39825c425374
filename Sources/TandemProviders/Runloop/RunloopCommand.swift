import TandemBase
import TandemJSON
import TandemPolicy

/// The words of the command and what it reads. The prompt never stands in the words: they are read by a shell.
enum RunloopCommand {
    /// The words for a model; nil where the name, which may come from a client, is none that can stand in them.
    static func words(_ command: String, model: String) -> String? {
        guard command.contains("{model}") else { return command }
        let isPlain = model.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x3A, 0x5F: true
            default: false
            }
        }
        guard isPlain, let first = model.utf8.first, first != UInt8(ascii: "-") else { return nil }
        var words = ""
        var rest = command[...]
        while let brace = rest.firstIndex(of: "{") {
            words += rest[..<brace]
            if rest[brace...].hasPrefix("{model}") {
                words += model
                rest = rest[brace...].dropFirst("{model}".count)
            } else {
                words += "{"
                rest = rest[rest.index(after: brace)...]
            }
        }
        return words + rest
    }

    /// The conversation as one text. A single question is sent as it is; more turns are told apart by their names.
    static func input(_ prompt: Prompt) -> String {
        let turns = parsedMessages(prompt).map { (role: $0["role"]?.string ?? "user", $0["content"]) }
        let texts = turns.map { (role: $0.role, text: messageText($0.1)) }.filter { !$0.text.isEmpty }
        let isConversation = texts.contains { $0.role == "assistant" || $0.role == "tool" }
        var parts: [String] = []
        for (role, text) in texts {
            switch role {
            case "system", "developer": parts.append(text)
            case "assistant": parts.append("Assistant: \(text)")
            case "tool": parts.append("Tool: \(text)")
            default: parts.append(isConversation ? "User: \(text)" : text)
            }
        }
        if isConversation { parts.append("Assistant:") }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// Why a command failed, by its status and the end of its standard error.
    static func failure(status: Int, stderr: String, words: UpstreamWords) -> UpstreamFailure {
        let text = withoutEscapes(stderr)
        let last = text.split(whereSeparator: \.isNewline).last { $0.contains { !$0.isWhitespace } }
        let shown = words.shown(last.map(String.init)).map { ": \($0)" } ?? ""
        let lowered = text.lowercased()
        switch status {
        case 126, 127:
            return UpstreamFailure(.status(404), "the devbox cannot run the command (status \(status))\(shown)")
        case _ where lowered.contains("not found") && lowered.contains("model"):
            return UpstreamFailure(.status(404), "the devbox does not have the model\(shown)")
        case _ where lowered.contains("connection refused") || lowered.contains("could not connect"):
            return UpstreamFailure(.connect, "the model server in the devbox does not answer\(shown)")
        case _ where UpstreamErrorObject(message: text).isContextLength:
            return UpstreamFailure(.contextLength, "the prompt is longer than the model's context")
        default:
            return UpstreamFailure(.status(500), "the command in the devbox ended with status \(status)\(shown)")
        }
    }

    /// Without terminal control sequences (ECMA-48 CSI): Ollama writes its spinner to standard error.
    static func withoutEscapes(_ text: String) -> String {
        var plain: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == 0x1B else {
                plain.append(byte)
                continue
            }
            guard bytes.first == UInt8(ascii: "[") else { continue }
            bytes.removeFirst()
            while let byte = bytes.popFirst(), !(0x40...0x7E).contains(byte) {}
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
