import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// tandem-http.socket under a real systemd user manager. The unit's fixed TCP port stays out of it: others may run here.
@Suite(
    .enabled(
        if: UserManager.obstacle == nil, "no systemd user manager can run here: \(UserManager.obstacle ?? "")"))
struct HTTPUnitTests {
    @Test func aRequestStartsTheEndpointAndTheDaemonAndIdlenessEndsIt() throws {
        let upstream = try ScriptedUpstream(.chat("through both"))
        let manager = try UserManager(config: config(upstream), service: "Environment=UP_KEY=sk-test-secret")
        let home = manager.home
        try home.write(
            ".config/systemd/user/tandem-http.socket.d/test.conf",
            "[Socket]\nListenStream=\nListenStream=%t/tandem/http.sock\n")
        let program = try builtProduct("tandem-http")
        try home.write(
            ".config/systemd/user/tandem-http.service.d/test.conf",
            "[Service]\nExecStart=\nExecStart=\(program) --idle-exit 100ms\n")
        #expect(try manager.systemctl("daemon-reload").status == 0)
        for unit in ["tandemd.socket", "tandem-http.socket"] {
            let start = try manager.systemctl("start", unit)
            #expect(start.status == 0, "\(start.output)")
        }
        // The second time it has left, having had nothing to do.
        for _ in 1...2 {
            let answer = try ask(home)
            #expect(answer.contains(#""content":"through both""#), "\(answer)")
            try waitForEnd(of: "tandem-http.service", manager)
        }
        let result = try manager.systemctl("show", "--property", "Result", "--value", "tandem-http.service")
        #expect(result.output == "success")
    }

    private func ask(_ home: TemporaryHome) throws -> String {
        let output = home.path + "/answer"
        let file = try FileDescriptor.open(output, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let curl = try ChildProcess(
            [
                "/usr/bin/curl", "-sS", "--max-time", "20", "--unix-socket", home.runtime + "/tandem/http.sock",
                "http://localhost/v1/chat/completions", "-d", #"{"messages":[{"role":"user","content":"hi"}]}"#,
            ], environment: home.environment, descriptors: [1: file.raw, 2: file.raw])
        #expect(curl.wait() == 0)
        return try home.read(output)
    }

    private func waitForEnd(of unit: String, _ manager: UserManager) throws {
        let deadline = MonotonicTime.now() + testDeadline
        while MonotonicTime.now() < deadline {
            if try manager.systemctl("is-active", unit).output == "inactive" { return }
        }
        Issue.record("\(unit) has not ended")
    }
}
