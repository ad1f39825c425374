import Glibc
import TandemBase
import TandemEdits
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemStore
import TandemText
import TandemWorkflows

/// What a request's workflow needs of the daemon, with the models as they were configured when it came.
@LoopActor
final class ChatEnvironment: WorkflowEnvironment {
    private unowned let daemon: Daemon
    private let configuration: Configuration
    private let client: LimitSet.Client
    private let requestID: String
    var providers: ProviderRegistry { daemon.providers }

    init(_ daemon: Daemon, client: LimitSet.Client, requestID: String) {
        self.daemon = daemon
        self.client = client
        self.requestID = requestID
        configuration = daemon.configuration
    }

    func part(_ model: String) -> WorkflowPart? {
        switch configuration.resolve(model) {
        case .leaf(let leaf): .leaf(daemon.candidates(for: leaf))
        case .workflow(let workflow): .workflow(name: workflow.name, workflow.settings)
        case nil: nil
        }
    }

    func warm(_ model: String) {
        if case .leaf(let leaf) = configuration.resolve(model) { daemon.providers[leaf.provider]?.warm(for: leaf) }
    }

    func lookUp(_ tool: ExpertTool, _ argument: String, below folder: String) async -> String {
        // Files are read with the daemon's rights, so only for those who have them anyway.
        guard client.uid == 0 || client.uid == getuid() else {
            return "error: files are shown to the daemon's own user only"
        }
        return await FileLookup(roots: configuration.access.roots).run(tool, argument, below: folder)
    }

    func issues(of draft: Completion, by check: QualityCheck) async -> [QualityIssue] {
        await DraftChecks.shared.issues(of: draft, by: check)
    }

    var expertMemory: ExpertMemory { daemon.expertMemory }

    func takeReasoningLimits() -> ReasoningGrant {
        do throws(RPCError) {
            let ticket = try daemon.admission.admit(.reasoning, for: client, requestID: requestID)
            // What the request costs is settled with its own ticket.
            return .granted { wasSent in ticket?.settle(wasSent: wasSent, costUSD: nil, completionTokens: 0) }
        } catch {
            return .refused(error)
        }
    }

    func reasoningCache(of chain: String, _ settings: CacheSettings) -> ReasoningCache {
        daemon.reasoningCaches.cache(of: chain, settings)
    }
}

/// Judges drafts on threads of their own. Few at a time run checkers of syntax: they are processes, and an answer whose
/// syntax nobody checked is better than a machine full of them.
@LoopActor
private final class DraftChecks {
    static let shared = DraftChecks()
    private static let atOnce = 4
    private var running = 0

    func issues(of draft: Completion, by check: QualityCheck) async -> [QualityIssue] {
        let mayRun = running < Self.atOnce
        running += 1
        defer { running -= 1 }
        return await onOwnThread {
            check.issues(of: draft.content, finishReason: draft.finishReason.rawValue) { language, code in
                mayRun ? SnippetVerifier.parses(code, language: language) : nil
            }
        }
    }
}

/// The reasoning caches of all chains, by the chain's name; there are at most as many as chains were ever configured.
/// Clients see them as one.
@LoopActor
final class ReasoningCaches: NamedCache {
    /// As the database calls a chain's cache; `chain` may be any name.
    private static func storedName(_ chain: String) -> String { "reasoning/\(chain)" }

    private let store: Store
    private var caches: [String: ReasoningCache] = [:]

    init(_ store: Store) { self.store = store }

    func cache(of chain: String, _ settings: CacheSettings) -> ReasoningCache {
        if let known = caches[chain] {
            known.update(settings)
            return known
        }
        let fresh = ReasoningCache(settings)
        fresh.onKeep = { [store] key, reasoning in
            let now = WallTime.now()
            store.save(
                cached: CachedRow(
                    cache: Self.storedName(chain), key: key, value: reasoning.encoded, savedAt: now),
                expires: now + settings.ttl, keep: settings.entries)
        }
        caches[chain] = fresh
        return fresh
    }

    /// Reads what an earlier process kept for a chain.
    func load(_ chain: String, _ settings: CacheSettings) async throws(StoreError) {
        guard settings.enabled else { return }
        let rows = try await store.value { completion in
            store.cached(
                Self.storedName(chain), limit: settings.entries, maxBytes: ReasoningCache.maxBytes,
                completion: completion)
        }
        let cache = cache(of: chain, settings)
        let now = WallTime.now()
        for row in rows {
            guard let reasoning = Reasoning(encoded: row.value) else { continue }
            cache.restore(reasoning, for: row.key, age: now - row.savedAt)
        }
    }

    let cacheName = "reasoning"
    var entryCount: Int { sum(\.count) }
    var capacity: Int { sum(\.maxEntries) }
    var ttl: TimeSpan { caches.values.map(\.cache.ttl).max() ?? .zero }
    var hits: Int { sum(\.hits) }
    var misses: Int { sum(\.misses) }
    var bytes: Int { sum(\.bytes) }

    func clear() -> Int {
        for chain in caches.keys { store.clear(cache: Self.storedName(chain)) }
        return caches.values.reduce(0) { $0 + $1.clear() }
    }

    private func sum(_ figure: KeyPath<TTLCache<ReasoningCache.Key, Reasoning>, Int>) -> Int {
        caches.values.reduce(0) { $0 + $1.cache[keyPath: figure] }
    }
}

extension ChatRequest {
    func workflowOptions(uid: UInt32, id: ULID) -> WorkflowOptions {
        var options = WorkflowOptions(uid: uid)
        options.stickiness = stableHash(session ?? id.description)
        options.depth = depth
        options.instructions = instructions
        switch cache {
        case .refresh: options.cache = .refresh
        case .bypass: options.cache = .bypass
        case .use, .only, nil: options.cache = .use
        }
        return options
    }
}

/// FNV-1a with a final mix (splitmix64's), so that all bits depend on all bytes: the same for every process.
func stableHash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
}
