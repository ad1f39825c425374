import TandemJSON
import TandemTestSupport
import Testing

/// A configuration whose only model, `m`, is the scripted upstream.
func config(_ upstream: ScriptedUpstream, daemon: String = "", limits: String = "") -> String {
    """
    default_model = "m"
    [daemon]
    \(daemon)
    [limits]
    \(limits)
    [providers.up]
    kind = "openai"
    base_url = "\(upstream.baseURL)"
    api_key = { env = "UP_KEY" }
    [models.m]
    provider = "up"
    model = "scripted"
    """
}

let upstreamKey = ["UP_KEY": "sk-test-secret"]

/// Parameters of a chat with one user message.
func chatParams(_ text: String = "hi", stream: Bool = false) -> String {
    "{\"messages\":[{\"role\":\"user\",\"content\":\(quoted(text))}],\"stream\":\(stream)}"
}

/// The value of a message's member, found step by step.
func json(_ message: String, _ path: String...) throws -> JSONValue {
    var value = try JSONDocument(Array(message.utf8)).root
    for key in path { value = try #require(value[key], "no \(key) in \(message)") }
    return value
}

/// The content of a successful chat.
func content(_ message: String) throws -> String {
    try #require(try json(message, "result", "content").string, "no content in \(message)")
}

func errorCode(_ message: String) throws -> Int {
    try #require(try json(message, "error", "code").int, "no error in \(message)")
}

/// The repository's root folder.
var repositoryRoot: String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
}
