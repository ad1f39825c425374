import Foundation
import Synchronization
import TandemBase
import Testing

@testable import TandemStore

private let childVariable = "TANDEM_STORE_TEST_CHILD"

/// Serialized: the child's test is the body of the process that the other one kills.
@Suite(.serialized) struct KilledProcessTests {
    /// What the child does until it is killed: it writes groups and says on standard output how far it is committed.
    @Test(.enabled(if: ProcessInfo.processInfo.environment[childVariable] != nil))
    func child() async throws {
        let store = makeStore(try #require(ProcessInfo.processInfo.environment[childVariable]))
        for index in 1...1_000_000 {
            store.record(makeRequest(makeID(1_790_000_000_000 + Int64(index), UInt64(index))))
            if index % 37 == 0 {
                try await store.flushed()
                FileHandle.standardError.write(Data("committed \(index)\n".utf8))
            }
        }
    }

    /// kill -9 in the middle of writing: everything that was flushed is there, whole, and the file needs no repair.
    @Test(.enabled(if: ProcessInfo.processInfo.environment[childVariable] == nil), arguments: [1, 30, 200])
    func killLosesNothingCommitted(lines wanted: Int) async throws {
        let folder = TemporaryFolder()
        let child = Process()
        child.executableURL = URL(
            fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        child.arguments = CommandLine.arguments.dropFirst().filter { $0.hasSuffix(".xctest") }
        child.arguments! += ["--testing-library", "swift-testing", "--filter", "KilledProcessTests.child"]
        child.environment = ProcessInfo.processInfo.environment.merging([childVariable: folder.database]) { $1 }
        let output = Pipe()
        child.standardError = output
        child.standardOutput = FileHandle.nullDevice
        try child.run()
        var text = Data()
        var committed: [Int] = []
        while committed.count < wanted {
            let piece = output.fileHandleForReading.availableData
            if piece.isEmpty { break }
            text += piece
            committed = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast().compactMap { $0.hasPrefix("committed ") ? Int($0.dropFirst(10)) : nil }
        }
        kill(child.processIdentifier, SIGKILL)
        child.waitUntilExit()
        let last = try #require(committed.last)

        let log = LogLines()
        let store = makeStore(folder.database, log: log)
        let requests = try await store.stats().first?.requests ?? 0
        #expect(requests >= last)
        let newest = try await store.history { $0.limit = 1000 }
        #expect(newest.allSatisfy { $0.request.steps.count == 1 })
        #expect(newest.first?.request.id.time == WallTime(milliseconds: 1_790_000_000_000 + Int64(requests)))
        #expect(log.all.isEmpty)
        store.closed()
        let database = try Database(path: folder.database, durability: .normal)
        #expect(try database.statement("PRAGMA integrity_check").first { $0.text() } == "ok")
    }
}
