import TandemBase
import TandemPolicy
import TandemTestSupport
import Testing

@testable import TandemProviders

@Suite struct RunloopTests {
    private let question = #"{"messages":[{"role":"user","content":"What is 2+2? $(touch /tmp/x) `id` \"'; rm -rf"}]}"#

    private func ask(
        _ box: ScriptedDevbox, _ params: String? = nil, model: String = "qwen2.5-coder",
        configure: (inout ProviderSettings) -> Void = { _ in }
    ) throws -> KindProbe {
        var settings = provider(.runloop, box.rootURL)
        var runloop = RunloopSettings()
        runloop.devbox = "box-1"
        settings.runloop = runloop
        configure(&settings)
        let models = [ModelSettings(name: "m", provider: "p", model: model)]
        return try KindProbe([settings], try prompt(params ?? question), models: models)
    }

    private func chunked(_ change: (inout ScriptedDevbox.Command) -> Void) -> ScriptedDevbox.Command {
        var command = ScriptedDevbox.Command()
        change(&command)
        return command
    }

    @Test func sendsThePromptOverStandardInputOnly() throws {
        let box = try ScriptedDevbox()
        let probe = try ask(box)
        let completion = probe.completion()
        #expect(completion?.content == "Vier – “4”\n" && completion?.usage.estimated == true)
        #expect(probe.seen.deltas.count == 3)
        #expect(box.seen.commands == ["ollama run qwen2.5-coder"])
        #expect(box.seen.input == "What is 2+2? $(touch /tmp/x) `id` \"'; rm -rf\n" && box.seen.gotEOF)
        #expect(box.seen.authorization == ["Bearer \(testKey)"])
        #expect(box.seen.kills.isEmpty && probe.seen.inFlight == 0)
    }

    @Test func sendsLongPromptsInPieces() throws {
        let box = try ScriptedDevbox()
        let text = String(repeating: "äöü🙂", count: 30_000)
        let probe = try ask(
            box,
            """
            {"messages":[{"role":"system","content":"S"},{"role":"user","content":"\(text)"},
             {"role":"assistant","content":"A"},{"role":"user","content":"more"}]}
            """)
        #expect(probe.completion() != nil)
        #expect(box.seen.input == "S\n\nUser: \(text)\n\nAssistant: A\n\nUser: more\n\nAssistant:\n")
    }

    @Test(arguments: [false, true])
    func resumesTheOutputWhereItWasCut(_ countsFromStart: Bool) throws {
        let box = try ScriptedDevbox(
            chunked {
                $0.cuts = [1, 1, 2]
                $0.countsFromStart = countsFromStart
            })
        let probe = try ask(box)
        #expect(probe.completion()?.content == "Vier – “4”\n")
        #expect(box.seen.offsets == [0, 5, 5, 16])
    }

    @Test func noticesAStreamThatEndedTooEarly() throws {
        let box = try ScriptedDevbox(chunked { $0.cleanCut = 1 })
        #expect(try ask(box).completion()?.content == "Vier – “4”\n")
        #expect(box.seen.offsets == [0, 5])
    }

    @Test func resumptionsAreBounded() throws {
        let box = try ScriptedDevbox(
            chunked {
                $0.cuts = Array(repeating: 0, count: 100)
                $0.hangs = true
            })
        let probe = try ask(box) { $0.timeouts.firstToken = .milliseconds(400) }
        #expect(probe.failures() == [.timeout, .timeout, .timeout])
        #expect(box.killed.wait() && box.seen.offsets.count <= 18)
    }

    @Test func takesAnswersOfMoreThanAHundredLines() throws {
        let lines = (1...500).map { "line \($0)\n" }
        let box = try ScriptedDevbox(chunked { $0.chunks = lines })
        #expect(try ask(box).completion()?.content == lines.joined())
    }

    @Test func splitsInlineThinking() throws {
        let box = try ScriptedDevbox(chunked { $0.chunks = ["<thi", "nk>hm</think>", "\n\nfour"] })
        let completion = try ask(box).completion()
        #expect(completion?.reasoning == "hm" && completion?.content == "four")
    }

    @Test(arguments: [
        (1, "\u{1B}[?25lError: model 'qwen' not found, try pulling it first\n", CallFailure.status(404)),
        (127, "bash: ollama: command not found", .status(404)), (137, "Killed", .status(500)),
        (1, "Error: could not connect to ollama app, is it running?", .connect),
        (1, "Error: the prompt exceeds the available context size", .contextLength),
    ])
    func typesExitStatuses(_ status: Int, _ stderr: String, _ wanted: CallFailure) throws {
        let box = try ScriptedDevbox(
            chunked {
                $0.chunks = []
                $0.status = status
                $0.stderr = stderr
            })
        let probe = try ask(box) { $0.breaker.minSamples = 100 }
        #expect(probe.failures().first == wanted)
        #expect(box.seen.kills.isEmpty && probe.seen.inFlight == 0)
        #expect(probe.seen.attempts.allSatisfy { !$0.failure.message.contains("\u{1B}") })
    }

    @Test func aFailureAfterOutputIsNoAnswer() throws {
        let box = try ScriptedDevbox(chunked { $0.status = 1 })
        let probe = try ask(box)
        #expect(probe.completion() == nil && probe.failures().first == .status(500))
    }

    @Test func aCommandThatTakesNoInputIsToldByItsStatus() throws {
        let box = try ScriptedDevbox(
            chunked {
                $0.takesInput = false
                $0.status = 127
            })
        #expect(try ask(box).failures() == [.status(404)])
    }

