import TandemBase
import TandemProviders
import TandemService
import TandemTestSupport
import Testing

struct ConfigurationLocationTests {
    @Test func theVariableComesBeforeTheUsersFile() throws {
        let home = try TemporaryHome()
        let other = try home.write("other/t.toml", "[daemon]\nidle_exit = \"3m\"\n")
        try home.write(home.configPath, "[daemon]\nidle_exit = \"2m\"\n")
        let environment = home.environment
        #expect(try Configuration.load(environment: environment).daemon.idleExit == .minutes(2))
        let named = environment.merging(["TANDEM_CONFIG": other]) { $1 }
        #expect(try Configuration.load(environment: named).path == other)
        #expect(try Configuration.load(environment: named).daemon.idleExit == .minutes(3))
        #expect(try Configuration.load(explicit: home.configPath, environment: named).daemon.idleExit == .minutes(2))
    }

    @Test func homeStandsInForTheConfigFolder() throws {
        let home = try TemporaryHome()
        try home.write(home.configPath, "[daemon]\nidle_exit = \"2m\"\n")
        #expect(try Configuration.load(environment: ["HOME": home.path]).daemon.idleExit == .minutes(2))
    }

    @Test func aNamedFileThatIsNotThereIsAFault() throws {
        let home = try TemporaryHome()
        let path = home.path + "/none.toml"
        #expect(
            throws: ConfigurationFaults([.init(file: path, message: "No such file or directory (named by --config)")])
        ) {
            try Configuration.load(explicit: path, environment: home.environment)
        }
        #expect(throws: ConfigurationFaults.self) {
            try Configuration.load(environment: ["HOME": home.path, "TANDEM_CONFIG": path])
        }
    }

    @Test func noFileAtAllIsFine() throws {
        let home = try TemporaryHome()
        let configuration = try Configuration.load(environment: home.environment)
        #expect(configuration.files.isEmpty)
        #expect(configuration.path == home.configPath)
        #expect(configuration.defaultModel == "offline")
    }

    @Test func fragmentsAreMergedInNameOrder() throws {
        let home = try TemporaryHome()
        let folder = home.config + "/tandem/conf.d/"
        try home.write(
            home.configPath,
            """
            [limits]
            user = "1/1m"
            global = "1/1m"
            [providers.groq]
            preset = "groq"
            api_key = { env = "A" }
            limit = { requests = "1/1m", tokens = "1/1m" }
            [access]
            users = ["a", "b"]
            """)
        try home.write(folder + "20-b.toml", "[limits]\nuser = \"3/1m\"\n[providers.two]\npreset = \"openai\"\n")
        try home.write(
            folder + "10-a.toml",
            """
            limits.user = "2/1m"
            access.users = ["c"]
            [providers.groq]
            api_key = { file = "/nowhere" }
            limit.tokens = "5/1m"
            """)
        try home.write(folder + "30-c.txt", "not read")
        try home.write(folder + ".40-d.toml", "not read")
        let configuration = try Configuration.load(environment: home.environment)
        #expect(
            configuration.files.map { shorten($0, home) } == ["tandem.toml", "conf.d/10-a.toml", "conf.d/20-b.toml"])
        #expect(configuration.limits.user?.count == 3)
        #expect(configuration.limits.global?.count == 1)
        #expect(configuration.access.users == ["c"])
        #expect(configuration.providers.map(\.name) == ["groq", "two", "offline"])
        let groq = try #require(configuration.provider("groq"))
        #expect(groq.quota.requests?.count == 1)
        #expect(groq.quota.tokens?.count == 5)
        #expect(groq.apiKeySource == "file /nowhere")
    }

    @Test func aFaultNamesTheFragmentItStandsIn() throws {
        let home = try TemporaryHome()
        try home.write(home.config + "/tandem/conf.d/a.toml", "\n[limits]\nuser = 1\n")
        let lines = try faults("[limits]\nuser = \"1/1m\"\n", in: home)
        #expect(lines.first?.hasPrefix("conf.d/a.toml:3:8: limits.user: ") ?? false, "\(lines)")
    }

    @Test func aFolderOrAHugeFileIsAFaultNotAHang() throws {
        let home = try TemporaryHome()
        #expect(throws: ConfigurationFaults.self) {
            try Configuration.load(explicit: home.path, environment: home.environment)
        }
        let big = try home.write("big.toml", String(repeating: "#", count: 1024 * 1024 + 1))
        #expect(throws: ConfigurationFaults([.init(file: big, message: "larger than 1 MiB")])) {
            try Configuration.load(explicit: big, environment: home.environment)
        }
    }

    @Test func pathsAreExpanded() throws {
        let home = try TemporaryHome()
        let configuration = try load(
            "[daemon]\nstate_dir = \"state\"\n[access]\nroots = [\"~\", \"~/src\", \"/srv\"]\n", in: home)
        #expect(configuration.daemon.stateDirectory == home.config + "/tandem/state")
        #expect(configuration.access.roots == [home.path, home.path + "/src", "/srv"])
    }

    @Test(arguments: [
        (["STATE_DIRECTORY": "/s/tandem:/other", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/s/tandem"),
        (["XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/tandem"),
        (["HOME": "/h"], "/h/.local/state/tandem"),
    ])
    func stateIsKeptWhereTheEnvironmentSays(environment: [String: String], expected: String) throws {
        #expect(try Configuration.load(environment: environment).daemon.stateDirectory == expected)
    }

    /// Until 254, systemd puts the state of a user's unit beside the configuration. No ledger may seem lost because it
    /// is looked for elsewhere now.
    @Test(arguments: ["tandem.db", "edits.db"])
    func stateBesideTheConfigurationStaysInUseUntilThereIsSomeInItsPlace(file: String) throws {
        let home = try TemporaryHome()
        func folder(_ more: [String: String] = [:]) throws -> String {
            try Configuration.load(environment: home.environment.merging(more) { $1 }).daemon.stateDirectory
        }
        #expect(try folder() == home.state + "/tandem")
        try home.write(home.config + "/tandem/\(file)", "")
        #expect(try folder() == home.config + "/tandem")
        #expect(try folder(["STATE_DIRECTORY": "/s"]) == "/s")
        try home.write(home.state + "/tandem/tandem.db", "")
        #expect(try folder() == home.state + "/tandem")
    }
}
