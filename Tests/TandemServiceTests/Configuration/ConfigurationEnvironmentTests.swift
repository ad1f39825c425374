import TandemBase
import TandemProviders
import TandemService
import TandemTestSupport
import TandemWorkflows
import Testing

/// What the environment adds and what it overrules.
struct ConfigurationEnvironmentTests {
    @Test func everyPresetIsFoundByItsVariable() throws {
        for preset in Preset.all where !preset.isLocal {
            for variable in preset.keyVariables {
                let configuration = try Configuration.load(environment: ["HOME": "/h", variable: "key"])
                #expect(configuration.providers.map(\.name) == [preset.name, "offline"])
                #expect(configuration.provider(preset.name)?.apiKey == Secret("key"))
                #expect(configuration.defaultModel == preset.models.first?.name)
                #expect(configuration.models.count == preset.models.count + 1)
            }
        }
    }

    @Test func theFirstUsableProviderTakesTheShortName() throws {
        var environment = ["HOME": "/h", "GROQ_API_KEY": "a", "CEREBRAS_API_KEY": "b"]
        guard case .leaf(let first)? = try Configuration.load(environment: environment).resolve("llama-70b") else {
            Issue.record("no leaf")
            return
        }
        #expect(first.provider == "groq")
        environment["TANDEM_GROQ_ENABLED"] = "false"
        let configuration = try Configuration.load(environment: environment)
        guard case .leaf(let second)? = configuration.resolve(configuration.defaultModel) else {
            Issue.record("no leaf")
            return
        }
        #expect(second.provider == "cerebras")
        #expect(configuration.provider("groq")?.enabled == false)
    }

    @Test func noProviderThatIsSwitchedOffIsTheDefault() throws {
        let configuration = try Configuration.load(
            environment: ["HOME": "/h", "GROQ_API_KEY": "a", "TANDEM_GROQ_ENABLED": "false"])
        #expect(configuration.defaultModel == "offline" && configuration.resolve("llama-70b") != nil)
    }

    @Test func configuredProvidersEndTheSearch() throws {
        let configuration = try load(
            "[providers.mine]\npreset = \"mistral\"\n", in: TemporaryHome(), ["GROQ_API_KEY": "a"])
        #expect(configuration.providers.map(\.name) == ["mine", "offline"])
        #expect(configuration.localCandidates.isEmpty)
    }

    @Test func aModelMayNameAPresetWhoseKeyIsNotThere() throws {
        let configuration = try load(
            "default_model = \"ollama/llama3\"\n[models.a]\nprovider = \"groq\"\nmodel = \"x\"\n", in: TemporaryHome())
        #expect(configuration.providers.map(\.name) == ["groq", "ollama", "offline"])
        #expect(configuration.provider("groq")?.apiKeyProblem == "environment variable GROQ_API_KEY is not set")
        #expect(configuration.localCandidates.map(\.name) == ["llama-server"])
        #expect(configuration.warnings.map(\.key) == ["providers.groq.api_key"])
    }

    @Test(arguments: [
        ("[providers.my-groq.x]", "TANDEM_MY_GROQ_X_ENABLED"), ("", "TANDEM_QWEN_ENABLED"), ("", "QWEN_ENABLED"),
    ])
    func theVariableWinsOverEnabled(header: String, variable: String) throws {
        let name = header.isEmpty ? "qwen" : "my-groq.x"
        let text = "[providers.\"\(name)\"]\nkind = \"offline\"\nenabled = true\n"
        #expect(try load(text, in: TemporaryHome()).provider(name)?.enabled == true)
        #expect(try load(text, in: TemporaryHome(), [variable: "False"]).provider(name)?.enabled == false)
        let odd = try load(text, in: TemporaryHome(), [variable: "perhaps"])
        #expect(odd.provider(name)?.enabled == true)
        #expect(odd.warnings.map(\.description) == ["environment: \(variable): expected true or false; ignored"])
    }

