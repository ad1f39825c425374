import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

@testable import tandem

/// The pages for editors: each block is read by its language's own parser, and each command line in it, and in the text
/// around it, is one that `tandem` accepts.
@Suite struct EditorPageTests {
    private static let pages = [
        "README", "agent-shell", "codecompanion", "emacs", "helix", "jetbrains", "mcp", "neovim", "openai", "vim",
        "vscode", "zed",
    ]
    private static let folder = repositoryRoot + "/docs/editors/"

    /// A program that notes its arguments, a line each and an empty one at the end, and prints a word.
    private static let recorder = """
        #!/bin/sh
        { printf '%s\\n' "${0##*/}" "$@"; echo; } >>"$HOME/recorded"
        echo word
        """

    private let reader: Reader

    init() throws {
        reader = try Reader()
        try makeFolder(reader.daemon.home.path + "/stubs")
        for name in ["tandem", "claude", "aider", "systemctl", "curl", "llm"] {
            let path = try reader.daemon.home.write("stubs/" + name, Self.recorder)
            chmod(path, 0o700)
        }
    }

    @Test func everyPageIsLookedAt() throws {
        let listed = try #require(Programs.output(of: ["ls", Self.folder]))
        #expect(listed.split(separator: "\n").map { String($0.dropLast(".md".count)) }.sorted() == Self.pages.sorted())
    }

    @Test(arguments: pages)
    func everyExampleIsAccepted(page: String) async throws {
        let text = try reader.daemon.home.read("\(Self.folder)\(page).md")
        var commands: [[String]] = []
        for block in FencedBlock.all(in: text) {
            let found = try await self.commands(in: block)
            #expect(!found.isEmpty || ["python", "yaml"].contains(block.language) || block.text.contains("api_url"))
            commands += found
        }
        for span in FencedBlock.codeSpans(in: text) {
            guard let start = span.firstRange(of: "tandem ")?.lowerBound, !span[..<start].contains(where: \.isLetter)
            else { continue }
            commands += try await shell(String(span[start...]))
        }
        for command in commands { try accept(command, page) }
    }

    /// Each of them is in the page as it is in `clients/`.
    @Test(arguments: [
        ("vscode", "json", "vscode/mcp.json"), ("helix", "toml", "helix/languages.toml"),
        ("helix", "toml", "helix/config.toml"),
    ])
    func filesAreInThePages(page: String, language: String, file: String) async throws {
        let path = repositoryRoot + "/clients/" + file
        let wanted = try await parsed(FencedBlock(language: language, text: reader.daemon.home.read(path)))
        let blocks = FencedBlock.all(in: try reader.daemon.home.read("\(Self.folder)\(page).md"))
        var found = false
        for block in blocks where block.language == language {
            if Array(try await parsed(block).raw) == Array(wanted.raw) { found = true }
        }
        #expect(found, "\(file) is not what docs/editors/\(page).md shows")
    }

    @Test func theEndpointsExamplesRun() async throws {
        let page = try reader.daemon.home.read(Self.folder + "openai.md")
        let path = reader.daemon.home.runtime + "/tandem/http.sock"
        let endpoint = try ChildProcess(
            [builtProduct("tandem"), "http", "--listen", path], environment: reader.daemon.home.environment,
            descriptors: [:], folder: reader.daemon.home.path)
        defer { endpoint.stop() }
        let tasks = try reader.daemon.home.read(repositoryRoot + "/clients/vscode/tasks.json")
        #expect(try JSONDocument(Array(tasks.utf8)).root["tasks"]?.count == 2)
        let waiting = try await reader.run(
            "for i in $(seq 1000); do test -S \(path) && exit 0; sleep 0.02; done; exit 1")
        try #require(waiting.status == 0)
        let example = try #require(FencedBlock.all(in: page).first { $0.text.hasPrefix("curl") })
        let answer = try await reader.run(example.text.replacing("\"auto\"", with: "\"offline\""))
        #expect(answer.status == 0 && answer.output.hasSuffix("data: [DONE]\n\n"), "\(answer.output)")
    }

    // MARK: command lines

    private func accept(_ words: [String], _ page: String) throws {
        guard words.first?.hasSuffix("tandem") == true else {
            if let start = words.firstIndex(of: "--") { try accept(Array(words[(start + 1)...]), page) }
            return
        }
        guard words.count > 1 else { return }
        let command = try #require(CommandTable.command(named: words[1]), "\(page): \(words)")
        #expect(throws: Never.self, "\(page): \(words)") { _ = try Invocation(command, words.dropFirst(2)) }
    }

