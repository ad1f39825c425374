import Foundation
import Synchronization
import TandemBase
import Testing

@testable import TandemStore

/// What happens when the disk, the file or the process fails.
@Suite struct FailureTests {
    let folder = TemporaryFolder()

    /// Pages of a database in use are overwritten: the damage shows in a later query or write.
    @Test func laterDamageIsSetAsideAndServedOn() async throws {
        let log = LogLines()
        do {
            let store = makeStore(folder.database)
            for index in 0..<2000 { store.record(makeRequest(makeID(1_790_000_000_000, UInt64(index)))) }
            store.closed()
        }
        let handle = try #require(FileHandle(forUpdatingAtPath: folder.database))
        let size = try handle.seekToEnd()
        // Everything but the header and the schema's first page.
        try handle.seek(toOffset: 4096 * 2)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4096 * 2))
        try handle.close()
        let store = makeStore(folder.database, log: log)
        for index in 0..<3 { store.record(makeRequest(makeID(1_790_000_000_100, UInt64(index)))) }
        let entries = try await store.history { $0.limit = 1000 }
        #expect(entries.count == 3)
        #expect(log.count(of: .error) == 1)
        #expect(folder.names().contains { $0.hasPrefix("tandem.db.corrupt-") })
        #expect(store.status.failure == nil)
        store.closed()
    }

    @Test(arguments: [true, false])
    func unusableFileIsSetAsideAtTheStart(newer: Bool) async throws {
        let log = LogLines()
        if newer {
            let file = DatabaseFile(path: folder.database, durability: .normal, migrations: LedgerSchema.migrations)
            try file.open(at: .now()).0.execute("PRAGMA user_version = 77")
        } else {
            mkdir(folder.path + "/state", 0o700)
            try Data("this is no database, however long it may be".utf8)
                .write(to: URL(fileURLWithPath: folder.database))
        }
        let store = makeStore(folder.database, log: log)
        #expect(try await store.history().isEmpty)
        store.record(makeRequest(makeID(1_790_000_000_000)))
        #expect(try await store.history().count == 1)
        #expect(log.all.count { $0.0 == .error && $0.1.contains(newer ? ".newer-77" : ".corrupt-") } == 1)
        store.closed()
    }

    /// A folder where the file should be: nothing can be opened, then somebody clears the way.
    @Test func unavailablePathDegradesAndRecovers() async throws {
        mkdir(folder.path + "/state", 0o700)
        mkdir(folder.database, 0o700)
        let log = LogLines()
        let clock = TestClock()
        let store = makeStore(folder.database, clock: clock, log: log)
        for index in 0..<5 {
            store.record(makeRequest(makeID(1_790_000_000_000, UInt64(index))))
            try await store.flushed()
        }
        #expect(store.status.unrecorded == 5)
        #expect(store.status.failure != nil)
        #expect(log.all.map(\.0) == [.warning])
        await #expect(throws: StoreError.self) { try await store.history() }
        rmdir(folder.database)
        clock.advance(.seconds(60))
        store.record(makeRequest(makeID(1_790_000_000_000, 9)))
        #expect(try await store.history().count == 1)
        #expect(store.status.unrecorded == 5)
        #expect(store.status.failure == nil)
        #expect(log.all.map(\.0) == [.warning, .info])
        store.closed()
    }

    /// Somebody removes the state folder under a daemon that runs.
    @Test func aRemovedFileIsMadeAnew() async throws {
        let log = LogLines()
        let clock = TestClock()
        let store = makeStore(folder.database, clock: clock, log: log)
        store.record(makeRequest(makeID(1_790_000_000_000, 0)))
        #expect(try await store.history().count == 1)
        try FileManager.default.removeItem(atPath: folder.path + "/state")
        store.record(makeRequest(makeID(1_790_000_000_000, 1)))
        try await store.flushed()
        #expect(folder.names().contains("tandem.db"))
        #expect(try await store.history().count == 1)
        #expect(store.status.unrecorded == 0 && store.status.failure == nil)
        #expect(log.all.map(\.0) == [.warning] && log.all[0].1.contains("was removed while in use"))

        // Nor can it be made anew: a file stands where the folder was.
        try FileManager.default.removeItem(atPath: folder.path + "/state")
        try Data().write(to: URL(fileURLWithPath: folder.path + "/state"))
        store.record(makeRequest(makeID(1_790_000_000_000, 2)))
        try await store.flushed()
        #expect(store.status.unrecorded == 1 && store.status.failure != nil)
        await #expect(throws: StoreError.self) { try await store.history() }
        unlink(folder.path + "/state")
        clock.advance(.seconds(60))
        store.record(makeRequest(makeID(1_790_000_000_000, 3)))
        #expect(try await store.history().count == 1)
        #expect(store.status.failure == nil)
        store.closed()
    }

    @Test func pausesGrowAndEnd() {
        var health = WriteHealth()
        var now = MonotonicTime(nanoseconds: 0)
        #expect(health.mayTry(at: now))
        let isFirstNews = health.failed(at: now)
        #expect(isFirstNews)
        var pauses: [Double] = []
        for _ in 0..<9 {
            let retry = health.retryAt!
            pauses.append((retry - now).milliseconds)
            #expect(!health.mayTry(at: MonotonicTime(nanoseconds: retry.nanoseconds - 1)))
            now = retry
            #expect(health.mayTry(at: now))
            let isNews = health.failed(at: now)
            #expect(!isNews)
        }
        #expect(pauses == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
        let news = [health.succeeded(), health.succeeded()]
        #expect(news == [true, false])
        #expect(health == WriteHealth())
    }

    /// A real file system without a free block, filled and emptied by somebody else.
    @Test(.enabled("needs the right to mount a tmpfs") { canMount() })
    func fullDiskDegradesAndRecovers() async throws {
        let disk = folder.path + "/disk"
        mkdir(disk, 0o700)
        try #require(mount("tmpfs", disk, "tmpfs", 0, "size=1m") == 0)
        defer { umount2(disk, 2) }
        let log = LogLines()
        let clock = TestClock()
        let store = makeStore(disk + "/tandem.db", clock: clock, log: log)
        store.record(makeRequest(makeID(1_790_000_000_000, 0)))
        try await store.flushed()
        #expect(store.status.failure == nil)
        fill(disk + "/ballast")

        var index: UInt64 = 0
        while store.status.failure == nil, index < 20_000 {
            for _ in 0..<100 {
                index += 1
                store.record(makeRequest(makeID(1_790_000_000_000, index)))
            }
            try await store.flushed()
        }
        let lost = store.status.unrecorded
        #expect(lost > 0)
        #expect(log.count(of: .warning) == 1)
        // What is there can still be read.
        let kept = try await store.stats().first?.requests
        #expect(kept == Int(index) + 1 - lost)

        unlink(disk + "/ballast")
        clock.advance(.seconds(60))
        store.record(makeRequest(makeID(1_790_000_000_001, 1)))
        #expect(try await store.stats().first?.requests == kept! + 1)
        #expect(store.status.failure == nil)
        #expect(store.status.unrecorded == lost)
        #expect(log.all.map(\.0) == [.warning, .info])
        store.closed()
    }

    private func fill(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        let block = [UInt8](repeating: 0, count: 4096)
        while block.withUnsafeBytes({ write(file, $0.baseAddress, $0.count) }) > 0 {}
        close(file)
    }
}

/// Tries it on a folder of its own.
private func canMount() -> Bool {
    let folder = TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=1m") == 0 else { return false }
    return umount2(folder.path, 2) == 0
}
