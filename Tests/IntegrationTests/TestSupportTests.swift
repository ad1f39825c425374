import CLinux
import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// The instruments themselves: a test that cannot trust them proves nothing.
@Suite struct TestSupportTests {
    /// The output of curl against the upstream.
    private func curl(_ arguments: String...) throws -> (status: Int32, output: String) {
        let home = try TemporaryHome()
        let output = try FileDescriptor.open(home.path + "/output", O_RDWR | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            ["/usr/bin/curl", "-sS", "-N", "--max-time", "15"] + arguments, environment: home.environment,
            descriptors: [1: output.raw, 2: output.raw])
        let status = try #require(child.wait())
        return (status, try home.read("output"))
    }

    @Test(arguments: [Reply.Framing.contentLength, .chunked, .untilClose])
    func streamsArriveWhole(framing: Reply.Framing) throws {
        let upstream = try ScriptedUpstream(.stream(["a", "ä"], framing: framing).dripped(size: 3))
        let (status, output) = try curl(upstream.baseURL + "/chat/completions", "-d", "{\"model\":\"m\"}")
        #expect(status == 0)
        #expect(output.hasSuffix("data: [DONE]\n\n"))
        #expect(output.contains("\"content\":\"ä\""))
        let request = try #require(upstream.request())
        #expect(request.method == "POST" && request.path == "/v1/chat/completions")
        #expect(request.text == "{\"model\":\"m\"}")
        #expect(request.header("Content-Length") == "13")
        #expect(request.answered.wait() && !request.abandoned.isOpen)
    }

    @Test func repliesComeInOrderOnOneConnection() throws {
        let upstream = try ScriptedUpstream(.tooManyRequests(retryAfter: "2"), .chat("ok"))
        let (_, output) = try curl("-i", upstream.baseURL, upstream.baseURL, "-d", "{}")
        #expect(output.contains("Retry-After: 2"))
        #expect(output.contains("\"content\":\"ok\""))
        #expect(upstream.connections == 1)
        #expect(upstream.requests.map(\.index) == [0, 1])
    }

    @Test func faultsShowAsFaults() throws {
        let codes: [(Reply, Int32)] = [(.reset, 56), (.empty, 52), (.garbage, 1), (.sse([.event("{}"), .reset]), 56)]
        for (reply, code) in codes {
            let upstream = try ScriptedUpstream(reply)
            #expect(try curl(upstream.baseURL, "-d", "{}").status == code)
        }
    }

    @Test func gatesHoldAStreamAndAnAbandonedOneIsSeen() throws {
        let gate = Gate()
        let sent = Gate()
        let upstream = try ScriptedUpstream(
            .sse([.event("1"), .signal(sent), .wait(gate), .event("2"), .hang]))
        let home = try TemporaryHome()
        let child = try ChildProcess(["/usr/bin/curl", "-sN", upstream.baseURL], environment: home.environment)
        #expect(sent.wait())
        let request = try #require(upstream.request())
        #expect(!request.abandoned.isOpen)
        gate.open()
        let killed = MonotonicTime.now()
        child.signal(SIGKILL)
        #expect(child.wait() == 128 + SIGKILL)
        #expect(request.abandoned.wait())
        #expect(try #require(request.abandonedAt) - killed < .seconds(5))
    }

    @Test func unixUpstreamSplitsWhereTold() throws {
        let home = try TemporaryHome()
        let bytes = Array("data: ä\n\n".utf8)
        for position in 0...bytes.count {
            let path = home.path + "/u\(position)"
            let upstream = try ScriptedUpstream(on: .unix(path), .sse(bytes, splitAt: position))
            #expect(try curl("--unix-socket", path, upstream.baseURL).output == "data: ä\n\n")
            upstream.stop()
        }
    }

    @Test func childrenGetTheListenerUnderTheirOwnPid() throws {
        let home = try TemporaryHome()
        let path = home.path + "/socket"
        let listener = try openListener(.unix(path))
        let output = try FileDescriptor.open(home.path + "/output", O_RDWR | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            ["/bin/sh", "-c", "test $$ = $LISTEN_PID && test -S /dev/fd/3 && echo $LISTEN_FDS $LISTEN_FDNAMES $PWD"],
            environment: home.environment, descriptors: [1: output.raw, 3: listener.raw], folder: home.path,
            listening: true)
        #expect(child.wait() == 0)
        #expect(try home.read("output") == "1 rpc \(home.path)\n")
    }

    @Test func aHomeIsRemovedWhole() throws {
        var path = ""
        do {
            let home = try TemporaryHome()
            path = home.path
            try home.write("a/b/c", "x")
            symlink("/etc", path + "/a/link")
            chmod(path + "/a/b", 0)
        }
        #expect(access(path, F_OK) != 0)
        #expect(access("/etc/passwd", F_OK) == 0)
    }
}
