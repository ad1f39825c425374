import TandemBase
import TandemJSON
import TandemProtocol

extension Command {
    static let escalate = Command(
        name: "escalate", summary: "ask the reasoning model, under its own limits",
        operands: [
            Operand(
                name: "PROMPT", repeats: true,
                summary: "the question; - or a pipe reads it from stdin. Not needed with --request")
        ],
        options: [
            Option("request", "r", .text("ID"), "take up an earlier chat by its request id; last for the newest one"),
            Option("model", "m", .text("MODEL"), "the escalating workflow (default: the configured one)"),
            Option("reasoning", nil, .choice(["low", "medium", "high"]), "how far the reasoning goes"),
            .timeout, Option("no-stream", nil, nil, "print the answer when it is complete"), .json, .jsonLines,
            Option("verbose", "v", nil, "tell models, tokens, cost and time on stderr even when it is no terminal"),
        ],
        examples: [
            Example("tandem escalate 'Prove that there are infinitely many primes'", "asks the reasoning model"),
            Example("tandem escalate -r last", "has the reasoning model answer the newest chat again"),
        ]
    ) { (invocation) throws(Failure) in
        var params = JSONWriter()
        params.beginObject()
        if var request = invocation.value("request") {
            if request == "last" {
                let rows = elements(of: try invocation.query("history", Array(#"{"limit":20}"#.utf8))["requests"])
                guard let last = rows.first(where: { $0["method"]?.string == "chat" })?["request_id"]?.string else {
                    throw Failure("there is no earlier chat")
                }
                request = last
            }
            params.member("request_id", request)
        } else {
            params.key("messages")
            params.beginArray()
            params.message("user", try problemText(invocation))
            params.endArray()
        }
        params.member("model", ifPresent: invocation.value("model"))
        params.member("timeout_ms", ifPresent: invocation.duration("timeout")?.wholeMilliseconds)
        if let depth = invocation.value("reasoning") {
            params.key("reasoning")
            params.beginObject()
            params.member("depth", depth)
            params.endObject()
        }
        var view = ChatView(invocation)
        if view.wantsEvents { params.member("stream", true) }
        params.endObject()
        let client = try invocation.connect()
        let limit = invocation.duration("timeout").map { $0 + TimeSpan.seconds(2) }
        let result = try Exchange.run(client, "escalate", params.bytes, within: limit, view: &view)
        try view.show(result)
        return .success
    }
}
