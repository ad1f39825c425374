import Glibc
import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore

extension Daemon {
    func status(_ request: PendingRequest) {
        request.respond { writer in
            writer.beginObject()
            writer.member("version", Self.version)
            writer.member("protocol", protocolVersion)
            writer.member("pid", Int(getpid()))
            writer.member("uptime_ms", (MonotonicTime.now() - startTime).wholeMilliseconds)
            writer.member("activated", isActivated)
            writer.key("config_path")
            if let path = configuration.files.first ?? configuration.path { writer.string(path) } else { writer.null() }
            writer.member("connections", server.connectionCount)
            writer.member("in_flight", runs.count)
            writer.key("providers")
            writer.beginArray()
            for provider in providers.providers { write(provider, to: &writer) }
            writer.endArray()
            writer.key("caches")
            writer.beginArray()
            writer.endArray()
            writer.member("memory_bytes", residentBytes())
            let database = store.status
            writer.key("database")
            writer.beginObject()
            writer.member("path", database.path)
            writer.member("bytes", database.bytes)
            writer.member("unrecorded", database.unrecorded)
            writer.member("failure", ifPresent: database.failure)
            writer.endObject()
            writer.endObject()
        }
    }

    private func write(_ provider: Provider, to writer: inout JSONWriter) {
        let now = EventLoop.shared.now
        writer.beginObject()
        writer.member("name", provider.settings.name)
        writer.member("kind", provider.settings.kind.rawValue)
        writer.member("enabled", provider.isEnabled)
        writer.member("base_url", provider.settings.baseURL)
        writer.member("key_source", ifPresent: provider.settings.apiKeySource)
        writer.member("key_problem", ifPresent: provider.settings.apiKeyProblem)
        writer.key("breaker")
        write(worstBreaker(of: provider, at: now), at: now, to: &writer)
        writer.key("limits")
        writer.beginObject()
        writer.member("max_in_flight", provider.settings.maxInFlight)
        if let rate = provider.settings.quota.requests {
            writer.key("requests")
            write(rate, used: provider.requestQuota?.used(at: now) ?? 0, to: &writer)
        }
        if let rate = provider.settings.quota.tokens {
            writer.key("tokens")
            write(rate, used: provider.tokenQuota?.used(at: now) ?? 0, to: &writer)
        }
        writer.endObject()
        writer.member("in_flight", provider.inFlight)
        if let error = provider.lastError {
            writer.key("last_error")
            writer.beginObject()
            writer.member("message", error.message)
            writer.member("at", error.at.description)
            writer.endObject()
        }
        writer.endObject()
    }

    private func write(_ rate: Rate, used: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("limit", rate.count)
        writer.member("period_ms", rate.period.wholeMilliseconds)
        writer.member("used", used)
        writer.endObject()
    }

    /// A provider has a breaker for each model; the one that is worst off speaks for it.
    private func worstBreaker(of provider: Provider, at now: MonotonicTime) -> CircuitBreaker? {
        func rank(_ breaker: CircuitBreaker) -> Int {
            switch breaker.state(at: now) {
            case .open: 2
            case .halfOpen: 1
            case .closed: 0
            }
        }
        return provider.breakers.values.max { rank($0) < rank($1) }
    }

    private func write(_ breaker: CircuitBreaker?, at now: MonotonicTime, to writer: inout JSONWriter) {
        var breaker = breaker
        let statistics = breaker?.statistics(at: now)
        writer.beginObject()
        writer.member("state", (breaker?.state(at: now) ?? .closed).rawValue)
        writer.member("error_rate", statistics?.errorRate ?? 0)
        writer.member("samples", statistics?.samples ?? 0)
        if let reopensAt = breaker?.reopensAt {
            writer.member("reopens_at", (WallTime.now() + (reopensAt - now)).description)
        }
        writer.endObject()
    }

    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
        let fields = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
