import CLinux
import Glibc
import TandemBase
import TandemClient
import TandemJSON

/// What the daemon gets on top of a request's own deadline to say that it has passed.
private let deadlineGrace = TimeSpan.seconds(2)

extension Command {
    static let chat = Command(
        name: "chat", summary: "ask a model or a two-model workflow",
        operands: [
            Operand(
                name: "PROMPT", repeats: true, summary: "the question; - or a pipe reads it from stdin, after the rest")
        ],
        options: [
            Option("model", "m", .text("MODEL"), "the model or workflow to ask (default: the configured one)"),
            Option("file", "f", .file, "attach a text file or an image; may be repeated", repeats: true),
            Option("session", "s", .text("SESSION"), "go on with a conversation kept by the daemon, or begin it"),
            Option("continue", "c", nil, "go on with the last conversation"),
            Option("system", nil, .text("TEXT"), "the system message"),
            Option("temperature", "t", .number(0...2), "0 for the likeliest words, up to 2 for wilder ones"),
            Option("max-tokens", nil, .integer(1...Int.max), "the longest answer, in tokens"),
            Option("reasoning", nil, .choice(["low", "medium", "high"]), "how far the reasoning goes"),
            Option("cache", nil, .choice(["use", "refresh", "bypass", "only"]), "what to do with cached answers"),
            Option("timeout", nil, .duration, "give up after this long, for example 90s"),
            Option("no-stream", nil, nil, "print the answer when it is complete"),
            .json,
            Option("jsonl", nil, nil, "print the events and the result as JSON, one a line"),
            Option("verbose", "v", nil, "tell models, tokens, cost and time on stderr even when it is no terminal"),
        ],
        details: """
            The answer goes to stdout and nothing else does. Into a pipe it goes whole, once it is final; on a terminal
            as it arrives. Without a prompt on a terminal it is a conversation: one message a line, a backslash at the
            end goes on in the next line, /help lists the commands, ^D ends it. The cursor keys edit the line and bring
            earlier ones back where libedit is installed.
            """,
        examples: [
            Example("tandem chat 'Why is the sky blue?'", "asks the default model"),
            Example("git diff | tandem chat 'Review this change'", "sends the argument and then what is piped in"),
            Example("tandem chat -m r1sonqwen -f main.py 'Find the bug'", "attaches a file and names the workflow"),
            Example("tandem chat -c 'And at night?'", "goes on with the last conversation"),
            Example("tandem chat", "starts a conversation"),
        ]
    ) { (invocation) throws(Failure) in
        let prompt = try ChatPrompt(invocation)
        if prompt.isEmpty {
            guard isatty(STDIN_FILENO) == 1 else { throw .usage("PROMPT is missing") }
            var conversation = try Conversation(invocation)
            return try conversation.run()
        }
        let session = try sessionName(invocation)
        let client = try invocation.connect()
        _ = try ask(client, invocation, content: prompt.content, session: session)
        return .success
    }
}

/// Sends one message and shows the answer.
func ask(
    _ client: Client, _ invocation: Invocation, content: MessageContent, session: String
) throws(Failure) -> JSONValue {
    var view = ChatView(invocation)
    let params = chatParams(invocation, content: content, session: session, stream: view.wantsEvents)
    let limit = invocation.duration("timeout").map { $0 + deadlineGrace }
    let result = try Exchange.run(client, "chat", params, within: limit, view: &view)
    rememberSession(session)
    try view.show(result)
    return result
}

private func chatParams(_ invocation: Invocation, content: MessageContent, session: String, stream: Bool) -> [UInt8] {
    var params = JSONWriter(reserving: 512)
    params.beginObject()
    params.member("model", ifPresent: invocation.value("model"))
    params.key("messages")
    params.beginArray()
    if let system = invocation.value("system") {
        params.beginObject()
        params.member("role", "system")
        params.member("content", system)
        params.endObject()
    }
    params.beginObject()
    params.member("role", "user")
    params.key("content")
    content.write(to: &params)
    params.endObject()
    params.endArray()
    params.member("session", session)
    params.member("temperature", ifPresent: invocation.number("temperature"))
    params.member("max_tokens", ifPresent: invocation.integer("max-tokens"))
    params.member("cache", ifPresent: invocation.value("cache"))
    params.member("timeout_ms", ifPresent: invocation.duration("timeout")?.wholeMilliseconds)
    if let depth = invocation.value("reasoning") {
        params.key("reasoning")
        params.beginObject()
        params.member("depth", depth)
        params.endObject()
    }
    if stream { params.member("stream", true) }
    params.endObject()
    return params.bytes
}
