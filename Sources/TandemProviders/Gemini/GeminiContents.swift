import TandemJSON

/// Turns chat messages into contents: `assistant` is `model`, results of tools are function responses in a user's
/// turn, neighbours of one role are one turn.
struct GeminiContents {
    /// Identifiers that we made up for calls that came without one; they are not sent back.
    static let madeUpIdentifier = "tandem-call-"
    /// What stands for a signature that a call has lost on its way through a client, which Gemini 3 takes instead of
    /// refusing the request; source: https://ai.google.dev/gemini-api/docs/thought-signatures.
    static let missingSignature = "skip_thought_signature_validator"

    private enum Role: String { case user, model }

    let needsSignatures: Bool
    private var open: Role?
    /// The functions' names by the calls' identifiers: a response names its function.
    private var names: [String: String] = [:]

    init(needsSignatures: Bool) { self.needsSignatures = needsSignatures }

    mutating func write(_ message: JSONValue, into writer: inout JSONWriter) {
        let content = message["content"]
        switch message["role"]?.string {
        case "assistant":
            write(content, as: .model, into: &writer)
            var isFirst = true
            for call in message["tool_calls"]?.elements.map({ $0 }) ?? [] {
                writeCall(call, isFirst: isFirst, into: &writer)
                isFirst = false
            }
        case "tool": writeResponse(message, into: &writer)
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

    private mutating func turn(_ role: Role, _ writer: inout JSONWriter) {
        guard role != open else { return }
        end(&writer)
        open = role
        writer.beginObject()
        writer.member("role", role.rawValue)
        writer.key("parts")
        writer.beginArray()
    }

    private mutating func write(_ content: JSONValue?, as role: Role, into writer: inout JSONWriter) {
        guard let content else { return }
        if let text = content.string {
            guard !text.isEmpty else { return }
            turn(role, &writer)
            return Self.writeText(text, into: &writer)
        }
        for part in content.elements where part["text"]?.string?.isEmpty != true {
            turn(role, &writer)
            Self.write(part: part, into: &writer)
        }
    }

    private mutating func writeCall(_ call: JSONValue, isFirst: Bool, into writer: inout JSONWriter) {
        let id = call["id"]?.string ?? ""
        let name = call["function"]?["name"]?.string ?? ""
        names[id] = name
        turn(.model, &writer)
        writer.beginObject()
        writer.key("functionCall")
        writer.beginObject()
        writeIdentifier(id, into: &writer)
        writer.member("name", name)
        writer.key("args")
        writeArguments(call["function"]?["arguments"], into: &writer)
        writer.endObject()
        // Google's own OpenAI endpoint hands signatures out here; of parallel calls only the first has one.
        if let signature = call["extra_content"]?["google"]?["thought_signature"]?.string {
            writer.member("thoughtSignature", signature)
        } else if needsSignatures, isFirst {
            writer.member("thoughtSignature", Self.missingSignature)
        }
        writer.endObject()
    }

    private mutating func writeResponse(_ message: JSONValue, into writer: inout JSONWriter) {
        let id = message["tool_call_id"]?.string ?? ""
        let text = messageText(message["content"])
        turn(.user, &writer)
        writer.beginObject()
        writer.key("functionResponse")
        writer.beginObject()
        writeIdentifier(id, into: &writer)
        writer.member("name", names[id] ?? message["name"]?.string ?? "")
        writer.key("response")
        if let object = try? JSONDocument(Array(text.utf8)).root, object.kind == .object {
            writer.value(object)
        } else {
            writer.beginObject()
            writer.member("output", text)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }

    private func writeIdentifier(_ id: String, into writer: inout JSONWriter) {
        if !id.isEmpty, !id.hasPrefix(Self.madeUpIdentifier) { writer.member("id", id) }
    }

    static func writeText(_ text: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("text", text)
        writer.endObject()
    }

    private static func write(part: JSONValue, into writer: inout JSONWriter) {
        switch part["type"]?.string {
        case "text": writeText(part["text"]?.string ?? "", into: &writer)
        case "refusal": writeText(part["refusal"]?.string ?? "", into: &writer)
        case "image_url":
            writeMedia(part["image_url"]?["url"]?.string ?? part["image_url"]?.string ?? "", into: &writer)
        case "input_audio":
            let format = part["input_audio"]?["format"]?.string ?? "wav"
            writeData("audio/\(format)", part["input_audio"]?["data"]?.string ?? "", into: &writer)
        case "file" where part["file"]?["file_data"] != nil:
            writeMedia(part["file"]?["file_data"]?.string ?? "", into: &writer)
        // Google's own parts are meant for it; others it refuses in its own words.
        default: writer.value(part)
        }
    }

    private static func writeMedia(_ url: String, into writer: inout JSONWriter) {
        if let data = dataURL(url) { return writeData(data.mediaType, String(data.base64), into: &writer) }
        writer.beginObject()
        writer.key("fileData")
        writer.beginObject()
        writer.member("fileUri", url)
        writer.endObject()
        writer.endObject()
    }

    private static func writeData(_ type: String, _ base64: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("inlineData")
        writer.beginObject()
        writer.member("mimeType", type)
        writer.member("data", base64)
        writer.endObject()
        writer.endObject()
    }
}
