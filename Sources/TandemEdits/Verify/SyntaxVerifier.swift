import Glibc
import TandemBase
import TandemJSON

/// One entry of a result's `verify.checks`.
package struct VerifyCheck: Sendable, Hashable {
    package enum Status: String, Sendable { case passed, failed, skipped }

    package var file: String
    /// The checker: a language, or a configured verifier's name.
    package var name: String
    package var status: Status
    package var output: String

    package init(file: String, name: String, status: Status, output: String) {
        self.file = file
        self.name = name
        self.status = status
        self.output = output
    }
}

/// Checks changed files with their language's own checker: only what the change broke is a failure. A checker that is
/// not on this host skips the file.
package struct SyntaxVerifier: Sendable {
    /// How long one checker may take, and all runs that tell old errors from new ones.
    private static let timeout = TimeSpan.seconds(20)

    private struct Checker {
        var name: String
        /// `{file}` is the file's path. Empty for JSON, which is checked in process.
        var command: [String]
    }

    private static let python = "import sys; compile(open(sys.argv[1], 'rb').read(), sys.argv[1], 'exec', 0, True)"
    private static let toml = "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))"

    private static func checker(_ path: String, _ content: [UInt8]) -> Checker? {
        let name = EditRoot.name(path)
        let suffix = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
        switch suffix {
        case "py", "pyi", "pyw": return Checker(name: "python", command: ["python3", "-I", "-c", python, "{file}"])
        case "js", "mjs", "cjs": return Checker(name: "javascript", command: ["node", "--check", "{file}"])
        case "go": return Checker(name: "go", command: ["gofmt", "-e", "-l", "{file}"])
        case "rb", "rake", "gemspec": return Checker(name: "ruby", command: ["ruby", "-c", "{file}"])
        case "php": return Checker(name: "php", command: ["php", "-n", "-l", "{file}"])
        case "sh", "bash": return Checker(name: "bash", command: ["bash", "-n", "{file}"])
        case "swift": return Checker(name: "swift", command: ["swiftc", "-frontend", "-parse", "{file}"])
        case "json": return Checker(name: "json", command: [])
        case "toml": return Checker(name: "toml", command: ["python3", "-I", "-c", toml, "{file}"])
        default: break
        }
        let first = String(decoding: content.prefix { $0 != 0x0A }, as: UTF8.self)
        guard first.hasPrefix("#!") else { return nil }
        if first.contains("python") {
            return Checker(name: "python", command: ["python3", "-I", "-c", python, "{file}"])
        }
        if first.contains("bash") || first.hasSuffix("/sh") {
            return Checker(name: "bash", command: ["bash", "-n", "{file}"])
        }
        if first.contains("ruby") { return Checker(name: "ruby", command: ["ruby", "-c", "{file}"]) }
        return nil
    }

    private let path: String
    private let checker: Checker
    private let before: [UInt8]?
    private let after: [UInt8]

    /// Nil for a file no checker is known for.
    package init?(path: String, before: [UInt8]?, after: [UInt8]) {
        guard let checker = Self.checker(path, after) else { return nil }
        self.path = path
        self.checker = checker
        self.before = before
        self.after = after
    }

    /// No process is waited for.
    package var isQuick: Bool { checker.command.isEmpty }

    /// Blocking: one checker run for a file without errors, more where it had some before.
    package func check(stop: CommandRunner.Stop? = nil) -> VerifyCheck {
        func result(_ status: VerifyCheck.Status, _ output: String = "") -> VerifyCheck {
            VerifyCheck(file: path, name: checker.name, status: status, output: output)
        }
        switch run(after, stop) {
        case .missing: return result(.skipped, "\(checker.command.first ?? "") is not on this host")
        case .unfinished(let reason): return result(.skipped, reason)
        case .passed: return result(.passed)
        case .failed(let output):
            guard let before, case .failed(let old) = run(before, stop) else { return result(.failed, output) }
            var comparison = SyntaxComparison(
                before: before, after: after, name: EditRoot.name(path), language: checker.name)
            let end = MonotonicTime.now() + Self.timeout
            let verdict = comparison.verdict(old, output) { content in
                MonotonicTime.now() < end ? run(content, stop) : .unfinished("")
            }
            switch verdict {
            case .nothingNew: return result(.passed, "the file had errors before and has no new ones: " + output)
            case .added(let output):
                return result(.failed, "the file had errors before, and this one is new: " + output)
            case .unknown(let output):
                return result(.skipped, "the file had errors before, behind which others cannot be seen: " + output)
            }
        }
    }

    enum Finding {
        case passed, missing
        case failed(String)
        case unfinished(String)
    }

    private func run(_ content: [UInt8], _ stop: CommandRunner.Stop?) -> Finding {
        checker.command.isEmpty
            ? Self.json(content)
            : Self.run(checker.command, name: EditRoot.name(path), content, timeout: Self.timeout, stop: stop)
    }

    /// Runs a checker on a file of that name in a folder of its own. Blocking.
    static func run(
        _ command: [String], name: String, _ content: [UInt8], timeout: TimeSpan, stop: CommandRunner.Stop? = nil
    ) -> Finding {
        do throws(SystemError) {
            let folder = try PrivateFolder()
            // The checker's messages name the file as the plan does, without the temporary folder.
            let file = folder.path + "/" + name
            try write(content, to: file)
            let command = command.map { $0 == "{file}" ? file : $0 }
            let ran = try CommandRunner.run(command, in: folder.path, timeout: timeout, stop: stop)
            guard let result = ran else { return .missing }
            if result.timedOut { return .unfinished("the checker did not finish in time") }
            return result.code == 0 ? .passed : .failed(result.output.replacing(folder.path + "/", with: ""))
        } catch {
            return .unfinished(error.description)
        }
    }

    private static func json(_ content: [UInt8]) -> Finding {
        let text = FileText(content)
        do throws(JSONError) {
            _ = try JSONDocument(Array(content[text.bom...]))
            return .passed
        } catch {
            let line = text.lineIndex(of: error.offset + text.bom) + 1
            return .failed("line \(line): \(error.reason)")
        }
    }
}

/// Writes a new file, or over an old one.
func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(SystemError) {
    let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: mode)
    try FileSystem().write(bytes, to: file, path)
}
