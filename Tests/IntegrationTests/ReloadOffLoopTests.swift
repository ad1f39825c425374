import TandemBase
import TandemTestSupport
import Testing

/// Reading the configuration blocks on files and on programs that print keys; the loop does not.
@Suite struct ReloadOffLoopTests {
    @Test func aSlowKeyCommandHoldsNobodyUp() throws {
        let home = try TemporaryHome()
        let daemon = try DaemonProcess(home: home, config: "")
        defer { daemon.stop() }
        // Opened for writing by the command, which waits for a reader: until then the reload is under way.
        let pipe = home.path + "/pipe"
        try home.write(
            ".config/tandem/tandem.toml",
            """
            [providers.slow]
            kind = "openai"
            base_url = "http://127.0.0.1:1/v1"
            api_key = { command = ["sh", "-c", "mkfifo \(pipe); echo started > \(pipe); echo key"] }
            """)
        let reloading = try daemon.client()
        try reloading.send(RawClient.request("reload"))
        #expect(eventually { isThere(pipe) })
        let other = try daemon.client()
        #expect(try other.call("ping").contains("\"result\":{}"))
        #expect(try readFile(pipe) == Array("started\n".utf8))
        #expect(try reloading.next().contains("\"changed\""))
    }

    private func isThere(_ path: String) -> Bool { (try? FileDescriptor.open(path, 0o10000000)) != nil }
}
