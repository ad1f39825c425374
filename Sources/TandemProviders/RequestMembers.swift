import TandemJSON

/// A chat request's members as one upstream request gets them: the client's own in their order, then the model's
/// defaults for what the client left out. `provider_options` is laid over the finished request by `Overlay`.
struct RequestMembers {
    private let own: [Prompt.Member]
    private let defaults: [ModelSettings.DefaultMember]

    init(_ prompt: Prompt, _ model: ModelSettings) {
        own = prompt.members
        defaults = model.defaults
    }

    func forEach(_ body: (_ name: String, _ json: ArraySlice<UInt8>) -> Void) {
        for member in own { body(member.name, member.json) }
        for member in defaults where member.name != Overlay.name && !own.contains(where: { $0.name == member.name }) {
            body(member.name, member.json[...])
        }
    }

    func contains(_ name: String) -> Bool {
        own.contains { $0.name == name } || defaults.contains { $0.name == name }
    }

    /// The members parsed, by name: for kinds that speak another language than OpenAI's.
    func parsed() -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        forEach { name, json in
            if let value = try? JSONDocument(Array(json)).root, !value.isNull { members[name] = value }
        }
        return members
    }
}

/// `provider_options`: members of the upstream's own request that replace ours of the same name. The client's, or the
/// model's default for them.
struct Overlay {
    static let name = "provider_options"

    private let options: JSONValue?

    init(_ prompt: Prompt, _ model: ModelSettings) {
        options =
            prompt.providerOptions
            ?? model.defaults.first { $0.name == Self.name }.flatMap { try? JSONDocument($0.json).root }
    }

    func covers(_ name: String) -> Bool { options.map { $0[name] != nil } ?? false }

    subscript(_ name: String) -> JSONValue? { options?[name] }

    /// Writes all but `except`, as they are.
    func write(into writer: inout JSONWriter, except: (String, JSONValue) -> Bool = { _, _ in false }) {
        guard let options else { return }
        for (name, value) in options.members where !except(name, value) {
            writer.key(name)
            writer.value(value)
        }
    }
}

/// The messages of a prompt, parsed; none where they are no list.
func parsedMessages(_ prompt: Prompt) -> [JSONValue] {
    (try? JSONDocument(Array(prompt.messages)).root).map { Array($0.elements) } ?? []
}

/// A message's text: a string, or the text parts of a list one after another.
func messageText(_ content: JSONValue?) -> String {
    guard let content else { return "" }
    return content.string ?? content.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
}

/// `data:image/png;base64,…` taken apart; nil for any other URL.
func dataURL(_ url: String) -> (mediaType: String, base64: Substring)? {
    guard url.hasPrefix("data:"), let comma = url.firstIndex(of: ",") else { return nil }
    let head = url[..<comma].dropFirst(5)
    guard head.hasSuffix(";base64") else { return nil }
    let type = head.dropLast(7).prefix { $0 != ";" }
    return (type.isEmpty ? "text/plain" : String(type), url[url.index(after: comma)...])
}

/// The arguments of a tool call as the object that other APIs want: models sometimes write something else, which then
/// travels as the one member `arguments`.
func writeArguments(_ arguments: JSONValue?, into writer: inout JSONWriter) {
    if let arguments, arguments.kind == .object { return writer.value(arguments) }
    let text = arguments?.string ?? ""
    if let parsed = try? JSONDocument(Array(text.utf8)).root, parsed.kind == .object { return writer.raw(parsed.raw) }
    writer.beginObject()
    if !text.isEmpty { writer.member("arguments", text) }
    writer.endObject()
}
