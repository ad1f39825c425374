import TandemJSON
import TandemProtocol
import TandemProviders

// Copies of a prompt with something added. Nothing is changed in place: the client's messages stay as they came, and
// what is not touched is passed on byte for byte.
extension Prompt {
    /// Adds a paragraph to the first system (or developer) message, or puts a new system message first.
    func addingToSystem(_ text: String) -> Prompt {
        let root = parsedMessages
        let place = root?.elements.enumerated().first { isSystem($0.element) }?.offset
        return rewritingMessages(root) { writer in
            if place == nil { writer.message("system", text) }
        } each: { index, message, writer in
            if index == place { writer.message(message, adding: text) } else { writer.value(message) }
        }
    }

    /// Adds a paragraph to the last user message, or a user message where there is none.
    func addingToLastUser(_ text: String) -> Prompt {
        let root = parsedMessages
        var place: Int?
        for (index, message) in (root?.elements).map({ Array($0) })?.enumerated() ?? [].enumerated()
        where message["role"]?.isString("user" as StaticString) == true {
            place = index
        }
        var edited = rewritingMessages(root) { _ in
        } each: { index, message, writer in
            if index == place { writer.message(message, adding: text) } else { writer.value(message) }
        }
        if place == nil { edited = edited.appending { $0.message("user", text) } }
        return edited
    }

    /// Adds whole messages at the end.
    func appending(_ write: (inout JSONWriter) -> Void) -> Prompt {
        var writer = JSONWriter(reserving: messages.count + 256)
        writer.beginArray()
        for message in parsedMessages?.elements.map({ $0 }) ?? [] { writer.value(message) }
        write(&writer)
        writer.endArray()
        return replacingMessages(writer.bytes)
    }

    func replacingMessages(_ bytes: [UInt8]) -> Prompt {
        var edited = self
        edited.messages = bytes[...]
        return edited
    }

    /// Sets a member of the request, in the place of the client's own.
    func setting(_ name: String, _ json: some Sequence<UInt8>) -> Prompt {
        var edited = self
        edited.members.removeAll { $0.name == name }
        edited.members.append(Member(name, Array(json)[...]))
        return edited
    }

    func removing(_ names: Set<String>) -> Prompt {
        var edited = self
        edited.members.removeAll { names.contains($0.name) }
        return edited
    }

    /// Members that ask for the form of the final answer, which a call on the way to it must not follow.
    static let answerFormMembers: Set<String> = [
        "tools", "tool_choice", "parallel_tool_calls", "response_format", "logprobs", "stop",
    ]

    /// The messages were checked with the request, so they parse.
    var parsedMessages: JSONValue? { (try? JSONDocument(Array(messages)))?.root }

    private func rewritingMessages(
        _ root: JSONValue?, first: (inout JSONWriter) -> Void,
        each: (Int, JSONValue, inout JSONWriter) -> Void
    ) -> Prompt {
        var writer = JSONWriter(reserving: messages.count + 1024)
        writer.beginArray()
        first(&writer)
        if let root {
            for (index, message) in root.elements.enumerated() { each(index, message, &writer) }
        }
        writer.endArray()
        return replacingMessages(writer.bytes)
    }
}

private func isSystem(_ message: JSONValue) -> Bool {
    guard let role = message["role"] else { return false }
    return role.isString("system" as StaticString) || role.isString("developer" as StaticString)
}

extension JSONWriter {
    /// A message with a paragraph added to its content: to the text, or as one more part.
    fileprivate mutating func message(_ message: JSONValue, adding text: String) {
        beginObject()
        var hasContent = false
        for (name, value) in message.members {
            key(name)
            guard name == "content", !hasContent else {
                self.value(value)
                continue
            }
            hasContent = true
            if value.kind == .array {
                beginArray()
                for part in value.elements { self.value(part) }
                beginObject()
                member("type", "text" as StaticString)
                member("text", text)
                endObject()
                endArray()
            } else {
                let before = value.string ?? ""
                string(before.isEmpty ? text : before + "\n\n" + text)
            }
        }
        if !hasContent { member("content", text) }
        endObject()
    }
}
