import TandemJSON

/// Turns chat messages into Messages turns: `tool` messages become results in a user's turn, and neighbours of the
/// same role one turn, because the API wants all results of one turn's calls in the next one. Empty texts, which it
/// refuses, are left out; a message of nothing else is, too.
struct AnthropicBlocks {
    private enum Role: String { case user, assistant }
    private var open: Role?

    mutating func write(_ message: JSONValue, into writer: inout JSONWriter) {
        let content = message["content"]
        switch message["role"]?.string {
        case "assistant":
            write(content, as: .assistant, into: &writer)
            for call in message["tool_calls"]?.elements.map({ $0 }) ?? [] {
                turn(.assistant, &writer)
                writer.beginObject()
                writer.member("type", "tool_use")
                writer.member("id", Self.identifier(call["id"]?.string ?? ""))
                writer.member("name", call["function"]?["name"]?.string ?? "")
                writer.key("input")
                writeArguments(call["function"]?["arguments"], into: &writer)
                writer.endObject()
            }
        case "tool":
            turn(.user, &writer)
            writer.beginObject()
            writer.member("type", "tool_result")
            writer.member("tool_use_id", Self.identifier(message["tool_call_id"]?.string ?? ""))
            if let text = content?.string {
                writer.member("content", text)
            } else if let content {
                writer.key("content")
                writer.beginArray()
                for part in content.elements { Self.write(part: part, into: &writer) }
                writer.endArray()
            }
            writer.endObject()
        default: write(content, as: .user, into: &writer)
        }
    }

    /// Closes the last turn.
    mutating func end(_ writer: inout JSONWriter) {
        guard open != nil else { return }
        open = nil
        writer.endArray()
        writer.endObject()
    }

    /// The text of a message as blocks, with their `cache_control`.
    static func writeText(_ content: JSONValue?, into writer: inout JSONWriter) {
        guard let content else { return }
        if let text = content.string { return writeText(text, nil, into: &writer) }
        for part in content.elements { writeText(part["text"]?.string ?? "", part["cache_control"], into: &writer) }
    }

    private mutating func write(_ content: JSONValue?, as role: Role, into writer: inout JSONWriter) {
        guard let content else { return }
        if let text = content.string {
            guard !text.isEmpty else { return }
            turn(role, &writer)
            return Self.writeText(text, nil, into: &writer)
        }
        for part in content.elements where part["text"]?.string?.isEmpty != true {
            turn(role, &writer)
            Self.write(part: part, into: &writer)
        }
    }

    private mutating func turn(_ role: Role, _ writer: inout JSONWriter) {
        guard role != open else { return }
        end(&writer)
        open = role
        writer.beginObject()
        writer.member("role", role.rawValue)
        writer.key("content")
        writer.beginArray()
    }

    static func writeText(_ text: String, _ cacheControl: JSONValue?, into writer: inout JSONWriter) {
        guard !text.isEmpty else { return }
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", text)
        writer.member("cache_control", ifPresent: cacheControl)
        writer.endObject()
    }

    private static func write(part: JSONValue, into writer: inout JSONWriter) {
        switch part["type"]?.string {
        case "text": writeText(part["text"]?.string ?? "", part["cache_control"], into: &writer)
        case "refusal": writeText(part["refusal"]?.string ?? "", nil, into: &writer)
        case "image_url":
            writeSource("image", part["image_url"]?["url"]?.string ?? part["image_url"]?.string ?? "", into: &writer)
        case "file" where part["file"]?["file_data"] != nil:
            writeSource("document", part["file"]?["file_data"]?.string ?? "", into: &writer)
        // Anthropic's own kinds (thinking, document, search_result, …) are meant for it; others it refuses in its
        // own words.
        default: writer.value(part)
        }
    }

    private static func writeSource(_ type: StaticString, _ url: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        writer.key("source")
        writer.beginObject()
        if let data = dataURL(url) {
            writer.member("type", "base64")
            writer.member("media_type", data.mediaType)
            writer.member("data", String(data.base64))
        } else {
            writer.member("type", "url")
            writer.member("url", url)
        }
        writer.endObject()
        writer.endObject()
    }

    /// The API takes letters, digits, `_` and `-`; other providers, whose calls a conversation may hold, more.
    private static func identifier(_ id: String) -> String {
        let bytes = id.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
