import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// A model server that nobody here wrote: llama.cpp over random weights. `make test-llama` builds it and says where.
@Suite(
    .serialized, .enabled(if: getenv("TANDEM_TEST_LLAMA") != nil, "run make test-llama: it needs a llama.cpp server"))
struct LlamaServerTests {
    private struct Server {
        let process: ChildProcess
        let daemon: DaemonProcess
    }

    private func started() throws -> Server {
        let venv = String(cString: try #require(getenv("TANDEM_TEST_LLAMA")))
        let home = try TemporaryHome()
        let port: Int
        do { port = boundPort(try openListener(.loopback)) }
        let log = try FileDescriptor.open(home.path + "/llama.log", O_WRONLY | O_CREAT, mode: 0o600)
        let process = try ChildProcess(
            [
                venv + "/bin/python", "-m", "llama_cpp.server", "--model", venv + "/random.gguf", "--host", "127.0.0.1",
                "--port", String(port), "--n_ctx", "2048", "--chat_format", "chatml",
            ], environment: home.environment, descriptors: [1: log.raw, 2: log.raw])
        let isUp = try eventually(within: .seconds(60)) {
            if process.exitStatus != nil { return false }
            return try home.read("llama.log").contains("Uvicorn running")
        }
        let output = try home.read("llama.log")
        #expect(isUp, "\(output)")
        let daemon = try DaemonProcess(
            home: home,
            config: """
                default_model = "m"
                [providers.llama]
                kind = "openai"
                preset = "llama-server"
                base_url = "http://127.0.0.1:\(port)/v1"
                [models.m]
                provider = "llama"
                model = "random"
                """)
        return Server(process: process, daemon: daemon)
    }

    @Test func streamsAndAnswersWhole() throws {
        let server = try started()
        defer { server.process.stop() }
        let client = try server.daemon.client()
        let params =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":40,\"seed\":7,\"temperature\":0"

        var streamed = ""
        let response = try client.call("chat", params + ",\"stream\":true}") { event in
            if event.contains("\"type\":\"content\"") { streamed += try json(event, "params", "text").string ?? "" }
        }
        #expect(try content(response) == streamed)
        #expect(!streamed.isEmpty)
        let reason = try json(response, "result", "finish_reason").string
        #expect(reason == "length" || reason == "stop")

        let whole = try client.call("chat", params + "}")
        #expect(try content(whole).isEmpty == false)
        #expect(try #require(try json(whole, "result", "usage", "completion_tokens").int) > 0)
        // The server counts whole answers, and its own count is what is told.
        #expect(try json(whole, "result", "usage", "estimated").bool == false)
    }

    @Test func aGrammarConstrainsEvenRandomWeights() throws {
        let server = try started()
        defer { server.process.stop() }
        let schema = "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}"
        let answer = try server.daemon.client().call(
            "chat",
            """
            {"messages":[{"role":"user","content":"hi"}],"max_tokens":200,"seed":7,\
            "response_format":{"type":"json_object","schema":\(schema)}}
            """)
        let value = try JSONDocument(Array(try content(answer).utf8)).root
        #expect(value["ok"]?.bool != nil)
    }

    @Test func cancelReachesIt() throws {
        let server = try started()
        defer { server.process.stop() }
        let client = try server.daemon.client()
        try client.send(
            RawClient.request(
                "chat",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":1500,\"seed\":7,\"temperature\":0,\"stream\":true}"
            ))
        while try !client.next().contains("\"type\":\"content\"") {}
        try client.send("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}")
        #expect(try errorCode(client.response()) == -32800)
    }
}
