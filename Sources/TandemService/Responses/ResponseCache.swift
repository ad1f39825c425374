import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProviders
import TandemStore

/// `[cache.responses]`: whole answers by request, in memory with a copy in the database, and the calls in flight that
/// equal requests share.
@LoopActor
final class ResponseCache {
    /// As `status` and `clearCache` call it.
    static let name = "responses"
    /// Bytes of answers in memory.
    static let maxBytes = 8 << 20

    /// SHA-256 of what was asked.
    struct Key: Hashable {
        let digest: [UInt8]

        /// Its first bytes are as good a hash as any of all of them.
        func hash(into hasher: inout Hasher) {
            hasher.combine(digest.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        }
    }

    private var settings: CacheSettings
    private var cache: TTLCache<Key, CachedAnswer>
    private let store: Store
    private var flights = SingleFlight<Key, SharedCall.Place>()
    private var calls: [Key: SharedCall] = [:]

    init(_ settings: CacheSettings, _ store: Store) {
        self.settings = settings
        self.store = store
        cache = TTLCache(ttl: settings.ttl, maxEntries: settings.entries, maxBytes: Self.maxBytes)
        update(settings)
    }

    var isEnabled: Bool { settings.enabled }

    /// Takes over changed settings; a cache that is switched off is emptied.
    func update(_ settings: CacheSettings) {
        self.settings = settings
        cache.update(ttl: settings.ttl, maxEntries: settings.enabled ? settings.entries : 0, maxBytes: Self.maxBytes)
    }

    func answer(for key: Key) -> CachedAnswer? {
        settings.enabled ? cache.value(for: key, at: EventLoop.shared.now) : nil
    }

    /// Keeps an answer, in memory and in the database.
    func keep(_ answer: CachedAnswer, for key: Key) {
        guard settings.enabled, answer.isKeepable, answer.size <= Self.maxBytes / 8 else { return }
        cache.insert(answer, for: key, cost: answer.size, at: EventLoop.shared.now)
        let now = WallTime.now()
        store.save(
            cached: CachedRow(cache: Self.name, key: key.digest, value: answer.encoded, savedAt: now),
            expires: now + settings.ttl, keep: settings.entries)
    }

    /// Drops everything; the number of entries that were in memory.
    func clear() -> Int {
        let count = cache.count
        cache.removeAll()
        store.clear(cache: Self.name)
        return count
    }

    // MARK: a restart

    /// Reads what an earlier process kept, oldest first.
    func restore(_ rows: [(key: [UInt8], answer: CachedAnswer, savedAt: WallTime)]) {
        let now = EventLoop.shared.now
        let wall = WallTime.now()
        for row in rows where row.key.count >= MemoryLayout<UInt64>.size {
            cache.insert(row.answer, for: Key(digest: row.key), cost: row.answer.size, at: now, age: wall - row.savedAt)
        }
    }

    func load() async throws(StoreError) {
        guard settings.enabled else { return }
        let entries = settings.entries
        let rows = try await store.value { completion in
            store.cached(Self.name, limit: entries, maxBytes: Self.maxBytes) { result in
                // Still on the store's thread: reading the answers is not the loop's business.
                completion(
                    result.map { rows in
                        rows.compactMap { row in
                            CachedAnswer(encoded: row.value).map { (key: row.key, answer: $0, savedAt: row.savedAt) }
                        }
                    })
            }
        }
        restore(rows)
    }

    // MARK: equal requests in flight

    /// Joins the call for `key`, or makes it: `begin` is called when there is none. Nil when too many wait for it.
    func join(_ key: Key, _ place: SharedCall.Place, begin: () -> SharedCall?) -> Bool {
        switch flights.join(key, place) {
        case .full: return false
        case .follow(let ticket):
            place.take(ticket, calls[key])
        case .lead(let ticket):
            place.take(ticket, nil)
            guard let call = begin() else {
                _ = flights.leave(key, ticket)
                return true
            }
            place.take(ticket, call)
            calls[key] = call
            call.start()
        }
        return true
    }

    func leave(_ place: SharedCall.Place) {
        guard let ticket = place.ticket, let call = place.call else { return }
        switch flights.leave(place.key, ticket) {
        case .notWaiting: return
        case .continues: call.remove(place)
        case .promoted(let leader):
            call.remove(place)
            call.leader = leader
        case .cancelCall:
            calls[place.key] = nil
            call.cancel()
        }
    }

    func complete(_ call: SharedCall) -> [SharedCall.Place] {
        if calls[call.key] === call { calls[call.key] = nil }
        guard let ticket = call.leader.ticket else { return [] }
        return flights.complete(call.key, ticket)
    }
}

extension ResponseCache: NamedCache {
    var cacheName: String { Self.name }
    var entryCount: Int { cache.count }
    var capacity: Int { settings.enabled ? settings.entries : 0 }
    var ttl: TimeSpan { settings.ttl }
    var hits: Int { cache.hits }
    var misses: Int { cache.misses }
    var bytes: Int { cache.bytes }
}
