import TandemBase
import TandemPolicy
import TandemTestSupport
import Testing

@testable import TandemProviders

@Suite struct GeminiRequestTests {
    private func expect(_ params: String, model: String = "gemini-2.5-flash", gives wanted: String) throws {
        let settings = ModelSettings(name: "m", provider: "p", model: model)
        #expect(try canonical(GeminiRequest.bytes(try prompt(params), model: settings)) == canonical(wanted))
    }

    @Test func mapsMessagesAndSampling() throws {
        try expect(
            """
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"a"},
              {"role":"user","content":[{"type":"text","text":"b"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},
                {"type":"image_url","image_url":{"url":"https://example.org/a.png"}},
                {"type":"input_audio","input_audio":{"data":"REVG","format":"mp3"}}]},
              {"role":"assistant","content":"c"},{"role":"developer","content":"Use Swift."}],
             "temperature":0.5,"top_p":0.9,"max_tokens":10,"stop":"END","seed":3,"presence_penalty":1,
             "frequency_penalty":0.5,"logprobs":true,"parallel_tool_calls":true}
            """,
            gives: """
                {"systemInstruction":{"parts":[{"text":"Be brief."},{"text":"Use Swift."}]},
                 "contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"},
                    {"inlineData":{"mimeType":"image/png","data":"QUJD"}},
                    {"fileData":{"fileUri":"https://example.org/a.png"}},
                    {"inlineData":{"mimeType":"audio/mp3","data":"REVG"}}]},
                  {"role":"model","parts":[{"text":"c"}]}],
                 "generationConfig":{"temperature":0.5,"topP":0.9,"maxOutputTokens":10,"seed":3,"presencePenalty":1,
                  "frequencyPenalty":0.5,"stopSequences":["END"]}}
                """)
    }

    /// A workflow's depth, for the models that think.
    @Test(arguments: [
        ("gemini-2.5-pro", "high", true), ("gemini-3-pro", "low", true), ("gemini-1.5-flash", "high", false),
    ])
    func aDepthIsThinkingWhereTheModelThinks(_ model: String, _ depth: String, _ thinks: Bool) throws {
        var asked = try prompt(#"{"messages":[{"role":"user","content":"q"}]}"#)
        asked.reasoningEffort = depth
        let bytes = GeminiRequest.bytes(asked, model: ModelSettings(name: "m", provider: "p", model: model))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("thinkingConfig") == thinks, "\(text)")
    }

