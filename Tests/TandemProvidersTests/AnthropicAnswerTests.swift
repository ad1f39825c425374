import TandemBase
import TandemPolicy
import TandemTestSupport
import Testing

@testable import TandemProviders

/// Events as https://platform.claude.com/docs/en/build-with-claude/streaming shows them.
enum AnthropicMaterial {
    static func event(_ json: String) -> String {
        let type = json.split(separator: "\"")[3]
        return "event: \(type)\ndata: \(json)\n\n"
    }

    static let start = event(
        #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"#
            + #""model":"m","stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":3,"#
            + #""cache_read_input_tokens":10,"output_tokens":1}}}"#)

    static func text(_ text: String, index: Int = 0) -> String {
        event(
            #"{"type":"content_block_delta","index":\#(index),"delta":{"type":"text_delta","text":"\#(text)"}}"#)
    }

    static let end =
        event(
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"#
                + #""usage":{"output_tokens":15,"output_tokens_details":{"thinking_tokens":6}}}"#)
        + event(#"{"type":"message_stop"}"#)

    static let overloaded = event(
        #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)

    static let whole =
        start + event(#"{"type":"ping"}"#)
        + event(
            #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#
        )
        + event(
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm, 2+2 …"}}"#)
        + event(
            #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#)
        + event(#"{"type":"content_block_stop","index":0}"#)
        + event(#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#)
        + text("Vier – ", index: 1) + text("“4” 🙂", index: 1) + event(#"{"type":"content_block_stop","index":1}"#)
        + event(
            #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"add","input":{}}}"#
        )
        + event(
            #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#)
        + event(
            #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\": 2,"}}"#
        )
        + event(
            #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":" \"b\": 2}"}}"#
        )
        + event(#"{"type":"content_block_stop","index":2}"#)
        + event(
            #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}"#
        )
        + event(#"{"type":"content_block_stop","index":3}"#)
        + event(#"{"type":"some_later_event","x":1}"#) + end

    /// The same, unstreamed.
    static let message = """
        {"id":"msg","type":"message","role":"assistant","model":"m","content":[
          {"type":"thinking","thinking":"Hm, 2+2 …","signature":"x"},{"type":"redacted_thinking","data":"y"},
          {"type":"text","text":"Vier – “4” 🙂"},
          {"type":"tool_use","id":"toolu_1","name":"add","input":{"a": 2, "b": 2}},
          {"type":"tool_use","id":"toolu_2","name":"now","input":{}}],"stop_reason":"end_turn",
         "usage":{"input_tokens":25,"cache_creation_input_tokens":3,"cache_read_input_tokens":10,
                  "output_tokens":15,"output_tokens_details":{"thinking_tokens":6}}}
        """
}

@Suite struct AnthropicAnswerTests {
    private var expected: Answer {
        var answer = Answer()
        answer.completion.reasoning = "Hm, 2+2 …"
        answer.completion.content = "Vier – “4” 🙂"
        answer.completion.toolCalls = [
            ToolCall(id: "toolu_1", name: "add", arguments: #"{"a": 2, "b": 2}"#),
            ToolCall(id: "toolu_2", name: "now", arguments: "{}"),
        ]
        var usage = Usage()
        usage.promptTokens = 38
        usage.cachedTokens = 10
        usage.completionTokens = 15
        usage.reasoningTokens = 6
        answer.usage = usage
        return answer
    }

    @Test func readsAStreamCutAnywhere() {
        let stream = Array(AnthropicMaterial.whole.utf8)
        for position in 0...stream.count where decode(stream, splitAt: position, with: AnthropicDecoder()) != expected {
            Issue.record("cut at \(position)")
        }
    }

    @Test func readsAWholeMessage() throws {
        let answer = try decode(AnthropicMaterial.message, with: AnthropicDecoder())
        #expect(answer == expected)
    }

    @Test(arguments: [
        ("end_turn", FinishReason.stop), ("stop_sequence", .stop), ("max_tokens", .length), ("tool_use", .toolCalls),
        ("refusal", .contentFilter), ("model_context_window_exceeded", .length), ("pause_turn", .stop),
    ])
    func namesFinishReasons(_ reason: String, _ wanted: FinishReason) {
        #expect(FinishReason(anthropic: reason) == wanted)
    }

    // MARK: through the real call

    private func ask(
        _ replies: Reply..., configure: (inout ProviderSettings) -> Void = { _ in }
    ) throws -> (ScriptedUpstream, KindProbe) {
        let upstream = try ScriptedUpstream { replies[min($0.index, replies.count - 1)] }
        var settings = provider(.anthropic, upstream.baseURL)
        configure(&settings)
        let params = #"{"messages":[{"role":"user","content":"What is two and two, please?"}]}"#
        return (upstream, try KindProbe([settings], try prompt(params), keeping: upstream))
    }

    private func sse(_ text: String) -> Reply { .sse([.text(text)]) }

    @Test func sendsTheKeyInItsHeader() throws {
        let (upstream, probe) = try ask(sse(AnthropicMaterial.whole).dripped(size: 7))
        let completion = probe.completion()
        #expect(completion?.content == "Vier – “4” 🙂" && completion?.finishReason == .toolCalls)
        #expect(completion?.usage.promptTokens == 38 && completion?.usage.estimated == false)
        let request = upstream.requests[0]
        #expect(request.path == "/v1/messages" && request.header("x-api-key") == testKey)
        #expect(request.header("anthropic-version") == "2023-06-01" && request.header("authorization") == nil)
    }

    @Test func retriesAnOverloadedProvider() throws {
        let error = #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#
        let (upstream, probe) = try ask(
            .json(error, status: 529), sse(AnthropicMaterial.start + AnthropicMaterial.overloaded),
            sse(AnthropicMaterial.whole))
        #expect(probe.completion() != nil)
        #expect(probe.failures() == [.status(529), .status(529)] && upstream.requests.count == 3)
        #expect(probe.seen.attempts.allSatisfy { $0.failure.failure.health == .failure })
        #expect(probe.seen.inFlight == 0)
    }

    @Test func typesItsFailures() throws {
        func kind(_ reply: Reply) throws -> CallFailure? { try ask(reply).1.failures().first }
        func error(_ type: String, _ status: Int, _ message: String = "no") -> Reply {
            .json(#"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"}}"#, status: status)
        }
        #expect(try kind(error("authentication_error", 401)) == .status(401))
        #expect(try kind(error("invalid_request_error", 400)) == .status(400))
        #expect(
            try kind(error("invalid_request_error", 400, "prompt is too long: 9 tokens > 8")) == .contextLength)
        #expect(try kind(error("not_found_error", 404)) == .status(404))
        #expect(try kind(error("request_too_large", 413)) == .contextLength)
        #expect(try kind(.nonsense) == .malformed)
        #expect(try kind(sse(AnthropicMaterial.start)) == .malformed)
        #expect(try kind(sse(AnthropicMaterial.start + AnthropicMaterial.text("half"))) == .streamBroken)
        let refused = AnthropicMaterial.event(
            #"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#)
        #expect(try kind(sse(refused)) == .status(400))
    }

    @Test func keysAndPromptsStayOutOfMessages() throws {
        let message = "bad key \(testKey), prompt was: What is two and two, please?"
        let (_, probe) = try ask(
            .json(#"{"type":"error","error":{"type":"api_error","message":"\#(message)"}}"#, status: 500))
        _ = probe.failures()
        let shown = probe.seen.attempts.map(\.failure.message).joined()
        #expect(!shown.contains(testKey.prefix(10)) && !shown.contains("two and two"))
    }

    @Test func timesOutBeforeTheFirstTokenAndBetweenPieces() throws {
        let (_, silent) = try ask(sse(AnthropicMaterial.start).followedByHang) {
            $0.timeouts.firstToken = .milliseconds(50)
        }
        #expect(silent.failures().allSatisfy { $0 == .timeout } && !silent.failures().isEmpty)
        let (_, stalled) = try ask(sse(AnthropicMaterial.start + AnthropicMaterial.text("a")).followedByHang) {
            $0.timeouts.idle = .milliseconds(50)
        }
        #expect(stalled.failures() == [.stall])
    }

    @Test func cancelClosesTheTransfer() throws {
        let (upstream, probe) = try ask(sse(AnthropicMaterial.start + AnthropicMaterial.text("abcd")).followedByHang)
        #expect(probe.firstDelta.wait())
        let time = MonotonicTime.now()
        try probe.cancel()
        #expect(upstream.requests[0].abandoned.wait())
        #expect((upstream.requests[0].abandonedAt ?? .now()) - time < .milliseconds(100))
        let step = probe.seen.steps[0]
        #expect(step.status == .cancelled && step.usage.estimated && step.usage.completionTokens == 1)
        #expect(probe.seen.inFlight == 0)
    }
}

extension Reply {
    /// The same pieces, but the body never ends.
    var followedByHang: Reply {
        // The last step ends the body.
        Reply(steps: steps.dropLast() + [.hang])
    }
}
