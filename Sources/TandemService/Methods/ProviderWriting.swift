import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders

// A provider as `status`, `setProvider` and `route` show it.
extension JSONWriter {
    @LoopActor
    mutating func members(of provider: Provider) {
        let now = EventLoop.shared.now
        member("name", provider.settings.name)
        member("kind", provider.settings.kind.rawValue)
        member("enabled", provider.isEnabled)
        availability(provider)
        member("base_url", provider.settings.baseURL)
        member("key_source", ifPresent: provider.settings.apiKeySource)
        member("key_problem", ifPresent: provider.settings.apiKeyProblem)
        key("breaker")
        let worst = provider.worstBreaker(at: now)
        breaker(worst?.breaker, of: worst?.model, at: now)
        key("limits")
        limits(of: provider, at: now)
        member("in_flight", provider.inFlight)
        if let error = provider.lastError {
            key("last_error")
            beginObject()
            member("message", error.message)
            member("at", error.at.description)
            endObject()
        }
    }

    @LoopActor
    mutating func limits(of provider: Provider, at now: MonotonicTime) {
        beginObject()
        member("max_in_flight", provider.settings.maxInFlight)
        if let rate = provider.settings.quota.requests {
            key("requests")
            quota(rate, used: provider.requestQuota?.used(at: now) ?? 0)
        }
        if let rate = provider.settings.quota.tokens {
            key("tokens")
            quota(rate, used: provider.tokenQuota?.used(at: now) ?? 0)
        }
        endObject()
    }

    private mutating func quota(_ rate: Rate, used: Int) {
        beginObject()
        member("limit", rate.count)
        member("period_ms", rate.period.wholeMilliseconds)
        member("used", used)
        endObject()
    }

    /// `model` is named where the breaker rests.
    mutating func breaker(_ breaker: CircuitBreaker?, of model: String? = nil, at now: MonotonicTime) {
        var breaker = breaker
        let statistics = breaker?.statistics(at: now)
        beginObject()
        member("state", (breaker?.state(at: now) ?? .closed).rawValue)
        member("error_rate", statistics?.errorRate ?? 0)
        member("samples", statistics?.samples ?? 0)
        if let reopensAt = breaker?.reopensAt {
            member("reopens_at", (WallTime.now() + (reopensAt - now)).description)
            member("model", ifPresent: model)
        }
        endObject()
    }
}

extension Provider {
    /// A provider has a breaker for each model; the one that is worst off speaks for it.
    func worstBreaker(at now: MonotonicTime) -> (model: String, breaker: CircuitBreaker)? {
        func rank(_ breaker: CircuitBreaker) -> (Int, Int) {
            var breaker = breaker
            let samples = breaker.statistics(at: now).samples
            switch breaker.state(at: now) {
            case .open: return (2, samples)
            case .halfOpen: return (1, samples)
            case .closed: return (0, samples)
            }
        }
        return breakers.max { rank($0.value) < rank($1.value) }.map { ($0.key, $0.value) }
    }
}
