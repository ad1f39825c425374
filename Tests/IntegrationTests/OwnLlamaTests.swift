import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// Kind `llama` with the real thing: the daemon starts llama.cpp's server over random weights.
@Suite(.enabled(if: getenv("TANDEM_TEST_LLAMA") != nil, "run make test-llama: it needs a llama.cpp server"))
struct OwnLlamaTests {
    @Test func startsARealServerAndTakesItAlong() throws {
        let venv = String(cString: try #require(getenv("TANDEM_TEST_LLAMA")))
        let home = try TemporaryHome()
        let daemon = try DaemonProcess(
            home: home,
            config: """
                [providers.local]
                kind = "llama"
                command = ["\(venv)/bin/python", "-m", "llama_cpp.server", "--model", "{model_path}", "--port", "{port}",
                           "--n_ctx", "2048", "--chat_format", "chatml"]
                model_path = "\(venv)/random.gguf"
                first_token_timeout = "2m"
                [models.m]
                provider = "local"
                model = "random"

                """, environment: ["TANDEM_LOG": "debug"])
        let params = #"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":8,"temperature":0}"#
        let client = try daemon.client()
        #expect(try client.call("chat", params, within: .minutes(2)).contains(#""provider":"local""#))
        let line = try #require(daemon.log.split(separator: "\n").first { $0.contains("Started server process [") })
        let pid = try #require(pid_t(line.split(separator: "[")[1].prefix { $0.isNumber }))
        #expect(FakeModelServer.isAlive(pid))
        daemon.kill()
        #expect(eventually { !FakeModelServer.isAlive(pid) })
    }
}
