import Glibc
import TandemClient

extension Command {
    static let logs = Command(
        name: "logs", summary: "show the daemon's log",
        options: [
            Option("follow", "f", nil, "go on as the log grows"),
            Option("lines", "n", .integer(1...1_000_000), "the last so many lines (default: 100)"),
        ],
        details: """
            From the journal where systemd runs the daemon, else from the file that a daemon writes which tandem itself
            has started.
            """,
        examples: [Example("tandem logs -f", "shows the log as it grows")]
    ) { (invocation) throws(Failure) in
        let lines = String(invocation.integer("lines") ?? 100)
        let follow = invocation.has("follow") ? ["-f"] : []
        var owner = ["--user"]
        if !systemdKnowsDaemon() {
            // A daemon that was started without systemd writes a file.
            if let log = detachedDaemonLog(), access(log, R_OK) == 0 {
                Programs.become(["tail", "-n", lines] + (follow.isEmpty ? [] : ["-F"]) + ["--", log])
            }
            guard access(SocketSearch.systemSocket, F_OK) == 0 else {
                throw Failure(
                    "there is no log yet: tandem has started no daemon here, and systemd knows of none; "
                        + "one that was started by hand writes to its own terminal")
            }
            owner = []
        }
        // Its pager would show the oldest of these lines first.
        Programs.become(["journalctl", "--no-pager"] + owner + ["-u", "tandemd", "-n", lines] + follow)
        throw Failure("journalctl is not installed")
    }
}

/// Whether this user's systemd has the unit loaded.
func systemdKnowsDaemon() -> Bool {
    guard let runtime = runtimeFolder(), access(runtime + "/systemd/private", F_OK) == 0 else { return false }
    let state = Programs.output(of: [
        "systemctl", "--user", "show", "--property=LoadState", "--value", "tandemd.service",
    ])
    return state == "loaded"
}
