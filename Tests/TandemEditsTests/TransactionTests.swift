import Foundation
import Synchronization
import TandemBase
import TandemEdits
import TandemProtocol
import Testing

struct TransactionTests {
    @Test(arguments: FileSystem.Moves.allCases)
    func commitsEveryKindOfChange(moves: FileSystem.Moves) throws {
        let scene = TransactionScene(.never, moves: moves)
        let outcome = try scene.commit()
        guard case .committed(let checked) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        // The result says so.
        #expect(checked == (moves != .exchanges))
        #expect(scene.tree() == TransactionScene.after)
        #expect(scene.strays.isEmpty)
        #expect(try scene.journal.load(scene.id)?.state == .committed)
        let mode = try FileManager.default.attributesOfItem(atPath: scene.folder.path + "/a")[.posixPermissions] as? Int
        #expect(mode == 0o751)
    }

    /// At whatever step the process dies, the next start makes it all or nothing.
    @Test(arguments: FileSystem.Moves.allCases)
    func killedAtEveryStep(moves: FileSystem.Moves) throws {
        let complete = TransactionScene(.never, moves: moves)
        _ = try complete.commit()
        var counter = StepGate(.never)
        complete.journal.gate.withLock { counter = $0 }
        var (befores, afters) = (0, 0)
        for step in 0..<counter.steps {
            let scene = TransactionScene(.kill(at: step), moves: moves)
            _ = try scene.commit()
            _ = try scene.restart()
            let tree = scene.tree()
            #expect(tree == TransactionScene.before || tree == TransactionScene.after, "killed at step \(step)")
            #expect(scene.strays.isEmpty, "killed at step \(step)")
            #expect(try scene.journal.unfinished().isEmpty, "killed at step \(step)")
            if tree == TransactionScene.before { befores += 1 } else { afters += 1 }
        }
        #expect(befores > 10 && afters > 10)
    }

    /// Dying during recovery is no different.
    @Test(arguments: [FileSystem.Moves.exchanges, .renames])
    func killedTwice(moves: FileSystem.Moves) throws {
        for first in stride(from: 14, to: 54, by: 5) {
            for second in stride(from: 0, to: 40, by: 3) {
                let scene = TransactionScene(.kill(at: first), moves: moves)
                _ = try scene.commit()
                let gate = StepGate(.kill(at: second))
                scene.journal.gate.withLock { $0 = gate }
                var dying = FileSystem()
                dying.moves = moves
                dying.intercept = { (_) throws(SystemError) in try gate.pass() }
                _ = try? TransactionEngine(journal: scene.journal, fileSystem: dying).recover()
                _ = try scene.restart()
                let tree = scene.tree()
                #expect(tree == TransactionScene.before || tree == TransactionScene.after, "\(first), \(second)")
                #expect(scene.strays.isEmpty, "\(first), \(second)")
            }
        }
    }

    /// The names of temporary files say nothing to whoever sent the plan.
    @Test func faultsNameTheFilesOfThePlan() throws {
        let complete = TransactionScene(.never)
        _ = try complete.commit()
        let known = Set(complete.changes.map(\.path) + ["", "dir", "new", "new/deep"])
        var named: Set<String> = []
        for step in 0..<complete.journal.gate.withLock({ $0 }).steps {
            guard case .failed(let faults) = try TransactionScene(.fail(at: step, ENOSPC)).commit() else { continue }
            for (path, fault) in faults {
                named.insert(path)
                #expect(known.contains(path) && !fault.message.contains(".tandem-"), "\(path): \(fault.message)")
            }
        }
        #expect(named.isSuperset(of: ["a", "dir/b", "new/deep/d"]))
    }

