import Glibc
import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore

/// How long a provider gets to show that it is there.
private let probeLimit = TimeSpan.seconds(3)

extension Daemon {
    /// With `probe` after every enabled provider was asked, side by side.
    func status(_ request: PendingRequest) {
        guard request.params?["probe"]?.bool == true else { return respond(request, [:]) }
        reachability.ask(providers.providers.filter(\.isEnabled)) { [self] in respond(request, $0) }
    }

    private func respond(_ request: PendingRequest, _ reachability: [String: Reachability]) {
        request.respond { writer in
            writer.beginObject()
            writer.member("version", Self.version)
            writer.member("protocol", protocolVersion)
            writer.member("pid", Int(getpid()))
            writer.member("uptime_ms", (MonotonicTime.now() - startTime).wholeMilliseconds)
            writer.member("activated", isActivated)
            writer.key("config_path")
            if let path = configuration.files.first ?? configuration.path { writer.string(path) } else { writer.null() }
            writer.member("config_problem", ifPresent: configurationProblem)
            writer.member("connections", server.connectionCount)
            writer.member("in_flight", runs.count)
            writer.key("providers")
            writer.beginArray()
            for provider in providers.providers {
                writer.beginObject()
                writer.members(of: provider)
                if let reached = reachability[provider.settings.name] { writer.reachable(reached) }
                writer.endObject()
            }
            writer.endArray()
            writer.caches(caches)
            writer.budget(admission)
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

/// One round of questions to the providers at a time: whoever asks while it is under way gets its answers.
@LoopActor
final class ReachabilityRound {
    private let client: HTTPClient
    private var waiting: [@LoopActor ([String: Reachability]) -> Void] = []
    private var answers: [String: Reachability] = [:]
    private var missing = 0

    init(_ client: HTTPClient) { self.client = client }

    func ask(_ providers: [Provider], _ done: @escaping @LoopActor ([String: Reachability]) -> Void) {
        guard !providers.isEmpty else { return done([:]) }
        waiting.append(done)
        guard waiting.count == 1 else { return }
        answers = [:]
        missing = providers.count
        for provider in providers {
            provider.probe(within: probeLimit, client: client) { [self] in answered(provider.settings.name, $0) }
        }
    }

    private func answered(_ name: String, _ reachability: Reachability) {
        answers[name] = reachability
        missing -= 1
        guard missing == 0 else { return }
        let done = waiting
        waiting = []
        for waiter in done { waiter(answers) }
    }
}

extension JSONWriter {
    fileprivate mutating func reachable(_ reachability: Reachability) {
        key("reachable")
        beginObject()
        member("ok", reachability.isReached)
        member("message", reachability.message)
        member("latency_ms", reachability.latency.milliseconds)
        endObject()
    }
}
