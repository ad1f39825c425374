import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// One way an upstream can fail, and everything that must follow from it.
struct Fault: Sendable, CustomTestStringConvertible {
    enum Upstream: Sendable {
        case replies(Reply)
        /// Nobody listens there.
        case absent
        /// Speaks HTTP where TLS is expected.
        case plain
    }

    var name: String
    var upstream: Upstream
    /// `kind` and `status` of each attempt.
    var kind: String
    var status: Int?
    /// Calls of the failing model when it has no fallback, and when it has one.
    var alone = 1
    var withFallback = 1
    /// Whether each call is a failure for the breaker.
    var isUnhealthy = false
    /// The pause that the server asked for, where it did.
    var retryAfterMilliseconds: Int?
    /// Whether a piece of the answer came before: then no other model continues a stream.
    var commits = false

    var testDescription: String { name }

    private static func status(
        _ code: Int, kind: String = "http_status", alone: Int = 1, withFallback: Int = 1, isUnhealthy: Bool = false,
        retryAfter: String? = nil
    ) -> Fault {
        let headers = retryAfter.map { [("Retry-After", $0)] } ?? []
        return Fault(
            name: "\(code)" + (retryAfter.map { " Retry-After \($0)" } ?? ""),
            upstream: .replies(.failure(code, headers: headers)), kind: kind, status: code, alone: alone,
            withFallback: withFallback, isUnhealthy: isUnhealthy,
            retryAfterMilliseconds: retryAfter.flatMap { Double($0) }.map { Int($0 * 1000) })
    }

    private static let piece = Reply.Piece.event(OpenAIMaterial.content("piece"))

    static let all: [Fault] = [
        Fault(
            name: "connect refused", upstream: .absent, kind: "connect", alone: 3, withFallback: 2, isUnhealthy: true),
        Fault(name: "TLS error", upstream: .plain, kind: "tls", isUnhealthy: true),
        Fault(
            name: "hang before the first byte", upstream: .replies(.hang), kind: "timeout", alone: 3, isUnhealthy: true),
        Fault(
            name: "stall in a stream", upstream: .replies(.sse([piece, .hang])), kind: "timeout", isUnhealthy: true,
            commits: true),
        Fault(
            name: "reset in a stream", upstream: .replies(.sse([piece, .reset])), kind: "stream_broken",
            isUnhealthy: true, commits: true),
        Fault(
            name: "reset before an answer", upstream: .replies(.reset), kind: "connect", alone: 3, withFallback: 2,
            isUnhealthy: true),
        status(400), status(401, kind: "auth"), status(403, kind: "auth"), status(404), status(422),
        status(408, alone: 3, withFallback: 2, isUnhealthy: true),
        status(429, kind: "rate_limited", alone: 3, withFallback: 2),
        // Waited out: it is hardly noticed.
        status(429, kind: "rate_limited", alone: 3, withFallback: 2, retryAfter: "0.1"),
        // Later than the deadline, or longer than a fallback takes.
        status(429, kind: "rate_limited", retryAfter: "60"),
        status(500, alone: 3, withFallback: 2, isUnhealthy: true),
        status(502, alone: 3, withFallback: 2, isUnhealthy: true),
        status(503, alone: 3, withFallback: 2, isUnhealthy: true),
        // A gateway's page instead of an error object.
        Fault(
            name: "504 in HTML", upstream: .replies(Reply(status: 504, type: "text/html", body: [.text("<html>")])),
            kind: "http_status", status: 504, alone: 3, withFallback: 2, isUnhealthy: true),
        Fault(name: "garbage", upstream: .replies(.garbage), kind: "malformed", isUnhealthy: true),
        Fault(name: "no JSON", upstream: .replies(.nonsense), kind: "malformed", isUnhealthy: true),
        Fault(name: "empty stream", upstream: .replies(.sse([.done])), kind: "malformed", isUnhealthy: true),
        Fault(name: "empty body", upstream: .replies(.json("")), kind: "malformed", isUnhealthy: true),
        Fault(name: "empty answer", upstream: .replies(.chat("")), kind: "malformed", isUnhealthy: true),
    ]
}

/// Each fault × (alone, with a fallback) × (streamed, not): the exact attempts, the result, the breaker's samples and
/// the ledger's row.
@Suite struct FaultMatrixTests {
    private struct Case {
        var index: Int
        var hasFallback: Bool
        var streams: Bool
    }

    private static let cases = [(false, false), (false, true), (true, false), (true, true)].enumerated().map {
        Case(index: $0.offset, hasFallback: $0.element.0, streams: $0.element.1)
    }

    private func configuration(_ fault: Fault, _ upstream: ScriptedUpstream, absentPort: Int) -> String {
        let base =
            switch fault.upstream {
            case .replies: upstream.baseURL + "/bad"
            case .absent: "http://127.0.0.1:\(absentPort)/v1"
            case .plain: "https://127.0.0.1:\(upstream.port)/v1"
            }
        var text = """
            default_model = "good"
            [breaker]
            min_samples = 100
            [providers.good]
            kind = "openai"
            base_url = "\(upstream.baseURL)/good"
            [models.good]
            provider = "good"
            model = "good"
            price = { input = 1.0, output = 1.0 }

            """
        for item in Self.cases {
            text += """
                [providers.p\(item.index)]
                kind = "openai"
                base_url = "\(base)"
                first_token_timeout = "\(fault.name.hasPrefix("hang") ? "300ms" : "10s")"
                idle_timeout = "300ms"
                [models.m\(item.index)]
                provider = "p\(item.index)"
                model = "bad"
                price = { input = 1.0, output = 1.0 }
                fallbacks = [\(item.hasFallback ? "\"good\"" : "")]

                """
        }
        return text
    }

