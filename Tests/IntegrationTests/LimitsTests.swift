import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// Limits, budgets and breakers against the real daemon, across restarts.
@Suite struct LimitsTests {
    @Test func limitsHoldPerUserAndForEverybodyAndSurviveARestart() throws {
        let service = try TestService("[limits]\nuser = \"2/10m\"\nglobal = \"3/10m\"") { _ in .chat("ok") }
        for _ in 0..<2 { #expect(try service.chat(",\"user\":\"a\"")["content"]?.string == "ok") }
        let refused = try service.chat(",\"user\":\"a\"")
        #expect(refused.code == -32001)
        #expect(refused.data?["kind"]?.string == "rate_limited" && refused.data?["scope"]?.string == "default")
        #expect(refused.data?["limit"]?.int == 2 && refused.data?["period_ms"]?.int == 600_000)
        #expect(refused.data?["retryable"]?.bool == true && refused.data?["request_id"]?.string != nil)
        #expect((500_000...600_000).contains(refused.data?["retry_after_ms"]?.int ?? 0))
        #expect(try service.chat(",\"user\":\"b\"")["content"]?.string == "ok")
        let full = try service.chat(",\"user\":\"b\"")
        #expect(full.code == -32001 && full.data?["limit"]?.int == 3)

        let client = try service.restart()
        let message = "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"user\":\"a\"}"
        // The very first request already sees what was taken.
        let after = try Answer(client.call("chat", message))
        #expect(after.code == -32001 && after.data?["limit"]?.int == 2, "\(after.text)")
        #expect(service.upstream.requests.count == 3)
    }

    /// What was taken is on the disk soon after, while the request still runs.
    @Test func limitsSurviveAKill() throws {
        let open = Gate()
        let service = try TestService("[limits]\nuser = \"1/10m\"") { _ in Reply.chat("ok").after(open) }
        let message = "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"user\":\"killed\"}"
        try service.client.send(RawClient.request("chat", message))
        let log = service.daemon.home.state + "/tandem/tandem.db-wal"
        #expect(eventually(within: .seconds(2)) { (try? service.daemon.home.read(log))?.contains("killed") == true })
        let client = try service.restart(killed: true)
        #expect(try Answer(client.call("chat", message)).code == -32001)
        open.open()
    }

    @Test func whatSendsNothingCountsNothing() throws {
        let service = try TestService("[limits]\nuser = \"1/10m\"") { _ in .chat("ok") }
        #expect(try service.call("setProvider", "{\"provider\":\"up\",\"enabled\":false}")["enabled"]?.bool == false)
        #expect(try service.chat().code == -32002)
        #expect(try service.call("setProvider", "{\"provider\":\"up\",\"enabled\":true}")["enabled"]?.bool == true)
        #expect(try service.chat()["content"]?.string == "ok")
        #expect(try service.chat().code == -32001)
    }

    @Test func limitsAreExactUnderAThousandConcurrentRequests() throws {
        let open = Gate()
        let service = try TestService("[limits]\nuser = \"100/10m\"\n[providers.up.limit]\nrequests = \"500/1m\"") {
            _ in
            Reply.chat("ok").after(open)
        }
        let client = try service.another()
        for id in 0..<1000 {
            try client.send(
                RawClient.request("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", id: "\(id)"))
        }
        var refused = 0
        for _ in 0..<900 where try Answer(client.next()).code == -32001 { refused += 1 }
        open.open()
        var good = 0
        for _ in 0..<100 where try Answer(client.next())["content"]?.string == "ok" { good += 1 }
        #expect(refused == 900 && good == 100)
        #expect(try service.call("status")["in_flight"]?.int == 0)
    }

    @Test func budgetsAreKeptAndSurviveAKill() throws {
        // 5 prompt tokens at 100 and 7 at 1000 USD a million: 0.0075 USD each.
        let service = try TestService("[budget]\ndaily_usd = 0.02") { _ in .chat("ok") }
        let first = try service.chat()
        #expect(abs((first["cost_usd"]?.double ?? 0) - 0.0075) < 1e-9)
        #expect(try service.chat()["content"]?.string == "ok")
        let refused = try service.chat()
        #expect(refused.code == -32013, "\(refused.text)")
        #expect(refused.data?["kind"]?.string == "budget_exceeded" && refused.data?["scope"]?.string == "daily")
        #expect(refused.data?["budget_usd"]?.double == 0.02)
        #expect(abs((refused.data?["spent_usd"]?.double ?? 0) - 0.015) < 1e-9)
        #expect(refused.data?["resets_at"]?.string?.hasSuffix("T00:00:00.000Z") == true)
        // The ledger knows it: a query sees what was handed over before.
        _ = try service.call("history")
        let client = try service.restart(killed: true)
        let after = try Answer(client.call("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"))
        #expect(after.code == -32013, "\(after.text)")
    }

    @Test func breakersAndSwitchesSurviveARestart() throws {
        let service = try TestService(
            """
            [breaker]
            min_samples = 2
            [models.other]
            provider = "spare"
            model = "spare"
            fallbacks = ["m"]
            [providers.spare]
            kind = "openai"
            base_url = "{url}"
            """, environment: ["TANDEM_SPARE_ENABLED": "false"]
        ) { $0.text.contains("\"scripted\"") ? .failure(500) : .chat("spare") }
        // The environment switched it off.
        #expect(try service.chat(",\"model\":\"spare/spare\"").data?["attempts"]?[0]?["kind"]?.string == "disabled")
        #expect(try service.call("setProvider", "{\"provider\":\"spare\",\"enabled\":true}")["saved"]?.bool == true)
        #expect(try service.chat(",\"model\":\"other\"")["content"]?.string == "spare")
        let failed = try service.chat()
        #expect(failed.code == -32002 && failed.data?["attempts"]?.count == 3)
        func breaker(_ answer: Answer) -> String? {
            answer["providers"]?.elements.first { $0["name"]?.string == "up" }?["breaker"]?["state"]?.string
        }
        #expect(breaker(try service.call("status")) == "open")

        let client = try service.restart()
        #expect(breaker(try Answer(client.call("status"))) == "open")
        let message = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
        let spare = try Answer(client.call("chat", "{\"model\":\"other\",\(message)}"))
        #expect(spare["content"]?.string == "spare", "setProvider wins over the environment: \(spare.text)")
        let reset = try Answer(client.call("setProvider", "{\"provider\":\"up\",\"reset_breaker\":true}"))
        #expect(reset["breaker.state"]?.string == "closed")
        #expect(try Answer(client.call("setProvider", "{\"provider\":\"none\"}")).code == -32012)
    }

    @Test func aLongPauseIsLeftToTheFallbackAndSurvivesARestart() throws {
        let service = try TestService(
            """
            fallbacks = ["n"]
            [models.n]
            provider = "spare"
            model = "n"
            [providers.spare]
            kind = "openai"
            base_url = "{url}"
            """
        ) { $0.text.contains("\"scripted\"") ? .tooManyRequests(retryAfter: "60") : .chat("n") }
        let first = try service.chat()
        #expect(first["content"]?.string == "n" && first["fallback"]?.bool == true)
        #expect(first["steps"]?.count == 2)
        let client = try service.restart()
        let second = try Answer(client.call("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"))
        #expect(second["content"]?.string == "n" && second["steps"]?.count == 1, "\(second.text)")
        let route = try Answer(client.call("route", "{\"prompt\":\"x\"}"))
        #expect(route["chosen"]?.string == "n" && route["candidates.0.available"]?.bool == false)
        #expect(route["candidates.0.reason"]?.string?.contains("pause") == true)
    }

    @Test func aProvidersQuotaIsNamed() throws {
        let service = try TestService("[providers.up.limit]\ntokens = \"50/1m\"") { _ in .chat("ok") }
        #expect(try service.chat()["content"]?.string == "ok")
        let refused = try service.chat(text: String(repeating: "long ", count: 60))
        #expect(refused.code == -32001 && refused.data?["scope"]?.string == "up")
        #expect(refused.data?["limit"]?.int == 50 && refused.data?["period_ms"]?.int == 60_000)
    }
}
