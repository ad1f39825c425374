import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// A daemon that has no file descriptors left.
@Suite struct DescriptorTests {
    private func descriptors(_ pid: pid_t) -> Int {
        guard let folder = opendir("/proc/\(pid)/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) { if entry.pointee.d_name.0 != 0x2E { count += 1 } }
        return count
    }

    /// User and system time in clock ticks.
    private func ticks(_ daemon: DaemonProcess) throws -> Int {
        let fields = try daemon.home.read("/proc/\(daemon.pid)/stat").split(separator: " ")
        return (Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0)
    }

    @Test func aShortageIsToldAndPasses() throws {
        let service = try TestService { _ in .chat("ok") }
        // Everything that is opened once is open, but no connection is kept upstream.
        #expect(try service.call("history").code == nil)
        let daemon = service.daemon
        let spare = 4
        let limit = "--nofile=\(descriptors(daemon.pid) + spare):"
        #expect(
            try ChildProcess(["/usr/bin/prlimit", "--pid", "\(daemon.pid)", limit], environment: [:]).wait() == 0)

        var clients: [RawClient] = []
        var refusal: Answer?
        while refusal == nil, clients.count < 32 {
            let client = try daemon.client()
            try? client.send(RawClient.request("ping"))
            let answer = try Answer(client.next())
            if answer.code == nil { clients.append(client) } else { refusal = answer }
        }
        #expect(clients.count >= 2)
        #expect(refusal?.code == -32008 && refusal?.data?["retry_after_ms"]?.int == 1000, "\(refusal?.text ?? "")")
        // Those who are connected are served, but nobody upstream can be reached.
        let failed = try service.chat()
        let attempt = failed.data?["attempts"]?[0]
        #expect(failed.code == -32002 && attempt?["kind"]?.string == "connect", "\(failed.text)")
        let before = try ticks(daemon)
        #expect(daemon.waitForExit(within: .milliseconds(300)) == nil)
        #expect(try ticks(daemon) - before < 10, "it spins")

        clients.removeAll()
        #expect(eventually { (try? service.chat()["content"]?.string) == "ok" })
        #expect(try Answer(daemon.client().call("ping")).code == nil)
    }

    /// Clients may be many and descriptors few: what is left has to do for answering those who came in.
    @Test func connectionsLeaveDescriptorsForProviders() throws {
        let home = try TemporaryHome()
        let upstream = try ScriptedUpstream { _ in .chat("ok") }
        try home.write(home.configPath, config(upstream))
        let daemon = try ChildProcess(
            ["/usr/bin/prlimit", "--nofile=128:128", builtProduct("tandemd"), "--socket", home.socketPath],
            environment: home.environment.merging(upstreamKey) { $1 })
        #expect(eventually { (try? RawClient(home.socketPath)) != nil })
        var clients: [RawClient] = []
        var refused = 0
        for _ in 0..<128 {
            let client = try RawClient(home.socketPath)
            // Whoever is refused may find it closed already; why is there to be read all the same.
            try? client.send(RawClient.request("ping"))
            let code = try Answer(client.next()).code
            #expect(code == nil || code == -32008)
            if code == nil { clients.append(client) } else { refused += 1 }
        }
        #expect(clients.count > 16 && refused > 8, "\(clients.count) came in")
        for client in clients.prefix(4) { #expect(try content(client.call("chat", chatParams())) == "ok") }
        daemon.stop()
    }
}
