import Glibc
import TandemBase
import TandemTestSupport
import Testing

@testable import tandem

/// The manual pages as `make install` makes them.
@Suite struct ManualTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func page(_ name: String) async throws -> String {
        let page = try await runCLI(["help", "--man", name], home: home)
        #expect(page.status == 0, "\(page.err)")
        return page.out
    }

    /// Runs a shell line in the home: its exit status and everything it printed.
    private func shell(_ line: String) async throws -> (status: Int32?, output: String) {
        let log = try FileDescriptor.open(home.path + "/shell", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let child = try ChildProcess(
            ["/bin/sh", "-c", line], environment: home.environment, descriptors: [1: log.raw, 2: log.raw],
            folder: home.path)
        let status = await offPool { child.wait() }
        return (status, try home.read("shell"))
    }

    @Test(.enabled(if: access("/usr/bin/groff", X_OK) == 0, "groff is not installed"), arguments: Manual.pages)
    func rendersWithoutAWarning(name: String) async throws {
        try home.write("page", try await page(name))
        let rendered = try await shell("groff -man -ww -Kutf8 -Tutf8 -P-cbou page >rendered")
        #expect(rendered.status == 0 && rendered.output.isEmpty, "\(rendered.output)")
        #expect(try home.read("rendered").contains("SEE ALSO"))
    }

    @Test(.enabled(if: access("/usr/bin/man", X_OK) == 0, "man is not installed"), arguments: Manual.pages)
    func manShowsItWithoutAWarning(name: String) async throws {
        try home.write("page", try await page(name))
        let shown = try await shell("man --warnings -E UTF-8 -l -Tutf8 -Z page >/dev/null")
        #expect(shown.status == 0 && shown.output.isEmpty, "\(shown.output)")
    }

    @Test func everyCommandAndOptionIsInTandem1() async throws {
        let page = try await page("tandem")
        for command in CommandTable.all {
            #expect(page.contains(".SS \"tandem \(command.name) "), "\(command.name)")
            for option in command.shownOptions {
                #expect(page.contains(Roff.escaped(Help.spelling(option).trimmingSpaces)), "\(option.name)")
            }
            for example in command.examples { #expect(page.contains(Roff.escaped(example.command))) }
        }
        #expect(!page.contains(Roff.escaped("--man")), "what is hidden stays so")
    }

    @Test func everyLineOfTheSampleIsInTheTomlPage() async throws {
        let sample = try await shell("'\(try builtProduct("tandemd"))' --print-sample-config").output
        let page = try await page("tandem.toml")
        for line in sample.split(separator: "\n") where line.hasPrefix("#") && !line.hasPrefix("# ") {
            #expect(page.contains(Roff.escaped(String(line.dropFirst()))), "\(line)")
        }
        for title in ["PROVIDERS", "MODELS", "PLANS", "LIMITS", "DAEMON"] { #expect(page.uppercased().contains(title)) }
    }

    @Test func whatRoffWouldReadIsEscaped() {
        #expect(Roff.escaped(#"-a\b 'c' ~/x^2"#) == #"\-a\eb \(aqc\(aq \(ti/x\(ha2"#)
        var roff = Roff("t", section: 1, version: "1", manual: "m")
        roff.line(".hidden")
        #expect(roff.text.hasSuffix("\n\\&.hidden\n"))
    }
}