    @Test func theNewVariableWinsOverTheOldOne() throws {
        let text = "[providers.qwen]\nkind = \"offline\"\n"
        let both = ["QWEN_ENABLED": "true", "TANDEM_QWEN_ENABLED": "false"]
        #expect(try load(text, in: TemporaryHome(), both).provider("qwen")?.enabled == false)
    }

    @Test func dualModelModeTurnsTheRouterOff() throws {
        let text = groq + "[models.e]\nworkflow = \"expert\"\nrouter = \"m\"\ncoder = \"m\"\n"
        func dualModel(_ variables: [String: String]) throws -> Bool? {
            guard case .workflow(let workflow)? = try load(text, in: TemporaryHome(), variables).resolve("e"),
                case .expert(let expert) = workflow.settings
            else { return nil }
            return expert.dualModel
        }
        #expect(try dualModel([:]) == true)
        #expect(try dualModel(["DUAL_MODEL_MODE": "false"]) == false)
    }

    @Test func runloopReadsBothSpellings() throws {
        let text = "[providers.r]\nkind = \"runloop\"\ndevbox = { env = \"MINE\" }\n"
        func devbox(_ variables: [String: String]) throws -> String? {
            try load(text, in: TemporaryHome(), variables).provider("r")?.runloop?.devbox
        }
        #expect(try devbox(["MINE": "a", "RUNLOOP_DEVOX_ID": "c"]) == "a")
        #expect(try devbox(["RUNLOOP_DEVBOX_ID": "b", "RUNLOOP_DEVOX_ID": "c"]) == "b")
        #expect(try devbox(["RUNLOOP_DEVOX_ID": "c"]) == "c")
        #expect(try devbox([:]) == nil)
    }

    @Test(arguments: [
        ("box", "http://box:11434/v1"), (":9999", "http://127.0.0.1:9999/v1"), ("0.0.0.0:1", "http://127.0.0.1:1/v1"),
        ("https://ai.example", "https://ai.example:443/v1"), ("http://h:5/", "http://h:5/v1"),
        ("[::1]:7", "http://[::1]:7/v1"),
        ("[::1]", "http://[::1]:11434/v1"), ("me:pw@h", "http://127.0.0.1:11434/v1"),
        ("h:port", "http://127.0.0.1:11434/v1"),
    ])
    func ollamaHost(variable: String, expected: String) throws {
        let configuration = try Configuration.load(environment: ["HOME": "/h", "OLLAMA_HOST": variable])
        #expect(configuration.localCandidates.first?.baseURL == expected)
    }

    @Test func aLocalServerThatAnswersBecomesTheDefault() throws {
        var configuration = try Configuration.load(environment: ["HOME": "/h"])
        let ollama = try #require(configuration.localCandidates.first)
        configuration.addLocal(ollama, models: ["llama3:8b", "offline"])
        #expect(configuration.providers.map(\.name) == ["ollama", "offline"])
        #expect(configuration.models.map(\.name) == ["llama3:8b", "offline"])
        #expect(configuration.defaultModel == "llama3:8b")
        #expect(configuration.resolve("ollama/offline") != nil)
        configuration.addLocal(ollama, models: ["again"])
        #expect(configuration.models.count == 2)
    }

    @Test func aModelFileAndALlamaServerMakeALocalProvider() throws {
        let home = try TemporaryHome()
        try home.write("bin/llama-server", "#!/bin/sh\n", mode: 0o700)
        let variables = ["HOME": home.path, "LANGUAGE_MODEL_PATH": "~/m.gguf"]
        let path = ["PATH": "/none:\(home.path)/bin"]
        let configuration = try Configuration.load(environment: variables.merging(path) { $1 })
        #expect(configuration.provider("local")?.llama?.modelPath == home.path + "/m.gguf")
        #expect(configuration.defaultModel == "local")
        #expect(try Configuration.load(environment: variables).provider("local") == nil)
    }
}
