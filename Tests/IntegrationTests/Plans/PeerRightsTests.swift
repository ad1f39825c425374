import CLinux
import Glibc
import TandemBase
import TandemEdits
import TandemJSON
import TandemStore
import TandemTestSupport
import Testing

/// A daemon that runs as root edits for other accounts with their rights and no others.
@Suite(.enabled(if: getuid() == 0, "only root can take other accounts' rights"))
struct PeerRightsTests {
    private static let nobody: uid_t = 65534

    /// A tree of the peer's, with one file of root's that all may read and one that nobody else may.
    private func home(_ settings: String = "") throws -> PlanHome {
        let home = try PlanHome(
            settings: "[access]\nusers = [\"65534\"]\nroots = [\"~\"]\n\(settings)",
            files: ["mine": "a\n", "theirs": "b\n", "secret": "c\n", "lib/x": "d\n", "bad.py": "x = 1\n"])
        let folder = home.daemon.home
        for path in [folder.path, folder.runtime, folder.runtime + "/tandem"] { chmod(path, 0o755) }
        chmod(folder.socketPath, 0o666)
        for path in ["", "/mine", "/bad.py"] { chown(home.tree + path, Self.nobody, Self.nobody) }
        for path in ["/theirs", "/lib/x"] { chmod(home.tree + path, 0o644) }
        chmod(home.tree + "/lib", 0o755)
        return home
    }

    /// A connection that the kernel says is of uid 65534.
    private func peer(_ home: PlanHome) throws -> RawClient {
        var groups = [gid_t(65534)]
        guard cl_take_rights(Self.nobody, 65534, &groups, 1) == 0 else { throw SystemError("cl_take_rights") }
        defer { cl_give_rights_back() }
        return try home.daemon.client()
    }

    private func execute(_ home: PlanHome, _ edits: String, _ more: String = "") throws -> JSONValue {
        try home.follow(peer(home), "executePlan", home.params(edits, more)).response
    }

    private func owner(_ home: PlanHome, _ path: String) -> uid_t {
        var status = stat()
        return lstat(home.tree + "/" + path, &status) == 0 ? status.st_uid : .max
    }

