import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemWorkflows

/// How `cache` says that caches are to be used; nil follows the configuration.
package enum CacheUse: String, Hashable, Sendable { case use, refresh, bypass, only }

/// The parameters of `chat`, already checked against the method table. An object: a copy of all of them costs more than
/// reading them does.
@LoopActor
final class ChatRequest {
    let model: String?
    private(set) var prompt: Prompt
    private(set) var messages: JSONValue
    let streams: Bool
    let session: String?
    let user: String
    let cache: CacheUse?
    let timeout: TimeSpan?
    let depth: ReasoningDepth?
    let instructions: String?
    let showsReasoning: Bool
    let notifies: Bool
    let isDetached: Bool
    let metadata: JSONValue?

    /// Members that go to the upstream as they are; the others are Tandem's own.
    private static let ownMembers = JSONNameTable([
        "model", "messages", "stream", "provider_options", "session", "user", "cache", "timeout_ms", "reasoning",
        "notify", "detach", "metadata",
    ])

    init(_ params: JSONValue) {
        let places = params.places(of: Self.ownMembers)
        let messages = params[places, 1] ?? params
        let reasoning = params[places, 8]
        model = params[places, 0]?.string
        streams = params[places, 2]?.bool ?? false
        session = params[places, 4]?.string
        user = params[places, 5]?.string ?? ""
        cache = params[places, 6]?.string.flatMap { CacheUse(rawValue: $0) }
        timeout = params[places, 7]?.double.map { TimeSpan(nanoseconds: Int64(min($0, 1e12) * 1_000_000)) }
        depth = reasoning?["depth"]?.string.flatMap { ReasoningDepth(rawValue: $0) }
        instructions = reasoning?["instructions"]?.string
        showsReasoning = reasoning?["show"]?.bool ?? true
        notifies = params[places, 9]?.bool ?? true
        isDetached = params[places, 10]?.bool ?? false
        metadata = params[places, 11]
        self.messages = messages
        prompt = Prompt(messages: messages.raw, providerOptions: params[places, 3])
        prompt.wantsStream = streams
        for member in params.rawMembers where Self.ownMembers.index(of: member) == nil && !member.value.isNull {
            prompt.members.append(Prompt.Member(member.name.string ?? "", member.value.raw))
        }
    }

    /// Puts other messages in the place of its own: with an earlier conversation before them.
    func replaceMessages(with messages: JSONValue) {
        self.messages = messages
        prompt.messages = messages.raw
    }
}