    /// A full disk or a broken one at any call: the answer and the tree agree, and nothing is left over.
    @Test(arguments: [ENOSPC, EIO])
    func failsCleanlyAtEveryStep(code: Int32) throws {
        for moves in FileSystem.Moves.allCases {
            for step in 0..<70 {
                let scene = TransactionScene(.fail(at: step, code), moves: moves)
                let outcome = try scene.commit()
                let expected = outcome.isCommitted ? TransactionScene.after : TransactionScene.before
                if try scene.journal.unfinished().isEmpty {
                    #expect(scene.tree() == expected, "step \(step)")
                    #expect(scene.strays.isEmpty, "step \(step)")
                } else {
                    _ = try scene.restart()
                    #expect(scene.tree() == expected, "step \(step)")
                    #expect(scene.strays.isEmpty, "step \(step)")
                }
            }
        }
    }

    /// Somebody writes the file at each moment of the transaction: either they come first and it is stale, or the
    /// transaction does, and their writing stays on top.
    @Test(arguments: FileSystem.Moves.allCases)
    func racesWithAnotherWriter(moves: FileSystem.Moves) throws {
        for step in 0..<60 {
            var scene = TransactionScene(.never, moves: moves)
            let path = scene.folder.path
            let gate = StepGate(.never)
            scene.fileSystem.intercept = { (_) throws(SystemError) in
                if gate.steps == step {
                    _ = FileManager.default.createFile(atPath: path + "/theirs", contents: Data("theirs".utf8))
                    rename(path + "/theirs", path + "/a")
                }
                try gate.pass()
            }
            let outcome = try scene.commit()
            let wasWritten = gate.steps > step
            var expected = outcome.isCommitted ? TransactionScene.after : TransactionScene.before
            let content = scene.tree()["a"]
            if wasWritten, moves == .exchanges {
                expected["a"] = "theirs"
                #expect(scene.tree() == expected, "step \(step)")
            } else {
                #expect(content != nil)
                // Without an atomic exchange a writer within one step can be overtaken; the rest is as it should be.
                expected["a"] = content
                #expect(scene.tree() == expected, "step \(step)")
            }
            #expect(scene.strays.isEmpty, "step \(step)")
        }
    }

    @Test func aFileThatIsNeitherAfterACrashIsLeftAlone() throws {
        var conflicts = 0
        for step in 0..<60 {
            let scene = TransactionScene(.kill(at: step))
            _ = try scene.commit()
            scene.folder.write("dir/b", Array("theirs".utf8))
            let states = try scene.restart()
            var expected = TransactionScene.before
            if states.isEmpty { expected = scene.tree()["a"] == "a2\n" ? TransactionScene.after : expected }
            if states == [.committed] { expected = TransactionScene.after }
            expected["dir/b"] = "theirs"
            #expect(scene.tree() == expected, "step \(step): \(states)")
            if states == [.recoveryConflict] { conflicts += 1 }
        }
        #expect(conflicts > 3)
    }

    @Test func staleFilesStopTheTransaction() throws {
        let scene = TransactionScene(.never)
        scene.folder.write("a", Array("changed".utf8))
        #expect(try scene.commit().kinds == [.stale])
        var expected = TransactionScene.before
        expected["a"] = "changed"
        #expect(scene.tree() == expected)
        #expect(scene.strays.isEmpty)
        #expect(try scene.journal.load(scene.id)?.state == .aborted)
    }

    @Test func readsOnlyRegularFilesBelowTheRoot() throws {
        let folder = ScratchFolder()
        folder.write("tree/a", [1])
        folder.write("outside", [2])
        let base = folder.path + "/tree"
        symlink("a", base + "/link")
        symlink("..", base + "/up")
        link(base + "/a", base + "/hard")
        mkfifo(base + "/pipe", 0o600)
        folder.write("tree/odd\nname", [3])
        let root = try EditRoot(base)
        func kind(_ path: String) -> EditFault.Kind? {
            do throws(EditFault) {
                _ = try root.read(path)
                return nil
            } catch {
                return error.kind
            }
        }
        #expect(kind("link") == .symlink)
        #expect(kind("up/outside") == .symlink)
        #expect(kind("../outside") == .forbidden)
        #expect(kind("hard") == .hardLink)
        #expect(kind("pipe") == .notRegular)
        #expect(kind(".") == .notRegular)
        #expect(try root.read("odd\nname")?.bytes == [3])
        #expect(try root.read("missing") == nil)
        #expect(throws: EditFault.self) { _ = try EditRoot(base, allowed: [folder.path + "/other"]) }
        #expect(throws: EditFault.self) { _ = try EditRoot("relative") }
        _ = try EditRoot(base, allowed: [folder.path])
    }

