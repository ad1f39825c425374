import TandemJSON
import TandemTestSupport
import Testing

@testable import TandemProviders

@Suite struct OpenAIDecoderTests {
    /// All that the chunks say, put together as an attempt does it.
    private func decode(_ chunks: String...) throws -> (
        completion: Completion, error: UpstreamErrorObject?, known: [Bool]
    ) {
        var decoder = OpenAIDecoder()
        var completion = Completion()
        var error: UpstreamErrorObject?
        let take: (DecodedPiece) -> Void = { piece in
            switch piece {
            case .delta(let delta):
                let isTaken = completion.append(delta)
                #expect(isTaken)
            case .finish(let reason): completion.finishReason = reason
            case .usage(let usage): completion.usage = usage
            case .logprobs(let tokens): completion.append(logprobs: tokens)
            case .failure(let object): error = object
            }
        }
        let known = try chunks.map { decoder.decode(try JSONDocument(Array($0.utf8)).root, take) }
        decoder.finish(take)
        return (completion, error, known)
    }

    @Test func contentInPiecesAndWhole() throws {
        #expect(try decode(OpenAIMaterial.content("a"), OpenAIMaterial.content("ü🦊")).completion.content == "aü🦊")
        let whole = try decode(OpenAIMaterial.completion("all", reasoning: "why", finish: "length")).completion
        #expect(whole.content == "all" && whole.reasoning == "why" && whole.finishReason == .length)
        #expect(whole.usage.promptTokens == 5 && whole.usage.completionTokens == 7)
        let parts = #"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}"#
        #expect(try decode(parts).completion.content == "ab")
    }

    @Test(arguments: ["reasoning_content", "reasoning"])
    func reasoningUnderBothNames(key: String) throws {
        let completion = try decode(
            OpenAIMaterial.reasoning("step ", key: key), OpenAIMaterial.reasoning("two", key: key),
            OpenAIMaterial.content("<think>is text here</think>")
        ).completion
        #expect(completion.reasoning == "step two" && completion.content == "<think>is text here</think>")
    }

