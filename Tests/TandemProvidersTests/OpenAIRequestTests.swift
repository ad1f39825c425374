import TandemJSON
import Testing

@testable import TandemProviders

@Suite struct OpenAIRequestTests {
    private let messages = Array(#"[ {"role":"user","content":"a\u00e9\/ 🦊" , "x":1.50} ]"#.utf8)

    private func request(
        members: [(String, String)] = [], defaults: [(String, String)] = [], options: String? = nil,
        quirks: OpenAIQuirks = OpenAIQuirks()
    ) throws -> String {
        let prompt = Prompt(
            messages: messages[...], members: members.map { Prompt.Member($0.0, Array($0.1.utf8)[...]) },
            providerOptions: try options.map { try JSONDocument(Array($0.utf8)).root })
        var model = ModelSettings(name: "m", provider: "p", model: "up/m\"1")
        model.defaults = defaults.map { .init(name: $0.0, json: Array($0.1.utf8)) }
        return String(decoding: openAIRequest(prompt, model: model, quirks: quirks), as: UTF8.self)
    }

    private let head = #"{"model":"up/m\"1","messages":[ {"role":"user","content":"a\u00e9\/ 🦊" , "x":1.50} ]"#
    private let tail = #","stream":true,"stream_options":{"include_usage":true}}"#

    @Test func membersPassThroughByteForByte() throws {
        let members = [("temperature", "0.70"), ("tools", "[ {\"a\" : 1e2} ]"), ("stop", "[\"\\u000a\"]")]
        #expect(
            try request(members: members)
                == head + #","temperature":0.70,"tools":[ {"a" : 1e2} ],"stop":["\u000a"]"# + tail)
    }

    /// A workflow's depth, where the model or the provider takes it; others would answer 400.
    @Test(arguments: [
        ("openai/gpt-oss-120b", false, true), ("o3-mini", false, true), ("llama-3.3-70b", false, false),
        ("llama-3.3-70b", true, true),
    ])
    func aDepthIsAnEffortWhereItIsKnown(_ model: String, _ takesAll: Bool, _ isSent: Bool) {
        var prompt = Prompt(messages: messages[...])
        prompt.reasoningEffort = "high"
        var quirks = OpenAIQuirks()
        quirks.reasoningEffort = takesAll
        let settings = ModelSettings(name: "m", provider: "p", model: model)
        func text() -> String {
            String(decoding: openAIRequest(prompt, model: settings, quirks: quirks), as: UTF8.self)
        }
        #expect(text().contains(#""reasoning_effort":"high""#) == isSent)
        // What the client itself asked for comes first.
        prompt.members = [Prompt.Member("reasoning_effort", Array("\"low\"".utf8)[...])]
        #expect(text().contains(#""reasoning_effort":"low""#) && !text().contains("high"))
    }

    @Test func defaultsGoUnderTheRequestsOwn() throws {
        let text = try request(
            members: [("temperature", "1")], defaults: [("temperature", "0.2"), ("max_tokens", "9")])
        #expect(text == head + #","temperature":1,"max_tokens":9"# + tail)
    }

    @Test func providerOptionsLieOverEverything() throws {
        let text = try request(
            members: [("temperature", "1"), ("seed", "3")], defaults: [("top_p", "0.5")],
            options: #"{"temperature": 0.0, "top_p":1, "model":"other", "transforms":["x"], "nothing":null}"#)
        let expected =
            String(head.replacing(#""model":"up/m\"1","#, with: "")) + #","seed":3"# + tail.dropLast()
            + #","temperature":0.0,"top_p":1,"model":"other","transforms":["x"],"nothing":null}"#
        #expect(text == expected)
        // Each member once: servers differ in which of two they take.
        #expect(try JSONDocument(Array(text.utf8)).root.duplicateKey == nil)
    }

    @Test func optionsMayTurnTheStreamOff() throws {
        #expect(try request(options: #"{"stream":false}"#) == head + #","stream":false}"#)
        #expect(try request(options: #"{"stream_options":null}"#) == head + #","stream":true}"#)
        #expect(try request(options: #"{"stream_options":{}}"#) == head + #","stream":true}"#)
    }

    @Test func aModelsOwnOptionsLieOverWhatTheClientLeavesAsItIs() throws {
        let defaults = [("provider_options", #"{"stream_options":{},"top_k":3}"#)]
        #expect(try request(defaults: defaults) == head + #","stream":true,"top_k":3}"#)
        #expect(try request(defaults: defaults, options: #"{"top_k":4}"#) == head + tail.dropLast() + #","top_k":4}"#)
    }

    @Test func anUnstreamedRequestIsStreamedOnlyWhereThatLosesNoUsage() throws {
        var prompt = Prompt(messages: messages[...])
        prompt.wantsStream = false
        let model = ModelSettings(name: "m", provider: "p", model: "up/m\"1")
        func text(_ quirks: OpenAIQuirks) -> String {
            String(decoding: openAIRequest(prompt, model: model, quirks: quirks), as: UTF8.self)
        }
        #expect(text(OpenAIQuirks()) == head + "}")
        var counting = OpenAIQuirks()
        counting.countsStreams = true
        #expect(text(counting) == head + tail)
    }

    @Test func dialectsDiffer() throws {
        var quirks = OpenAIQuirks()
        quirks.streamOptions = false
        #expect(try request(quirks: quirks) == head + #","stream":true}"#)
        quirks.maxCompletionTokens = true
        let text = try request(members: [("max_tokens", "5")], quirks: quirks)
        #expect(text == head + #","max_completion_tokens":5,"stream":true}"#)
    }

    @Test func hugeLimitsDoNotOverflowTheReservation() throws {
        let prompt = Prompt(
            messages: messages[...], members: [.init("max_tokens", Array("9223372036854775807".utf8)[...])])
        #expect(prompt.maxTokens == Usage.countLimit)
        #expect(prompt.estimatedPromptTokens + (prompt.maxTokens ?? 0) > 0)
    }
}
