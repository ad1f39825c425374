import TandemBase

/// A least-recently-used cache whose entries also die of age, bounded in entries and in bytes. Every call is O(1), but
/// `removeExpired` and `update`.
package struct TTLCache<Key: Hashable, Value> {
    package struct Entry {
        package let key: Key
        package let value: Value
        /// Bytes it counts for.
        package let cost: Int
        package let insertedAt: MonotonicTime
    }

    package private(set) var ttl: TimeSpan
    package private(set) var maxEntries: Int
    package private(set) var maxBytes: Int
    /// Entries, expired ones that nobody asked for included.
    package var count: Int { entries.count }
    package private(set) var bytes = 0
    package private(set) var hits = 0
    package private(set) var misses = 0
    private var entries = SlotList<Entry>()
    private var byKey: [Key: SlotList<Entry>.Handle] = [:]

    /// Stores nothing when one of the bounds is zero.
    package init(ttl: TimeSpan, maxEntries: Int, maxBytes: Int = .max) {
        self.ttl = ttl
        self.maxEntries = maxEntries
        self.maxBytes = maxBytes
    }

    /// The value stored under `key` less than `ttl` ago, which becomes the most recently used. Counts a hit or a miss.
    package mutating func value(for key: Key, at time: MonotonicTime) -> Value? {
        guard let handle = byKey[key], let entry = entries[handle] else {
            misses += 1
            return nil
        }
        guard isFresh(entry, at: time) else {
            remove(handle)
            misses += 1
            return nil
        }
        entries.moveToBack(handle)
        hits += 1
        return entry.value
    }

    /// Stores a value of `cost` bytes, `age` old already when it comes from storage, and drops the least recently used
    /// ones that no longer fit beside it. A value that fits in no case is not stored.
    package mutating func insert(
        _ value: Value, for key: Key, cost: Int, at time: MonotonicTime, age: TimeSpan = .zero
    ) {
        if let old = byKey[key] { remove(old) }
        let cost = max(0, cost)
        let born = MonotonicTime(nanoseconds: time.nanoseconds - max(0, age.nanoseconds))
        let entry = Entry(key: key, value: value, cost: cost, insertedAt: born)
        guard maxEntries > 0, cost <= maxBytes, isFresh(entry, at: time) else { return }
        trim(entries: maxEntries - 1, bytes: maxBytes - cost)
        byKey[key] = entries.append(entry)
        bytes += cost
    }

    @discardableResult
    package mutating func remove(_ key: Key) -> Value? { byKey[key].flatMap { remove($0) } }

    /// Drops all entries; the counters stay.
    package mutating func removeAll() {
        entries = SlotList()
        byKey = [:]
        bytes = 0
    }

    /// Drops what nobody will get any more. O(n): for idle moments.
    package mutating func removeExpired(at time: MonotonicTime) {
        var next = entries.firstHandle
        while let handle = next {
            next = entries.handle(after: handle)
            if let entry = entries[handle], !isFresh(entry, at: time) { remove(handle) }
        }
    }

    /// Takes over changed bounds; a shorter `ttl` holds for old entries too.
    package mutating func update(ttl: TimeSpan, maxEntries: Int, maxBytes: Int = .max) {
        self.ttl = ttl
        self.maxEntries = maxEntries
        self.maxBytes = maxBytes
        trim(entries: maxEntries, bytes: maxBytes)
    }

    /// The fresh entries, least recently used first: inserted again in this order, with their age, they make the same
    /// cache.
    package func freshEntries(at time: MonotonicTime) -> some Sequence<Entry> {
        entries.lazy.filter { entry in time - entry.insertedAt < ttl }
    }

    private func isFresh(_ entry: Entry, at time: MonotonicTime) -> Bool { time - entry.insertedAt < ttl }

    private mutating func trim(entries maxEntries: Int, bytes maxBytes: Int) {
        while entries.count > max(0, maxEntries) || bytes > maxBytes, let first = entries.firstHandle { remove(first) }
    }

    @discardableResult
    private mutating func remove(_ handle: SlotList<Entry>.Handle) -> Value? {
        guard let entry = entries.remove(handle) else { return nil }
        byKey[entry.key] = nil
        bytes -= entry.cost
        return entry.value
    }
}

extension TTLCache.Entry: Sendable where Key: Sendable, Value: Sendable {}
extension TTLCache: Sendable where Key: Sendable, Value: Sendable {}