    private func commands(in block: FencedBlock) async throws -> [[String]] {
        switch block.language {
        case "json", "toml": return try await commands(in: parsed(block))
        case "yaml":
            let settings = try await parsed(block)
            // Continue's, and llm's list of models.
            #expect(settings[0] != nil || ["name", "version", "schema"].allSatisfy { settings[$0]?.string != nil })
            let address = settings[0]?["api_base"] ?? settings["models"]?[0]?["apiBase"]
            #expect(address?.string?.hasSuffix("/v1") == true)
            return []
        case "python":
            let path = try reader.daemon.home.write("block.py", block.text)
            let end = try await reader.run("python3 -m py_compile \(path)")
            #expect(end.status == 0, "\(end.output)")
            return []
        case "sh": return try await shell(block.text)
        case "lua": return try await lines("nvim --headless -u NONE -n -S \(stub("lua", block.text))", "nvim")
        case "elisp": return try await lines("emacs --batch -Q -l \(stub("el", block.text))", "emacs")
        default:
            Issue.record("nobody reads a block of \(block.language)")
            return []
        }
    }

    /// Runs what stands in a block with programs that note how they were called.
    private func shell(_ text: String) async throws -> [[String]] {
        unlink(reader.daemon.home.path + "/recorded")
        let path = try reader.daemon.home.write("block.sh", text)
        let end = try await reader.run("PATH=\"$HOME/stubs:$PATH\" bash -eu \(path)")
        #expect(end.status == 0, "\(text): \(end.output)")
        let recorded = try reader.daemon.home.read(reader.daemon.home.path + "/recorded")
        return recorded.split(separator: "\n\n").map { $0.split(separator: "\n").map(String.init) }
    }

    /// Programs named in settings: `command` with `args`, and command lines in strings.
    private func commands(in value: JSONValue) async throws -> [[String]] {
        switch value.kind {
        case .object:
            var found: [[String]] = []
            if let command = value["command"]?.string {
                found.append([command] + (value["args"]?.elements.compactMap(\.string) ?? []))
            }
            for (_, member) in value.members { found += try await commands(in: member) }
            return found
        case .array:
            var found: [[String]] = []
            for element in value.elements { found += try await commands(in: element) }
            return found
        case .string:
            let text = value.string ?? ""
            guard text.contains("tandem ") else { return [] }
            // An editor's own command, whose argument is for the shell.
            return try await shell(text.hasPrefix(":") ? String(text.drop { $0 != " " }) : text)
        default: return []
        }
    }

    // MARK: parsers

    private static let parsers = [
        "json": "import json as m; f = m.loads", "toml": "import tomllib as m; f = m.loads",
        "yaml": "import yaml as m; f = m.safe_load",
    ]

    /// A block as JSON, by way of its language's parser.
    private func parsed(_ block: FencedBlock) async throws -> JSONValue {
        let reading = try #require(Self.parsers[block.language])
        let path = try reader.daemon.home.write("block.\(block.language)", block.text)
        let end = try await reader.run(
            "python3 -c 'import json, sys; \(reading); print(json.dumps(f(open(sys.argv[1]).read())))' \(path)")
        #expect(end.status == 0, "\(end.output)")
        return try JSONDocument(Array(end.output.utf8)).root
    }

    /// The block and a prelude, in a file, that stand in for the plugin it configures and print the commands it was given.
    private func stub(_ language: String, _ text: String) throws -> String {
        let path = "\(repositoryRoot)/Tests/editors/settings.\(language)"
        let block = try reader.daemon.home.write("block.\(language)", text)
        return try reader.daemon.home.write(
            "run.\(language)", try reader.daemon.home.read(path).replacing("BLOCK", with: block))
    }

    /// The commands that an editor prints, one a line, words separated by tabs.
    private func lines(_ command: String, _ program: String) async throws -> [[String]] {
        guard access("/usr/bin/" + program, X_OK) == 0 else {
            print("settings are not read by \(program): it is not installed")
            return [["tandem", "acp"]]
        }
        let end = try await reader.run(command)
        #expect(end.status == 0, "\(end.output)")
        return end.output.split(whereSeparator: \.isNewline).map { $0.split(separator: "\t").map(String.init) }
    }
}
