import Synchronization
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Several models behind one server: each answers its calls with its own replies, in order, the last one repeated.
final class ModelServer: Sendable {
    private let upstream: ScriptedUpstream
    private let counts = Shared([String: Int]())
    private let called = Shared([(model: String, request: UpstreamRequest)]())

    /// A mutex that a closure can share.
    final class Shared<Value>: Sendable {
        private let mutex: Mutex<Value>
        init(_ value: sending Value) { mutex = Mutex(value) }
        func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { mutex.withLock { body(&$0) } }
    }

    init(_ replies: [String: [Reply]]) throws {
        let counts = self.counts
        let called = self.called
        upstream = try ScriptedUpstream { request in
            let model = (try? JSONDocument(request.body))?.root["model"]?.string ?? "?"
            let index = counts.withLock { counts in
                defer { counts[model, default: 0] += 1 }
                return counts[model] ?? 0
            }
            called.withLock { $0.append((model, request)) }
            guard let script = replies[model] else { return .failure(404, "no such model") }
            return script[min(index, script.count - 1)]
        }
    }

    var baseURL: String { upstream.baseURL }
    /// Connections that were ever made.
    var connections: Int { upstream.connections }
    /// The models that were called, in order.
    var calls: [String] { called.withLock { $0.map(\.model) } }
    /// What a model was asked, call by call.
    func requests(_ model: String) -> [UpstreamRequest] {
        called.withLock { $0.filter { $0.model == model }.map(\.request) }
    }
    func body(_ model: String, _ index: Int = 0) throws -> JSONValue {
        let all = requests(model)
        try #require(index < all.count)
        return try JSONDocument(all[index].body).root
    }
    func waitForCall(_ model: String, count: Int = 1) -> Bool { eventually { requests(model).count >= count } }
}

/// What one streamed request brought: a line for each event, neighbouring pieces of text put together.
struct Transcript {
    var lines: [String] = []
    var response: JSONValue
    /// Content appended, `reset` clears.
    var replayed = ""

    var result: JSONValue? { response["result"] }
    var errorCode: Int? { response["error"]?["code"]?.int }
    var content: String { result?["content"]?.string ?? "" }
    /// `role model status`, with marks for what is cached.
    var steps: [String] { (result?["steps"]).map(stepLines) ?? [] }
    var notices: [String] { result?["notices"]?.elements.compactMap { $0["code"]?.string } ?? [] }
    func flag(_ name: String) -> Bool { result?[name]?.bool ?? false }
}

func stepLines(_ steps: JSONValue) -> [String] {
    steps.elements.map { step in
        let cached = step["cached"]?.bool == true ? " cached" : ""
        return
            "\(step["role"]?.string ?? "") \(step["model"]?.string ?? "") \(step["status"]?.string ?? "")\(cached)"
    }
}

/// A daemon whose models are all on one `ModelServer`.
struct WorkflowHome {
    let daemon: DaemonProcess
    let server: ModelServer

    /// `workflows` is TOML; each of `models` becomes a model of that name, the `limited` ones of a provider that takes
    /// one request an hour.
    init(
        _ workflows: String, models: [String: [Reply]], provider: String = "", settings: String = "",
        environment: [String: String] = [:], home: TemporaryHome? = nil, limited: Set<String> = []
    ) throws {
        server = try ModelServer(models)
        var config = settings + "\n[providers.up]\nkind = \"openai\"\nbase_url = \"\(server.baseURL)\"\n\(provider)\n"
        for model in models.keys.sorted() {
            let provider = limited.contains(model) ? "limited" : "up"
            config += "[models.\(model)]\nprovider = \"\(provider)\"\nmodel = \"\(model)\"\n"
        }
        if !limited.isEmpty {
            config += "[providers.limited]\nkind = \"openai\"\nbase_url = \"\(server.baseURL)\"\n"
            config += "limit = { requests = \"1/1h\" }\n"
        }
        daemon = try DaemonProcess(home: home, config: config + workflows, environment: environment)
    }

