import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// A daemon with one scripted upstream, or two, and what tests ask of it.
final class TestService {
    let upstream: ScriptedUpstream
    let daemon: DaemonProcess
    let client: RawClient

    /// `extra` is appended to the configuration, `provider` to the provider's table; `{url}` in `extra` is the
    /// upstream's base URL.
    init(
        _ extra: String = "", provider: String = "", environment: [String: String] = [:],
        _ script: @escaping ScriptedUpstream.Script
    ) throws {
        upstream = try ScriptedUpstream(script: script)
        let config = """
            default_model = "m"
            [providers.up]
            kind = "openai"
            base_url = "\(upstream.baseURL)"
            \(provider)
            [models.m]
            provider = "up"
            model = "scripted"
            price = { input = 100.0, output = 1000.0 }
            \(extra.replacing("{url}", with: upstream.baseURL))
            """
        daemon = try DaemonProcess(config: config, environment: environment)
        client = try daemon.client()
    }

    func call(_ method: String, _ params: String = "{}", id: String = "1") throws -> Answer {
        try Answer(client.call(method, params, id: id))
    }

    func chat(_ members: String = "", text: String = "hello") throws -> Answer {
        try call("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\(quoted(text))}]\(members)}")
    }

    /// A client of its own, for what runs at the same time.
    func another() throws -> RawClient { try daemon.client() }

    /// Stops the daemon and starts it again behind the same socket.
    func restart(killed: Bool = false) throws -> RawClient {
        if killed { daemon.kill() } else { daemon.stop() }
        try daemon.start()
        return try daemon.client()
    }
}

/// A response's result or error.
struct Answer {
    let root: JSONValue

    init(_ text: String) throws { root = try JSONDocument(Array(text.utf8)).root }

    var result: JSONValue? { root["result"] }
    var code: Int? { root["error"]?["code"]?.int }
    var data: JSONValue? { root["error"]?["data"] }
    var text: String { String(decoding: root.raw, as: UTF8.self) }

    /// A member of the result, or of what stands inside it: "usage.prompt_tokens", "steps.0.cached".
    subscript(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(result) { value, part in
            Int(part).map { value?[$0] } ?? value?[String(part)]
        }
    }
}
