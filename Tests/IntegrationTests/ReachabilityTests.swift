import TandemJSON
import TandemTestSupport
import Testing

/// `status` with `probe`: what it says of a provider that answers, refuses the key, fails, or is not there.
@Suite struct ReachabilityTests {
    @Test(arguments: [
        (Reply.json(#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#), true, "answers with 2 models"),
        (Reply.json("{}", status: 401), false, "refuses the key (HTTP 401): correct api_key of [providers.up]"),
        (Reply.json(#"{"error":{"message":"API key not valid."}}"#, status: 400), false, "refuses the key (HTTP 400)"),
        (Reply.json("{}", status: 404), true, "answers, but lists no models (HTTP 404)"),
        (Reply.json("{}", status: 503), false, "answers HTTP 503"),
    ])
    func aProviderIsAsked(reply: Reply, ok: Bool, message: String) throws {
        let service = try TestService(
            "[providers.off]\nkind = \"openai\"\nbase_url = \"{url}\"\nenabled = false\n",
            provider: "api_key = { env = \"UP_KEY\" }", environment: upstreamKey
        ) { _ in reply }
        let providers = try #require(try service.call("status", #"{"probe":true}"#)["providers"]).elements.map { $0 }
        let up = try #require(providers.first { $0["name"]?.string == "up" }?["reachable"])
        #expect(up["ok"]?.bool == ok)
        #expect(up["message"]?.string?.hasPrefix(message) == true, "\(up["message"]?.string ?? "")")
        #expect((up["latency_ms"]?.double ?? 0) > 0)
        #expect(!String(decoding: up.raw, as: UTF8.self).contains("sk-test"))
        let off = try #require(providers.first { $0["name"]?.string == "off" })
        #expect(off["reachable"] == nil, "one that is disabled is not asked")
        let request = try #require(service.upstream.request())
        #expect(request.path == "/v1/models" && request.method == "GET")
    }

    @Test func withoutProbeNobodyIsAsked() throws {
        let service = try TestService { _ in .json("{}") }
        let status = try service.call("status")
        #expect(status["providers.0.reachable"] == nil)
    }

    @Test func aProviderThatIsNotThereOrHangsIsSaidSo() throws {
        let never = Gate()
        let service = try TestService(
            "[providers.gone]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n"
        ) { _ in Reply.json("{}").after(never) }
        let start = ContinuousClock.now
        let second = try service.another()
        try second.send(RawClient.request("status", #"{"probe":true}"#, id: "7"))
        let status = try service.call("status", #"{"probe":true}"#)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(status["providers.0.reachable.ok"]?.bool == false)
        #expect(status["providers.0.reachable.message"]?.string?.contains("no answer in time") == true)
        #expect(status["providers.1.reachable.ok"]?.bool == false)
        #expect(try second.next().contains("\"reachable\""))
    }
}
