import TandemBase
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC

/// A cache as `status` shows it and `clearCache` empties it.
@LoopActor
protocol NamedCache: AnyObject {
    var cacheName: String { get }
    var entryCount: Int { get }
    /// Most entries; 0 when it is switched off.
    var capacity: Int { get }
    var ttl: TimeSpan { get }
    var hits: Int { get }
    var misses: Int { get }
    var bytes: Int { get }
    /// Empties it; how many entries there were.
    func clear() -> Int
}

extension Daemon {
    /// All caches there are.
    var caches: [any NamedCache] { [responses, reasoningCaches] }

    func clearCache(_ request: PendingRequest) throws(RPCError) {
        let name = request.params?["cache"]?.string
        let chosen = caches.filter { name == nil || $0.cacheName == name }
        if let name, chosen.isEmpty { throw .notFound(what: "cache", id: name) }
        let removed = chosen.reduce(0) { $0 + $1.clear() }
        request.respond { writer in
            writer.beginObject()
            writer.member("removed", removed)
            writer.endObject()
        }
    }
}

extension JSONWriter {
    @LoopActor
    mutating func caches(_ caches: [any NamedCache]) {
        key("caches")
        beginArray()
        for cache in caches {
            beginObject()
            member("name", cache.cacheName)
            member("entries", cache.entryCount)
            member("capacity", cache.capacity)
            member("ttl_ms", cache.ttl.wholeMilliseconds)
            member("hits", cache.hits)
            member("misses", cache.misses)
            member("bytes", cache.bytes)
            endObject()
        }
        endArray()
    }
}
