import Foundation
import Synchronization
import TandemBase
import Testing

@testable import TandemStore

/// Conversations, plans, overrides and state: what a restart must not lose, and retention.
@Suite struct KeepingTests {
    let folder = TemporaryFolder()
    let time = TestClock.start

    private func turns(_ range: Range<Int>) -> [SessionTurn] {
        range.map { SessionTurn(message: Array(#"{"role":"user","content":"\#($0)"}"#.utf8), tokens: 10) }
    }

    @Test func conversationsAreTrimmedListedAndDeleted() async throws {
        let store = makeStore(folder.database)
        store.append(turns(0..<4), toSession: "a", uid: 1, user: "u", at: time)
        store.append(turns(4..<6), toSession: "a", uid: 1, user: "u", at: time + .seconds(9))
        store.append(turns(0..<1), toSession: "a", uid: 2, user: "v", at: time + .seconds(1))
        store.append(turns(0..<2), toSession: "b", uid: 1, user: "u", at: time + .seconds(2))
        func load(_ name: String, _ uid: UInt32, _ tokens: Int) async throws -> [SessionTurn] {
            try await store.value { store.session(name, uid: uid, maxTokens: tokens, completion: $0) }
        }
        #expect(try await load("a", 1, 1000) == turns(0..<6))
        #expect(try await load("a", 1, 29) == turns(4..<6))
        #expect(try await load("a", 1, 9) == [])
        #expect(try await load("a", 2, 1000) == turns(0..<1))
        #expect(try await load("none", 1, 1000) == [])
        let list = try await store.value { store.sessions(uid: 1, completion: $0) }
        #expect(list.map(\.name) == ["a", "b"])
        #expect(
            list.first
                == SessionSummary(
                    name: "a", uid: 1, user: "u", createdAt: time, updatedAt: time + .seconds(9), turns: 6, tokens: 60))
        #expect(try await store.value { store.sessions(uid: nil, completion: $0) }.count == 3)
        #expect(try await store.value { store.sessions(uid: nil, limit: 2, completion: $0) }.count == 2)
        #expect(try await store.value { store.deleteSession("a", uid: 1, completion: $0) })
        #expect(try await !store.value { store.deleteSession("a", uid: 1, completion: $0) })
        #expect(try await load("a", 1, 1000) == [])
        #expect(try await load("a", 2, 1000).count == 1)
        store.closed()
    }

    @Test func longConversationsForgetTheirBeginning() async throws {
        let store = makeStore(folder.database)
        for start in stride(from: 0, to: 1200, by: 100) {
            store.append(turns(start..<start + 100), toSession: "a", uid: 1, user: "", at: time)
        }
        let kept = try await store.value { store.session("a", uid: 1, maxTokens: .max, completion: $0) }
        #expect(kept == turns(200..<1200))
        let summary = try await store.value { store.sessions(uid: 1, completion: $0) }.first
        #expect(summary?.turns == 1000)
        #expect(summary?.tokens == 10_000)
        store.closed()
    }

    @Test func smallThingsSurviveARestart() async throws {
        let plan = makeID(1, 1)
        do {
            let store = makeStore(folder.database)
            try await store.value {
                store.save(
                    plan: Array(#"{"edits":[]}"#.utf8), id: plan, uid: 7, expires: time + .hours(24), completion: $0)
            }
            store.save(state: [0, 1, 255], key: "breakers", at: time)
            store.save(state: [2], key: "breakers", at: time + .seconds(1))
            try await store.value { store.setProviderOverride("groq", enabled: false, completion: $0) }
            try await store.value { store.setProviderOverride("x", enabled: true, completion: $0) }
            try await store.value { store.setProviderOverride("x", enabled: nil, completion: $0) }
            store.closed()
        }
        let clock = TestClock()
        let store = makeStore(folder.database, clock: clock)
        func load(_ uid: UInt32?) async throws -> [UInt8]? {
            try await store.value { store.plan(plan, uid: uid, completion: $0) }
        }
        #expect(try await load(7) == Array(#"{"edits":[]}"#.utf8))
        #expect(try await load(nil) != nil)
        #expect(try await load(8) == nil)
        clock.advance(.hours(24))
        #expect(try await load(7) == nil)
        #expect(try await store.value { store.providerOverrides(completion: $0) } == ["groq": false])
        #expect(
            try await store.value { store.state("breakers", completion: $0) }
                == SavedState(value: [2], savedAt: time + .seconds(1)))
        #expect(try await store.value { store.state("none", completion: $0) } == nil)
        store.closed()
    }

    /// Old rows go in slices with all that hangs on them; what is younger stays.
    @Test func oldHistoryIsRemoved() async throws {
        let clock = TestClock()
        do {
            let store = makeStore(folder.database, clock: clock)
            for index in 0..<1700 {
                let age = TimeSpan.days(index < 1600 ? 100 : 10)
                let started = time.milliseconds - age.nanoseconds / 1_000_000 + Int64(index)
                var request = makeRequest(makeID(started, UInt64(index)))
                request.metadata = Array("{}".utf8)
                store.record(request)
            }
            store.append(turns(0..<2), toSession: "old", uid: 1, user: "", at: WallTime(milliseconds: 5))
            store.append(turns(0..<2), toSession: "young", uid: 1, user: "", at: time)
            try await store.value {
                store.save(
                    plan: [0x7B, 0x7D], id: makeID(1, 1), uid: 1, expires: WallTime(milliseconds: 5), completion: $0)
            }
            try await store.value {
                store.save(plan: [0x7B, 0x7D], id: makeID(2, 2), uid: 1, expires: time + .hours(1), completion: $0)
            }
            store.closed()
        }
        // The queue's thread prunes between jobs, one slice each: so many jobs are enough.
        let store = makeStore(folder.database, clock: clock)
        for _ in 0..<8 { try await store.flushed() }
        store.record(makeRequest(makeID(time.milliseconds, 9999)))
        for _ in 0..<8 { try await store.flushed() }
        store.closed()
        let database = try Database(path: folder.database, durability: .normal)
        func count(_ table: String) throws -> Int? {
            try database.statement("SELECT count(*) FROM \(table)").first { $0.int() }
        }
        for table in ["requests", "steps"] { #expect(try count(table) == 101) }
        #expect(try count("request_contents") == 100)
        #expect(try count("sessions") == 1)
        #expect(try count("session_turns") == 2)
        #expect(try count("plans") == 1)
    }
}
