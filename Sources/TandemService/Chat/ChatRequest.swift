import TandemBase
import TandemJSON
import TandemProtocol
import TandemProviders
import TandemWorkflows

/// How `cache` says that caches are to be used; nil follows the configuration.
package enum CacheUse: String, Hashable, Sendable { case use, refresh, bypass, only }

/// The parameters of `chat`, already checked against the method table.
struct ChatRequest: Sendable {
    var model: String?
    var prompt: Prompt
    var messages: JSONValue
    var streams = false
    var session: String?
    var user = ""
    var cache: CacheUse?
    var timeout: TimeSpan?
    var depth: ReasoningDepth?
    var instructions: String?
    var showsReasoning = true
    var notifies = true
    var isDetached = false
    var metadata: JSONValue?

    /// Members that go to the upstream as they are; the others are Tandem's own.
    private static let ownMembers = JSONNameTable([
        "model", "messages", "stream", "provider_options", "session", "user", "cache", "timeout_ms", "reasoning",
        "notify", "detach", "metadata",
    ])

    init(_ params: JSONValue) {
        var messages = params
        var members: [Prompt.Member] = []
        var options: JSONValue?
        for member in params.rawMembers {
            let value = member.value
            switch Self.ownMembers.index(of: member) {
            case 0: model = value.string
            case 1: messages = value
            case 2: streams = value.bool ?? false
            case 3: options = value
            case 4: session = value.string
            case 5: user = value.string ?? ""
            case 6: cache = value.string.flatMap { CacheUse(rawValue: $0) }
            case 7: timeout = value.double.map { TimeSpan(nanoseconds: Int64(min($0, 1e12) * 1_000_000)) }
            case 8:
                depth = value["depth"]?.string.flatMap { ReasoningDepth(rawValue: $0) }
                instructions = value["instructions"]?.string
                showsReasoning = value["show"]?.bool ?? true
            case 9: notifies = value.bool ?? true
            case 10: isDetached = value.bool ?? false
            case 11: metadata = value
            default: if !value.isNull { members.append(Prompt.Member(member.name.string ?? "", value.raw)) }
            }
        }
        self.messages = messages
        prompt = Prompt(messages: messages.raw, members: members, providerOptions: options)
        prompt.wantsStream = streams
    }
}
