import TandemClient
import TandemJSON
import TandemProtocol
import Testing

@testable import tandem_http

private func value(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite struct TranslationTests {
    // MARK: requests

    @Test(arguments: [
        (#"{"model":"m","messages":[{"role":"user"}]}"#, #"{"model":"m","messages":[{"role":"user"}]}"#),
        (#"{"max_completion_tokens":7,"max_tokens":5,"stop":null}"#, #"{"max_tokens":7}"#),
        (#"{"max_tokens":5,"n":1,"store":true,"user":"u"}"#, #"{"user":"u","max_tokens":5}"#),
        (#"{"stream":true,"stream_options":{"include_usage":true}}"#, #"{"stream":true}"#),
        (
            #"{"logit_bias":{"1":-1},"provider_options":{"top_k":4},"cache":"bypass"}"#,
            #"{"cache":"bypass","provider_options":{"logit_bias":{"1":-1},"top_k":4}}"#
        ),
        (#"{"temprature":1}"#, #"{"temprature":1}"#),
    ])
    func aRequestIsAChat(_ body: String, _ params: String) throws {
        #expect(text(try ChatTranslation(Array(body.utf8)).params) == params)
    }

    @Test func whatTheAdapterDealsWithItself() throws {
        let request = try ChatTranslation(
            Array(#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#.utf8))
        #expect(request.model == "m" && request.streams && request.includesUsage)
        let plain = try ChatTranslation(Array("{}".utf8))
        #expect(plain.model == nil && !plain.streams && !plain.includesUsage)
    }

    @Test(arguments: [("{", ErrorCode.parseError), ("[]", .invalidParams), (#"{"n":2}"#, .invalidParams)])
    func whatCannotBeServed(_ body: String, _ code: ErrorCode) {
        #expect { try ChatTranslation(Array(body.utf8)) } throws: { ($0 as? RPCError)?.code == code }
    }

    @Test func modelsThatMayStartOver() throws {
        let models = try value(
            #"""
            {"default":"a","models":[
             {"name":"leaf","workflow":null,"aliases":["l"]},
             {"name":"chain","workflow":"chain","aliases":[],"parts":{"reasoner":"leaf","coder":"leaf"}},
             {"name":"a","workflow":"escalate","aliases":[],"parts":{"default":"leaf","reasoning":"leaf"}},
             {"name":"plain","workflow":"route","aliases":[],"parts":{"code":"leaf","general":"leaf"}},
             {"name":"polished","workflow":"route","aliases":["p"],"parts":{"code":"leaf","polish.model":"leaf"}},
             {"name":"over","workflow":"chain","aliases":[],"parts":{"coder":"polished"}},
             {"name":"loop","workflow":"chain","aliases":[],"parts":{"coder":"loop"}}]}
            """#)
        for name in ["a", "polished", "p", "over"] { #expect(mayStartOver(name, in: models), "\(name)") }
        for name in ["leaf", "l", "chain", "plain", "loop", "none"] {
            #expect(!mayStartOver(name, in: models), "\(name)")
        }
        #expect(mayStartOver(nil, in: models), "the default escalates")
    }

    // MARK: whole answers

    @Test func aResultIsACompletion() throws {
        let result = try value(
            #"{"request_id":"01J","model":"m","content":"hé\n","reasoning":"r","tool_calls":[],"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":4,"reasoning_tokens":1,"cached_tokens":2},"steps":[]}"#
        )
        #expect(
            text(completion(result, created: 9))
                == #"{"id":"chatcmpl-01J","object":"chat.completion","created":9,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hé\n","refusal":null,"reasoning_content":"r"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":1}},"system_fingerprint":null}"#
        )
    }

    @Test func aCompletionThatOnlyCallsTools() throws {
        let call = #"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#
        let result = try value(#"{"content":"","tool_calls":[\#(call)],"finish_reason":"tool_calls"}"#)
        let message = try JSONDocument(completion(result, created: 0)).root["choices"]?[0]?["message"]
        #expect(message?["content"]?.isNull == true && message?["reasoning_content"] == nil)
        #expect(message?["tool_calls"].map { text(Array($0.raw)) } == "[\(call)]")
    }

    @Test func models() throws {
        let models = try value(#"{"models":[{"name":"a","aliases":["b"]},{"name":"c","aliases":[]}]}"#)
        #expect(
            text(modelList(models, created: 1))
                == #"{"object":"list","data":[{"id":"a","object":"model","created":1,"owned_by":"tandem"},{"id":"c","object":"model","created":1,"owned_by":"tandem"}]}"#
        )
        #expect(modelEntry("b", in: models, created: 1) != nil && modelEntry("d", in: models, created: 1) == nil)
    }

    // MARK: errors

    @Test(arguments: [
        (RPCError.unknownModel("x", didYouMean: nil), 404, "model_not_found", "model"),
        (.invalidParams(path: "/messages/0/content", expected: "x", "m"), 400, "invalid_params", "messages[0].content"),
        (
            .rateLimited(scope: "default", limit: 1, periodMilliseconds: 1, retryAfterMilliseconds: 1200), 429,
            "rate_limit_exceeded", nil
        ),
        (.budgetExceeded(scope: "day", budgetUSD: 1, spentUSD: 1, resetsAt: "x"), 429, "insufficient_quota", nil),
        (failed("context_length"), 400, "context_length_exceeded", "messages"),
        (failed("content_filter"), 400, "content_filter", nil),
        (failed("rate_limited"), 429, "rate_limit_exceeded", nil),
        (failed("timeout"), 504, "timeout", nil),
        (failed("http_status"), 502, "providers_failed", nil),
        (.deadlineExceeded(timeoutMilliseconds: 5), 504, "deadline_exceeded", nil),
        (.forbidden(reason: "uid", "m"), 403, "forbidden", nil), (.tooLarge(limitBytes: 1), 413, "too_large", nil),
        (.overloaded(retryAfterMilliseconds: 1), 503, "overloaded", nil), (.shuttingDown(), 503, "shutting_down", nil),
        (.cancelled(), 499, "cancelled", nil), (.internalError("m"), 500, "internal", nil),
    ])
    func anErrorHasOpenAIsShape(_ error: RPCError, _ status: Int, _ code: String, _ param: String?) throws {
        let answer = OpenAIError(error)
        #expect(answer.status == status)
        let body = try JSONDocument(answer.body).root["error"]
        #expect(body?["code"]?.string == code && body?["param"]?.string == param && body?["type"]?.string != nil)
        #expect(body?["message"]?.string == error.message && body?.count == 4)
    }

    private static func failed(_ kind: String) -> RPCError {
        let attempt = RPCError.Attempt(provider: "p", model: "m", kind: kind, message: "x", latencyMilliseconds: 1)
        return .providersFailed("all failed", attempts: [attempt])
    }

    @Test func clientsAreToldWhetherToTryAgain() {
        let limited = OpenAIError(
            .rateLimited(scope: "default", limit: 1, periodMilliseconds: 1, retryAfterMilliseconds: 1200))
        #expect(limited.headers.contains { $0.name == "Retry-After" && $0.value == "2" }, "never too early")
        #expect(limited.headers.contains { $0.name == "x-should-retry" && $0.value == "true" })
        let unknown = OpenAIError(.unknownModel("x", didYouMean: nil))
        #expect(unknown.headers.contains { $0.name == "x-should-retry" && $0.value == "false" })
        let lost = OpenAIError(.connectionLost(mayHaveBeenDelivered: true))
        #expect(lost.status == 503 && !lost.isRetryable, "it may have been carried out")
    }
}
