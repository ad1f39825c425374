import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// `make install` and `make uninstall`, with the binaries that the tests run with anyway.
@Suite struct InstallTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let output = try FileDescriptor.open(home.path + "/output", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let child = try ChildProcess(
            arguments, environment: home.environment, descriptors: [1: output.raw, 2: output.raw])
        return (try #require(child.wait()), try home.read("output"))
    }

    /// Without a build before it, and by somebody who keeps files to themselves.
    private func make(_ target: String, prefix: String, destination: String = "") throws -> (
        status: Int32, output: String
    ) {
        let built = try builtProduct("tandem").dropLast("/tandem".count)
        return try run([
            "/bin/sh", "-c", "umask 077 && exec make -s -C \"$@\"", "sh", repositoryRoot, "-o", "release", target,
            "RELEASE=\(built)", "PREFIX=\(prefix)", "DESTDIR=\(destination)",
        ])
    }

    /// Mode and path of everything below a folder, sorted by path.
    private func tree(_ folder: String) throws -> [String] {
        let found = try run(["/usr/bin/find", folder, "-mindepth", "1", "-printf", "%m %y %P\\n"])
        #expect(found.status == 0, "\(found.output)")
        return found.output.split(separator: "\n").map(String.init).sorted { $0.dropFirst(6) < $1.dropFirst(6) }
    }

    @Test func everyFileLandsWhereItBelongs() throws {
        let destination = home.path + "/a package's root"
        let install = try make("install", prefix: "/opt/tan", destination: destination)
        #expect(install.status == 0 && install.output.isEmpty, "\(install.output)")
        let tree = try tree(destination)
        #expect(tree.filter { $0.contains(" d ") }.allSatisfy { $0.hasPrefix("755 ") }, "\(tree)")
        let files = tree.filter { !$0.contains(" d ") }
        let documents = "opt/tan/share/doc/tandem/"
        var expected = ["tandem", "tandem-http", "tandemd"].map { "755 f opt/tan/bin/\($0)" }
        for kind in ["user", "system"] {
            expected += ["tandemd.service", "tandemd.socket"].map { "644 f opt/tan/lib/systemd/\(kind)/\($0)" }
        }
        expected += ["service", "socket"].map { "644 f opt/tan/lib/systemd/user/tandem-http.\($0)" }
        expected += [
            "bash-completion/completions/tandem", "fish/vendor_completions.d/tandem.fish", "man/man1/tandem-http.1",
            "man/man1/tandem.1", "man/man5/tandem.toml.5", "man/man8/tandemd.8", "zsh/site-functions/_tandem",
        ].map { "644 f opt/tan/share/\($0)" }
        #expect(Set(files.filter { !$0.contains(documents) }) == Set(expected))
        for document in ["LICENSE", "README.md", "docs/protocol.md", "docs/editors/README.md"] {
            #expect(files.contains("644 f \(documents)\(document)"))
        }
        #expect(files.allSatisfy { !$0.contains(documents) || $0.hasPrefix("644 f ") })

        let unit = try home.read("\(destination)/opt/tan/lib/systemd/user/tandemd.service")
        #expect(unit.contains("\nExecStart=/opt/tan/bin/tandemd\n") && !unit.contains(home.path))
        #expect(try home.read("\(destination)/opt/tan/share/man/man1/tandem.1").contains("\n.TH \"TANDEM\" \"1\""))
        let zsh = try home.read("\(destination)/opt/tan/share/zsh/site-functions/_tandem")
        #expect(zsh.hasPrefix("#compdef tandem\n"))

        let uninstall = try make("uninstall", prefix: "/opt/tan", destination: destination)
        #expect(uninstall.status == 0 && uninstall.output.isEmpty, "\(uninstall.output)")
        let left = try self.tree(destination)
        // Folders that others use as well stay.
        #expect(left.allSatisfy { $0.hasPrefix("755 d ") && !$0.contains("doc/tandem") }, "\(left)")
    }

    /// Below a home systemd looks for user units in share/, and for no others.
    @Test func aHomeGetsUserUnitsOnly() throws {
        let prefix = home.path + "/.local"
        let install = try make("install", prefix: prefix)
        #expect(install.status == 0, "\(install.output)")
        #expect(install.output.contains("systemctl --user enable --now tandemd.socket"))
        #expect(install.output.contains("\(prefix)/bin is not in your PATH yet"))
        let units = try tree(prefix).filter { $0.contains("systemd") && $0.contains(" f ") }
        let names = ["tandem-http.service", "tandem-http.socket", "tandemd.service", "tandemd.socket"]
        #expect(units == names.map { "644 f share/systemd/user/\($0)" })
        #expect(try make("uninstall", prefix: prefix).status == 0)
        #expect(try tree(prefix).allSatisfy { $0.contains(" d ") && !$0.contains("doc/tandem") })
    }

    @Test(arguments: ["/opt/my programs", "/opt/100%", "/opt/a&b", "opt/tandem"])
    func aPrefixThatUnitsCannotNameIsRefused(prefix: String) throws {
        let install = try make("install", prefix: prefix, destination: home.path + "/root")
        #expect(install.status != 0 && install.output.contains("\"\(prefix)\""), "\(install.output)")
        #expect(access(home.path + "/root", F_OK) != 0)
    }

    @Test(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "systemd-analyze is not installed"))
    func unitsAreInOrder() throws {
        let prefix = "\(home.path)-prefix"
        defer { removeTree(prefix) }
        #expect(try make("install", prefix: prefix).status == 0)
        let analyze = ["/usr/bin/systemd-analyze", "--no-pager"]
        for (kind, names) in [("user", ["tandemd", "tandem-http"]), ("system", ["tandemd"])] {
            let folder = "\(prefix)/lib/systemd/\(kind)/"
            let services = names.map { folder + $0 + ".service" }
            for unit in services {
                #expect(try home.read(unit).firstMatch(of: /@[A-Z]+@/) == nil, "a path was not filled in")
                let score = try run(analyze + ["security", "--offline=true", "--threshold=20", unit])
                #expect(score.status == 0, "\(score.output.split(separator: "\n").last ?? "")")
            }
            let units = services + names.map { folder + $0 + ".socket" }
            let verify = try run(analyze + ["verify", "--man=no", "--\(kind)"] + units)
            #expect(verify.status == 0 && verify.output.isEmpty, "\(verify.output)")
        }
    }
}
