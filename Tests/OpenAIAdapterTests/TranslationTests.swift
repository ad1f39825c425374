import TandemBase
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
            #"{"logit_bias":{"1":-1},"min_p":0.1,"provider_options":{"top_k":4},"cache":"bypass"}"#,
            #"{"cache":"bypass","provider_options":{"logit_bias":{"1":-1},"min_p":0.1,"top_k":4}}"#
        ),
        (#"{"temprature":1}"#, #"{"temprature":1}"#),
        (
            #"{"messages":[{"role":"user"},{"role":"assistant","provider_specific_fields":{"refusal":null},"parsed":1},5]}"#,
            #"{"messages":[{"role":"user"},{"role":"assistant"},5]}"#
        ),
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

    @Test func logprobsAreHandedOn() throws {
        let logprobs = #"{"content":[{"token":"a","logprob":-0.10}]}"#
        let result = try value(#"{"content":"a","tool_calls":[],"logprobs":\#(logprobs)}"#)
        let choice = try JSONDocument(completion(result, created: 0)).root["choices"]?[0]
        #expect(choice?["logprobs"].map { text(Array($0.raw)) } == logprobs)
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

    /// Every code of the protocol, and what decides beside the code: status, type, code, param, seconds of Retry-After.
    private static let answers: [(RPCError, Int, String, String, String?, String?)] = [
        (
            .parseError(JSONError(offset: 1, reason: .unexpectedEnd)), 400, "invalid_request_error", "parse_error", nil,
            nil
        ),
        (.invalidRequest("m"), 400, "invalid_request_error", "invalid_request", nil, nil),
        (.methodNotFound("x"), 404, "invalid_request_error", "method_not_found", nil, nil),
        (
            .invalidParams(path: "/messages/0/content", expected: "x", "m"), 400, "invalid_request_error",
            "invalid_params", "messages[0].content", nil
        ),
        (.internalError("m"), 500, "server_error", "internal", nil, nil),
        (.cancelled(), 499, "invalid_request_error", "cancelled", nil, nil),
        (
            .rateLimited(scope: "default", limit: 1, periodMilliseconds: 1, retryAfterMilliseconds: 1200), 429,
            "requests",
            "rate_limit_exceeded", nil, "2"
        ),
        (failed("http_status"), 502, "server_error", "providers_failed", nil, nil),
        (failed("auth"), 502, "server_error", "providers_failed", nil, nil),
        (failed("context_length"), 400, "invalid_request_error", "context_length_exceeded", "messages", nil),
        (failed("content_filter"), 400, "invalid_request_error", "content_filter", nil, nil),
        (failed("rate_limited"), 429, "requests", "rate_limit_exceeded", nil, nil),
        (failed("rate_limited", retryAfterMilliseconds: 7000), 429, "requests", "rate_limit_exceeded", nil, "7"),
        (failed("timeout"), 504, "server_error", "timeout", nil, nil),
        (.deadlineExceeded(timeoutMilliseconds: 5), 504, "server_error", "deadline_exceeded", nil, nil),
        (.unknownModel("x", didYouMean: nil), 404, "invalid_request_error", "model_not_found", "model", nil),
        (.forbidden(reason: "uid", "m"), 403, "permission_error", "forbidden", nil, nil),
        (.tooLarge(limitBytes: 1), 413, "invalid_request_error", "too_large", nil, nil),
        (.overloaded(retryAfterMilliseconds: 1), 503, "server_error", "overloaded", nil, "1"),
        (.shuttingDown(), 503, "server_error", "shutting_down", nil, "1"),
        (.planInvalid("m", problems: []), 409, "invalid_request_error", "plan_invalid", nil, nil),
        (.planConflict("m", edits: Array("[]".utf8)), 409, "invalid_request_error", "plan_conflict", nil, nil),
        (.notFound(what: "session", id: "x"), 404, "invalid_request_error", "not_found", nil, nil),
        (
            .budgetExceeded(scope: "day", budgetUSD: 1, spentUSD: 1, resetsAt: "2026-11-20T00:01:00Z"), 429,
            "insufficient_quota", "insufficient_quota", nil, "60"
        ),
    ]

    @Test func everyErrorHasOpenAIsShape() throws {
        let now = try #require(WallTime(rfc3339: "2026-11-20T00:00:00Z"))
        for (error, status, type, code, param, retryAfter) in Self.answers {
            let answer = OpenAIError(error, now: now)
            #expect(answer.status == status, "\(error)")
            let body = try JSONDocument(answer.body).root["error"]
            #expect(body?["type"]?.string == type && body?["code"]?.string == code, "\(answer)")
            #expect(body?["param"]?.string == param && body?["param"]?.isNull == (param == nil), "\(answer)")
            #expect(body?["message"]?.string == answer.message && body?.count == 4)
            let inOurWords = error.code != .unknownModel || answer.message.hasSuffix("GET /v1/models lists them.")
            #expect(inOurWords && (answer.message == error.message || error.code == .unknownModel))
            #expect(answer.headers.first { $0.name == "Retry-After" }?.value == retryAfter, "\(answer)")
            let again = answer.headers.first { $0.name == "x-should-retry" }?.value
            #expect(again == (error.retryable ? "true" : "false"), "\(answer)")
        }
        #expect(Set(Self.answers.map(\.0.code)) == Set(ErrorCode.all), "no code is forgotten")
    }

    private static func failed(_ kind: String, retryAfterMilliseconds: Int? = nil) -> RPCError {
        let attempt = RPCError.Attempt(provider: "p", model: "m", kind: kind, message: "x", latencyMilliseconds: 1)
        return .providersFailed(
            "all failed", attempts: [attempt], retryAfterMilliseconds: retryAfterMilliseconds)
    }

    @Test func clientsAreToldWhetherToTryAgain() {
        let limited = OpenAIError(
            .rateLimited(scope: "default", limit: 1, periodMilliseconds: 1, retryAfterMilliseconds: 1200))
        #expect(limited.headers.contains { $0.name == "retry-after-ms" && $0.value == "1200" })
        let lost = OpenAIError(.connectionLost(mayHaveBeenDelivered: true))
        #expect(lost.status == 503 && !lost.isRetryable, "it may have been carried out")
    }
}
