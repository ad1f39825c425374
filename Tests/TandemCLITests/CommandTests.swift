import Glibc
import TandemBase
import TandemProtocol
import TandemTestSupport
import Testing

private let statusJSON =
    #"{"version":"\#(tandemVersion)","protocol":"1","pid":7,"uptime_ms":3723000,"activated":true,"config_path":"/c.toml","config_problem":"it has a fault","connections":1,"in_flight":0,"providers":[{"name":"groq","kind":"openai","enabled":true,"breaker":{"state":"closed"},"in_flight":0},{"name":"box","kind":"runloop","enabled":true,"breaker":{"state":"open"},"in_flight":0,"last_error":{"message":"401","at":"2026-11-20T08:43:00.000Z"}},{"name":"deep","kind":"openai","enabled":true,"key_problem":"DEEP_KEY is not set"}],"caches":[],"memory_bytes":1048576,"database":{"path":"/d/tandem.db","bytes":1024,"unrecorded":3,"failure":"disk full"}}"#
private let modelsJSON =
    #"{"models":[{"name":"auto","workflow":"route","available":true,"aliases":[],"parts":{"code":"a","general":"b","polish":"a"}},{"name":"a","workflow":"direct","provider":"groq","model":"big","available":false,"aliases":["x"],"price":{"input":0.5,"output":1}}],"default":"auto"}"#

