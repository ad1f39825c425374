import TandemBase
import TandemEdits
import Testing

struct VerifyTests {
    private func check(_ path: String, _ before: String?, _ after: String) -> VerifyCheck? {
        SyntaxVerifier(path: path, before: before.map { Array($0.utf8) }, after: Array(after.utf8))?.check()
    }

    @Test func onlyNewErrorsFail() {
        #expect(check("a.py", "x = 1\n", "x = 2\n")?.status == .passed)
        let broken = check("a.py", "x = 1\n", "def f(:\n")
        #expect(broken?.status == .failed)
        #expect(broken?.output.contains("SyntaxError") == true)
        #expect(broken?.output.contains("/tmp") == false)
        #expect(check("a.py", "def g(:\n", "def f(:\n")?.status == .passed)
        #expect(check("a.py", "def g(:\n", "x = 1\n")?.status == .passed)
        #expect(check("a.py", nil, "def f(:\n")?.status == .failed)
    }

    /// Checkers stop at the first error; what the change adds behind it, or before, is found all the same.
    @Test(arguments: [
        ("a.py", "x = 1\ny = 2\n", "def f(:\n    return 1\n", "y = (\n", "y = 3\n"),
        ("a.js", "let x = 1\nlet y = 2\n", "let a = ;\n", "let y = ;\n", "let y = 3\n"),
        ("a.sh", "x=1\ny=2\n", "echo )\n", "y=3 )\n", "y=3\n"),
        ("a.toml", "x = 1\ny = 2\n", "a =\n", "y = = 3\n", "y = 3\n"),
        ("a.swift", "let x = 1\nlet y = 2\n", "let = 3\n", "let y = = 3\n", "let y = 3\n"),
        ("a.json", "{\n\"x\": 1,\n\"y\": 2\n}\n", "\"a\": ,\n", "\"y\": 3 4\n", "\"y\": 3\n"),
        ("a.go", "package a\nvar x = 1\nvar y = 2\n", "var = 3\n", "var y = = 3\n", "var y = 3\n"),
    ])
    func errorsThatAFileHadDoNotHideNewOnes(
        _ path: String, _ good: String, _ old: String, _ bad: String, _ fine: String
    ) {
        let lines = good.split(separator: "\n").map { String($0) + "\n" }
        let at = lines.firstIndex { $0.contains("y") } ?? 0
        func text(_ added: [Int: String], _ line: String) -> String {
            lines.indices.map { (added[$0] ?? "") + ($0 == at ? line : lines[$0]) }.joined()
        }
        let first = path == "a.json" || path == "a.go" ? 1 : 0
        guard check(path, nil, good)?.status == .passed else { return }
        // The old error first, then the edited line; and the other way round.
        for places in [[first: old], [lines.count - (path == "a.json" ? 1 : 0): old]] {
            func with(_ line: String) -> String {
                text(places, line) + (places[lines.count] ?? "")
            }
            let before = with(lines[at])
            #expect(check(path, nil, before)?.status == .failed, "\(before)")
            let added = check(path, before, with(bad))
            #expect(added?.status == .failed, "\(path) \(places): \(added?.output ?? "")")
            #expect(added?.output.contains("this one is new") == true)
            let same = check(path, before, with(fine))
            #expect(same?.status == .passed, "\(path) \(places): \(same?.output ?? "")")
            #expect(check(path, before, text([:], fine))?.status == .passed)
            // One error is mended and another stays, or comes.
            let two = with(lines[at]) + old
            if path != "a.json" {
                #expect(check(path, two, text([:], lines[at]) + old)?.status == .passed, "\(path) \(places)")
            }
        }
        if path != "a.json" { #expect(check(path, text([first: old], lines[at]), text([:], bad))?.status == .failed) }
    }

    @Test func whatCannotBeToldIsSkippedWithTheReason() {
        // The end of the file is where both are wrong.
        let open = check("a.sh", "if true; then\n", "if true; then\nwhile true; do\n")
        #expect(check("a.sh", "if true; then\n", "if true; then\necho )\n")?.status == .failed)
        #expect(open?.status == .skipped && open?.output.contains("cannot be seen") == true, "\(open?.output ?? "")")
    }

    @Test func everyCheckerTellsGoodFromBad() {
        let samples = [
            ("a.sh", "echo 1\n", "if\n"), ("a.json", "{}", "{\n,}"), ("a.toml", "a = 1\n", "a =\n"),
            ("a.swift", "let x = 1\n", "let = {\n"), ("a.js", "let x = 1\n", "let = {\n"),
            ("a.go", "package a\n", "package\n"), ("a.rb", "x = 1\n", "def\n"), ("a.php", "<?php\n", "<?php if\n"),
            ("tool", "#!/bin/bash\necho\n", "#!/bin/bash\nif\n"),
        ]
        for (path, good, bad) in samples {
            guard let passed = check(path, nil, good), passed.status != .skipped else { continue }
            #expect(passed.status == .passed, "\(path)")
            #expect(check(path, good, bad)?.status == .failed, "\(path)")
        }
        #expect(check("a.json", "{}", "{\n,}")?.output.hasPrefix("line 2") == true)
        #expect(check("a.unknown", nil, "x") == nil)
    }

    @Test func commandsAreBounded() throws {
        let folder = ScratchFolder()
        func run(_ script: String, _ timeout: TimeSpan) throws -> CommandRunner.Result? {
            try CommandRunner.run(["sh", "-c", script], in: folder.path, timeout: timeout)
        }
        let talker = try run("yes | head -c 1000000; exit 3", .seconds(10))
        #expect(talker?.code == 3)
        #expect(talker?.output.utf8.count == 65536)
        let sleeper = try run("sleep 60 & sleep 60", .milliseconds(50))
        #expect(sleeper?.timedOut == true)
        let parent = try run("sleep 60 >/dev/null 2>&1 & echo done", .seconds(10))
        #expect(parent?.timedOut == false)
        #expect(try CommandRunner.run(["no-such-program-here"], in: folder.path, timeout: .seconds(1)) == nil)
    }

    @Test func verifiersSeeTheChangedTreeAndNotTheReal() throws {
        let folder = ScratchFolder()
        folder.write("a", Array("old".utf8))
        folder.write("sub/b", Array("b".utf8))
        let root = try EditRoot(folder.path)
        let changes = [
            FileChange(path: "a", before: Array("old".utf8), after: Array("new".utf8)),
            FileChange(path: "sub/b", before: Array("b".utf8), after: nil),
            FileChange(path: "x/y", before: nil, after: Array("y".utf8)),
        ]
        let script = "cat a x/y; test ! -e sub/b && echo spoilt > a"
        let check = ShadowTree.verify(
            name: "v", command: ["sh", "-c", script], timeout: .seconds(10), root: root, changes: changes)
        #expect(check.status == .passed, "\(check.output)")
        #expect(check.output == "newy")
        #expect(folder.files() == ["a": Array("old".utf8), "sub/b": Array("b".utf8)])
        let failing = ShadowTree.verify(
            name: "v", command: ["sh", "-c", "echo why; exit 1"], timeout: .seconds(10), root: root, changes: changes)
        #expect(failing.status == .failed)
        #expect(failing.output == "why\n")
    }
}
