import Glibc
import TandemTestSupport
import Testing

/// Kind `llama` in the real daemon: the model server is its child and ends with it, whatever the daemon ends of.
@Suite struct OwnModelServerTests {
    private func daemon(_ home: TemporaryHome, _ server: FakeModelServer) throws -> DaemonProcess {
        let words = server.command.map { "\"\($0)\"" }.joined(separator: ", ")
        let model = try home.write("tiny.gguf", "weights")
        return try DaemonProcess(
            home: home,
            config: """
                [providers.local]
                kind = "llama"
                command = [\(words)]
                model_path = "\(model)"
                [models.tiny]
                provider = "local"
                model = "tiny"

                """,
            // A crash is to end it, not to have it looked at for half a minute.
            environment: ["SWIFT_BACKTRACE": "enable=no"])
    }

    private let question = #"{"model":"tiny","messages":[{"role":"user","content":"Who are you?"}]}"#

    @Test(arguments: [SIGKILL, SIGABRT, SIGTERM])
    func endsWithTheDaemon(_ signal: Int32) throws {
        let home = try TemporaryHome()
        let server = try FakeModelServer(home, options: ["--ignore-term"])
        let daemon = try daemon(home, server)
        #expect(server.starts.isEmpty)
        #expect(try daemon.client().call("chat", question).contains("I am tiny.gguf"))
        let pid = try #require(server.starts.first?.first)
        #expect(FakeModelServer.isAlive(pid))
        daemon.signal(signal)
        _ = daemon.waitForExit()
        #expect(eventually { !FakeModelServer.isAlive(pid) })
    }

    @Test func oneThatIsStillLoadingEndsWithTheDaemonToo() throws {
        let home = try TemporaryHome()
        let server = try FakeModelServer(home, options: ["--load", "1000"])
        let daemon = try daemon(home, server)
        let client = try daemon.client()
        try client.send(#"{"jsonrpc":"2.0","id":1,"method":"chat","params":\#(question)}"#)
        #expect(eventually { !server.starts.isEmpty })
        daemon.kill()
        #expect(eventually { !FakeModelServer.isAlive(server.starts[0][0]) })
    }

    @Test func aModelPathInTheEnvironmentIsEnough() throws {
        let home = try TemporaryHome()
        let server = try FakeModelServer(home)
        // What is found as `llama-server` gets the model and a port.
        let fixed = server.command.prefix { $0 != "--model" } + server.command.drop { $0 != "--notes" }.prefix(2)
        try home.write("bin/llama-server", "#!/bin/sh\nexec \(fixed.joined(separator: " ")) \"$@\"\n", mode: 0o700)
        let model = try home.write("my.gguf", "weights")
        let path = "\(home.path)/bin:\(home.environment["PATH"] ?? "")"
        let daemon = try DaemonProcess(
            home: home, environment: ["LANGUAGE_MODEL_PATH": model, "PATH": path, "OLLAMA_HOST": "127.0.0.1:1"])
        let answer = try daemon.client().call(
            "chat", #"{"model":"local","messages":[{"role":"user","content":"Who are you?"}]}"#)
        #expect(answer.contains("I am my.gguf") && answer.contains(#""provider":"local""#))
        #expect(server.starts.count == 1)
    }
}