@Suite struct CommandTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            switch message.method {
            case "ping": peer.result(message.id, "{}")
            case "models": peer.result(message.id, modelsJSON)
            case "status": peer.result(message.id, statusJSON)
            case "history":
                let row =
                    #"{"request_id":"01A","method":"chat","model":"auto","at":"2026-11-20T08:43:00.000Z","outcome":"ok","usage":{"prompt_tokens":1000,"completion_tokens":34},"cost_usd":null,"latency_ms":1500}"#
                peer.result(message.id, "{\"requests\":[\(row)]}")
            case "stream":
                peer.event(message.id, 0, "started")
                peer.result(message.id, "1")
            default: peer.error(message.id, -32601, "method_not_found", "no such method", "\"did_you_mean\":\"ping\"")
            }
        }
    }

    @Test func modelsAreATable() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        #expect(
            try await runCLI(["models"], home: home).out == """
                MODEL   WORKFLOW  ANSWERED BY  AVAILABLE  $/M IN  $/M OUT  ALIASES
                auto *  route     a + b        yes             -        -
                a       direct    groq/big     no           0.50     1.00  x

                """)
        #expect(try await runCLI(["models", "--json"], home: home).out == modelsJSON + "\n")
    }

    @Test func statusTellsAllThereIs() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let out = try await runCLI(["status"], home: home).out
        for line in [
            "daemon       tandemd \(tandemVersion), pid 7, started by systemd", "up for       1 h 2 min",
            "config       /c.toml (not there: built-in defaults)\n             it has a fault",
            "database     /d/tandem.db (1.0 KiB)\n             requests are not recorded: disk full",
            "memory       1.0 MiB", "groq      openai   ready                 0",
            "box       runloop  breaker open          0  401 (at 2026-11-20T08:43:00Z)", "deep      openai   no key",
        ] { #expect(out.contains(line + "\n"), "\(out)") }
        #expect(!out.contains("CACHE"))
    }

    @Test func historyIsATable() async throws {
        let daemon = try daemon()
        let out = try await runCLI(["history", "-n", "3", "-s", "talk"], home: home).out
        #expect(out.contains("2026-11-20 08:43:00  01A      chat    auto   ok       1,034     -  1.5 s\n"), "\(out)")
        #expect(daemon.received[0].contains(#""params":{"limit":3,"session":"talk"}"#))
    }

    @Test func anyMethodCanBeCalled() async throws {
        let daemon = try daemon()
        #expect(try await runCLI(["call", "ping"], home: home).out == "{}\n")
        #expect(try await runCLI(["call", "ping", #"{"a": 1}"#], home: home).out == "{}\n")
        #expect(try await runCLI(["call", "ping", "-"], home: home, input: "{\"b\":2}\n").out == "{}\n")
        let streamed = try await runCLI(["call", "stream", #"{"a":1}"#, "--stream"], home: home)
        #expect(streamed.out == #"{"id":1,"seq":0,"type":"started"}"# + "\n1\n")
        let params = daemon.received.map { $0.split(separator: "\"ping\"").last.map(String.init) ?? "" }
        #expect(params[0] == "}" && params[1] == #","params":{"a": 1}}"# && params[2].hasPrefix(#","params":{"b":2}"#))
        #expect(daemon.received[3].contains(#""params":{"a":1,"stream":true}"#))
    }

    @Test func aFailedCallTellsTheErrorAsJSON() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let end = try await runCLI(["call", "pnig"], home: home)
        #expect(
            end.status == 1
                && end.err
                    == #"{"code":-32601,"message":"no such method","data":{"kind":"method_not_found","retryable":false,"did_you_mean":"ping"}}"#
                    + "\n"
        )
        let wrong = try await runCLI(["call", "ping", "{a"], home: home)
        #expect(
            wrong.status == 2 && wrong.err.contains("not JSON") && wrong.err.hasSuffix("try 'tandem call --help'\n"))
        #expect(try await runCLI(["call", "ping", "[1]"], home: home).status == 2)
    }

    @Test func doctorNamesTheFaultAndTheCure() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let end = try await runCLI(["doctor"], home: home)
        #expect(end.status == 1)
        #expect(end.out.contains("✓ socket \(home.socketPath)\n✓ tandemd \(tandemVersion) answers, pid 7"))
        #expect(
            end.out.contains(
                "✗ requests are answered but not recorded: disk full\n    do: make room for /d/tandem.db, or make it"))
        #expect(
            end.out.contains(
                "✓ provider groq (openai) is ready\n✗ provider box (runloop): breaker open: 401 (at 2026-11-20T08:43:00Z)\n"
            ))
        #expect(
            end.out.contains(
                "✗ provider deep (openai): DEEP_KEY is not set\n    do: set its key (api_key of [providers.deep])"))
        #expect(end.out.contains("• models that cannot answer now: a\n"))
        // The daemon's, whatever this user's would be.
        #expect(end.out.contains("• no /c.toml: the built-in defaults are in use\n"), "\(end.out)")
        #expect(
            end.out.contains("✗ default model auto cannot answer as it should, for a cannot\n    do: mend"),
            "\(end.out)")
    }

    @Test func configPathFollowsTheRules() async throws {
        #expect(try await runCLI(["config", "path"], home: home).out == home.configPath + "\n")
        let named = try await runCLI(["config", "path"], home: home, environment: ["TANDEM_CONFIG": "/x.toml"])
        #expect(named.out == "/x.toml\n")
        #expect(try await runCLI(["config", "show"], home: home).status == 1)
        try home.write(home.configPath, "a = 1\n")
        #expect(try await runCLI(["config", "show"], home: home).out == "a = 1\n")
    }

    /// The daemon reads them without a main file too, and then not what /etc has.
    @Test func filesInConfDAreAConfigurationToo() async throws {
        let folder = String(home.configPath.dropLast("tandem.toml".count))
        try makeFolder(folder + "conf.d")
        for (name, text) in [("b.toml", "b = 1\n"), ("a.toml", "a = 1\n"), (".c.toml", "c = 1\n"), ("d", "d = 1\n")] {
            try home.write(folder + "conf.d/" + name, text)
        }
        #expect(try await runCLI(["config", "path"], home: home).out == home.configPath + "\n")
        let parts = "# \(folder)conf.d/a.toml\na = 1\n# \(folder)conf.d/b.toml\nb = 1\n"
        #expect(try await runCLI(["config", "show"], home: home).out == parts)
        try home.write(home.configPath, "x = 1\n")
        #expect(try await runCLI(["config", "show"], home: home).out == "# \(home.configPath)\nx = 1\n" + parts)
    }

    // MARK: usage

    @Test func wrongUsageEndsWith2AndAHint() async throws {
        for (arguments, message) in [
            (["caht"], "tandem: unknown command 'caht', did you mean 'chat'?\ntry 'tandem --help'\n"),
            (
                ["chat", "--modle", "x"],
                "tandem chat: unknown option --modle, did you mean --model?\ntry 'tandem chat --help'\n"
            ),
            (["chat"], "tandem chat: PROMPT is missing\ntry 'tandem chat --help'\n"),
            (["call"], "tandem call: METHOD is missing\ntry 'tandem call --help'\n"),
            (["--nope"], "tandem: unknown option --nope\ntry 'tandem --help'\n"),
            (["--vresion"], "tandem: unknown option --vresion, did you mean --version?\ntry 'tandem --help'\n"),
            (
                ["help", "stauts"],
                "tandem help: unknown command 'stauts', did you mean 'status'?\ntry 'tandem help --help'\n"
            ),
        ] {
            let end = try await runCLI(arguments, home: home)
            #expect(end.status == 2 && end.err == message && end.out.isEmpty, "\(arguments): \(end)")
        }
    }

    @Test func helpAndVersionGoToStdout() async throws {
        #expect(try await runCLI([], home: home).out.hasPrefix("tandem: two-model work"))
        #expect(try await runCLI(["--help"], home: home).out.hasPrefix("tandem: two-model work"))
        #expect(try await runCLI(["chat", "-h"], home: home).out.hasPrefix("tandem chat: ask"))
        #expect(try await runCLI(["--help", "chat"], home: home).out.hasPrefix("tandem chat: ask"))
        #expect(
            try await runCLI(["--version"], home: home).out == "tandem \(tandemVersion) (protocol \(protocolVersion))\n"
        )
    }

    @Test func theSocketOptionStandsAnywhere() async throws {
        let daemon = try ScriptedDaemon(home.path + "/other.sock") { message, peer in peer.result(message.id, "{}") }
        for arguments in [["--socket", daemon.path, "call", "ping"], ["call", "ping", "--socket=\(daemon.path)"]] {
            #expect(try await runCLI(arguments, home: home).out == "{}\n")
        }
    }

    // MARK: the binary

    @Test func whatItLinks() async throws {
        let out = home.path + "/needed"
        let reader = try ChildProcess(
            ["/bin/sh", "-c", "readelf -d \(try builtProduct("tandem")) > \(out)"], environment: home.environment)
        #expect(await offPool { reader.wait() } == 0)
        let needed = try home.read("needed")
        #expect(needed.contains("libc.so"))
        for name in ["curl", "sqlite3", "Foundation", "systemd", "crypto", "microhttpd"] {
            let lines = needed.split(separator: "\n").filter { $0.contains("NEEDED") && $0.contains("[lib\(name)") }
            #expect(lines.isEmpty, "\(lines)")
        }
    }
}