    @Test func reasoningUnderBothNamesAtOnceCountsOnce() throws {
        let chunk = OpenAIMaterial.chunk(delta: #"{"reasoning":"x","reasoning_content":"x","content":null}"#)
        #expect(try decode(chunk).completion.reasoning == "x")
    }

    /// https://docs.mistral.ai/capabilities/reasoning/
    @Test(arguments: ["message", "delta"])
    func reasoningAsAPartOfTheContent(member: String) throws {
        let thinking = #"{"type":"thinking","thinking":[{"type":"text","text":"step "},{"type":"text","text":"two"}]}"#
        let chunk = "{\"choices\":[{\"\(member)\":{\"content\":[\(thinking),{\"type\":\"text\",\"text\":\"4\"}]}}]}"
        let completion = try decode(chunk).completion
        #expect(completion.reasoning == "step two" && completion.content == "4")
    }

    /// Whichever the server writes first: thoughts go before what they led to, and a `<think>` beside them is text.
    @Test func reasoningGoesBeforeTheContentOfTheSameMessage() throws {
        var pieces: [Delta] = []
        var decoder = OpenAIDecoder()
        let answer = #"{"choices":[{"message":{"content":"<think>b</think>","reasoning_content":"a"}}]}"#
        let isAnswer = decoder.decode(try JSONDocument(Array(answer.utf8)).root) { piece in
            if case .delta(let delta) = piece { pieces.append(delta) }
        }
        #expect(isAnswer && pieces == [.reasoning("a"), .content("<think>b</think>")])
    }

    @Test func inlineThinkingIsSplitHoweverItIsCut() throws {
        let text = "\n<think>a < b\n</thi</think>\n\nThe <think> answer"
        for cut in text.indices {
            let completion = try decode(
                OpenAIMaterial.content(String(text[..<cut])), OpenAIMaterial.content(String(text[cut...]))
            ).completion
            #expect(completion.reasoning == "a < b\n</thi" && completion.content == "The <think> answer")
        }
        #expect(try decode(OpenAIMaterial.content("<thi")).completion.content == "<thi")
        #expect(try decode(OpenAIMaterial.content("<think>cut")).completion.reasoning == "cut")
    }

    @Test func toolCallsInPieces() throws {
        let completion = try decode(
            OpenAIMaterial.toolCall(index: 0, id: "a", name: "f", arguments: ""),
            OpenAIMaterial.toolCall(index: 1, id: "b", name: "g", arguments: "{}"),
            OpenAIMaterial.toolCall(index: 0, arguments: "{\"x\""), OpenAIMaterial.toolCall(index: 0, arguments: ":1}"),
            OpenAIMaterial.finish("tool_calls")
        ).completion
        #expect(
            completion.toolCalls == [
                ToolCall(id: "a", name: "f", arguments: "{\"x\":1}"), ToolCall(id: "b", name: "g", arguments: "{}"),
            ])
        #expect(completion.finishReason == .toolCalls)
        let object = OpenAIMaterial.chunk(delta: #"{"tool_calls":[{"function":{"name":"f","arguments":{"a": 1}}}]}"#)
        #expect(try decode(object).completion.toolCalls == [ToolCall(id: "call_0", name: "f", arguments: "{\"a\": 1}")])
    }

    /// What servers do instead of counting from 0, in chunks of `index:id:name:arguments`, where "-" stands for an
    /// absent member.
    @Test(arguments: [
        ("all have the index 0", ["0:a:f:{}", "0:b:g:{", "0:-:-:}"], ["a:f:{}", "b:g:{}"]),
        ("no index", ["-:a:f:{", "-:-:-:}", "-:b:g:{}"], ["a:f:{}", "b:g:{}"]),
        ("neither index nor id", ["-:-:f:{}", "-:-:g:{}"], ["call_0:f:{}", "call_1:g:{}"]),
        ("the first is 1, the next 5", ["1:a:f:{", "5:b:g:{}", "1:-:-:}"], ["a:f:{}", "b:g:{}"]),
        ("empty id and name afterwards", ["0:a:f:{", "0:::}"], ["a:f:{}"]),
        ("id and name in each piece", ["0:a:f:{", "1:b:g:[", "0:a:f:}", "1:b:g:]"], ["a:f:{}", "b:g:[]"]),
    ])
    func toolCallsHoweverTheyAreCounted(what: String, pieces: [String], calls: [String]) throws {
        let chunks = pieces.map { piece in
            let parts = piece.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            var call = parts[0] == "-" ? "{" : "{\"index\":\(parts[0]),"
            if parts[1] != "-" { call += "\"id\":\(quoted(parts[1]))," }
            call += "\"function\":{" + (parts[2] == "-" ? "" : "\"name\":\(quoted(parts[2])),")
            return OpenAIMaterial.chunk(
                delta: "{\"tool_calls\":[\(call)\"arguments\":\(quoted(parts[3]))}}]}")
        }
        var decoder = OpenAIDecoder()
        var completion = Completion()
        for chunk in chunks {
            let isKnown = decoder.decode(try JSONDocument(Array(chunk.utf8)).root) { piece in
                guard case .delta(let delta) = piece, case .toolCall(_, let call) = delta else { return }
                #expect(call.id != "" && call.name != "", "nothing empty is told: \(what)")
                let isTaken = completion.append(delta)
                #expect(isTaken)
            }
            #expect(isKnown)
        }
        #expect(completion.toolCalls.map { "\($0.id ?? ""):\($0.name ?? ""):\($0.arguments)" } == calls, "\(what)")
    }

    @Test func aToolCallIndexOutOfRangeIsRefused() {
        var completion = Completion()
        for index in [-1, Completion.toolCallLimit, Int.max] {
            let isTaken = completion.append(.toolCall(index: index, ToolCall()))
            #expect(!isTaken)
        }
        #expect(completion.toolCalls.isEmpty)
    }

    @Test func logprobsAreKeptAsTheyAre() throws {
        func chunk(_ tokens: String, _ part: String = "delta") -> String {
            "{\"choices\":[{\"index\":0,\"\(part)\":{\"content\":\"a\"},\"logprobs\":\(tokens)}]}"
        }
        let completion = try decode(
            chunk("{\"content\":[{\"token\":\"a\",\"logprob\":-0.10}]}"), chunk("null"), chunk("{\"content\":[]}"),
            chunk("{\"content\":[ {\"token\":\"b\"},{\"token\":\"c\"} ],\"refusal\":null}")
        ).completion
        #expect(
            String(decoding: completion.logprobs, as: UTF8.self)
                == #"{"token":"a","logprob":-0.10}, {"token":"b"},{"token":"c"} "#)
        let whole = try decode(chunk("{\"content\":[{\"token\":\"a\"}]}", "message")).completion
        #expect(String(decoding: whole.logprobs, as: UTF8.self) == #"{"token":"a"}"#)
    }

    @Test func usageOfEveryMaker() throws {
        let counted = OpenAIMaterial.Usage(prompt: 10, completion: 20, reasoning: 5, cached: 8)
        var usage = try decode(OpenAIMaterial.usage(counted)).completion.usage
        #expect(usage.promptTokens == 10 && usage.completionTokens == 20)
        #expect(usage.reasoningTokens == 5 && usage.cachedTokens == 8 && !usage.estimated)
        usage = try decode(
            #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"prompt_cache_hit_tokens":2}}"#
        )
        .completion.usage
        #expect(usage.promptTokens == 3 && usage.cachedTokens == 2)
        for prefix in ["", #""usage":null,"#] {
            let groq =
                #"{"choices":[{"delta":{},"finish_reason":"stop"}],\#(prefix)"x_groq":{"usage":{"prompt_tokens":4,"completion_tokens":6}}}"#
            usage = try decode(groq).completion.usage
            #expect(usage.promptTokens == 4 && usage.completionTokens == 6)
        }
    }

    @Test func absurdCountsAreBounded() throws {
        let usage = try decode(
            #"{"choices":[],"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807,"completion_tokens_details":{"reasoning_tokens":-5}}}"#
        ).completion.usage
        #expect(usage.promptTokens == Usage.countLimit && usage.reasoningTokens == 0)
        var sum = usage
        for _ in 0..<1000 { sum += usage }
        #expect(sum.promptTokens + sum.completionTokens > 0)
    }

    @Test func errorsAreRecognized() throws {
        let error = try #require(try decode(OpenAIMaterial.error("no room", code: "503")).error)
        #expect(error.message == "no room" && error.status == 503)
        #expect(try decode(#"{"error":"just text"}"#).error?.message == "just text")
        #expect(try decode(#"{"error":null,"choices":[]}"#).error == nil)
        #expect(try decode(#"{"object":"something"}"#, "[1]").known == [false, false])
    }

    @Test func onlyTheFirstOfSeveralAnswersIsTaken() throws {
        let second = #"{"choices":[{"index":1,"delta":{"content":"other"}}]}"#
        #expect(try decode(OpenAIMaterial.content("mine"), second).completion.content == "mine")
    }

    @Test func pricesAreNeverMadeUp() {
        var usage = Usage()
        usage.promptTokens = 1_000_000
        usage.completionTokens = 1_000_000
        #expect(Price(input: 1, output: 2).cost(of: usage) == 3)
        #expect(Price(input: 1).cost(of: usage) == nil)
        #expect(Price(input: 0, output: 0).cost(of: usage) == 0)
        usage.cachedTokens = 500_000
        #expect(Price(input: 1, output: 0, cachedInput: 0.5).cost(of: usage) == 0.75)
    }
}
