import Foundation
import TandemBase
import TandemEdits
import Testing

/// What a dry run foresees is what the commit then does, also on file systems that have no files without names.
@Suite struct RehearsalTests {
    private static func change(_ path: String, _ before: String?, _ after: String?) -> FileChange {
        FileChange(path: path, before: before.map { Array($0.utf8) }, after: after.map { Array($0.utf8) })
    }

    private static func rehearse(_ scene: TransactionScene, _ changes: [FileChange]) throws -> [EditFault.Kind] {
        let root = try EditRoot(scene.folder.path)
        let record = TransactionRecord(id: scene.id, root: scene.folder.path, time: WallTime(milliseconds: 1))
        let engine = TransactionEngine(journal: scene.journal, fileSystem: scene.fileSystem)
        return engine.rehearse(record, root: root, changes: changes).kinds
    }

    @Test(arguments: [true, false])
    func leavesNothingBehind(hasUnnamedFiles: Bool) throws {
        var scene = TransactionScene(.never)
        scene.fileSystem.hasUnnamedFiles = hasUnnamedFiles
        let before = scene.state()
        #expect(try Self.rehearse(scene, scene.changes) == [])
        #expect(scene.state() == before && scene.strays == [])
        #expect(try scene.journal.load(scene.id) == nil)
        #expect(try scene.commit().isCommitted)
    }

    /// With the rights of an account that may write some of it.
    @Test(.enabled(if: getuid() == 0, "only root can take other accounts' rights"), arguments: [true, false])
    func foreseesWhatWouldBeRefused(hasUnnamedFiles: Bool) throws {
        let (nobody, daemon): (UInt32, UInt32) = (65534, 1)
        let cases: [(change: FileChange, isRefused: Bool)] = [
            (Self.change("own/mine", "m", "M"), false), (Self.change("own/mine", "m", nil), false),
            (Self.change("own/new", nil, "n"), false), (Self.change("own/a/b/new", nil, "n"), false),
            (Self.change("roots/mine", "m", "M"), true), (Self.change("roots/mine", "m", nil), true),
            (Self.change("roots/new", nil, "n"), true), (Self.change("roots/a/b/new", nil, "n"), true),
            // Theirs, in a folder where all may write: its owner would be lost, but it may be deleted.
            (Self.change("open/theirs", "t", "T"), true), (Self.change("open/theirs", "t", nil), false),
            (Self.change("sticky/theirs", "t", "T"), true), (Self.change("sticky/theirs", "t", nil), true),
            (Self.change("sticky/mine", "m", "M"), false), (Self.change("sticky/mine", "m", nil), false),
            (Self.change("closed/new", nil, "n"), true), (Self.change("own/mine/new", nil, "n"), true),
        ]
        for (change, isRefused) in cases {
            var scene = TransactionScene(.never)
            scene.fileSystem.hasUnnamedFiles = hasUnnamedFiles
            for (folder, owner, mode) in [
                ("", nobody, 0o755), ("own", nobody, 0o755), ("roots", 0, 0o755), ("open", 0, 0o777),
                ("sticky", 0, 0o1777), ("closed", 0, 0o700),
            ] as [(String, UInt32, mode_t)] {
                for (name, user, text) in [("mine", nobody, "m"), ("theirs", daemon, "t")] where folder != "" {
                    scene.folder.write(folder + "/" + name, Array(text.utf8))
                    let path = scene.folder.path + "/" + folder + "/" + name
                    chown(path, user, user)
                    chmod(path, 0o666)
                }
                chown(scene.folder.path + "/" + folder, owner, owner)
                chmod(scene.folder.path + "/" + folder, mode)
            }
            scene.changes = [change]
            let before = scene.state()
            let foreseen = PeerRights(uid: nobody, groups: [nobody]).perform {
                Result { try Self.rehearse(scene, [change]) }
            }
            #expect(scene.state() == before, "\(change.path)")
            let done = PeerRights(uid: nobody, groups: [nobody]).perform { Result { try scene.commit() } }
            let outcome = try done.get().get()
            #expect(outcome.isCommitted == !isRefused, "\(change.path): \(outcome)")
            #expect(try foreseen.get().get() == outcome.kinds, "\(change.path), deleted: \(change.after == nil)")
            if isRefused { #expect(scene.state() == before, "\(change.path)") }
        }
    }

    /// The commit stages every file before it moves one: each of them may fit where all together do not.
    @Test(.enabled(if: canMount, "only root can mount"), arguments: [true, false])
    func foreseesThatAllFilesTogetherNeedRoom(hasUnnamedFiles: Bool) throws {
        for (count, fits) in [(2, true), (6, false)] {
            var scene = TransactionScene(.never)
            scene.fileSystem.hasUnnamedFiles = hasUnnamedFiles
            try #require(mount("tmpfs", scene.folder.path, "tmpfs", 0, "size=256k") == 0)
            defer { umount2(scene.folder.path, Int32(MNT_DETACH)) }
            let text = String(repeating: "t", count: 50 << 10)
            // Folders that are still to be made have no room of their own.
            let changes = (0..<count).map { Self.change($0 % 2 == 0 ? "f\($0)" : "new/f\($0)", nil, text) }
            scene.changes = changes
            let foreseen = try Self.rehearse(scene, changes)
            #expect(scene.state() == [:])
            let outcome = try scene.commit()
            #expect(outcome.isCommitted == fits && foreseen == outcome.kinds, "\(count): \(foreseen), \(outcome)")
        }
    }

    private static let canMount: Bool = {
        let folder = ScratchFolder()
        guard getuid() == 0, mount("tmpfs", folder.path, "tmpfs", 0, nil) == 0 else { return false }
        umount2(folder.path, Int32(MNT_DETACH))
        return true
    }()
}
