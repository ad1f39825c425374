import Foundation
import Synchronization
import TandemBase
import TandemEdits
import TandemStore
import Testing

private let childVariable = "TANDEM_EDIT_TEST_CHILD"

/// A transaction in a process that really dies: journal on disk, files on disk, kill -9 at a chosen system call.
@Suite(.serialized) struct KilledTransactionTests {
    private static let before = ["a": "a1\n", "dir/b": "b1", "c": "c1\n"]
    private static let after = ["a": "a2\n", "dir/b": "b2", "new/deep/d": "d2\n"]

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(.enabled(if: ProcessInfo.processInfo.environment[childVariable] != nil))
    func child() throws {
        let parts = try #require(ProcessInfo.processInfo.environment[childVariable]).split(separator: "|")
        let folder = String(parts[0])
        let step = try #require(Int(parts[1]))
        let (journal, _) = try EditJournal.open(path: folder + "/edits.db", at: WallTime(milliseconds: 1))
        let count = Mutex(0)
        var fileSystem = FileSystem()
        fileSystem.intercept = { (_) throws(SystemError) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number > step { kill(getpid(), SIGKILL) }
        }
        let root = try EditRoot(folder + "/tree")
        var generator = SystemRandomNumberGenerator()
        let id = ULID(time: WallTime(milliseconds: 1), random: &generator)
        try journal.begin(TransactionRecord(id: id, root: root.path, time: WallTime(milliseconds: 1)))
        let changes = [
            FileChange(path: "a", before: Self.bytes("a1\n"), after: Self.bytes("a2\n")),
            FileChange(path: "dir/b", before: Self.bytes("b1"), after: Self.bytes("b2")),
            FileChange(path: "c", before: Self.bytes("c1\n"), after: nil, mode: 0o644),
            FileChange(path: "new/deep/d", before: nil, after: Self.bytes("d2\n")),
        ]
        _ = TransactionEngine(journal: journal, fileSystem: fileSystem).commit(id, root: root, changes: changes)
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment[childVariable] == nil),
        arguments: Array(0...22) + [100])
    func allOrNothing(step: Int) throws {
        let folder = TemporaryFolder()
        for (path, text) in Self.before {
            let url = URL(fileURLWithPath: folder.path + "/tree/" + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        let child = Process()
        child.executableURL = URL(
            fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        child.arguments = CommandLine.arguments.dropFirst().filter { $0.hasSuffix(".xctest") }
        child.arguments! += ["--testing-library", "swift-testing", "--filter", "KilledTransactionTests.child"]
        child.environment = ProcessInfo.processInfo.environment.merging([childVariable: "\(folder.path)|\(step)"]) {
            $1
        }
        child.standardOutput = FileHandle.nullDevice
        child.standardError = FileHandle.nullDevice
        try child.run()
        child.waitUntilExit()
        #expect((child.terminationReason == .uncaughtSignal) == (step < 100))

        let (journal, _) = try EditJournal.open(path: folder.path + "/edits.db", at: WallTime(milliseconds: 2))
        _ = try TransactionEngine(journal: journal).recover()
        #expect(try journal.unfinished().isEmpty)
        var tree: [String: String] = [:]
        var names: [String] = []
        let base = folder.path + "/tree"
        for name in FileManager.default.enumerator(atPath: base)?.allObjects as? [String] ?? [] {
            names.append(name)
            if let data = FileManager.default.contents(atPath: base + "/" + name) {
                tree[name] = String(decoding: data, as: UTF8.self)
            }
        }
        #expect(tree == Self.before || tree == Self.after)
        #expect(!names.contains { $0.contains(".tandem-") })
        #expect(names.contains("new") == (tree == Self.after))
        let state = try journal.list(limit: 1, root: nil, uid: nil).first?.state
        #expect(state == (tree == Self.after ? .committed : .aborted))
    }
}
