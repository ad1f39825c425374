import TandemJSON
import TandemProtocol
import Testing

private func value(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }

private func written(_ body: (inout JSONWriter) throws -> Void) rethrows -> String {
    var writer = JSONWriter()
    try body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
}

struct EnvelopeTests {
    @Test func readsRequestsAndNotifications() throws {
        let request = try RPCRequest(value(#"{"jsonrpc":"2.0","id":1e0,"method":"chat","params":{"a":1},"extra":0}"#))
        #expect(request.id.map { $0.raw } == Array("1e0".utf8))
        #expect(request.name.string == "chat" && request.params?["a"]?.int == 1)
        let notification = try RPCRequest(value(#"{"method":"x","jsonrpc":"2.0","params":null}"#))
        #expect(notification.id == nil && notification.params == nil)
        #expect(try RPCRequest(value(#"{"jsonrpc":"2.0","id":null,"method":"x"}"#)).id == .null)
        #expect(try RPCRequest(value(#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#)).params?.kind == .array)
    }

    @Test(arguments: [
        ("1", "null", "A request is an object"), ("[]", "null", "A request is an object"), ("{}", "null", "`jsonrpc`"),
        (#"{"id":7,"method":"x"}"#, "7", "`jsonrpc` is not"),
        (#"{"jsonrpc":"1.0","id":"a","method":"x"}"#, "\"a\"", "`jsonrpc` is not"),
        (#"{"jsonrpc":2.0,"id":"a","method":"x"}"#, "\"a\"", "`jsonrpc` is not"),
        (#"{"jsonrpc":"2.0","id":1}"#, "1", "`method`"), (#"{"jsonrpc":"2.0","id":1,"method":1}"#, "1", "`method`"),
        (#"{"jsonrpc":"2.0","id":true,"method":"x"}"#, "null", "`id`"),
        (#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, "null", "`id`"),
        (#"{"jsonrpc":"2.0","id":1,"method":"x","params":"bar"}"#, "1", "`params`"),
        (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}"#, "null", "twice"),
    ])
    func refuses(_ message: String, id: String, reason: String) throws {
        let message = try value(message)
        let fault = #expect(throws: InvalidRequest.self) { _ = try RPCRequest(message) }
        #expect(fault?.id.raw == Array(id.utf8))
        #expect(fault?.error.code == .invalidRequest)
        #expect(fault?.error.message.contains(reason) == true)
    }

    @Test func idsAreEqualWhenTheySayTheSame() throws {
        #expect(try RPCID(value(#""a""#)) == RPCID(value(#""\u0061""#)))
        #expect(try RPCID(value("1")) == RPCID(1))
        #expect(try RPCID(value("1")) != RPCID(value("1.0")))
        #expect(try RPCID(value(#""1""#)) != RPCID(value("1")))
        #expect(try RPCID(value(#""\u0061""#))?.raw == Array(#""\u0061""#.utf8))
    }
}

struct WritingTests {
    @Test func messages() throws {
        let big = try #require(try RPCID(value("123456789012345678901234567890")))
        #expect(
            written { $0.response(big, result: Array("{}".utf8)) }
                == #"{"jsonrpc":"2.0","id":123456789012345678901234567890,"result":{}}"#)
        #expect(
            written { writer in
                writer.beginEvent(RPCID(1), sequence: 3, type: "content")
                writer.member("text", "é\n")
                writer.endEvent()
            } == #"{"jsonrpc":"2.0","method":"$/event","params":{"id":1,"seq":3,"type":"content","text":"é\n"}}"#)
        #expect(
            written { writer in
                writer.beginArray()
                writer.response(RPCID(1), result: Array("1".utf8))
                writer.errorResponse(.null, RPCRequest.emptyBatch)
                writer.endArray()
            }
                == #"[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"#
                + #""message":"The batch is empty: send at least one request in it.","#
                + #""data":{"kind":"invalid_request","retryable":false}}}]"#)
        #expect(
            written { writer in
                writer.beginRequest(nil, method: "$/cancelRequest")
                writer.beginObject()
                writer.endObject()
                writer.endRequest()
            } == #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{}}"#)
    }

    @Test(arguments: [
        (
            RPCError.parseError(JSONError(offset: 12, reason: .unexpectedByte(0x7D))),
            #"{"code":-32700,"message":"The message is not valid JSON (unexpected byte 0x7d at offset 12): send one RFC 8259 document in UTF-8.","data":{"kind":"parse_error","retryable":false}}"#
        ),
        (
            .methodNotFound("x"),
            #"{"code":-32601,"message":"There is no method `x`: call `rpc.discover` for the list.","data":{"kind":"method_not_found","retryable":false}}"#
        ),
        (
            .invalidParams(path: "/a", expected: "b", "c"),
            #"{"code":-32602,"message":"c","data":{"kind":"invalid_params","retryable":false,"path":"/a","expected":"b"}}"#
        ),
        (
            .internalError("m", requestID: "01J"),
            #"{"code":-32603,"message":"m","data":{"kind":"internal","retryable":false,"request_id":"01J"}}"#
        ),
        (
            .cancelled(requestID: "01J"),
            #"{"code":-32800,"message":"The request was cancelled: send it again if you still need the answer.","data":{"kind":"cancelled","retryable":false,"request_id":"01J"}}"#
        ),
        (
            .rateLimited(scope: "reasoning", limit: 5, periodMilliseconds: 60000, retryAfterMilliseconds: 1500),
            #"{"code":-32001,"message":"The reasoning limit of 5 requests is used up: try again in 2 s.","data":{"kind":"rate_limited","retryable":true,"scope":"reasoning","limit":5,"period_ms":60000,"retry_after_ms":1500}}"#
        ),
        (
            .providersFailed(
                "All failed.",
                attempts: [
                    .init(
                        provider: "p", model: "m", kind: "http_status", status: 500, message: "e",
                        latencyMilliseconds: 1.5),
                    .init(provider: "q", model: "m", kind: "connect", message: "f", latencyMilliseconds: 2),
                ]),
            #"{"code":-32002,"message":"All failed.","data":{"kind":"providers_failed","retryable":true,"attempts":[{"provider":"p","model":"m","kind":"http_status","status":500,"message":"e","latency_ms":1.5},{"provider":"q","model":"m","kind":"connect","message":"f","latency_ms":2.0}]}}"#
        ),
        (
            .deadlineExceeded(timeoutMilliseconds: 300),
            #"{"code":-32004,"message":"The request did not finish within 300 ms: raise `timeout_ms` or ask for less.","data":{"kind":"deadline_exceeded","retryable":true,"timeout_ms":300}}"#
        ),
        (
            .unknownModel("autoo", didYouMean: "auto"),
            #"{"code":-32005,"message":"There is no model `autoo`: did you mean `auto`?","data":{"kind":"unknown_model","retryable":false,"model":"autoo","did_you_mean":"auto"}}"#
        ),
        (
            .unknownModel("x", didYouMean: nil),
            #"{"code":-32005,"message":"There is no model `x`: call `models` for the list.","data":{"kind":"unknown_model","retryable":false,"model":"x","did_you_mean":null}}"#
        ),
        (
            .forbidden(reason: "uid", "m"),
            #"{"code":-32006,"message":"m","data":{"kind":"forbidden","retryable":false,"reason":"uid"}}"#
        ),
        (
            .tooLarge(limitBytes: 10),
            #"{"code":-32007,"message":"The message is larger than 10 bytes: send less, or raise `limits.message_bytes`.","data":{"kind":"too_large","retryable":false,"limit_bytes":10}}"#
        ),
        (
            .overloaded(retryAfterMilliseconds: 20),
            #"{"code":-32008,"message":"Too much is in flight: try again in 20 ms.","data":{"kind":"overloaded","retryable":true,"retry_after_ms":20}}"#
        ),
        (
            .shuttingDown(),
            #"{"code":-32009,"message":"The daemon is stopping: connect again and send the request once more.","data":{"kind":"shutting_down","retryable":true}}"#
        ),
        (
            .planInvalid("m", problems: [("/edits/0/file", "p")]),
            #"{"code":-32010,"message":"m","data":{"kind":"plan_invalid","retryable":false,"problems":[{"path":"/edits/0/file","message":"p"}]}}"#
        ),
        (
            .planConflict("m", edits: Array("[]".utf8)),
            #"{"code":-32011,"message":"m","data":{"kind":"plan_conflict","retryable":false,"edits":[]}}"#
        ),
        (
            .notFound(what: "plan", id: "1"),
            #"{"code":-32012,"message":"There is no plan `1`: check the identifier.","data":{"kind":"not_found","retryable":false,"what":"plan","id":"1"}}"#
        ),
        (
            .budgetExceeded(scope: "day", budgetUSD: 1, spentUSD: 1.25, resetsAt: "2026-11-21T00:00:00.000Z"),
            #"{"code":-32013,"message":"The day budget of 1.0 USD is spent: wait until 2026-11-21T00:00:00.000Z or raise the budget.","data":{"kind":"budget_exceeded","retryable":false,"scope":"day","budget_usd":1.0,"spent_usd":1.25,"resets_at":"2026-11-21T00:00:00.000Z"}}"#
        ),
    ])
    func errorObjects(_ error: RPCError, golden: String) {
        #expect(written { $0.error(error) } == golden)
    }
}