    @Test(arguments: Fault.all) func everythingFollowsFromTheFault(_ fault: Fault) throws {
        let closed = try ScriptedUpstream(.hang)
        let absentPort = closed.port
        closed.stop()
        let upstream = try ScriptedUpstream { request in
            if request.path.contains("/good/") { return .chat("good") }
            if case .replies(let reply) = fault.upstream { return reply }
            return .garbage
        }
        let daemon = try DaemonProcess(config: configuration(fault, upstream, absentPort: absentPort))
        let client = try daemon.client()
        for item in Self.cases {
            try client.send(
                RawClient.request(
                    "chat",
                    """
                    {"model":"m\(item.index)","stream":\(item.streams),"timeout_ms":8000,\
                    "messages":[{"role":"user","content":"hello"}]}
                    """, id: "\(item.index)"))
        }
        var answers: [Int: Answer] = [:]
        var pieces: [Int: String] = [:]
        while answers.count < Self.cases.count {
            let message = try Answer(client.next())
            if let params = message.root["params"], let id = params["id"]?.int {
                if params["type"]?.string == "content" { pieces[id, default: ""] += params["text"]?.string ?? "" }
            } else if let id = message.root["id"]?.int {
                answers[id] = message
            }
        }
        let status = try Answer(client.call("status"))
        for item in Self.cases {
            let answer = try #require(answers[item.index])
            try check(fault, item, answer, said: pieces[item.index] ?? "", client)
            try checkBreaker(fault, item, status)
        }
    }

    private func check(_ fault: Fault, _ item: Case, _ answer: Answer, said: String, _ client: RawClient) throws {
        let isSaved = item.hasFallback && !(fault.commits && item.streams)
        let calls = item.hasFallback ? fault.withFallback : fault.alone
        let note: Comment = "\(fault.name), \(item): \(answer.text)"
        let id: String?
        if isSaved {
            id = answer["request_id"]?.string
            #expect(answer["content"]?.string == "good" && answer["fallback"]?.bool == true, note)
            #expect(said == (item.streams ? "good" : ""), note)
            let steps = answer["steps"].map { Array($0.elements) } ?? []
            #expect(steps.count == calls + 1 && steps.last?["status"]?.string == "ok", note)
            #expect(steps.dropLast().allSatisfy { $0["error"]?["kind"]?.string == fault.kind }, note)
            #expect(answer["notices.0.code"]?.string == "fallback", note)
        } else {
            id = answer.data?["request_id"]?.string
            #expect(answer.code == -32002 && answer.data?["kind"]?.string == "providers_failed", note)
            let isLasting = ["tls", "auth"].contains(fault.kind) || [400, 404, 422].contains(fault.status)
            #expect(answer.data?["retryable"]?.bool == !isLasting, note)
            #expect(answer.data?["retry_after_ms"]?.int == fault.retryAfterMilliseconds, note)
            let attempts = answer.data?["attempts"].map { Array($0.elements) } ?? []
            #expect(attempts.count == calls, note)
            for attempt in attempts {
                #expect(attempt["kind"]?.string == fault.kind && attempt["status"]?.int == fault.status, note)
                #expect(attempt["provider"]?.string == "p\(item.index)" && attempt["model"]?.string == "bad", note)
            }
            #expect(said == (fault.commits && item.streams ? "piece" : ""), note)
        }
        let row = try Answer(client.call("history", "{\"request_id\":\(quoted(id ?? ""))}"))["requests.0"]
        #expect(row?["outcome"]?.string == (isSaved ? "ok" : "providers_failed"), note)
        #expect(row?["error"]?["code"]?.int == (isSaved ? nil : -32002), note)
        #expect(row?["fallback"]?.bool == isSaved && row?["stream"]?.bool == item.streams, note)
        let steps = row?["steps"].map { Array($0.elements) } ?? []
        #expect(steps.count == calls + (isSaved ? 1 : 0), note)
        for step in steps.prefix(calls) {
            #expect(step["status"]?.string == "failed" && step["error"]?["kind"]?.string == fault.kind, note)
            #expect(step["error"]?["status"]?.int == fault.status && step["provider"]?.string == "p\(item.index)", note)
        }
        let tokens = steps.reduce(0) { $0 + ($1["usage"]?["completion_tokens"]?.int ?? 0) }
        #expect(row?["usage"]?["completion_tokens"]?.int == tokens, note)
        let cost = steps.reduce(0) { $0 + ($1["cost_usd"]?.double ?? 0) }
        #expect(abs((row?["cost_usd"]?.double ?? -1) - cost) < 1e-12, note)
    }

    private func checkBreaker(_ fault: Fault, _ item: Case, _ status: Answer) throws {
        let provider = status["providers"]?.elements.first { $0["name"]?.string == "p\(item.index)" }
        let calls = item.hasFallback ? fault.withFallback : fault.alone
        let note: Comment = "\(fault.name), \(item): \(provider.map { String(decoding: $0.raw, as: UTF8.self) } ?? "")"
        #expect(provider?["breaker"]?["samples"]?.int == (fault.isUnhealthy ? calls : 0), note)
        #expect(provider?["breaker"]?["error_rate"]?.double == (fault.isUnhealthy ? 1 : 0), note)
        #expect(provider?["in_flight"]?.int == 0, note)
        // A pause of 0.1 s may be over by now or not.
        guard !fault.name.hasSuffix("0.1") else { return }
        #expect(provider?["available"]?.bool == (fault.kind != "auth" && !fault.name.hasSuffix("60")), note)
    }
}
