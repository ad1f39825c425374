import TandemBase
import TandemPolicy
import Testing

@Suite struct TTLCacheTests {
    @Test func diesOfAgeAndHitsDoNotMakeYounger() {
        var cache = TTLCache<String, Int>(ttl: .seconds(10), maxEntries: 4)
        cache.insert(1, for: "a", cost: 5, at: seconds(0))
        #expect(cache.value(for: "a", at: seconds(9.9)) == 1)
        #expect(cache.value(for: "a", at: seconds(10)) == nil)
        #expect(cache.count == 0 && cache.bytes == 0 && cache.hits == 1 && cache.misses == 1)
    }

    @Test func storesNothingThatCannotFit() {
        var none = TTLCache<Int, Int>(ttl: .seconds(10), maxEntries: 0)
        none.insert(1, for: 1, cost: 1, at: seconds(0))
        #expect(none.count == 0)
        var small = TTLCache<Int, Int>(ttl: .seconds(10), maxEntries: 10, maxBytes: 100)
        small.insert(1, for: 1, cost: 100, at: seconds(0))
        small.insert(2, for: 2, cost: 101, at: seconds(0))
        #expect(small.value(for: 1, at: seconds(0)) == 1)
        #expect(small.value(for: 2, at: seconds(0)) == nil)
        small.insert(3, for: 1, cost: 101, at: seconds(0))
        #expect(small.count == 0, "the old value of the key is not the new one")
    }

    @Test func persistsOrderAndAge() {
        var cache = TTLCache<Int, Int>(ttl: .seconds(60), maxEntries: 3)
        for key in 1...3 { cache.insert(key, for: key, cost: 1, at: seconds(Double(key) * 10)) }
        _ = cache.value(for: 1, at: seconds(31))
        var restored = TTLCache<Int, Int>(ttl: .seconds(60), maxEntries: 3)
        for entry in cache.freshEntries(at: seconds(40)) {
            let age = seconds(40) - entry.insertedAt
            restored.insert(entry.value, for: entry.key, cost: entry.cost, at: seconds(0), age: age)
        }
        restored.insert(4, for: 4, cost: 1, at: seconds(1))
        #expect(restored.value(for: 2, at: seconds(1)) == nil, "the least recently used went")
        #expect(restored.value(for: 1, at: seconds(29)) == 1)
        #expect(restored.value(for: 1, at: seconds(30)) == nil)
        restored.insert(5, for: 5, cost: 1, at: seconds(1), age: .seconds(60))
        #expect(restored.value(for: 5, at: seconds(1)) == nil)
    }

    @Test func shrinksAndCleans() {
        var cache = TTLCache<Int, Int>(ttl: .seconds(60), maxEntries: 10)
        for key in 0..<10 { cache.insert(key, for: key, cost: 10, at: seconds(Double(key))) }
        cache.removeExpired(at: seconds(63.5))
        #expect(cache.count == 6 && cache.bytes == 60)
        cache.update(ttl: .seconds(60), maxEntries: 10, maxBytes: 25)
        #expect(cache.count == 2)
        #expect(cache.value(for: 9, at: seconds(10)) == 9)
        #expect(cache.remove(9) == 9)
        #expect(cache.remove(9) == nil)
        cache.removeAll()
        #expect(cache.count == 0 && cache.bytes == 0)
    }

    @Test(arguments: [UInt64(1), 2])
    func agreesWithAPlainList(seed: UInt64) {
        var random = SeededRandom(seed)
        var cache = TTLCache<Int, Int>(ttl: .seconds(20), maxEntries: 12, maxBytes: 200)
        // Least recently used first.
        var model: [(key: Int, value: Int, cost: Int, born: MonotonicTime)] = []
        var now = seconds(0)
        var (hits, misses) = (0, 0)
        for step in 0..<20_000 {
            now = now + .milliseconds(Int.random(in: 0...900, using: &random))
            let key = Int.random(in: 0..<24, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0..<3:
                let cost = Int.random(in: 0...60, using: &random)
                cache.insert(step, for: key, cost: cost, at: now)
                model.removeAll { $0.key == key }
                while model.count >= 12 || model.reduce(0, { $0 + $1.cost }) + cost > 200 { model.removeFirst() }
                model.append((key, step, cost, now))
            case 3:
                let index = model.firstIndex { $0.key == key }
                #expect(cache.remove(key) == index.map { model.remove(at: $0).value })
            default:
                let found = cache.value(for: key, at: now)
                if let index = model.firstIndex(where: { $0.key == key }) {
                    let entry = model.remove(at: index)
                    if now - entry.born < .seconds(20) {
                        #expect(found == entry.value)
                        model.append(entry)
                        hits += 1
                        continue
                    }
                }
                #expect(found == nil)
                misses += 1
            }
            #expect(cache.count == model.count && cache.bytes == model.reduce(0) { $0 + $1.cost })
        }
        #expect(cache.hits == hits && cache.misses == misses && hits > 1000 && misses > 1000)
    }
}