    @Test func aPeerMayEditWhatItMayWriteAndNothingElse() throws {
        let home = try home()
        let create = #"{"file":"new/deep/f","type":"create","content":"n\n"}"#
        let done = try execute(home, replaceEdit("mine", "a", "A") + "," + create)
        #expect(done.result?["status"]?.string == "committed", "\(masked(done))")
        #expect(home.read("mine") == "A\n" && home.read("new/deep/f") == "n\n")
        for path in ["mine", "new", "new/deep", "new/deep/f"] { #expect(owner(home, path) == Self.nobody, "\(path)") }

        let names = home.names
        // Readable, but not to be written, though its folder is the peer's; not even readable; in root's folder.
        for (path, old) in [("theirs", "b"), ("secret", "c"), ("lib/x", "d")] {
            let answer = try execute(home, replaceEdit(path, old, "X"), ",\"mode\":\"hybrid\"")
            #expect(answer.conflicts == ["0 forbidden"], "\(path): \(masked(answer))")
        }
        // The peer's file, which it may write, in root's folder, where it may make no other.
        try home.write("lib/own", "d\n")
        chown(home.tree + "/lib/own", Self.nobody, Self.nobody)
        for edit in [
            #"{"file":"lib/new","type":"create","content":""}"#, #"{"file":"lib/a/b","type":"create","content":""}"#,
            #"{"file":"lib/x","type":"delete"}"#, #"{"file":"lib/own","type":"delete"}"#,
            #"{"file":"lib/own","type":"rename","to":"here"}"#, replaceEdit("lib/own", "d", "D"),
        ] {
            for dry in [true, false] {
                let answer = try execute(home, edit, ",\"mode\":\"hybrid\",\"dry_run\":\(dry)")
                #expect(answer.conflicts == ["0 forbidden"], "\(edit), \(dry): \(masked(answer))")
            }
        }
        unlink(home.tree + "/lib/own")
        let stale = try execute(home, replaceEdit("mine", "A", "B"), ",\"base\":{\"secret\":\"00\"}")
        #expect(stale.conflicts == ["-1 stale"])
        #expect(home.names == names && home.read("secret") == "c\n" && home.read("theirs") == "b\n")

        let undone = try home.follow(
            peer(home), "undo", "{\"transaction_id\":\"\(done.transaction ?? "")\"}"
        ).response
        #expect(undone.result?["status"]?.string == "committed", "\(masked(undone))")
        #expect(home.read("mine") == "a\n" && home.read("new/deep/f") == nil)
        // Another's transaction is not there for the peer, and root goes on with root's rights.
        let roots = try home.execute(replaceEdit("secret", "c", "C"))
        #expect(home.read("secret") == "C\n" && owner(home, "secret") == 0)
        let refused = try home.follow(
            peer(home), "undo", "{\"transaction_id\":\"\(roots.transaction ?? "")\"}"
        ).response
        #expect(refused.code == -32012)
    }

    private func status(_ path: String) -> [UInt32] {
        var status = stat()
        return lstat(path, &status) == 0 ? [status.st_uid, status.st_gid, status.st_mode] : []
    }

    /// What a file is besides its bytes stays, or the file does.
    @Test func filesThatCannotKeepOwnerGroupAndModeAreLeftAlone() throws {
        let home = try home()
        // Root's, that all may write; the peer's own, with a group and a set-id bit that it could not give again.
        for (name, uid, gid, mode) in [
            ("open", 0, 0, 0o666), ("group", Self.nobody, 1, 0o664), ("bit", Self.nobody, 1, 0o2775),
        ] as [(String, uid_t, gid_t, mode_t)] {
            try home.write(name, "old\n")
            let path = home.tree + "/" + name
            chown(path, uid, gid)
            chmod(path, mode)
            let (before, names) = (status(path), home.names)
            let edits = replaceEdit("mine", "a", "A") + "," + replaceEdit(name, "old", "new")
            // A dry run foresees it.
            for dry in [true, false] {
                let answer = try execute(home, edits, ",\"dry_run\":\(dry)")
                #expect(answer.conflicts == ["1 forbidden"], "\(name), \(dry): \(masked(answer))")
                #expect(masked(answer).contains("could not be kept"), "\(masked(answer))")
            }
            #expect(home.read(name) == "old\n" && home.read("mine") == "a\n")
            #expect(status(path) == before && home.names == names, "\(name)")
        }
        // In a folder that hands its group on, the new file has that group without being given it; not the bit.
        try home.write("team/bit", "old\n")
        chown(home.tree + "/team", Self.nobody, 1)
        chmod(home.tree + "/team", 0o2775)
        chown(home.tree + "/team/bit", Self.nobody, 1)
        chmod(home.tree + "/team/bit", 0o2775)
        let team = status(home.tree + "/team/bit")
        #expect(try execute(home, replaceEdit("team/bit", "old", "new")).conflicts == ["0 forbidden"])
        #expect(home.read("team/bit") == "old\n" && status(home.tree + "/team/bit") == team)
        // Root keeps all of them.
        for name in ["group", "bit", "team/bit"] {
            let before = status(home.tree + "/" + name)
            let answer = try home.execute(replaceEdit(name, "old", "new"))
            #expect(answer.result?["status"]?.string == "committed", "\(masked(answer))")
            #expect(home.read(name) == "new\n" && status(home.tree + "/" + name) == before, "\(name)")
        }
    }

    /// A deleted set-id program comes back with its content, not with the rights of whoever takes the deletion back.
    @Test func undoneDeletionsLendNoRights() throws {
        let home = try home()
        chmod(home.tree + "/mine", 0o6755)
        let deleted = try home.execute(#"{"file":"mine","type":"delete"}"#)
        let undone = try home.call("undo", "{\"transaction_id\":\"\(deleted.transaction ?? "")\"}").response
        #expect(undone.result?["status"]?.string == "committed", "\(masked(undone))")
        #expect(status(home.tree + "/mine") == [0, 0, S_IFREG | 0o755])
    }

    @Test func foldersThatThePeerCannotEnterAreNotThere() throws {
        let home = try home()
        chmod(home.tree + "/lib", 0o700)
        let params = "{\"root\":\(quoted(home.tree + "/lib")),\"plan\":{\"edits\":[\(replaceEdit("x", "d", "X"))]}}"
        let answer = try home.follow(peer(home), "executePlan", params).response
        #expect(
            answer.code == -32011 && answer.conflicts == ["0 forbidden"] || answer.code == -32602, "\(masked(answer))")
        #expect(home.read("lib/x") == "d\n")
        let outside = try home.follow(
            peer(home), "executePlan", "{\"root\":\"/usr\",\"plan\":{\"edits\":[\(replaceEdit("x", "d", "X"))]}}"
        ).response
        #expect(outside.code == -32006)
    }

    /// Verifiers and checkers are the peer's processes: its ids alone, and none of the daemon's environment.
    @Test func commandsRunAsThePeer() throws {
        let home = try home(
            """
            [verifiers.who]
            command = ["sh", "-c", "id -u; id -ru; id -G; grep Cap /proc/self/status; env; cat secret; cat mine; exit 1"]

            """)
        let answer = try execute(home, replaceEdit("mine", "a", "A"), ",\"verify\":\"who\"")
        let output = answer["error"]?["data"]?["verify"]?["checks"]?[0]?["output"]?.string ?? ""
        let lines = output.split(separator: "\n").map(String.init)
        #expect(lines.starts(with: ["65534", "65534", "65534"]), "\(masked(answer))")
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(lines.contains("\(set):\t0000000000000000")) }
        #expect(lines.contains("A") && !lines.contains("c"))
        #expect(!output.contains("XDG_") && !output.contains("NOTIFY_SOCKET"), "\(output)")
        let broken = try execute(home, replaceEdit("bad.py", "x = 1", "x = ("))
        #expect(broken.conflicts == ["0 verify_failed"], "\(masked(broken))")
        #expect(home.read("mine") == "a\n" && home.read("bad.py") == "x = 1\n")
    }

