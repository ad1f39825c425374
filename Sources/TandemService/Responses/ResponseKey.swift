import TandemBase
import TandemJSON
import TandemProviders

/// Counts up when what goes into a key, or what is kept under it, changes its meaning.
private let responseSchemaVersion = 1

/// Members that say nothing about the answer: how it is delivered, to whom, for how long it is waited.
private let deniedMembers = JSONNameTable([
    "model", "stream", "session", "user", "cache", "timeout_ms", "notify", "detach", "metadata",
])

/// What an answer is kept under (WORKFLOWS.md, rule 7): SHA-256 over the whole request in its canonical form but for
/// `deniedMembers`, with the peer's uid and with the model as it is configured. The members' order, blanks and the way
/// strings are escaped make no difference; the name that the client called the model by neither.
func responseKey(uid: UInt32, params: JSONValue, messages: JSONValue, modelIdentity: [UInt8]) -> ResponseCache.Key {
    var members: [(name: [UInt8], value: JSONValue)] = []
    members.reserveCapacity(params.count)
    for member in params.rawMembers where !member.value.isNull && deniedMembers.index(of: member) == nil {
        let isMessages = member.name.isString("messages" as StaticString)
        members.append((member.name.utf8 ?? [], isMessages ? messages : member.value))
    }
    members.sort { $0.name.lexicographicallyPrecedes($1.name) }
    var writer = JSONWriter(reserving: messages.raw.count + modelIdentity.count + 256)
    writer.beginArray()
    writer.int(responseSchemaVersion)
    writer.int(uid)
    writer.raw(modelIdentity)
    for member in members {
        writer.string(utf8: member.name)
        writer.canonical(member.value)
    }
    writer.endArray()
    return ResponseCache.Key(digest: sha256(writer.bytes))
}

/// As `responseKey`, for a planner: what it is asked is all of the request that its answer depends on.
func plannerKey(uid: UInt32, system: String, question: String, modelIdentity: [UInt8]) -> ResponseCache.Key {
    var writer = JSONWriter(reserving: system.utf8.count + question.utf8.count + modelIdentity.count + 64)
    writer.beginArray()
    writer.int(responseSchemaVersion)
    writer.int(uid)
    writer.raw(modelIdentity)
    writer.string("planner")
    writer.string(system)
    writer.string(question)
    writer.endArray()
    return ResponseCache.Key(digest: sha256(writer.bytes))
}

extension ModelSettings {
    /// What of the configuration an answer of this model depends on, as a JSON value: `provider` is nil when it is gone.
    func identity(_ provider: ProviderSettings?) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        writer.string(self.provider)
        writer.string(provider?.kind.rawValue ?? "")
        writer.string(provider?.baseURL ?? "")
        writer.string(model)
        for member in defaults {
            writer.string(member.name)
            writer.raw(member.json)
        }
        writer.endArray()
        return writer.bytes
    }
}
