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
        #expect(check("a.py", "def g(:\n", "def f(:\n")?.status == .skipped)
        #expect(check("a.py", "def g(:\n", "x = 1\n")?.status == .passed)
        #expect(check("a.py", nil, "def f(:\n")?.status == .failed)
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
