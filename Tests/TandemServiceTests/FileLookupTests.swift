import Glibc
import TandemTestSupport
import TandemWorkflows
import Testing

@testable import TandemService

/// What the expert's tools see of the disk.
@Suite struct FileLookupTests {
    private let home: TemporaryHome
    private let lookup: FileLookup

    init() throws {
        home = try TemporaryHome()
        try home.write("root/src/main.py", "import os\nneedle = 1\n")
        try home.write("root/readme", "a needle\nanother needle\n")
        try home.write("root/.env", "KEY=needle")
        try home.write("root/.git/config", "needle")
        try home.write("outside", "needle outside")
        try home.write("second/two.txt", "needle two")
        lookup = FileLookup(roots: [home.path + "/root", home.path + "/second"])
    }

    private func isRefused(_ text: String) -> Bool { text.hasPrefix("error: ") }

    @Test func pathsAreBelowARootRelativeOrAbsolute() async {
        #expect(await lookup.run(.readFile, "src/main.py", below: ".") == "import os\nneedle = 1\n")
        #expect(await lookup.run(.readFile, home.path + "/root/src/main.py", below: ".") == "import os\nneedle = 1\n")
        #expect(await lookup.run(.readFile, "src/../readme", below: ".") == "a needle\nanother needle\n")
        #expect(await lookup.run(.readFile, "two.txt", below: ".") == "needle two")
        for path in [
            "../outside", home.path + "/outside", "src/../../outside", "/etc/passwd", home.path + "/root/../outside",
            home.path + "/rootless", "", ".", "src", "none", ".env", ".git/config", "src/../.env", "\0",
            "src/main.py\0x",
        ] { #expect(isRefused(await lookup.run(.readFile, path, below: ".")), "\(path)") }
    }

    @Test func noLinkLeadsOut() async throws {
        symlink(home.path + "/outside", home.path + "/root/file-link")
        symlink(home.path, home.path + "/root/folder-link")
        symlink("readme", home.path + "/root/inner-link")
        for path in ["file-link", "folder-link/outside", "inner-link"] {
            #expect(isRefused(await lookup.run(.readFile, path, below: ".")), "\(path)")
        }
        #expect(isRefused(await lookup.run(.listFiles, "folder-link", below: ".")))
        let list = await lookup.run(.listFiles, ".", below: ".")
        #expect(list == "readme\nsrc/\nsrc/main.py")
        #expect(!(await lookup.run(.search, "outside", below: ".")).contains("outside:"))
    }

    @Test func whatIsNoRegularFileIsNotRead() async {
        mkfifo(home.path + "/root/pipe", 0o600)
        #expect(isRefused(await lookup.run(.readFile, "pipe", below: ".")))
        #expect(await lookup.run(.search, "needle", below: "src") == "main.py:2: needle = 1")
    }

    @Test func sizesAreBounded() async throws {
        try home.write("root/big", String(repeating: "x", count: 200_000))
        let big = await lookup.run(.readFile, "big", below: ".")
        #expect(big.utf8.count < 50_000 && big.hasSuffix("[the file goes on]"))
        try home.write("root/binary", "a\0b")
        #expect(await lookup.run(.readFile, "binary", below: ".") == "error: not a text file")
        try home.write("root/long", String(repeating: "needle ", count: 5000))
        let line = await lookup.run(.search, "needle needle", below: ".")
        #expect(line.utf8.count < 500 && line.hasPrefix("long:1: "))
        try home.write("root/many", String(repeating: "needle\n", count: 1000))
        #expect(await lookup.run(.search, "needle", below: ".").split(separator: "\n").count <= 60)
        for index in 0..<600 { try home.write("second/f\(index)", "") }
        let list = await lookup.run(.listFiles, home.path + "/second", below: ".").split(separator: "\n")
        #expect(list.count == 501 && list.last == "[there are more]")
        try home.write("root/" + (0..<12).map { "d\($0)/" }.joined() + "deep", "deepneedle")
        #expect(await lookup.run(.search, "deepneedle", below: ".") == "nothing found")
    }

    @Test func searchNamesFileAndLine() async {
        #expect(
            await lookup.run(.search, "needle", below: ".")
                == "readme:1: a needle\nreadme:2: another needle\nsrc/main.py:2: needle = 1")
        #expect(await lookup.run(.search, "absent", below: ".") == "nothing found")
        #expect(isRefused(await lookup.run(.search, "", below: ".")))
        #expect(isRefused(await lookup.run(.search, "needle", below: "../")))
        #expect(isRefused(await lookup.run(.generateCode, "x", below: ".")))
    }
}