    @Test func mapsToolsBothWays() throws {
        let params = """
            {"messages":[{"role":"user","content":"q"},
              {"role":"assistant","tool_calls":[
                {"id":"fc-1","type":"function","function":{"name":"f","arguments":"{\\"x\\":1}"}},
                {"id":"tandem-call-r-1","type":"function","function":{"name":"g","arguments":""}}]},
              {"role":"tool","tool_call_id":"fc-1","content":"{\\"y\\":2}"},
              {"role":"tool","tool_call_id":"tandem-call-r-1","content":"plain"}],
             "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
                      {"google_search":{}}],
             "tool_choice":{"type":"function","function":{"name":"f"}}}
            """
        func wanted(_ signature: String) -> String {
            """
            {"contents":[{"role":"user","parts":[{"text":"q"}]},
              {"role":"model","parts":[{"functionCall":{"id":"fc-1","name":"f","args":{"x":1}}\(signature)},
                {"functionCall":{"name":"g","args":{}}}]},
              {"role":"user","parts":[{"functionResponse":{"id":"fc-1","name":"f","response":{"y":2}}},
                {"functionResponse":{"name":"g","response":{"output":"plain"}}}]}],
             "tools":[{"functionDeclarations":[
                {"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}]},{"google_search":{}}],
             "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}}
            """
        }
        try expect(params, gives: wanted(""))
        try expect(
            params, model: "gemini-3-pro",
            gives: wanted(#","thoughtSignature":"skip_thought_signature_validator""#))
    }

    @Test func mapsThinkingAndFormats() throws {
        let contents = #""contents":[{"role":"user","parts":[{"text":"q"}]}]"#
        let params = """
            {"messages":[{"role":"user","content":"q"}],"reasoning_effort":"medium","response_format":
             {"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},
             "provider_options":{"generationConfig":{"topK":4},"safetySettings":[]}}
            """
        try expect(
            params,
            gives: """
                {\(contents),"safetySettings":[],"generationConfig":{"topK":4,"responseMimeType":"application/json",
                 "responseJsonSchema":{"type":"object"},
                 "thinkingConfig":{"thinkingBudget":8192,"includeThoughts":true}}}
                """)
        try expect(
            #"{"messages":[{"role":"system","content":"q"}],"reasoning_effort":"minimal","tool_choice":"auto"}"#,
            model: "gemini-3.1-flash",
            gives: """
                {\(contents),"generationConfig":{"thinkingConfig":{"thinkingLevel":"low","includeThoughts":true}}}
                """)
    }

    @Test func escapesTheModelInThePath() {
        #expect(geminiPath(model: "gemini-2.5-pro") == "/models/gemini-2.5-pro:streamGenerateContent?alt=sse")
        #expect(geminiPath(model: "tunedModels/a-1") == "/tunedModels/a-1:streamGenerateContent?alt=sse")
        #expect(geminiPath(model: "../x?key=1#") == "/models/..%2Fx%3Fkey%3D1%23:streamGenerateContent?alt=sse")
    }
}

@Suite struct GeminiAnswerTests {
    static let chunks = [
        #"{"candidates":[{"content":{"parts":[{"text":"Hm …","thought":true}],"role":"model"},"index":0}],"#
            + #""usageMetadata":{"promptTokenCount":8},"responseId":"r1"}"#,
        #"{"candidates":[{"content":{"parts":[{"text":"Vier "},{"text":"🙂","thoughtSignature":"cw=="}],"role":"model"},"index":0}],"responseId":"r1"}"#,
        #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x": 1}}},{"functionCall":{"id":"g1","name":"g"}}],"role":"model"},"#
            + #""finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":5,"#
            + #""totalTokenCount":20,"thoughtsTokenCount":7,"cachedContentTokenCount":2},"responseId":"r1"}"#,
    ]

    static func stream(_ chunks: [String]) -> String { chunks.map { "data: \($0)\r\n\r\n" }.joined() }

    private var expected: Answer {
        var answer = Answer()
        answer.completion.reasoning = "Hm …"
        answer.completion.content = "Vier 🙂"
        answer.completion.toolCalls = [
            ToolCall(id: "tandem-call-r1-0", name: "f", arguments: #"{"x": 1}"#),
            ToolCall(id: "g1", name: "g", arguments: "{}"),
        ]
        var usage = Usage()
        usage.promptTokens = 8
        usage.cachedTokens = 2
        usage.completionTokens = 12
        usage.reasoningTokens = 7
        answer.usage = usage
        return answer
    }

    @Test func readsAStreamCutAnywhere() {
        let stream = Array(Self.stream(Self.chunks).utf8)
        for position in 0...stream.count where decode(stream, splitAt: position, with: GeminiDecoder()) != expected {
            Issue.record("cut at \(position)")
        }
    }

    @Test func readsAListWhereNoStreamCame() throws {
        #expect(try decode("[" + Self.chunks.joined(separator: ",") + "]", with: GeminiDecoder()) == expected)
    }

    private func ask(_ reply: Reply, model: String = "gemini-2.5-flash") throws -> (ScriptedUpstream, KindProbe) {
        let upstream = try ScriptedUpstream(reply)
        let models = [ModelSettings(name: "m", provider: "p", model: model)]
        let params = #"{"messages":[{"role":"user","content":"What is two and two, please?"}]}"#
        let settings = [provider(.gemini, upstream.baseURL)]
        return (upstream, try KindProbe(settings, try prompt(params), models: models, keeping: upstream))
    }

    private func sse(_ chunks: String...) -> Reply { .sse([.text(Self.stream(chunks))]) }

    @Test func sendsTheKeyInItsHeaderAndNeverInTheURL() throws {
        let (upstream, probe) = try ask(.sse([.text(Self.stream(Self.chunks))]))
        #expect(probe.completion()?.content == "Vier 🙂" && probe.completion()?.finishReason == .toolCalls)
        let request = upstream.requests[0]
        #expect(request.path == "/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
        #expect(request.header("x-goog-api-key") == testKey && request.header("authorization") == nil)
    }

    @Test(arguments: [
        ("MAX_TOKENS", FinishReason.length), ("SAFETY", .contentFilter), ("RECITATION", .contentFilter),
        ("PROHIBITED_CONTENT", .contentFilter), ("OTHER", .stop),
    ])
    func namesFinishReasons(_ reason: String, _ wanted: FinishReason) throws {
        let chunk = #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"\#(reason)"}]}"#
        let (_, probe) = try ask(sse(chunk))
        #expect(probe.completion()?.finishReason == wanted && probe.completion()?.usage.estimated == true)
    }

    /// As LiteLLM streams.
    @Test func countsItselfWhereOnlyNoughtsCome() throws {
        let counts = #""usageMetadata":{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}"#
        let (_, probe) = try ask(
            sse(#"{"candidates":[{"content":{"parts":[{"text":"four"}]},"finishReason":"STOP"}],\#(counts)}"#))
        let usage = try #require(probe.completion()?.usage)
        #expect(usage.estimated && usage.promptTokens > 0 && usage.completionTokens > 0)
    }

    @Test func typesItsFailures() throws {
        func kind(_ reply: Reply) throws -> CallFailure? { try ask(reply).1.failures().first }
        func error(_ code: Int, _ status: String, _ message: String, details: String = "[]") -> Reply {
            .json(
                #"{"error":{"code":\#(code),"message":"\#(message)","status":"\#(status)","details":\#(details)}}"#,
                status: code)
        }
        #expect(try kind(error(400, "INVALID_ARGUMENT", "API key not valid. Please pass one.")) == .status(401))
        #expect(try kind(error(400, "INVALID_ARGUMENT", "Unknown name")) == .status(400))
        #expect(try kind(error(404, "NOT_FOUND", "models/x is not found")) == .status(404))
        let retry = #"[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]"#
        #expect(
            try kind(error(429, "RESOURCE_EXHAUSTED", "quota", details: retry))
                == .status(429, retryAfter: .milliseconds(34_500)))
        #expect(try kind(sse(#"{"promptFeedback":{"blockReason":"SAFETY"}}"#)) == .contentFilter)
        #expect(
            try kind(sse(#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#)) == .streamBroken)
        #expect(
            try kind(sse(#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#)) == .status(503))
        #expect(try kind(.nonsense) == .malformed)
        #expect(try kind(sse(Self.chunks[0])) == .streamBroken)
    }

    @Test func cancelClosesTheTransfer() throws {
        let (upstream, probe) = try ask(sse(Self.chunks[1]).followedByHang)
        #expect(probe.firstDelta.wait())
        let time = MonotonicTime.now()
        try probe.cancel()
        #expect(upstream.requests[0].abandoned.wait())
        #expect((upstream.requests[0].abandonedAt ?? .now()) - time < .milliseconds(100))
        #expect(probe.seen.steps.map(\.status) == [.cancelled] && probe.seen.inFlight == 0)
    }
}
