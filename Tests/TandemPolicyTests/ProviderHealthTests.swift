import TandemBase
import TandemPolicy
import Testing

@Suite struct ProviderHealthTests {
    @Test func coolsDownAndNeverShortensThePause() {
        var health = ProviderHealth()
        #expect(health.availability(at: seconds(0)) == .available)
        health.rateLimited(retryAfter: nil, at: seconds(0))
        #expect(health.availability(at: seconds(0)) == .available)
        health.rateLimited(retryAfter: .seconds(10), at: seconds(0))
        health.rateLimited(retryAfter: .seconds(2), at: seconds(1))
        #expect(health.availability(at: seconds(9.9)) == .coolingDown(until: seconds(10)))
        #expect(health.availability(at: seconds(10)) == .available)
        health.rateLimited(retryAfter: .days(3), at: seconds(20))
        #expect(health.cooldownEnds == seconds(20) + ProviderHealth.longestCooldown)
    }

    @Test func aRefusedKeyDisablesUntilReload() {
        var health = ProviderHealth()
        health.authFailed(reason: "groq refused the key: set GROQ_API_KEY and run `tandem reload`")
        guard case .disabledByAuth(let reason) = health.availability(at: seconds(1e6)) else {
            Issue.record("not disabled")
            return
        }
        #expect(reason.contains("GROQ_API_KEY"))
        health.reload()
        #expect(health.availability(at: seconds(1e6)) == .available)
    }

    @Test func thePauseSurvivesARestart() throws {
        var health = ProviderHealth()
        health.rateLimited(retryAfter: .seconds(60), at: seconds(0))
        let stored = try #require(health.cooldownEnds(ClockReading(monotonic: seconds(10), wall: noon)))
        var restored = ProviderHealth()
        restored.restore(cooldownEnds: stored, ClockReading(monotonic: seconds(5), wall: noon + .seconds(20)))
        #expect(restored.cooldownEnds == seconds(35))
        #expect(health.cooldownEnds(ClockReading(monotonic: seconds(61), wall: noon)) == nil)
    }
}
