import TandemService
import TandemTestSupport
import Testing

/// One golden line for each kind of fault.
struct ConfigurationFaultTests {
    static let forms =
        "{ env = \"NAME\" }, { credential = \"name\" }, { file = \"~/path\" } or { command = [\"program\"] }"

    @Test(arguments: [
        ("defualt_model = \"x\"", "1:1: defualt_model: unknown key; did you mean \"default_model\"?"),
        ("zzz = 1", "1:1: zzz: unknown key"),
        (
            "[providers.a]\nkind = \"offline\"\nenabeld = true",
            "3:1: providers.a.enabeld: unknown key; did you mean \"enabled\"?"
        ),
        ("[providers.a]\nkind = \"offline\"\nidle_stop = \"1m\"", "3:1: providers.a.idle_stop: unknown key"),
        (
            "[providers.a]\nkind = \"opnai\"",
            "2:8: providers.a.kind: unknown kind \"opnai\"; expected openai, anthropic, gemini, runloop, llama, offline; did you mean \"openai\"?"
        ),
        (
            "[providers.a]\npreset = \"grok\"",
            "2:10: providers.a.preset: unknown preset \"grok\"; expected groq, openai, anthropic, gemini, deepseek, mistral, openrouter, together, cerebras, fireworks, runloop, ollama, llama-server, lmstudio, vllm; did you mean \"groq\"?"
        ),
        (
            "[providers.a]",
            "1:12: providers.a.kind: missing; expected kind (openai, anthropic, gemini, runloop, llama, offline) or preset"
        ),
        ("[providers.a]\nkind = 3", "2:8: providers.a.kind: expected a string, found an integer"),
        ("[providers]\na = 1", "2:5: providers.a: expected a table, found an integer"),
        ("providers = 1", "1:13: providers: expected tables such as [providers.NAME], found an integer"),
        (
            "[providers.\"a/b\"]\nkind = \"offline\"",
            "1:12: providers.\"a/b\": a provider's name has no slash: provider/model names a model"
        ),
        (
            "[providers.a]\npreset = \"groq\"\nbase_url = \"ftp://x\"",
            "3:12: providers.a.base_url: expected a URL such as \"https://host/v1\" or \"unix:/path.sock:/v1\""
        ),
        (
            "[providers.a]\npreset = \"groq\"\nbase_url = \"https://me:pw@x/v1\"",
            "3:12: providers.a.base_url: a URL must hold no user or password; use api_key"
        ),
        (
            "[providers.a]\npreset = \"groq\"\nconnect_timeout = \"2x\"",
            "3:19: providers.a.connect_timeout: expected a duration such as \"300ms\", \"2s\", \"5m\", \"1h\" or \"30d\""
        ),
        (
            "[providers.a]\npreset = \"groq\"\nidle_timeout = 30",
            "3:16: providers.a.idle_timeout: expected a duration such as \"300ms\", \"2s\", \"5m\", \"1h\" or \"30d\", found an integer"
        ),
        (
            "[providers.a]\npreset = \"groq\"\nidle_timeout = \"0s\"",
            "3:16: providers.a.idle_timeout: expected a duration of more than zero"
        ),
        (
            "[providers.a]\npreset = \"groq\"\nmax_in_flight = 0",
            "3:17: providers.a.max_in_flight: expected a whole number of at least 1"
        ),
        (
            "[providers.a]\npreset = \"groq\"\nlimit = { requests = \"30 a minute\" }",
            "3:22: providers.a.limit.requests: expected a rate such as \"30/1m\", or \"none\""
        ),
        (
            "[providers.a]\npreset = \"groq\"\nbreaker = { error_rate = 1.5 }",
            "3:26: providers.a.breaker.error_rate: expected a number from 0 to 1"
        ),
        (
            "[providers.a]\npreset = \"groq\"\napi_key = \"sk-secret\"",
            "3:11: providers.a.api_key: a key is not written here; say where it is: \(forms)"
        ),
        ("[providers.a]\npreset = \"groq\"\napi_key = {}", "3:11: providers.a.api_key: expected one of \(forms)"),
        (
            "[providers.a]\npreset = \"groq\"\napi_key = { env = \"A\", file = \"/b\" }",
            "3:11: providers.a.api_key: expected one of \(forms)"
        ),
        (
            "[providers.a]\npreset = \"groq\"\napi_key = { credential = \"../x\" }",
            "3:26: providers.a.api_key.credential: expected a credential's name, found a path"
        ),
        (
            "[providers.a]\npreset = \"groq\"\napi_key = { command = [] }",
            "3:23: providers.a.api_key.command: expected a program and its arguments, found an empty array"
        ),
        (
            "[providers.a]\nkind = \"llama\"\nmodel_path = { environment = \"X\" }",
            "3:14: providers.a.model_path.env: missing; expected a name"
        ),
        ("[limits]\nuser = 5", "2:8: limits.user: expected a rate such as \"30/1m\", or \"none\", found an integer"),
        ("[limits]\nmessage_bytes = \"8 apples\"", "2:17: limits.message_bytes: expected a size such as \"8MiB\""),
        ("[budget]\ndaily_usd = -1", "2:13: budget.daily_usd: expected an amount of USD such as 5.0"),
        ("[budget]\ndaily_usd = nan", "2:13: budget.daily_usd: expected an amount of USD such as 5.0"),
        ("[breaker]\nmin_samples = 2.5", "2:15: breaker.min_samples: expected a whole number, found a number"),
        ("[cache.respones]\nttl = \"1h\"", "1:8: cache.respones: unknown key; did you mean \"responses\"?"),
        (
            "[cache.responses]\nenabled = \"yes\"",
            "2:11: cache.responses.enabled: expected true or false, found a string"
        ),
        (
            "[daemon]\nretain = { histroy = \"1d\" }",
            "2:12: daemon.retain.histroy: unknown key; did you mean \"history\"?"
        ),
        ("[access]\nusers = [1]", "2:10: access.users: expected strings that are not empty, found an integer"),
        ("[access]\nroots = \"~\"", "2:9: access.roots: expected an array of strings, found a string"),
        (
            "[verifiers.syntax]\ncommand = [\"x\"]",
            "1:12: verifiers.syntax: \"syntax\" is built in; choose another name"
        ),
        ("[verifiers.x]", "1:12: verifiers.x.command: missing; expected a program and its arguments"),
        (
            "[plan]\nmode = \"adaptiv\"",
            "2:8: plan.mode: unknown mode \"adaptiv\"; expected adaptive, hybrid, sequential; did you mean \"adaptive\"?"
        ),
        ("[history]\ncontent = 2026-01-01", "2:11: history.content: expected true or false, found a date or time"),
    ])
    func tellsWhereAndWhatWasExpected(source: String, expected: String) throws {
        let lines = try faults(source, in: TemporaryHome())
        #expect(lines.contains("tandem.toml:" + expected), "\(lines)")
    }

