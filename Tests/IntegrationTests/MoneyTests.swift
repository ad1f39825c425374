import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// What requests cost and spare, against the real daemon: `saved_usd` in the ledger, and budgets of workflows.
@Suite struct MoneyTests {
    /// Scripted answers have 5 prompt and 7 completion tokens, so `m` costs 0.0075 USD a call.
    private static let perCall = 0.0075
    private static let code = "Write a Python function that reverses a linked list"
    private static let good = "Here it is, with its pointers reversed:\n\n```python\ndef f(x): return x\n```\n"

    private static let models = """
        [models.free]
        provider = "up"
        model = "free"
        price = { input = 0.0, output = 0.0 }
        [models.backed]
        provider = "up"
        model = "free"
        price = { input = 0.0, output = 0.0 }
        fallbacks = ["dear"]
        [models.dear]
        provider = "up"
        model = "dear"
        price = { input = 200.0, output = 2000.0 }
        [models.unknown]
        provider = "up"
        model = "unknown"
        [models.auto]
        workflow = "route"
        code = "free"
        general = "dear"
        polish = { model = "m" }
        [models.chain]
        workflow = "chain"
        reasoner = "dear"
        coder = "free"
        """

    private func saved(_ service: TestService, _ members: String, text: String = "hello") throws -> Double? {
        let before = try savedInAll(service)
        #expect(try service.chat(members, text: text)["content"]?.string != nil)
        let after = try savedInAll(service)
        return after.map { $0 - (before ?? 0) }
    }

    private func savedInAll(_ service: TestService) throws -> Double? {
        try service.call("stats")["rows.0.saved_usd"]?.double
    }

    @Test func aFreeAnswerSavesWhatTheModelItReplacedWouldHaveCost() throws {
        let service = try TestService(Self.models) { request in
            request.text.contains("bad draft") ? .chat("no") : .chat(Self.good)
        }
        func expect(_ saved: Double?, _ amount: Double?, _ comment: Comment) {
            #expect(abs((saved ?? -1) - (amount ?? -1)) < 1e-9, comment)
        }
        expect(try saved(service, ""), nil, "a model with a price saves nothing")
        expect(try saved(service, ",\"model\":\"unknown\""), nil, "an unknown price is not free")
        expect(try saved(service, ",\"model\":\"free\""), Self.perCall, "the default model's price")
        expect(try saved(service, ",\"model\":\"backed\""), 2 * Self.perCall, "its fallback's price")
        expect(try saved(service, ",\"model\":\"auto\"", text: Self.code), 2 * Self.perCall, "the other arm's price")
        expect(try saved(service, ",\"model\":\"chain\""), 2 * Self.perCall, "the coder alone was free")
        expect(try saved(service, ",\"model\":\"chain\""), 4 * Self.perCall, "and the reasoning came from the cache")
        let byProvider = try service.call("stats", "{\"by\":\"provider\"}")
        expect(byProvider["rows.0.saved_usd"]?.double, 11 * Self.perCall, "steps add up")
        // A draft that was polished was not kept.
        let polished = try service.chat(",\"model\":\"auto\"", text: "\(Self.code), bad draft")
        #expect(polished["polished"]?.bool == true, "\(polished.text)")
        expect(try savedInAll(service), 11 * Self.perCall, "nothing more")
    }

    @Test func aCachedFreeAnswerSavesAgain() throws {
        let service = try TestService(ResponseCacheTests.enabled + "\n" + Self.models) { _ in .chat("ok") }
        let members = ",\"model\":\"free\",\"cache\":\"use\""
        for _ in 0..<2 { #expect(abs((try saved(service, members) ?? 0) - Self.perCall) < 1e-9) }
        #expect(service.upstream.requests.count == 1)
        let client = try service.restart()
        let answer = try Answer(
            client.call("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]\(members)}"))
        #expect(answer["cached"]?.bool == true, "\(answer.text)")
        let stats = try Answer(client.call("stats", "{}"))
        #expect(abs((stats["rows.0.saved_usd"]?.double ?? 0) - 3 * Self.perCall) < 1e-9, "\(stats.text)")
    }

    // MARK: budgets

    /// The budget's figures as `status` and `route` show them.
    private func budget(_ service: TestService) throws -> (spent: Double, reserved: Double) {
        let route = try service.call("route", "{\"prompt\":\"x\"}")
        return (route["budget.spent_today_usd"]?.double ?? -1, route["budget.reserved_usd"]?.double ?? -1)
    }

    @Test func aWorkflowReservesWhatAllItsPartsMayCost() throws {
        let open = Gate()
        let service = try TestService("[budget]\ndaily_usd = 100.0\n" + Self.models) { _ in
            Reply.chat(Self.good).after(open)
        }
        let client = try service.another()
        // 1000 tokens at 2000 USD a million for the reasoner, nothing for the free coder.
        try client.send(
            RawClient.request(
                "chat",
                "{\"model\":\"chain\",\"max_tokens\":1000,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"))
        #expect(service.upstream.request(0) != nil)
        #expect((2.0...2.1).contains(try budget(service).reserved))
        open.open()
        #expect(try Answer(client.next())["content"]?.string != nil)
        let after = try budget(service)
        #expect(after.reserved == 0 && abs(after.spent - 2 * Self.perCall) < 1e-9)
    }

    @Test func escalationsPlansAndFallbacksCountToo() throws {
        let plan = #"{\"edits\":[{\"file\":\"a.py\",\"type\":\"create\",\"content\":\"x = 1\\n\"}]}"#
        let settings = "[budget]\ndaily_usd = 0.4\n[limits]\nreasoning_user = \"none\"\n"
        let service = try TestService(settings + Self.models) { request in
            if request.text.contains("\"free\"") { return .failure(400) }
            return request.text.contains("edits") ? .chat(plan.replacing("\\\"", with: "\"")) : .chat("ok")
        }
        let message = "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
        let escalated = try service.call("escalate", "{\"model\":\"dear\",\(message)}")
        #expect(escalated["content"]?.string == "ok", "\(escalated.text)")
        #expect(abs(try budget(service).spent - 2 * Self.perCall) < 1e-9)
        let planned = try service.call("plan", "{\"problem\":\"write a.py\",\"documents\":[]}")
        #expect(planned.code != -32013, "\(planned.text)")
        let afterPlan = try budget(service).spent
        #expect(abs(afterPlan - 3 * Self.perCall) < 1e-9, "the plan's call counts")
        // A free model whose fallback has a price.
        #expect(try service.chat(",\"model\":\"backed\"")["content"]?.string == "ok")
        #expect(abs(try budget(service).spent - afterPlan - 2 * Self.perCall) < 1e-9)
        var refused = escalated
        for _ in 0..<40 where refused.result != nil {
            refused = try service.call("escalate", "{\"model\":\"dear\",\(message)}")
        }
        #expect(refused.code == -32013, "\(refused.text)")
        #expect(try service.call("plan", "{\"problem\":\"write a.py\",\"documents\":[]}").code == -32013)
        // What is free is never refused.
        #expect(try service.chat(",\"model\":\"backed\"").code != -32013)
    }

    @Test func aLimitCountsOnlyWhatWasSent() throws {
        let service = try TestService(
            """
            [limits]
            user = "1/10m"
            [providers.gone]
            kind = "openai"
            base_url = "http://127.0.0.1:1/v1"
            """
        ) { _ in .chat("ok") }
        #expect(try service.chat(",\"model\":\"gone/m\"").code == -32002)
        #expect(try service.chat()["content"]?.string == "ok")
        #expect(try service.chat().code == -32001)
    }
}