    @Test func createsADevboxFromTheBlueprint() throws {
        let box = try ScriptedDevbox(status: "shutdown")
        let probe = try ask(box) { settings in
            settings.runloop?.devbox = nil
            settings.runloop?.blueprint = "bp-1"
        }
        #expect(probe.completion() != nil)
        #expect(box.seen.creations.count == 1 && box.seen.creations[0].contains(#""blueprint_id":"bp-1""#))
        #expect(box.seen.creations[0].contains(#""on_idle":"suspend""#))
    }

    @Test func findsTheDevboxThatItMadeBefore() throws {
        let box = try ScriptedDevbox(status: "running")
        let first = try ScriptedDevbox(status: "shutdown")
        let made = try ask(first) { settings in
            settings.runloop?.devbox = nil
            settings.runloop?.blueprint = "bp-1"
        }
        #expect(made.completion() != nil)
        let metadata = first.seen.creations[0].split(separator: #""metadata":"#)[1].prefix { $0 != "}" } + "}"
        box.update { state in
            state.others = [
                #"{"id":"box-9","status":"running","blueprint_id":"bp-1","metadata":{}}"#,
                #"{"id":"box-1","status":"suspended","blueprint_id":"bp-1","metadata":\#(metadata)}"#,
            ]
        }
        let probe = try ask(box) { settings in
            settings.runloop?.devbox = nil
            settings.runloop?.blueprint = "bp-1"
        }
        #expect(probe.completion() != nil && box.seen.creations.isEmpty)
    }

    @Test(arguments: ["suspended", "suspending", "provisioning"])
    func bringsADevboxUp(_ status: String) throws {
        let box = try ScriptedDevbox(status: status)
        #expect(try ask(box).completion() != nil)
        #expect(box.seen.resumed == (status == "provisioning" ? 0 : 1))
    }

    @Test func saysWhatToDoWithoutADevbox() throws {
        let box = try ScriptedDevbox(status: "shutdown")
        let probe = try ask(box)
        #expect(probe.failures() == [.notSent(.disabled)])
        #expect(probe.seen.attempts[0].failure.message.contains("blueprint"))
        let none = try ask(box) { $0.runloop?.devbox = nil }
        #expect(none.failures() == [.notSent(.disabled)])
    }

    @Test func modelNamesNeverReachTheShellUnchecked() throws {
        let box = try ScriptedDevbox()
        #expect(try ask(box, model: "x; rm -rf /").failures() == [.status(404)])
        #expect(try ask(box, model: "--help").failures() == [.status(404)])
        #expect(box.seen.commands.isEmpty)
        #expect(RunloopCommand.words("{model}{x}{model}", model: "a:1") == "a:1{x}a:1")
    }

    @Test func cancelKillsTheProcessGroup() throws {
        let box = try ScriptedDevbox(chunked { $0.hangs = true })
        let probe = try ask(box)
        #expect(probe.firstDelta.wait())
        let time = MonotonicTime.now()
        try probe.cancel()
        #expect(box.killed.wait() && MonotonicTime.now() - time < .milliseconds(100))
        #expect(box.seen.kills == [#"{"kill_process_group":true}"#])
        #expect(probe.seen.steps.map(\.status) == [.cancelled] && probe.seen.inFlight == 0)
    }

    @Test func anExecutionThatStartsAfterTheCancelIsKilled() throws {
        let gate = Gate()
        let box = try ScriptedDevbox(chunked { $0.startGate = gate })
        let probe = try ask(box)
        #expect(eventually { !box.seen.commands.isEmpty })
        try probe.cancel()
        gate.open()
        #expect(box.killed.wait() && box.seen.input.isEmpty)
    }

    @Test func timeoutsKillToo() throws {
        let box = try ScriptedDevbox(chunked { $0.hangs = true })
        let probe = try ask(box) { $0.timeouts.idle = .milliseconds(50) }
        #expect(probe.failures() == [.stall])
        #expect(box.killed.wait())
    }

    @Test func typesTheAPIsOwnFailures() throws {
        let refused = try ScriptedUpstream(.json(#"{"message":"bad token"}"#, status: 401))
        var settings = provider(.runloop, "http://127.0.0.1:\(refused.port)/v1")
        var runloop = RunloopSettings()
        runloop.devbox = "box-1"
        settings.runloop = runloop
        #expect(try KindProbe([settings], try prompt(question), keeping: refused).failures() == [.status(401)])
        #expect(refused.requests[0].path == "/v1/devboxes/box-1")
        settings.baseURL = "http://127.0.0.1:1"
        #expect(try KindProbe([settings], try prompt(question)).failures().first == .connect)
    }

    @Test func readsOffsetsInBothMeanings() {
        var ends = StdoutPosition()
        #expect(ends.take("abc", offset: 3) == "abc" && ends.take("de", offset: 5) == "de")
        #expect(ends.take("cde", offset: 5) == "" && ends.take("ef", offset: 6) == "f" && ends.position == 6)
        var starts = StdoutPosition()
        #expect(starts.take("abc", offset: 0) == "abc" && starts.take("bcd", offset: 1) == "d")
        #expect(starts.take("e", offset: 4) == "e" && starts.position == 5)
        var none = StdoutPosition()
        #expect(none.take("abc", offset: nil) == "abc" && none.position == 3)
    }
}
