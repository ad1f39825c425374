import TandemJSON
import TandemProtocol
import Testing

@testable import tandem_http

private func value(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }

private func chunk(
    _ delta: String, logprobs: String = "null", finish: String = "null", usage: String = ""
) -> String {
    #"data: {"id":"chatcmpl-01J","object":"chat.completion.chunk","created":9,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":\#(delta),"logprobs":\#(logprobs),"finish_reason":\#(finish)}]\#(usage)}"#
        + "\n\n"
}

private let role = #"{"role":"assistant","content":"","refusal":null}"#
private let result =
    #"{"request_id":"01J","model":"m","content":"héllo","tool_calls":[],"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":4}}"#

extension ChunkStream {
    fileprivate init(usage: Bool = false, holds: Bool = false) throws {
        self.init(model: "m", includesUsage: usage, holdsText: holds, created: 9)
        try event(type: "started", #""request_id":"01J","model":"m""#)
    }

    fileprivate mutating func event(type: String, _ members: String) throws {
        event(try value(#"{"id":2,"seq":0,"type":"\#(type)",\#(members)}"#))
    }

    fileprivate mutating func said() -> String { String(decoding: takeOutput(), as: UTF8.self) }
}

@Suite struct ChunkStreamTests {
    @Test func roleFirstPiecesAndTheEnd() throws {
        var stream = try ChunkStream()
        try stream.event(type: "step", #""role":"direct""#)
        #expect(stream.said() == "", "nothing is sent before there is something to say")
        try stream.event(type: "content", #""text":"h\u00e9""#)
        try stream.event(type: "content", #""text":"llo""#)
        stream.finish(try value(result))
        #expect(
            stream.said() == chunk(role) + chunk(#"{"content":"h\u00e9"}"#) + chunk(#"{"content":"llo"}"#)
                + chunk("{}", finish: #""stop""#) + "data: [DONE]\n\n")
        #expect(stream.isFinished)
    }

    @Test func theUsageComesLast() throws {
        var stream = try ChunkStream(usage: true)
        try stream.event(type: "content", #""text":"x""#)
        stream.finish(try value(result))
        let null = #","usage":null"#
        let usage =
            #"data: {"id":"chatcmpl-01J","object":"chat.completion.chunk","created":9,"model":"m","system_fingerprint":null,"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}"#
            + "\n\n"
        #expect(
            stream.said() == chunk(role, usage: null) + chunk(#"{"content":"x"}"#, usage: null)
                + chunk("{}", finish: #""stop""#, usage: null) + usage + "data: [DONE]\n\n")
    }

    @Test func logprobsComeWithTheEnd() throws {
        let logprobs = #"{"content":[{"token":"x","logprob":-0.10}]}"#
        var stream = try ChunkStream()
        try stream.event(type: "content", #""text":"x""#)
        stream.finish(try value(#"{"content":"x","finish_reason":"stop","logprobs":\#(logprobs)}"#))
        #expect(
            stream.said() == chunk(role) + chunk(#"{"content":"x"}"#)
                + chunk("{}", logprobs: logprobs, finish: #""stop""#) + "data: [DONE]\n\n")
    }

    @Test func reasoningHasItsOwnMember() throws {
        var stream = try ChunkStream()
        try stream.event(type: "reasoning", #""text":"hm""#)
        #expect(stream.said() == chunk(role) + chunk(#"{"reasoning_content":"hm"}"#))
    }

    @Test func toolCallsComeInPieces() throws {
        var stream = try ChunkStream()
        try stream.event(type: "tool_call", #""index":0,"call_id":"call_1","name":"f","arguments":"""#)
        try stream.event(type: "tool_call", #""index":0,"arguments":"{\"a\"""#)
        #expect(
            stream.said() == chunk(role)
                + chunk(
                    #"{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}"#
                ) + chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#))
    }

    @Test func anAnswerWithoutPiecesIsSentWhole() throws {
        var stream = try ChunkStream()
        stream.finish(
            try value(
                #"{"content":"all","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}],"finish_reason":"tool_calls"}"#
            ))
        #expect(
            stream.said() == chunk(role) + chunk(#"{"content":"all"}"#)
                + chunk(
                    #"{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}"#
                )
                + chunk("{}", finish: #""tool_calls""#) + "data: [DONE]\n\n")
    }

    @Test func whatMayBeDroppedWaitsForTheResult() throws {
        var stream = try ChunkStream(holds: true)
        try stream.event(type: "content", #""text":"a draft""#)
        #expect(stream.said() == chunk(role))
        try stream.event(type: "reset", #""reason":"polished""#)
        try stream.event(type: "content", #""text":"better""#)
        stream.finish(try value(result))
        #expect(
            stream.said() == chunk(#"{"content":"héllo"}"#) + chunk("{}", finish: #""stop""#) + "data: [DONE]\n\n")
    }

    @Test func anAnswerThatStartsOverAfterAllIsAnError() throws {
        var stream = try ChunkStream()
        try stream.event(type: "reset", #""reason":"fallback""#)
        try stream.event(type: "content", #""text":"x""#)
        #expect(!stream.isFinished, "nothing was lost yet")
        _ = stream.said()
        try stream.event(type: "reset", #""reason":"fallback""#)
        let error = try value(String(stream.said().dropFirst("data: ".count)))
        #expect(error["error"]?["code"]?.string == "providers_failed" && stream.isFinished)
        stream.finish(try value(result))
        #expect(stream.said() == "", "no [DONE] makes a broken answer look whole")
    }

    @Test func failuresInTheMiddle() throws {
        var stream = try ChunkStream()
        try stream.event(type: "content", #""text":"x""#)
        _ = stream.said()
        stream.keepAlive()
        #expect(stream.said() == ": waiting\n\n")
        stream.fail(.shuttingDown())
        #expect(stream.said().contains(#""code":"shutting_down""#) && stream.isFinished)
    }
}