    @Test func keepsExtendedAttributes() throws {
        let scene = TransactionScene(.never)
        let python = "import os, sys; p = sys.argv[1]; "
        let set = try run(
            ["python3", "-c", python + "os.setxattr(p, 'user.tandem', b'kept')", "a"], in: scene.folder.path)
        // Not every file system has them.
        guard set.code == 0 else { return }
        #expect(try scene.commit().isCommitted)
        let get = try run(
            ["python3", "-c", python + "print(os.getxattr(p, 'user.tandem'))", "a"], in: scene.folder.path)
        #expect(get.output == "b'kept'\n")
    }
}

struct IdempotencyTests {
    @Test func theSameKeyGivesTheSameResult() throws {
        let journal = MemoryJournal()
        func check(_ hash: String) throws -> String {
            switch try Idempotency.check("k", uid: 1, paramsHash: hash, in: journal) {
            case .fresh: "fresh"
            case .replay(let result): String(decoding: result, as: UTF8.self)
            case .refused(let error): "\(error.code.rawValue)"
            }
        }
        #expect(try check("h") == "fresh")
        var generator = SystemRandomNumberGenerator()
        let id = ULID(time: WallTime(milliseconds: 1), random: &generator)
        try journal.begin(
            TransactionRecord(
                id: id, root: "/", time: WallTime(milliseconds: 1), uid: 1, idempotencyKey: "k", paramsHash: "h",
                result: Array("{}".utf8)))
        #expect(try check("h") == "-32008")
        try journal.setState(id, .committed)
        #expect(try check("h") == "{}")
        #expect(try check("other") == "-32602")
        // Recorded before the commit, the result says nothing about one that ended otherwise.
        try journal.setState(id, .recoveryConflict)
        #expect(try check("h") == "-32011")
    }
}

struct UndoTests {
    private func undo(_ scene: TransactionScene, _ id: ULID) throws -> (TransactionEngine.Outcome, ULID)? {
        let root = try EditRoot(scene.folder.path)
        let record = try #require(try scene.journal.load(id))
        guard case .success(let changes) = Undo.changes(of: record, root: root) else { return nil }
        var generator = SystemRandomNumberGenerator()
        let undoID = ULID(time: WallTime(milliseconds: 2), random: &generator)
        try scene.journal.begin(
            TransactionRecord(id: undoID, root: scene.folder.path, time: WallTime(milliseconds: 2), undoes: id))
        let engine = TransactionEngine(journal: scene.journal)
        return (engine.commit(undoID, root: root, changes: changes, emptied: record.folders), undoID)
    }

    @Test func undoesAndUndoesTheUndo() throws {
        let scene = TransactionScene(.never)
        _ = try scene.commit()
        let first = try #require(try undo(scene, scene.id))
        #expect(first.0.isCommitted)
        #expect(scene.tree() == TransactionScene.before)
        let second = try #require(try undo(scene, first.1))
        #expect(second.0.isCommitted)
        #expect(scene.tree() == TransactionScene.after)
    }