    @Test(arguments: [
        (
            "[models.a]\nprovider = \"grok\"\nmodel = \"x\"",
            "7:12: models.a.provider: no provider is named \"grok\"; did you mean \"groq\"?"
        ),
        ("[models.a]\nmodel = \"x\"", "6:9: models.a.provider: missing; expected a name"),
        ("[models.a]\nprovider = \"groq\"", "6:9: models.a.model: missing; expected a name"),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\nfallbacks = [\"mm\"]",
            "9:13: models.a.fallbacks: no model is named \"mm\"; did you mean \"m\"?"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\nfallbacks = [\"a\"]",
            "9:13: models.a.fallbacks: a model cannot be its own fallback"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\nfallbacks = [\"w\"]\n[models.w]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"m\"",
            "9:13: models.a.fallbacks: \"w\" is a workflow; a fallback must be one provider's model"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\naliases = [\"m\"]",
            "9:11: models.a.aliases: \"m\" is also the name of a model"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\naliases = [\"q\", \"q\"]",
            "9:11: models.a.aliases: the alias \"q\" is defined twice"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\nlimits = { temprature = 1 }",
            "9:12: models.a.limits.temprature: unknown key; did you mean \"temperature\"?"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\nlimits = { temperature = \"hot\" }",
            "9:26: models.a.limits.temperature: expected a number, found a string"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\nprice = { input = \"1\" }",
            "9:19: models.a.price.input: expected USD per million tokens, found a string"
        ),
        (
            "[models.a]\nprovider = \"groq\"\nmodel = \"x\"\ncontext = 0",
            "9:11: models.a.context: expected a whole number of at least 1"
        ),
        (
            "[models.a]\nworkflow = \"chian\"",
            "7:12: models.a.workflow: unknown workflow \"chian\"; expected chain, route, expert, escalate; did you mean \"chain\"?"
        ),
        (
            "[models.a]\nworkflow = \"chain\"\nreasoner = \"m\"",
            "6:9: models.a.coder: missing; expected the name of a model"
        ),
        (
            "[models.a]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"n0\"",
            "9:9: models.a.coder: no model is named \"n0\""
        ),
        (
            "[models.a]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"m\"\ndepth = \"deep\"",
            "10:9: models.a.depth: unknown depth \"deep\"; expected low, medium, high"
        ),
        (
            "[models.a]\nworkflow = \"route\"\ncode = \"m\"\ngeneral = \"m\"\ncode_share = 2",
            "10:14: models.a.code_share: expected a number from 0 to 1"
        ),
        (
            "[models.a]\nworkflow = \"route\"\ncode = \"m\"\ngeneral = \"m\"\npolish = { min_length = 1 }",
            "10:10: models.a.polish.model: missing; expected the name of a model"
        ),
        (
            "[models.a]\nworkflow = \"expert\"\nrouter = \"m\"\ncoder = \"m\"\ntools = [\"serch\"]",
            "10:9: models.a.tools: unknown tool \"serch\"; expected generate_code, read_file, list_files, search; did you mean \"search\"?"
        ),
        (
            "[models.a]\nworkflow = \"expert\"\nrouter = \"m\"\ncoder = \"m\"\nmax_rounds = 0",
            "10:14: models.a.max_rounds: expected a whole number of at least 1"
        ),
        ("[plan]\nplanner = \"gpt\"", "7:11: plan.planner: no model is named \"gpt\""),
        (
            "[models.a]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"b\"\n[models.b]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"alias\"\n[models.c]\nworkflow = \"chain\"\nreasoner = \"a\"\ncoder = \"a\"\naliases = [\"alias\"]",
            "16:12: models.c.reasoner: workflows go round in a circle: a → b → c → a"
        ),
        (
            "[models.a]\nworkflow = \"chain\"\nreasoner = \"m\"\ncoder = \"a\"",
            "9:9: models.a.coder: workflows go round in a circle: a → a"
        ),
    ])
    func checksModels(source: String, expected: String) throws {
        let lines = try faults(groq + source, in: TemporaryHome())
        #expect(lines.contains("tandem.toml:" + expected), "\(lines)")
    }

    @Test(arguments: [
        (
            "[providers.a]\nkind = \"opnai\"\nconect_timeout = \"2s\"\nidle_stop = \"1m\"",
            ["2:8: providers.a.kind", "3:1: providers.a.conect_timeout", "4:1: providers.a.idle_stop"]
        ),
        (
            "[providers.a]\nkind = \"watson\"\nconect_timeout = \"2s\"\nidle_stop = \"1m\"",
            ["2:8: providers.a.kind", "3:1: providers.a.conect_timeout"]
        ),
        (
            "[models.a]\nworkflow = \"chian\"\nreasoner = \"offline\"\ncoder = \"nobody\"\ndepht = \"low\"",
            ["2:12: models.a.workflow", "4:9: models.a.coder", "5:1: models.a.depht"]
        ),
    ])
    func aSlipInTheKindHidesNoOtherFault(source: String, expected: [String]) throws {
        let lines = try faults(source, in: TemporaryHome())
        #expect(lines.count == expected.count && zip(lines, expected).allSatisfy { $0.contains($1 + ":") }, "\(lines)")
    }

    @Test func tellsAllFaultsInOrder() throws {
        let lines = try faults(
            "default_model = \"nope\"\n" + groq + "[limits]\nuser = 1\nglobl = \"none\"\n[daemon]\nidle_exit = \"x\"\n",
            in: TemporaryHome())
        let places = ["1:17", "8:8", "9:1", "11:13"]
        #expect(lines.map { String($0.split(separator: ": ")[0]) } == places.map { "tandem.toml:" + $0 }, "\(lines)")
    }

    @Test func tellsSeveralSyntaxErrorsAndOtherFaultsAtOnce() throws {
        let source = """
            [limits]
            user = = 1
            [providers.groq]
            preset = "groq"
            [budget]
            daily_usd = "much"
            [daemon]
            idle_exit = "10m
            [models.m]
            provider = "gone-with-the-section"
            """
        let lines = try faults(source, in: TemporaryHome())
        #expect(lines.count == 3, "\(lines)")
        #expect(lines.first?.hasPrefix("tandem.toml:2:8: ") ?? false)
        #expect(lines.dropFirst().first?.hasPrefix("tandem.toml:6:13: budget.daily_usd: ") ?? false)
        #expect(lines.last?.hasPrefix("tandem.toml:8:") ?? false)
    }

    @Test func refusesNestingThatWouldExhaustTheStack() throws {
        let home = try TemporaryHome()
        let deepKey = String(repeating: "a.", count: 200_000) + "a = 1"
        #expect(try faults(deepKey, in: home) == ["tandem.toml:1:1: a key is nested too deeply"])
        let deepArray = "a = " + String(repeating: "[", count: 100_000)
        #expect(try !faults(deepArray, in: home).isEmpty)
        let headers = (0..<40).map { "[" + String(repeating: "x.", count: $0) + "x]" }.joined(separator: "\n")
        #expect(try faults(headers, in: home).contains { $0.contains("nested too deeply") })
    }

    /// Each level doubles what is looked at: 20 of them would hold the loop up for each request.
    @Test func workflowsAreNestedEightDeepAtMost() throws {
        func chains(_ count: Int) -> String {
            (0..<count).map { level in
                let part = level == 0 ? "m" : "w\(level - 1)"
                return "[models.w\(level)]\nworkflow = \"chain\"\nreasoner = \"\(part)\"\ncoder = \"\(part)\"\n"
            }.joined()
        }
        #expect(try faults(groq + chains(8), in: TemporaryHome()) == [])
        let lines = try faults(groq + chains(20), in: TemporaryHome())
        #expect(
            lines.count == 1 && lines[0].hasSuffix(": models.w8: workflows are nested 9 deep here; expected at most 8"))
    }

    @Test func dotsInStringsAndCommentsAreNoKeys() throws {
        let dots = String(repeating: ".", count: 500)
        let source =
            "# \(dots)\n" + groq + """
                [models.w]
                workflow = "chain"
                reasoner = "m"
                coder = "m"
                instructions = \"\"\"
                \(dots) \\" it's
                \(dots)\"\"\" # \(dots)
                [verifiers.x]
                command = ["\(dots)", '\(dots)']
                """
        #expect(try faults(source, in: TemporaryHome()) == [])
    }

    @Test func aFaultNeverRepeatsAKey() throws {
        let source = """
            [providers.a]
            preset = "groq"
            api_key = "sk-secret"
            apikey = "sk-secret"
            limit = "sk-secret"
            connect_timeout = "sk-secret"
            base_url = "sk-secret"
            [providers]
            b = "sk-secret"
            """
        let lines = try faults(source, in: TemporaryHome())
        #expect(!lines.isEmpty)
        #expect(!lines.contains { $0.contains("secret") }, "\(lines)")
    }

    @Test func printsOnlyThePartsThatApply() {
        let whole = ConfigurationFault(file: "f", line: 1, column: 2, key: "a.b", message: "m", suggestion: "x")
        #expect(whole.description == "f:1:2: a.b: m; did you mean \"x\"?")
        #expect(ConfigurationFault(file: "f", message: "m").description == "f: m")
    }
}
