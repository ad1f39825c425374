import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// A real systemd user manager with a home, a runtime folder and a control group of its own, in a mount namespace where
/// the machine looks as if it had been booted with systemd. The project's units are installed in it as `make install`
/// would. Everything ends with its last reference.
final class UserManager: Sendable {
    let home: TemporaryHome
    private let manager: ChildProcess

    /// Why there can be none here; nil when there can.
    static let obstacle: String? = {
        for program in ["/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/systemctl", "/usr/bin/nsenter"]
        where access(program, X_OK) != 0 { return "no \(program)" }
        guard let home = try? TemporaryHome() else { return "no temporary folder" }
        let probe = try? ChildProcess(
            unshare + ["/bin/sh", "-c", "mount -t tmpfs tmpfs /run/systemd"], environment: home.environment)
        return probe?.wait() == 0 ? nil : "no right to a mount namespace"
    }()

    /// As root a mount namespace is enough; others need to be root in a user namespace first.
    static let unshare =
        ["/usr/bin/unshare", "--mount", "--propagation", "private"] + (getuid() == 0 ? [] : ["--map-root-user"])

    /// Moves the shell to a control group of its own (two managers in one would share `tandemd.service`), makes
    /// /run/systemd look booted and becomes the manager.
    private static let boot = """
        for root in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup; do
            if [ -e "$root/cgroup.procs" ] && mkdir "$root/tandem-test-$$" 2>/dev/null; then
                echo $$ >"$root/tandem-test-$$/cgroup.procs" && echo "$root/tandem-test-$$" >>"$HOME/cgroups"
            fi
        done
        mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system && exec /lib/systemd/systemd --user
        """

    /// `service` holds lines for the service's [Service] section, as a drop-in.
    init(config: String, service: String = "") throws {
        home = try TemporaryHome()
        try home.write(home.configPath, config)
        try Self.installUnits(in: home, binary: builtProduct("tandemd"))
        if !service.isEmpty {
            try home.write(".config/systemd/user/tandemd.service.d/test.conf", "[Service]\n\(service)\n")
        }
        let log = try FileDescriptor.open(home.path + "/manager.log", O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        manager = try ChildProcess(
            Self.unshare + ["/bin/sh", "-c", Self.boot], environment: home.environment,
            descriptors: [1: log.raw, 2: log.raw])
        let isUp = try eventually {
            guard access(home.runtime + "/systemd/private", F_OK) == 0 else { return false }
            return ["running", "degraded"].contains(try systemctl("is-system-running").output.trimmingSpaces)
        }
        guard isUp else { throw RawClient.Failure(description: "no user manager: \(try home.read("manager.log"))") }
    }

    deinit {
        manager.stop()
        let groups = ((try? home.read("cgroups")) ?? "").split(separator: "\n").map(String.init)
        guard !groups.isEmpty else { return }
        let find = ["/usr/bin/find"] + groups + ["-depth", "-type", "d", "-exec", "/bin/rmdir", "{}", ";"]
        _ = try? ChildProcess(find, environment: home.environment).wait()
    }

    /// The units with their paths filled in; other tests check them without a manager.
    static func installUnits(in home: TemporaryHome, binary: String) throws {
        let folder = binary[..<(binary.lastIndex(of: "/") ?? binary.startIndex)]
        for unit in ["tandemd.socket", "tandemd.service", "tandem-http.socket", "tandem-http.service"] {
            let text = try home.read("\(repositoryRoot)/systemd/user/\(unit)")
                .replacing("@BINDIR@", with: folder).replacing("@DOCUMENTATION@", with: "file:/usr/share/doc/tandem")
            try home.write(".config/systemd/user/\(unit)", text)
        }
    }

    /// Runs a systemd tool against this manager: its exit status and what it printed.
    func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let path = "\(home.path)/output-\(program)-\(MonotonicTime.now().nanoseconds)"
        let output = try FileDescriptor.open(path, O_WRONLY | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            ["/usr/bin/nsenter", "--mount", "--target", String(manager.pid)]
                + (getuid() == 0 ? [] : ["--user", "--preserve-credentials"])
                + ["/usr/bin/" + program, "--user", "--no-pager"] + arguments,
            environment: home.environment, descriptors: [1: output.raw, 2: output.raw])
        let status = try #require(child.wait(), "\(program) \(arguments) does not end")
        return (status, try home.read(path).split(separator: "\n").joined(separator: "\n"))
    }

    @discardableResult
    func systemctl(_ arguments: String...) throws -> (status: Int32, output: String) {
        try run("systemctl", arguments)
    }

    func property(_ name: String) throws -> String {
        try systemctl("show", "--property", name, "--value", "tandemd.service").output
    }

    func client() throws -> RawClient { try RawClient(home.socketPath) }
}
