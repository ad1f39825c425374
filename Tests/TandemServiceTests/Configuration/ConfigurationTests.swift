import TandemBase
import TandemPolicy
import TandemProviders
import TandemService
import TandemTestSupport
import TandemWorkflows
import Testing

struct ConfigurationTests {
    @Test func defaults() throws {
        let configuration = try Configuration.load(environment: ["HOME": "/h"])
        #expect(configuration.limits.user == nil)
        #expect(configuration.limits.global == nil)
        #expect(configuration.limits.reasoningUser == Rate("2/300s"))
        #expect(configuration.limits.reasoningGlobal == nil)
        #expect(configuration.limits.messageBytes == 33_554_432)
        #expect(configuration.limits.outboundBytes == 8_388_608)
        #expect(configuration.limits.writeStall == .seconds(30))
        #expect(configuration.budget == BudgetSettings())
        #expect(configuration.breaker == BreakerSettings())
        #expect(configuration.responseCache == CacheSettings(enabled: false, ttl: .hours(1), entries: 1000))
        #expect(configuration.daemon.idleExit == .minutes(10))
        #expect(configuration.daemon.drainTimeout == .seconds(5))
        #expect(configuration.daemon.retainHistory == .days(90))
        #expect(configuration.daemon.retainTransactions == .days(30))
        #expect(!configuration.historyContent)
        #expect(configuration.access.roots == ["/h"])
        #expect(configuration.providers.map(\.name) == ["offline"])
        #expect(configuration.models.map(\.name) == ["offline"])
        #expect(configuration.localCandidates.map(\.name) == ["ollama", "llama-server"])
        #expect(
            configuration.localCandidates.map(\.baseURL) == ["http://127.0.0.1:11434/v1", "http://127.0.0.1:8080/v1"])
    }

    /// The example of CONFIG.md with the models it names but does not show.
    @Test func readsTheWholeExample() throws {
        let home = try TemporaryHome()
        var text = ConfigurationExample.text + "\n"
        for name in [
            "llama-70b", "deepseek-r1", "qwen-runloop", "phi-3-local", "qwen-1.5b-local", "deepseek-v3", "qwen-7b",
        ] {
            text += "[models.\"\(name)\"]\nprovider = \"groq\"\nmodel = \"m\"\n"
        }
        let variables = [
            "GROQ_API_KEY": "k", "RUNLOOP_DEVOX_ID": "dbx", "QWEN_OLLAMA_BLUEPRINT_ID": "bpt",
            "LANGUAGE_MODEL_PATH": "/models/m.gguf",
        ]
        let configuration = try load(text, in: home, variables)
        #expect(configuration.defaultModel == "auto")
        let groq = try #require(configuration.provider("groq"))
        #expect(groq.baseURL == "https://api.groq.com/openai/v1")
        var timeouts = TimeoutSettings()
        timeouts.firstTokenIsConfigured = true
        #expect(groq.timeouts == timeouts)
        #expect(groq.quota == QuotaSettings(requests: Rate("30/1m"), tokens: Rate("6000/1m")))
        let runloop = try #require(configuration.provider("runloop"))
        #expect(runloop.runloop?.devbox == "dbx")
        #expect(runloop.runloop?.blueprint == "bpt")
        #expect(runloop.baseURL == "https://api.runloop.ai/v1")
        #expect(runloop.apiKeyProblem == "environment variable RUNLOOP_API_KEY is not set")
        #expect(configuration.provider("local")?.llama?.modelPath == "/models/m.gguf")
        guard case .leaf(let leaf)? = configuration.resolve("gpt-3.5-turbo") else {
            Issue.record("no leaf")
            return
        }
        #expect(leaf.name == "qwen-coder")
        #expect(leaf.price == Price(input: 0.79, output: 0.79))
        #expect(leaf.defaults == [.init(name: "temperature", json: Array("0.2".utf8))])
        #expect(leaf.fallbacks == ["llama-70b"])
        guard case .workflow(let auto)? = configuration.resolve("auto"), case .route(let route) = auto.settings else {
            Issue.record("no route")
            return
        }
        #expect(route.codeShare == 0.5)
        #expect(route.polish?.minLength == 50)
        #expect(configuration.limits.user == Rate("60/1m"))
        #expect(configuration.budget.monthlyUSD == 50)
        #expect(
            configuration.verifiers == [VerifierSettings(name: "pytest", command: ["python3", "-m", "pytest", "-q"])])
        #expect(configuration.plan.planner == "deepseek-v3")
    }

    @Test func theSampleParsesUncommented() throws {
        let sample = Configuration.defaultConfigurationFile
        let home = try TemporaryHome()
        let untouched = try load(sample, in: home)
        #expect(untouched.providers.map(\.name) == ["offline"])
        let uncommented = ConfigurationExample.uncomment(sample)
        #expect(try faults(uncommented, in: home) == [])
        let configuration = try load(uncommented, in: home)
        #expect(configuration.defaultModel == "auto")
        #expect(configuration.models.count == 8)
        // What the sample shows as defaults are the defaults.
        #expect(configuration.limits == LimitSettings())
        #expect(configuration.breaker == BreakerSettings())
        #expect(configuration.daemon == untouched.daemon)
        #expect(configuration.access == untouched.access)
        #expect(configuration.responseCache == untouched.responseCache)
    }

    @Test func providerAndModelNameAModelDirectly() throws {
        let configuration = try load(groq, in: TemporaryHome())
        guard case .leaf(let leaf)? = configuration.resolve("groq/llama/3.3") else {
            Issue.record("no leaf")
            return
        }
        #expect((leaf.name, leaf.provider, leaf.model) == ("groq/llama/3.3", "groq", "llama/3.3"))
        #expect(configuration.resolve("grok/x") == nil)
        #expect(configuration.resolve("groq/") == nil)
        #expect(configuration.resolve("nothing") == nil)
        #expect(configuration.resolve("offline")?.name == "offline")
        #expect(configuration.suggestions(for: "ofline") == ["offline"])
    }

    @Test func withoutADefaultTheFirstModelIsIt() throws {
        let text = groq + "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\n"
        #expect(try load(text, in: TemporaryHome()).defaultModel == "m")
        #expect(try load("[providers.groq]\npreset = \"groq\"", in: TemporaryHome()).defaultModel == "llama-70b")
    }

    @Test func theUsersOwnOfflineIsKept() throws {
        let text = "[providers.offline]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1/\"\n"
        let configuration = try load(text, in: TemporaryHome())
        #expect(configuration.providers.map(\.kind) == [.openai])
        #expect(configuration.providers.first?.baseURL == "http://127.0.0.1:1/v1")
        #expect(configuration.providers.first?.apiKeyProblem == nil)
    }

    @Test func breakersAreInheritedAndOverridden() throws {
        let configuration = try load(
            "[breaker]\nwindow = \"1m\"\nmin_samples = 9\n[providers.a]\npreset = \"groq\"\nbreaker = { min_samples = 2 }\n",
            in: TemporaryHome())
        #expect(configuration.provider("a")?.breaker.window == .minutes(1))
        #expect(configuration.provider("a")?.breaker.minSamples == 2)
        #expect(configuration.provider("offline")?.breaker.minSamples == 9)
    }

    @Test func changesNameDottedKeys() throws {
        let home = try TemporaryHome()
        let before = try load(groq + "[verifiers.v]\ncommand = [\"x\"]\n", in: home, ["GROQ_API_KEY": "one"])
        #expect(Configuration.changes(from: before, to: before) == [])
        let after = try load(
            "default_model = \"w\"\n" + groq + "[models.w]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"m\"\n"
                + "[limits]\nuser = \"1/1m\"\n[daemon]\nretain = { history = \"1d\" }\n[cache.responses]\nttl = \"2h\"\n",
            in: home, ["GROQ_API_KEY": "two", "TANDEM_GROQ_ENABLED": "false"])
        #expect(
            Configuration.changes(from: before, to: after) == [
                "cache.responses.ttl", "daemon.retain.history", "default_model", "limits.user", "models.w",
                "providers.groq.api_key", "providers.groq.enabled", "verifiers.v",
            ])
    }

    @Test func theReportWarnsOfAccountsThatDoNotExist() throws {
        let home = try TemporaryHome()
        try home.write(
            home.configPath, "[access]\nusers = [\"root\", \"no-such-user\"]\ngroups = [\"no-such-group\", \"0\"]\n")
        let report = ConfigurationReport.check(environment: home.environment)
        #expect(report.status == 0)
        #expect(
            report.lines.filter { $0.hasPrefix("warning:") } == [
                "warning: [access] users: there is no user no-such-user",
                "warning: [access] groups: there is no group no-such-group",
            ])
    }

    @Test func theReportListsFaultsOrASummary() throws {
        let home = try TemporaryHome()
        try home.write(home.configPath, "[limits]\nuser = 1\nx = 1\n")
        let bad = ConfigurationReport.check(environment: home.environment)
        #expect(bad.status == 1)
        #expect(bad.lines.count == 3)
        #expect(bad.lines.last == "2 faults")
        try home.write(home.configPath, groq)
        let good = ConfigurationReport.check(environment: home.environment)
        #expect(good.status == 0)
        #expect(
            good.lines.map { $0.replacing(home.config, with: "C") } == [
                "warning: C/tandem/tandem.toml:1:12: providers.groq.api_key: environment variable GROQ_API_KEY is not set",
                "read C/tandem/tandem.toml", "default model: m",
                "provider groq: openai, https://api.groq.com/openai/v1, key from environment variable GROQ_API_KEY",
                "provider offline: offline", "model m: groq/x", "model offline: offline/offline", "no faults",
            ])
    }
}
