import Glibc
import TandemTestSupport
import Testing

@testable import tandem

/// Compares with the files in Golden/; with TANDEM_UPDATE_GOLDEN=1 in the environment it writes them instead.
private func expectGolden(_ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let folder = #filePath.prefix(through: #filePath.lastIndex(of: "/") ?? #filePath.startIndex) + "Golden/"
    if getenv("TANDEM_UPDATE_GOLDEN") != nil { try writeFile(folder + name, Array(text.utf8), mode: 0o644) }
    let golden = String(decoding: try TandemTestSupport.readFile(folder + name), as: UTF8.self)
    #expect(text == golden, "differs from \(name)", sourceLocation: sourceLocation)
}

@Suite struct HelpTests {
    @Test func theOverview() throws {
        let text = Help.overview(CommandTable.all)
        try expectGolden("help.txt", text)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test(arguments: CommandTable.all.map(\.name))
    func aPage(_ name: String) throws {
        let command = try #require(CommandTable.command(named: name))
        let page = Help.page(command)
        try expectGolden("help-\(name).txt", page)
        // Commands are shown as they are typed.
        let fixed = command.examples.map { "  " + $0.command } + ["usage: " + Help.usage(command)]
        for line in page.split(separator: "\n") where !fixed.contains(String(line)) { #expect(line.count <= 80) }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completions(_ shell: String) async throws {
        let home = try TemporaryHome()
        let text = try await runCLI(["completion", shell], home: home)
        #expect(text.status == 0)
        try expectGolden("completion.\(shell)", text.out)
    }

    @Test func bashCompletes() async throws {
        let home = try TemporaryHome()
        let script = try await runCLI(["completion", "bash"], home: home).out
        let query = """
            COMP_WORDS=(tandem chat --re); COMP_CWORD=2; _tandem; echo ${COMPREPLY[@]}
            COMP_WORDS=(tandem chat --reasoning ''); COMP_CWORD=3; _tandem; echo ${COMPREPLY[@]}
            COMP_WORDS=(tandem co); COMP_CWORD=1; _tandem; echo ${COMPREPLY[@]}
            COMP_WORDS=(tandem config e); COMP_CWORD=2; _tandem; echo ${COMPREPLY[@]}
            """
        let file = try home.write("run.bash", script + query)
        let out = home.path + "/out"
        let shell = try ChildProcess(["/bin/bash", "-c", "bash \(file) > \(out) 2>&1"], environment: home.environment)
        #expect(await offPool { shell.wait() } == 0)
        #expect(try home.read("out") == "--reasoning\nlow medium high\nconfig completion\nedit\n")
    }
}
