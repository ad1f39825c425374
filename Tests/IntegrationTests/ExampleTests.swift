import Glibc
import TandemBase
import TandemTestSupport
import Testing

@testable import tandem

/// A small project in a scratch home, the real daemon with its offline provider, and a shell with both binaries on its
/// path: what a reader of an example has.
final class Reader: Sendable {
    let daemon: DaemonProcess
    private let folder: String
    private let environment: [String: String]

    init() throws {
        daemon = try DaemonProcess(
            config: """
                default_model = "offline"
                [providers.offline]
                kind = "offline"
                [providers.groq]
                kind = "offline"
                [models.offline]
                provider = "offline"
                model = "offline"
                [models.llama-70b]
                provider = "offline"
                model = "offline"
                [models.qwen-coder]
                provider = "offline"
                model = "offline"
                [models.deepseek-v3]
                provider = "offline"
                model = "offline"
                [models.auto]
                workflow = "route"
                code = "offline"
                general = "llama-70b"
                [models.r1sonqwen]
                workflow = "chain"
                reasoner = "offline"
                coder = "llama-70b"
                [models.assistant]
                workflow = "escalate"
                default = "offline"
                reasoning = "llama-70b"
                [verifiers.pytest]
                command = ["true"]
                """)
        let home = daemon.home
        let binaries = try builtProduct("tandem").dropLast("/tandem".count)
        environment = home.environment.merging([
            "PATH": "\(binaries):/usr/bin:/bin", "EDITOR": "true", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        ]) { $1 }
        folder = home.path + "/project"
        try home.write("project/main.py", "for i in range(10):\n    print(i + 1)\n")
        try home.write("project/prompts.jsonl", "{\"prompt\":\"hello\"}\n")
        for place in [".local/share/bash-completion/completions", ".config/fish/completions"] {
            try makeFolder(home.path + "/" + place)
        }
    }

    /// With a change in a repository of its own.
    static func withProject() async throws -> Reader {
        let reader = try Reader()
        let start = try await reader.run(
            "git init -q && git add main.py && git commit -qm one && echo '# two' >>main.py")
        guard start.status == 0 else { throw RawClient.Failure(description: start.output) }
        // The daemon has read it; `config init` wants none.
        unlink(reader.daemon.home.configPath)
        return reader
    }

    /// The same with a terminal (by script(1)), on which every question is answered with yes.
    func runOnTerminal(_ command: String) async throws -> (status: Int32?, output: String) {
        try daemon.home.write("example", command + "\n")
        return try await run("printf 'y\\ny\\ny\\n' | script -qec 'bash \"$HOME\"/example' /dev/null")
    }

    /// Runs a command in the project; its exit status and all it printed.
    func run(_ command: String) async throws -> (status: Int32?, output: String) {
        let path = daemon.home.path + "/out"
        let output = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let child = try ChildProcess(
            // An example names zsh's first folder for functions.
            ["/bin/bash", "-c", "set -o pipefail; fpath=(- \"$HOME\"); " + command], environment: environment,
            descriptors: [1: output.raw, 2: output.raw], folder: folder)
        let status = await offPool { child.wait() }
        if status == nil { child.stop() }
        return (status, try daemon.home.read(path))
    }
}

/// Every example that people are shown is run.
@Suite struct ExampleTests {
    /// Those that wait for somebody: an editor, a person, the next line of a log.
    private static let endless: Set = [
        "tandem chat", "tandem logs -f", "tandem stdio", "tandem acp", "tandem mcp", "tandem lsp", "tandem http",
        "tandem top", "tandem http --listen $XDG_RUNTIME_DIR/tandem/http.sock",
    ]
    /// Those that ask before they change files.
    private static let asking = ["tandem apply", "tandem solve", "tandem undo"]
    /// Programs that examples use and that may be missing.
    private static let tools = ["jq", "socat", "git", "claude"]

    private static func missingTool(_ command: String) -> String? {
        tools.first { command.contains($0) && access("/usr/bin/" + $0, X_OK) != 0 }
    }

    @Test func examplesOfTheHelp() async throws {
        let reader = try await Reader.withProject()
        // What has an ellipsis is to be filled in first.
        for example in CommandTable.all.flatMap(\.examples)
        where !Self.endless.contains(example.command) && !example.command.contains("…") {
            if let tool = Self.missingTool(example.command) {
                print("'\(example.command)' is not run: \(tool) is not installed")
                continue
            }
            let isAsked = Self.asking.contains { example.command.contains($0) }
            let end = try await isAsked ? reader.runOnTerminal(example.command) : reader.run(example.command)
            #expect(end.status == 0, "\(example.command): \(end.output)")
        }
    }

    private static let documents = ["README.md", "CONTRIBUTING.md", "docs/protocol.md", "docs/configuration.md"]

    @Test(arguments: documents)
    func consoleBlocks(document: String) async throws {
        let reader = try await Reader.withProject()
        let text = try reader.daemon.home.read("\(repositoryRoot)/\(document)")
        for step in ConsoleBlock.all(in: text).flatMap(\.steps) {
            if let tool = Self.missingTool(step.command) {
                print("'\(step.command)' of \(document) is not run: \(tool) is not installed")
                continue
            }
            let end = try await reader.run(step.command)
            #expect(end.status == 0, "\(document): \(step.command)\n\(end.output)")
            guard !step.expected.isEmpty else { continue }
            #expect(step.isAnswered(by: end.output), "\(document): \(step.command) printed\n\(end.output)")
        }
    }

    @Test func everyTomlBlockIsAConfigurationWithoutAFault() async throws {
        let reader = try await Reader.withProject()
        for document in Self.documents {
            let text = try reader.daemon.home.read("\(repositoryRoot)/\(document)")
            for block in text.split(separator: "```toml\n").dropFirst() {
                let path = try reader.daemon.home.write("block.toml", String(block.prefix { $0 != "`" }))
                let end = try await reader.run("tandemd --check-config --config \(path)")
                #expect(end.status == 0, "\(document): \(end.output)")
            }
        }
    }

    /// `make docs` was run after the last change of the method table.
    @Test(.enabled(if: access("/usr/bin/python3", X_OK) == 0, "python3 is not installed"))
    func protocolDocumentIsCurrent() async throws {
        let reader = try await Reader.withProject()
        let made = try await reader.run(
            "tandem call rpc.discover | python3 \(repositoryRoot)/tools/docs/protocol.py")
        #expect(made.status == 0)
        let current = try reader.daemon.home.read("\(repositoryRoot)/docs/protocol.md")
        #expect(made.output == current, "docs/protocol.md is older than the method table: run 'make docs'")
    }
}