    static func params(
        _ model: String, _ content: String = "Write a stack in Swift", stream: Bool = true, _ more: String = ""
    )
        -> String
    {
        "{\"model\":\(quoted(model)),\"stream\":\(stream),\"messages\":[{\"role\":\"user\",\"content\":\(quoted(content))}]\(more)}"
    }

    /// Sends one streamed request on a connection of its own and reads it to its end.
    func chat(
        _ model: String, _ content: String = "Write a stack in Swift", stream: Bool = true, more: String = "",
        method: String = "chat", during: (String) throws -> Void = { _ in }
    ) throws -> Transcript {
        try call(method, Self.params(model, content, stream: stream, more), during: during)
    }

    func call(_ method: String, _ params: String, during: (String) throws -> Void = { _ in }) throws -> Transcript {
        let client = try daemon.client()
        return try Self.follow(client, method, params, during: during)
    }

    static func follow(
        _ client: RawClient, _ method: String, _ params: String, id: Int = 1,
        during: (String) throws -> Void = { _ in }
    ) throws -> Transcript {
        var events = 0
        var lines: [String] = []
        var replayed = ""
        let response = try client.call(method, params, id: "\(id)") { message in
            let event = try JSONDocument(Array(message.utf8)).root["params"]
            #expect(event?["seq"]?.int == events && event?["id"]?.int == id, "\(message)")
            events += 1
            let line = describe(event)
            if let type = event?["type"]?.string, type == "content" || type == "reasoning" {
                let text = event?["text"]?.string ?? ""
                if type == "content" { replayed += text }
                if lines.last?.hasPrefix(type + ": ") == true {
                    lines[lines.count - 1] += text
                } else {
                    lines.append("\(type): \(text)")
                }
            } else {
                if event?["type"]?.string == "reset" { replayed = "" }
                lines.append(line)
            }
            try during(line)
        }
        let root = try JSONDocument(Array(response.utf8)).root
        let transcript = Transcript(lines: lines, response: root, replayed: replayed)
        if transcript.result != nil, params.contains("\"stream\":true") {
            #expect(
                transcript.replayed == transcript.content,
                "the events do not replay to the result:\n\(lines.joined(separator: "\n"))")
        }
        return transcript
    }

    private static func describe(_ event: JSONValue?) -> String {
        guard let event, let type = event["type"]?.string else { return "?" }
        switch type {
        case "step":
            return "step \(event["step"]?.int ?? -1) \(event["role"]?.string ?? "") \(event["model"]?.string ?? "")"
        case "notice": return "notice \(event["code"]?.string ?? "")"
        case "reset": return "reset \(event["reason"]?.string ?? "")"
        case "content", "reasoning": return "\(type): \(event["text"]?.string ?? "")"
        case "tool_call":
            return
                "tool_call \(event["index"]?.int ?? -1) \(event["call_id"]?.string ?? "-") \(event["name"]?.string ?? "-") "
                + (event["arguments"]?.string ?? "")
        default: return type
        }
    }

    /// The newest ledger row: `outcome workflow`, and its steps.
    func ledger() throws -> (outcome: String, workflow: String, steps: [String], row: JSONValue) {
        let answer = try daemon.client().call("history", "{\"limit\":1}")
        let root = try JSONDocument(Array(answer.utf8)).root
        let rows = root["result"]?["requests"] ?? root["result"]?["history"] ?? root["result"]
        let row = try #require(rows?[0])
        return (
            row["outcome"]?.string ?? "?", row["workflow"]?.string ?? "?", row["steps"].map(stepLines) ?? [], row
        )
    }

    /// Starts a streamed request, waits until `ready`, does `act` and returns the response; nil when the connection
    /// was closed.
    func interrupt(
        _ params: String, when ready: () -> Bool, _ act: (RawClient) throws -> Void
    ) throws -> JSONValue? {
        let client = try daemon.client()
        try client.send(RawClient.request("chat", params))
        #expect(ready())
        try act(client)
        return try JSONDocument(Array(client.response().utf8)).root
    }
}

let cancelRequest = "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}"
