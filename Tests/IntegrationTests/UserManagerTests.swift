import CLinux
import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// The units under a real systemd user manager. Where there can be none the reason is printed.
@Suite(
    .enabled(
        if: UserManager.obstacle == nil, "no systemd user manager can run here: \(UserManager.obstacle ?? "")"))
struct UserManagerTests {
    private let key = "Environment=UP_KEY=sk-test-secret"

    private func started(_ upstream: ScriptedUpstream, daemon: String = "", service: String = "") throws -> UserManager
    {
        let manager = try UserManager(config: config(upstream, daemon: daemon), service: key + "\n" + service)
        let start = try manager.systemctl("start", "tandemd.socket")
        #expect(start.status == 0, "\(start.output)")
        return manager
    }

    @Test func theFirstConnectionStartsTheDaemon() throws {
        let upstream = try ScriptedUpstream(.chat("activated"))
        let manager = try started(upstream)
        #expect(try manager.property("ActiveState") == "inactive")
        let client = try manager.client()
        #expect(try content(client.call("chat", chatParams())) == "activated")
        #expect(try manager.property("ActiveState") == "active")
        let status = try client.call("status")
        #expect(try json(status, "result", "activated").bool == true)
        #expect(try manager.property("MainPID") == String(try #require(try json(status, "result", "pid").int)))
        #expect(try manager.property("StatusText").isEmpty == false)
    }

    @Test func stateIsWhereTheStateOfAUserBelongs() throws {
        let upstream = try ScriptedUpstream(.chat("kept"))
        let manager = try started(upstream)
        let client = try manager.client()
        #expect(try content(client.call("chat", chatParams())) == "kept")
        let status = try client.call("status")
        let path = manager.home.state + "/tandem/tandem.db"
        #expect(try json(status, "result", "database", "path").string == path)
        #expect(try json(client.call("history"), "result", "requests").count == 1)
        var info = stat()
        #expect(stat(manager.home.state + "/tandem", &info) == 0 && info.st_mode & 0o777 == 0o700)
        #expect(access(manager.home.config + "/tandem/tandem.db", F_OK) != 0, "state among the configuration")
    }

    @Test func answersAgainAfterKillNine() throws {
        let upstream = try ScriptedUpstream(.chat("again"))
        let manager = try started(upstream)
        #expect(try manager.client().call("ping").contains("result"))
        let before = try manager.property("MainPID")
        #expect(try manager.systemctl("kill", "--signal", "KILL", "tandemd.service").status == 0)
        #expect(try eventually { ![before, "0"].contains(try manager.property("MainPID")) })
        #expect(try content(manager.client().call("chat", chatParams())) == "again")
        #expect(try manager.property("MainPID") != before)
    }

    @Test func aHungDaemonIsReplacedByTheWatchdog() throws {
        let upstream = try ScriptedUpstream(.chat("awake"))
        let manager = try started(upstream, service: "WatchdogSec=4s\nTimeoutAbortSec=200ms")
        #expect(try manager.client().call("ping").contains("result"))
        let hung = try #require(pid_t(try manager.property("MainPID")))
        try #require(hung > 1, "kill(0) would stop the tests themselves")
        // Fed for longer than the watchdog's time by the loop: no restart.
        usleep(4_500_000)
        let fed = try manager.systemctl("show", "--property", "MainPID,Result,ActiveState,NRestarts", "tandemd.service")
        #expect(fed.output.contains("MainPID=\(hung)\n"), "\(fed.output)")
        kill(hung, SIGSTOP)
        // systemd wakes what it aborts, so that even the hung one may still answer: wait for its successor.
        #expect(try eventually { ![String(hung), "0"].contains(try manager.property("MainPID")) })
        #expect(try content(manager.client().call("chat", chatParams())) == "awake")
    }

    @Test func reloadIsSynchronousAndKeepsTheProcess() throws {
        let first = try ScriptedUpstream(.chat("first"))
        let second = try ScriptedUpstream(.chat("second"))
        let manager = try started(first)
        let client = try manager.client()
        #expect(try content(client.call("chat", chatParams())) == "first")
        let before = try manager.property("MainPID")
        try manager.home.write(manager.home.configPath, config(second))
        let reload = try manager.systemctl("reload", "tandemd.service")
        #expect(reload.status == 0, "\(reload.output)")
        #expect(try eventually { try content(client.call("chat", chatParams())) == "second" })
        #expect(try manager.property("MainPID") == before)
    }

    @Test func stopWaitsForWhatIsInFlight() async throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream(Reply.chat("in time").after(gate))
        let manager = try started(upstream)
        let client = try manager.client()
        try client.send(RawClient.request("chat", chatParams(), id: "1"))
        _ = try #require(upstream.request())
        #expect(try manager.systemctl("stop", "--no-block", "tandemd.socket", "tandemd.service").status == 0)
        #expect(try eventually { try client.call("ping", id: "2").contains("-32009") })
        gate.open()
        #expect(try content(client.next()) == "in time")
        #expect(try eventually { ["inactive", "failed"].contains(try manager.property("ActiveState")) })
        let end = try manager.systemctl("show", "--property", "Result,ExecMainCode,ExecMainStatus", "tandemd.service")
        #expect(end.output.contains("Result=success\n"), "\(end.output)")
    }

    @Test func idleExitUnderLoadLosesNoRequest() throws {
        let upstream = try ScriptedUpstream(.chat("x"))
        let manager = try started(
            upstream, daemon: "idle_exit = \"30ms\"", service: "[Unit]\nStartLimitIntervalSec=0\n[Service]")
        var pids: Set<Int> = []
        for round in 0..<60 {
            usleep(UInt32(20_000 + round % 20 * 1000))
            let status = try manager.client().call("status")
            pids.insert(try #require(try json(status, "result", "pid").int))
        }
        #expect(pids.count > 1, "the daemon never left: the race was not tried")
        #expect(try manager.systemctl("is-active", "tandemd.socket").status == 0)
    }

    @Test func exposureIsAtMostTwo() throws {
        let manager = try UserManager(config: "")
        let score = try manager.run("systemd-analyze", ["security", "--threshold=20", "tandemd.service"])
        #expect(score.status == 0, "\(score.output.split(separator: "\n").last ?? "")")
    }
}
