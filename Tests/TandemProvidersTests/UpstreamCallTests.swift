import TandemBase
import TandemLoop
import TandemPolicy
import TandemTestSupport
import Testing

@testable import TandemProviders

@Suite(.serialized) struct UpstreamCallTests {
    private static let finish = Reply.Piece.event(OpenAIMaterial.finish())
    private static func content(_ text: String) -> Reply.Piece { .event(OpenAIMaterial.content(text)) }

    /// An answer that must come out as "one two", however it was sent.
    static let answers: [(String, Reply)] = [
        ("streamed", .stream(["one ", "two"])), ("whole", .chat("one two")),
        ("until close", .stream(["one ", "two"], framing: .untilClose)),
        ("no [DONE]", .sse([content("one "), content("two"), finish])),
        ("no finish reason", .sse([content("one "), content("two"), .done])),
        ("reset after [DONE]", .sse([content("one "), content("two"), finish, .done, .reset])),
        ("reset after the finish reason", .sse([content("one two"), finish, .reset])),
        ("open after [DONE]", .sse([content("one two"), finish, .done, .hang])),
        ("JSON labelled as a stream", .sse([.text(OpenAIMaterial.completion("one two"))])),
        (
            "a stream labelled as JSON",
            Reply(body: [.text(OpenAIMaterial.event(OpenAIMaterial.content("one two")) + OpenAIMaterial.done)])
        ),
        (
            "comments and blank lines",
            .sse([.text(": OPENROUTER PROCESSING\n\n\n"), content("one two"), finish, .done])
        ),
        (
            "one event without a blank line",
            .sse([
                content("one "), .text("data: \(OpenAIMaterial.chunk(delta: #"{"content":"two"}"#, finish: "stop"))"),
            ])
        ),
        ("dripped", Reply.stream(["one ", "two"]).dripped(size: 1)),
        (
            "unknown events between",
            .sse([.event(#"{"ping":1}"#), content("one two"), .event(#"{"type":"x"}"#), finish])
        ),
    ]

    @Test(arguments: answers.indices)
    func everyFormOfAnAnswerIsUnderstood(index: Int) throws {
        let (name, reply) = Self.answers[index]
        let upstream = try ScriptedUpstream(reply)
        let bench = try Bench(upstream.baseURL)
        let caller = try bench.call()
        #expect(caller.finished.wait(), "\(name)")
        try onLoop {
            #expect(caller.completion?.content == "one two", "\(name): \(caller.kinds)")
            #expect(caller.content == "one two" && caller.finishes == 1)
            #expect(caller.trace.steps.map(\.status) == [.ok])
        }
        #expect(try bench.isAtRest())
    }

    @Test func everySplitOfAStreamGivesTheSame() throws {
        let events = OpenAIMaterial.stream(["größer ", "🦊"], reasoning: ["wärum"]).map(OpenAIMaterial.event).joined()
        let bytes = Array((events + OpenAIMaterial.done).utf8)
        let upstream = try ScriptedUpstream { .sse(bytes, splitAt: $0.index * 3) }
        let bench = try Bench(upstream.baseURL)
        for _ in 0...bytes.count / 3 {
            let caller = try bench.call()
            #expect(caller.finished.wait())
            try onLoop {
                #expect(caller.content == "größer 🦊" && caller.reasoning == "wärum")
                #expect(caller.completion?.usage.promptTokens == 5)
            }
        }
    }

    /// What fails, the kind that is reported, and how often it is tried.
    static let faults: [(String, Reply, kind: String, calls: Int)] = [
        ("reset", .reset, "connect", 3), ("closed", .empty, "connect", 3), ("garbage", .garbage, "malformed", 1),
        ("a captive portal", .nonsense, "malformed", 1), ("nothing at all", Reply(body: []), "malformed", 1),
        ("an empty stream", .sse([.done]), "malformed", 1), ("no choices", .json(#"{"choices":[]}"#), "malformed", 1),
        ("JSON that is no completion", .json(#"{"hello":1}"#), "malformed", 1),
        ("broken JSON", .json("{\"choices\":["), "malformed", 1),
        ("broken event", .sse([.text("data: {\"choices\"\n\n"), .done]), "malformed", 1),
        ("cut stream", .sse([content("one")], framing: .untilClose), "stream_broken", 1),
        ("reset stream", .sse([content("one"), .reset]), "stream_broken", 1),
        ("broken event later", .sse([content("one"), .text("data: {\"choices\"\n\n"), .hang]), "stream_broken", 1),
        (
            "an error in the stream", .sse([content("one"), .event(OpenAIMaterial.error("boom")), .done]),
            "stream_broken", 1
        ),
        ("an error as a 200", .json(OpenAIMaterial.error("boom")), "stream_broken", 1),
        ("500", .failure(500), "http_status", 3), ("503", .failure(503), "http_status", 3),
        ("408", .failure(408), "http_status", 3), ("404", .failure(404), "http_status", 1),
        ("302", Reply(status: 302, headers: [("Location", "/x")], body: []), "http_status", 1),
        ("401", .failure(401), "auth", 1), ("403", .failure(403), "auth", 1),
        ("400", .failure(400, "too long", code: "context_length_exceeded"), "context_length", 1),
        ("413", .failure(413), "context_length", 1),
        ("a filter", .failure(400, "no", code: "content_filter"), "content_filter", 1),
        (
            "too many tool calls", .sse([.event(OpenAIMaterial.toolCall(index: 5000, arguments: "")), .hang]),
            "malformed", 1
        ),
        (
            "no end", .sse(Array(repeating: content(String(repeating: "x", count: 15 << 20)), count: 5) + [.hang]),
            "malformed", 1
        ),
        (
            "absurd usage and a cut",
            .sse([
                .event(
                    #"{"choices":[],"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}}"#
                ), content("x"), .reset,
            ]), "stream_broken", 1
        ),
    ]

    @Test(arguments: faults.indices)
    func everyFaultIsNamedAndTriedAsOftenAsTheRulesSay(index: Int) throws {
        let (name, reply, kind, calls) = Self.faults[index]
        let upstream = try ScriptedUpstream(reply)
        let bench = try Bench(upstream.baseURL)
        let caller = try bench.call()
        #expect(caller.finished.wait(), "\(name)")
        try onLoop {
            #expect(caller.failure == .providersFailed, "\(name)")
            #expect(caller.kinds == Array(repeating: kind, count: calls), "\(name)")
            #expect(caller.trace.steps.allSatisfy { $0.status == .failed && $0.failure != nil })
            for attempt in caller.trace.attempts { #expect(!attempt.failure.message.contains("secret")) }
        }
        #expect(upstream.requests.count == calls, "\(name)")
        #expect(try bench.isAtRest())
    }

    @Test func theNextCandidateAnswersAndSaysSo() throws {
        let (bad, good) = (try ScriptedUpstream(.failure(404)), try ScriptedUpstream(.chat("from the second")))
        let bench = try Bench(bad.baseURL, good.baseURL)
        let caller = try bench.call()
        #expect(caller.finished.wait())
        try onLoop {
            #expect(caller.completion?.content == "from the second")
            #expect(caller.notices == ["fallback"] && caller.call?.usesFallback == true)
            #expect(caller.trace.steps.map(\.status) == [.failed, .ok])
        }
    }

    @Test func onceContentWentOutNobodyElseContinuesIt() throws {
        let (broken, other) = (
            try ScriptedUpstream(.sse([Self.content("half"), .reset])), try ScriptedUpstream(.chat("no"))
        )
        let bench = try Bench(broken.baseURL, other.baseURL)
        let caller = try bench.call()
        #expect(caller.finished.wait())
        try onLoop { #expect(caller.failure == .providersFailed && caller.kinds == ["stream_broken"]) }
        #expect(other.requests.isEmpty)
        let again = try bench.call(commits: false)
        #expect(again.finished.wait())
        try onLoop { #expect(again.completion?.content == "no") }
    }

    @Test func aProviderThatAsksForAPauseIsLeftAlone() throws {
        let upstream = try ScriptedUpstream(.tooManyRequests(retryAfter: "30"))
        let bench = try Bench(upstream.baseURL)
        let first = try bench.call(timeout: .seconds(5))
        #expect(first.finished.wait())
        try onLoop { #expect(first.failure == .providersFailed && first.kinds == ["rate_limited"]) }
        let second = try bench.call(timeout: .seconds(5))
        #expect(second.finished.wait())
        try onLoop {
            guard case .rateLimited("p0", _, let wait)? = second.failure else {
                Issue.record("\(String(describing: second.failure))")
                return
            }
            #expect(wait > .seconds(25) && wait <= .seconds(30))
        }
        #expect(upstream.requests.count == 1)
    }

    @Test func aRefusedKeyDisablesTheProviderUntilReload() throws {
        let upstream = try ScriptedUpstream(.failure(401), .chat("welcome"))
        let bench = try Bench(upstream.baseURL)
        for _ in 0..<2 {
            let caller = try bench.call()
            #expect(caller.finished.wait())
            try onLoop { #expect(caller.kinds == ["auth"]) }
        }
        #expect(upstream.requests.count == 1)
        try bench.provider { $0.update($0.settings) }
        let caller = try bench.call()
        #expect(caller.finished.wait())
        try onLoop { #expect(caller.completion?.content == "welcome") }
    }

    // MARK: time

    @Test(arguments: ["silent", "role only", "keep-alives"])
    func noFirstTokenInTime(how: String) throws {
        let role = Reply.Piece.event(OpenAIMaterial.chunk(delta: #"{"role":"assistant","content":""}"#))
        let reply: Reply =
            switch how {
            case "silent": .hang
            case "role only": .sse([role, .hang])
            default: Reply.sse((0..<4000).map { _ in role }).dripped(size: 60)
            }
        let upstream = try ScriptedUpstream(reply)
        let bench = try Bench(upstream.baseURL) { $0.timeouts.firstToken = .milliseconds(150) }
        let start = MonotonicTime.now()
        let caller = try bench.call(timeout: .milliseconds(400))
        #expect(caller.finished.wait())
        #expect(MonotonicTime.now() - start < .seconds(3))
        try onLoop { #expect(caller.kinds.first == "timeout", "\(how): \(caller.kinds)") }
        #expect(try bench.isAtRest())
        #expect(upstream.request()?.abandoned.wait() == true)
    }

    @Test func aStreamThatStandsStillIsATimeout() throws {
        let upstream = try ScriptedUpstream(.sse([Self.content("a"), .hang]))
        let bench = try Bench(upstream.baseURL) { $0.timeouts.idle = .milliseconds(100) }
        let caller = try bench.call()
        #expect(caller.finished.wait())
        try onLoop { #expect(caller.kinds == ["timeout"] && caller.content == "a") }
    }

    /// The idle timeout counts from the answer's beginning also where the wait for it could have been, or was, longer.
    @Test(arguments: [0, 250])
    func aWholeAnswerThatStandsStillIsATimeout(begins milliseconds: Int) throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream(
            Reply(framing: .chunked, body: [.wait(gate), .text(#"{"choices":["#), .hang]))
        let bench = try Bench(upstream.baseURL) { $0.timeouts.idle = .milliseconds(100) }
        let caller = try bench.call(wantsStream: false)
        #expect(!caller.finished.wait(within: .milliseconds(milliseconds)))
        gate.open()
        #expect(caller.finished.wait())
        try onLoop { #expect(caller.kinds == ["timeout"]) }
    }

    @Test func timersRestWhileTheClientIsSlow() throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream(
            .sse([Self.content("a"), .wait(gate), Self.content("b"), Self.finish, .done]))
        let bench = try Bench(upstream.baseURL) { $0.timeouts.idle = .milliseconds(100) }
        let caller = try bench.call { $0.onDelta = { if $0.usesFallback == false { $0.pause() } } }
        #expect(caller.firstDelta.wait())
        #expect(!caller.finished.wait(within: .milliseconds(400)))
        gate.open()
        try onLoop {
            caller.onDelta = nil
            caller.call?.resume()
        }
        #expect(caller.finished.wait())
        try onLoop { #expect(caller.completion?.content == "ab") }
    }

    @Test func theDeadlineEndsTheWaitForARetry() throws {
        let upstream = try ScriptedUpstream(.failure(500, headers: [("Retry-After", "60")]))
        let bench = try Bench(upstream.baseURL)
        let caller = try bench.call(timeout: .seconds(2))
        #expect(caller.finished.wait(within: .seconds(1)))
        try onLoop { #expect(caller.failure == .providersFailed) }
    }

    // MARK: what is held is given back

    @Test(arguments: ["before anything", "after a piece", "while paused", "in the queue", "in the pause of a retry"])
    func cancelInEveryState(state: String) throws {
        let upstream = try ScriptedUpstream { request in
            switch state {
            case "before anything", "in the queue": .hang
            case "in the pause of a retry": .failure(500, headers: [("Retry-After", "5")])
            default: .sse([Self.content("a"), .hang])
            }
        }
        let bench = try Bench(upstream.baseURL) { $0.maxInFlight = 1 }
        let caller = try bench.call { if state == "while paused" { $0.onDelta = { $0.pause() } } }
        let request = try #require(upstream.request())
        switch state {
        case "after a piece", "while paused": #expect(caller.firstDelta.wait())
        case "in the pause of a retry": #expect(try onLoopEventually { caller.trace.attempts.count == 1 })
        case "in the queue":
            let second = try bench.call()
            #expect(try bench.provider { $0.gate.queued } == 1)
            try onLoop { second.call?.cancel() }
            #expect(try bench.provider { $0.gate.queued } == 0)
            #expect(try onLoop { second.trace.steps.isEmpty && second.finishes == 0 })
        default: break
        }
        let asked = MonotonicTime.now()
        try onLoop {
            caller.call?.cancel()
            caller.call?.cancel()
        }
        #expect(try bench.isAtRest())
        if state != "in the pause of a retry" {
            #expect(request.abandoned.wait())
            #expect(try #require(request.abandonedAt) - asked < .milliseconds(100))
            #expect(try onLoop { caller.trace.steps.map(\.status) } == [.cancelled])
        }
        #expect(try onLoop { caller.finishes } == 0)
        #expect(upstream.requests.count == 1)
    }

    /// A call may fail and be cancelled within one turn; whoever cancelled is then gone.
    @Test func cancelRightAfterTheFailure() throws {
        let bench = try Bench("http://127.0.0.1:9/v1") { $0.enabled = false }
        let state = bench.state
        try onLoop {
            let caller = Caller(
                state.models, state.registry, "x", wantsStream: true, timeout: .seconds(1), commits: true)
            caller.call?.start()
            caller.call?.cancel()
        }
        try onLoop {}
        #expect(try bench.isAtRest())
    }

    /// A place that becomes free in the same turn in which its waiter is cancelled goes to the next one.
    @Test func cancelAtTheMomentOfEntering() throws {
        let upstream = try ScriptedUpstream { $0.index == 0 ? .hang : .chat("next") }
        let bench = try Bench(upstream.baseURL) { $0.maxInFlight = 1 }
        let first = try bench.call()
        let (second, third) = (try bench.call(), try bench.call())
        _ = try #require(upstream.request())
        try onLoop {
            first.call?.cancel()
            second.call?.cancel()
        }
        #expect(third.finished.wait())
        #expect(upstream.requests.count == 2)
        #expect(try bench.isAtRest())
        #expect(try onLoop { second.trace.steps.isEmpty && second.finishes == 0 })
    }

    @Test func theGateLetsThemThroughInOrderAndRefusesBeyondItsQueue() throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream { $0.index < 2 ? Reply.chat("ok").after(gate) : .chat("ok") }
        let bench = try Bench(upstream.baseURL) { $0.maxInFlight = 2 }
        let limit = ConcurrencyGate<Int>.defaultQueueLimit
        let callers = try (0..<limit + 2).map { _ in try bench.call() }
        let refused = try bench.call()
        #expect(refused.finished.wait())
        try onLoop {
            guard case .overloaded? = refused.failure else {
                Issue.record("\(String(describing: refused.failure))")
                return
            }
        }
        #expect(try bench.provider { $0.inFlight } == 2)
        gate.open()
        for caller in callers { #expect(caller.finished.wait()) }
        #expect(try bench.isAtRest())
        #expect(upstream.requests.count == limit + 2)
    }

    @Test func aQuotaIsHonouredAndTokensAreSettled() throws {
        let upstream = try ScriptedUpstream(.chat("ok"))
        let bench = try Bench(upstream.baseURL) {
            $0.quota = QuotaSettings(
                requests: Rate(count: 2, period: .minutes(1)), tokens: Rate(count: 100, period: .minutes(1)))
        }
        for _ in 0..<2 { #expect(try bench.call().finished.wait()) }
        // The server counted 5 + 7 each time.
        #expect(try bench.provider { $0.tokenQuota?.used(at: .now()) } == 24)
        let third = try bench.call()
        #expect(third.finished.wait())
        try onLoop {
            guard case .rateLimited("p0", _, _)? = third.failure else {
                Issue.record("\(String(describing: third.failure))")
                return
            }
        }
        #expect(upstream.requests.count == 2)
        #expect(try bench.provider { $0.tokenQuota?.used(at: .now()) } == 24)
    }

    @Test func nothingSentCountsForNoQuota() throws {
        let upstream = try ScriptedUpstream(.hang)
        let url = upstream.baseURL
        upstream.stop()
        let bench = try Bench(url) {
            $0.quota = QuotaSettings(
                requests: Rate(count: 10, period: .minutes(1)), tokens: Rate(count: 1000, period: .minutes(1)))
        }
        let caller = try bench.call()
        #expect(caller.finished.wait())
        try onLoop { #expect(caller.kinds == ["connect", "connect", "connect"]) }
        #expect(try bench.provider { $0.requestQuota?.used(at: .now()) } == 0)
        #expect(try bench.provider { $0.tokenQuota?.used(at: .now()) } == 0)
    }

    @Test func theBreakerOpensAndAFallbackAnswersMeanwhile() throws {
        let (bad, good) = (try ScriptedUpstream(.garbage), try ScriptedUpstream(.chat("ok")))
        let bench = try Bench(bad.baseURL, good.baseURL)
        for _ in 0..<8 {
            let caller = try bench.call()
            #expect(caller.finished.wait())
            try onLoop { #expect(caller.completion?.content == "ok") }
        }
        #expect(bad.requests.count == 5)
        #expect(try bench.provider { $0.breakers["up0"]?.state(at: .now()) } == .open)
        let last = try bench.call()
        #expect(last.finished.wait())
        try onLoop { #expect(last.notices == ["breaker_open"] && last.kinds == ["breaker_open"]) }
    }

    /// A reload while calls are out: what they hold goes back to the provider that the next calls see.
    @Test func aReloadLosesNeitherPlacesNorProbes() throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream { $0.index < 5 ? .garbage : Reply.chat("well again").after(gate) }
        let bench = try Bench(upstream.baseURL) {
            $0.maxInFlight = 1
            $0.breaker.openFor = .milliseconds(1)
        }
        for _ in 0..<5 { #expect(try bench.call().finished.wait()) }
        let probe = try bench.call()
        _ = try #require(upstream.request(5))
        let waiting = try bench.call()
        try bench.provider { provider in
            var settings = provider.settings
            settings.maxInFlight = 3
            settings.quota.requests = Rate(count: 50, period: .minutes(1))
            provider.update(settings)
        }
        gate.open()
        #expect(probe.finished.wait() && waiting.finished.wait())
        try onLoop { #expect(probe.completion != nil && waiting.completion != nil) }
        #expect(try bench.provider { $0.breakers["up0"]?.state(at: .now()) } == .closed)
        #expect(try bench.isAtRest())
    }

    @Test func offlineAnswersAlikeAndSaysWhatItIs() throws {
        let bench = try Bench("", "") { $0 = ProviderSettings(name: $0.name, kind: .offline, baseURL: "") }
        let answers = try (0..<2).map { _ in
            let caller = try bench.call()
            #expect(caller.finished.wait())
            return try onLoop { caller.completion?.content }
        }
        #expect(answers[0] == answers[1] && answers[0]?.hasPrefix("[offline]") == true)
        let paused = try bench.call { $0.onDelta = { $0.pause() } }
        #expect(paused.firstDelta.wait() && !paused.finished.wait(within: .milliseconds(20)))
        try onLoop { paused.call?.cancel() }
        #expect(try bench.isAtRest())
    }
}