    /// Rights are a thread's: what the pool does for root meanwhile keeps root's.
    @Test func rightsDoNotLeak() throws {
        let home = try home()
        let files = 40
        for index in 0..<files {
            try home.write("r\(index)", "old\n")
            try home.write("p\(index)", "old\n")
            chown(home.tree + "/p\(index)", Self.nobody, Self.nobody)
        }
        let clients = try (0..<files).map { (root: try home.daemon.client(), peer: try peer(home), index: $0) }
        for (root, peer, index) in clients {
            try peer.send(RawClient.request("executePlan", home.params(replaceEdit("p\(index)", "old", "new"))))
            try root.send(RawClient.request("executePlan", home.params(replaceEdit("r\(index)", "old", "new"))))
        }
        for (root, peer, index) in clients {
            for client in [root, peer] {
                let answer = try JSONDocument(Array(client.response().utf8)).root
                #expect(answer.result?["status"]?.string == "committed", "\(index): \(masked(answer))")
            }
            #expect(owner(home, "r\(index)") == 0 && owner(home, "p\(index)") == Self.nobody)
        }
        #expect(try execute(home, replaceEdit("r0", "new", "X")).conflicts == ["0 forbidden"])
    }

    /// What a kill in the middle of swapping leaves: `a` is to become a2, `b` has become b2.
    private func interrupt(_ home: PlanHome, uid: UInt32) throws {
        home.daemon.stop()
        var random = SystemRandomNumberGenerator()
        let id = ULID(time: .now(), random: &random)
        let changes = [("a", "a1\n", "a2\n"), ("b", "b1\n", "b2\n")].map {
            FileChange(path: $0, before: Array($1.utf8), after: Array($2.utf8), mode: 0o644)
        }
        let (journal, _) = try EditJournal.open(path: home.daemon.home.state + "/tandem/edits.db", at: .now())
        try journal.begin(TransactionRecord(id: id, root: home.tree, time: .now(), uid: uid))
        try journal.setImages(id, changes, folders: [])
        try journal.setState(id, .committing)
    }