    /// Whatever is changed, deleted, created and renamed: taken back it is as it was, bytes and modes.
    @Test(arguments: 0..<40) func takesBackAnything(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var scene = TransactionScene(.never)
        func bytes() -> [UInt8] {
            let count = [0, 1, 5, 300, 20_000].randomElement(using: &random)!
            // Text with all line ends, or anything.
            let isText = Bool.random(using: &random)
            return (0..<count).map { _ in
                isText
                    ? Array("ab \t\r\n".utf8).randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
            }
        }
        scene.changes = []
        for index in 0..<Int.random(in: 1...9, using: &random) {
            let path = ["", "sub/", "sub/deep/"].randomElement(using: &random)! + "file \(index)\u{E9}"
            let (before, after) = (bytes(), bytes() + [UInt8(index)])
            let kind = Int.random(in: 0...3, using: &random)
            if kind < 3 {
                scene.folder.write(path, before)
                chmod(scene.folder.path + "/" + path, [0o644, 0o600, 0o755, 0o640].randomElement(using: &random)!)
            }
            let mode = scene.mode(path)
            switch kind {
            case 0: scene.changes.append(FileChange(path: path, before: before, after: after))
            case 1: scene.changes.append(FileChange(path: path, before: before, after: nil, mode: mode))
            case 2:
                scene.changes.append(FileChange(path: path, before: before, after: nil, mode: mode))
                let kept = Bool.random(using: &random) ? before : after
                let name = "new \(index % 2)/\(index)"
                scene.changes.append(FileChange(path: name, before: nil, after: kept, renamedFrom: path))
            default: scene.changes.append(FileChange(path: "made \(index % 2)/" + path, before: nil, after: after))
            }
        }
        let before = scene.state()
        #expect(try scene.commit().isCommitted)
        let after = scene.state()
        #expect(after != before)
        let first = try #require(try undo(scene, scene.id))
        #expect(first.0.isCommitted)
        #expect(scene.differences(from: before) == [])
        #expect(try #require(try undo(scene, first.1)).0.isCommitted)
        #expect(scene.differences(from: after) == [])
    }

    @Test func mergesWhatChangedSince() throws {
        var scene = TransactionScene(.never)
        scene.folder.write("a", Array("1\n2\n3\n4\n5\n".utf8))
        scene.changes = [
            FileChange(path: "a", before: Array("1\n2\n3\n4\n5\n".utf8), after: Array("one\n2\n3\n4\n5\n".utf8))
        ]
        #expect(try scene.commit().isCommitted)
        scene.folder.write("a", Array("one\n2\n3\n4\nfive\n".utf8))
        #expect(try undo(scene, scene.id)?.0.isCommitted == true)
        #expect(scene.tree()["a"] == "1\n2\n3\n4\nfive\n")
    }

    @Test func whatWasWrittenUnderANewNameComesBackWithTheFile() throws {
        func scene() throws -> TransactionScene {
            var scene = TransactionScene(.never)
            scene.folder.write("e", Array("1\n2\n3\n4\n5\n".utf8))
            chmod(scene.folder.path + "/e", 0o754)
            scene.changes = [
                FileChange(path: "e", before: Array("1\n2\n3\n4\n5\n".utf8), after: nil, mode: 0o754),
                FileChange(path: "dir/f", before: nil, after: Array("one\n2\n3\n4\n5\n".utf8), renamedFrom: "e"),
            ]
            #expect(try scene.commit().isCommitted)
            return scene
        }
        let merged = try scene()
        merged.folder.write("dir/f", Array("one\n2\n3\n4\nfive\n".utf8))
        chmod(merged.folder.path + "/dir/f", 0o754)
        let done = try #require(try undo(merged, merged.id))
        #expect(done.0.isCommitted)
        #expect(merged.tree()["e"] == "1\n2\n3\n4\nfive\n" && merged.tree()["dir/f"] == nil)
        #expect(merged.mode("e") == 0o754)
        #expect(try undo(merged, done.1)?.0.isCommitted == true)
        #expect(merged.tree()["dir/f"] == "one\n2\n3\n4\nfive\n" && merged.tree()["e"] == nil)
        let conflict = try scene()
        conflict.folder.write("dir/f", Array("uno\n2\n3\n4\n5\n".utf8))
        #expect(try undo(conflict, conflict.id) == nil)
        let taken = try scene()
        taken.folder.write("dir/f", Array("one\n2\n3\n4\nfive\n".utf8))
        taken.folder.write("e", Array("another\n".utf8))
        #expect(try undo(taken, taken.id) == nil)
        #expect(taken.tree()["e"] == "another\n")
    }

    @Test func refusesConflicts() throws {
        let scene = TransactionScene(.never)
        _ = try scene.commit()
        scene.folder.write("a", Array("theirs\n".utf8))
        let tree = scene.tree()
        #expect(try undo(scene, scene.id) == nil)
        #expect(scene.tree() == tree)
    }
}
