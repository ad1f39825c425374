import Glibc
import TandemBase
import TandemProviders
import TandemService
import TandemTestSupport
import Testing

/// Where keys come from, and that they go nowhere else.
struct ConfigurationKeyTests {
    private func provider(
        _ source: String, in home: TemporaryHome, _ variables: [String: String] = [:]
    ) throws -> ProviderSettings {
        let text = "[providers.p]\nkind = \"openai\"\nbase_url = \"http://x\"\napi_key = \(source)\n"
        return try #require(try load(text, in: home, variables).provider("p"))
    }

    private func key(_ provider: ProviderSettings) -> String? { provider.apiKey?.reveal { $0 } }

    @Test func fromTheEnvironment() throws {
        let home = try TemporaryHome()
        let found = try provider("{ env = \"K\" }", in: home, ["K": " k1\n"])
        #expect(key(found) == "k1")
        #expect(found.apiKeySource == "environment variable K")
        #expect(found.apiKeyProblem == nil)
        let missing = try provider("{ env = \"K\" }", in: home)
        #expect(missing.apiKey == nil)
        #expect(missing.apiKeyProblem == "environment variable K is not set")
    }

    @Test func fromACredential() throws {
        let home = try TemporaryHome()
        try home.write("creds/groq", "k2\n", mode: 0o440)
        let variables = ["CREDENTIALS_DIRECTORY": home.path + "/creds"]
        #expect(key(try provider("{ credential = \"groq\" }", in: home, variables)) == "k2")
        #expect(
            try provider("{ credential = \"gone\" }", in: home, variables).apiKeyProblem?.contains("No such file")
                ?? false)
        #expect(
            try provider("{ credential = \"groq\" }", in: home).apiKeyProblem?.contains("LoadCredential=groq") ?? false)
    }

    @Test func fromAFileThatOnlyTheOwnerReads() throws {
        let home = try TemporaryHome()
        let path = try home.write(".key", "k3\nsecond line\n", mode: 0o600)
        #expect(key(try provider("{ file = \"~/.key\" }", in: home)) == "k3")
        for mode: mode_t in [0o640, 0o604, 0o644, 0o620] {
            chmod(path, mode)
            let refused = try provider("{ file = \"~/.key\" }", in: home)
            #expect(refused.apiKey == nil)
            #expect(refused.apiKeyProblem == "file \(path) can be read by others; run: chmod 600 \(path)")
        }
        chmod(path, 0o400)
        #expect(key(try provider("{ file = \"\(path)\" }", in: home)) == "k3")
        try home.write(home.config + "/tandem/beside", "k4", mode: 0o600)
        #expect(key(try provider("{ file = \"beside\" }", in: home)) == "k4")
    }

    @Test func aFileThatIsNoneDoesNotHoldUpTheStart() throws {
        let home = try TemporaryHome()
        #expect(mkfifo(home.path + "/fifo", 0o600) == 0)
        let fifo = try provider("{ file = \"~/fifo\" }", in: home)
        #expect(fifo.apiKeyProblem?.hasSuffix("is not a regular file") ?? false)
        try home.write("empty", "\n", mode: 0o600)
        #expect(try provider("{ file = \"~/empty\" }", in: home).apiKeyProblem?.hasSuffix("is empty") ?? false)
        try home.write("odd", "a\u{7}b", mode: 0o600)
        #expect(try provider("{ file = \"~/odd\" }", in: home).apiKeyProblem?.contains("printable") ?? false)
        try home.write("huge", String(repeating: "k", count: 70_000), mode: 0o600)
        #expect(try provider("{ file = \"~/huge\" }", in: home).apiKeyProblem?.contains("too large") ?? false)
    }

    @Test func fromACommandWithoutAShell() throws {
        let home = try TemporaryHome()
        #expect(
            key(try provider("{ command = [\"printf\", \"%s\\n%s\", \"$HOME;k5\", \"x\"] }", in: home)) == "$HOME;k5")
        let failing = try provider("{ command = [\"false\"] }", in: home)
        #expect(failing.apiKeyProblem == "command false ended with status 1")
        #expect(
            try provider("{ command = [\"/none/such\"] }", in: home).apiKeyProblem
                == "command /none/such: No such file or directory")
        let chatty = try provider(
            "{ command = [\"sh\", \"-c\", \"echo k6; head -c 300000 /dev/zero; echo e >&2\"] }", in: home)
        #expect(key(chatty) == "k6")
    }

    @Test func aCommandSeesTheEnvironmentItWasGiven() throws {
        let found = try provider(
            "{ command = [\"sh\", \"-c\", \"echo $MINE\"] }", in: TemporaryHome(), ["MINE": "k7"])
        #expect(key(found) == "k7")
    }

    @Test func aCommandThatHangsIsKilledWithItsChildren() throws {
        let home = try TemporaryHome()
        let script = "echo $$ > \(home.path)/pid; sleep 1000 & wait"
        let command = KeyCommand(starting: ["sh", "-c", script], environment: home.environment)
        let problem = command.finish(by: .now() + .milliseconds(300))
        #expect(problem == .failure(KeyProblem("command sh did not end in time and was killed")))
        let pid = try #require(pid_t(try home.read("pid").trimmingSuffixNewline))
        #expect(kill(pid, 0) != 0)
    }

    @Test func aDaemonThatKeepsTheOutputOpenIsNotWaitedFor() throws {
        let home = try TemporaryHome()
        let command = KeyCommand(
            starting: ["sh", "-c", "echo k8; sleep 5 & exit 0"], environment: home.environment)
        let start = MonotonicTime.now()
        let key = command.finish(by: start + .seconds(5))
        #expect(try key.get() == Secret("k8"))
        #expect(MonotonicTime.now() - start < .seconds(4))
    }

    @Test func keysThatACommandPrintsCanComeLater() throws {
        let home = try TemporaryHome()
        try home.write(
            home.configPath, "[providers.p]\npreset = \"groq\"\napi_key = { command = [\"echo\", \"k9\"] }\n")
        var configuration = try Configuration.load(environment: home.environment, runningKeyCommands: false)
        #expect(configuration.provider("p")?.apiKeyCommand == ["echo", "k9"])
        #expect(configuration.provider("p")?.apiKeyProblem == "command echo has not been run yet")
        configuration.setKey(.success(Secret("k9")), of: "p")
        #expect(configuration.provider("p")?.apiKey == Secret("k9"))
        #expect(configuration.provider("p")?.apiKeyProblem == nil)
    }

    @Test func aDumpOfTheWholeConfigurationHoldsNoKey() throws {
        let home = try TemporaryHome()
        try home.write(".key", "FILEKEY", mode: 0o600)
        try home.write("creds/c", "CREDKEY")
        let text = """
            default_model = "offline"
            [providers.a]
            preset = "groq"
            [providers.b]
            preset = "openai"
            api_key = { file = "~/.key" }
            [providers.c]
            preset = "mistral"
            api_key = { command = ["cat", "\(home.path)/cmd"] }
            [providers.d]
            preset = "gemini"
            api_key = { credential = "c" }
            """
        try home.write("cmd", "COMMANDKEY")
        let variables = ["GROQ_API_KEY": "ENVKEY", "CREDENTIALS_DIRECTORY": home.path + "/creds"]
        let configuration = try load(text, in: home, variables)
        for name in ["a", "b", "c", "d"] { #expect(configuration.provider(name)?.apiKey != nil) }
        var dumped = "\(configuration) \(String(reflecting: configuration))"
        dump(configuration, to: &dumped)
        let changed = Configuration.changes(from: configuration, to: try load(text, in: home))
        #expect(changed == ["providers.a.api_key", "providers.d.api_key"])
        dumped += changed.joined()
        dumped += ConfigurationReport.check(environment: home.environment.merging(variables) { $1 }).lines.joined()
        for key in ["ENVKEY", "FILEKEY", "COMMANDKEY", "CREDKEY"] { #expect(!dumped.contains(key)) }
    }
}

extension String {
    fileprivate var trimmingSuffixNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