    private func recovered(_ home: PlanHome) throws -> String? {
        try home.call("transactions", "{}").response.result?["transactions"]?[0]?["state"]?.string
    }

    /// With the peer's rights: in a folder of its own that nobody else may enter, and nowhere it may not write.
    @Test(arguments: [true, false])
    func recoveryHasThePeersRights(mayWrite: Bool) throws {
        let home = try PlanHome(files: ["a": "a1\n", "b": "b2\n"])
        try interrupt(home, uid: Self.nobody)
        for path in ["", "/a", "/b"] { chown(home.tree + path, Self.nobody, Self.nobody) }
        chmod(home.tree, mayWrite ? 0o700 : 0o500)
        chmod(home.daemon.home.path, 0o755)
        try home.daemon.start()
        #expect(try recovered(home) == (mayWrite ? "committed" : "committing"))
        #expect(home.read("a") == (mayWrite ? "a2\n" : "a1\n") && home.read("b") == "b2\n" && home.names == ["a", "b"])
        #expect(owner(home, "a") == Self.nobody && owner(home, "b") == Self.nobody)
        guard !mayWrite else { return }
        // It waits for a start at which it may.
        home.daemon.stop()
        chmod(home.tree, 0o700)
        try home.daemon.start()
        #expect(try recovered(home) == "committed" && home.read("a") == "a2\n" && home.names == ["a", "b"])
    }

    /// The root was a folder when it was edited. Whoever makes a link of it meanwhile leads recovery nowhere, whether
    /// it has that account's rights or root's.
    @Test(arguments: [nobody, 0])
    func recoveryFollowsNoLinkInPlaceOfTheRoot(uid: uid_t) throws {
        let home = try PlanHome(files: ["a": "a1\n", "b": "b2\n"])
        try interrupt(home, uid: uid)
        let elsewhere = home.daemon.home.path + "/elsewhere"
        #expect(rename(home.tree, elsewhere) == 0 && symlink(elsewhere, home.tree) == 0)
        for path in ["", "/a", "/b"] { chown(elsewhere + path, uid, uid) }
        chmod(home.daemon.home.path, 0o755)
        try home.daemon.start()
        #expect(try recovered(home) == "recovery_conflict")
        #expect(home.read("a") == "a1\n" && home.read("b") == "b2\n" && owner(home, "a") == uid)
    }

    @Test func aPlannerIsShownOnlyWhatThePeerMayRead() throws {
        let plan = planPieces([replaceEdit("mine", "a", "A")])
        let home = try PlanHome(
            planner: [.stream(plan)], settings: "[access]\nusers = [\"65534\"]\n",
            files: ["mine": "shown\n", "secret": "hidden\n"])
        let folder = home.daemon.home
        for path in [folder.path, folder.runtime, folder.runtime + "/tandem"] { chmod(path, 0o755) }
        chmod(folder.socketPath, 0o666)
        for path in ["", "/mine"] { chown(home.tree + path, Self.nobody, Self.nobody) }
        let answer = try home.follow(
            peer(home), "plan",
            "{\"problem\":\"p\",\"root\":\(quoted(home.tree)),\"files\":[\"mine\",\"secret\"]}"
        ).response
        #expect(answer.result?["warnings"]?.elements.contains { $0.string?.contains("secret") == true } == true)
        let asked = String(decoding: try home.server.body("planner").raw, as: UTF8.self)
        #expect(asked.contains("shown") && !asked.contains("hidden"))
    }
}
