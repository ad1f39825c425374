import Glibc
import Synchronization
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// The real binary behind a listening socket, from its first connection to its end.
@Suite struct LifeCycleTests {
    @Test func answersFromTheActivatedSocketAndSaysSo() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.client()
        #expect(try json(client.call("ping"), "result").count == 0)
        let status = try client.call("status")
        #expect(try json(status, "result", "activated").bool == true)
        #expect(try json(status, "result", "pid").int == Int(daemon.pid))
        #expect(daemon.waitForNotification("READY=1"))
    }

    @Test func bothFramingsReachTheSameDaemon() throws {
        let daemon = try DaemonProcess()
        let lsp = try daemon.client(framing: .lsp)
        #expect(try json(lsp.call("ping", id: "\"ä\""), "id").string == "ä")
    }

    @Test func answersAgainAfterKillNine() throws {
        let upstream = try ScriptedUpstream(.hang, .chat("second life"))
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let broken = try daemon.client()
        try broken.send(RawClient.request("chat", chatParams()))
        _ = try #require(upstream.request())
        daemon.kill()
        #expect(try broken.receive() == nil)
        try daemon.start()
        #expect(try content(daemon.client().call("chat", chatParams())) == "second life")
    }

    @Test func drainsWhatIsInFlightAndRefusesWhatIsNew() throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream(Reply.chat("just in time").after(gate))
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", chatParams(), id: "1"))
        _ = try #require(upstream.request())
        daemon.signal(SIGTERM)
        #expect(daemon.waitForNotification("STOPPING=1"))
        try client.send(RawClient.request("chat", chatParams(), id: "2"))
        let refused = try client.next()
        #expect(try json(refused, "id").int == 2)
        #expect(try errorCode(refused) == -32009)
        gate.open()
        let answer = try client.next()
        #expect(try json(answer, "id").int == 1)
        #expect(try content(answer) == "just in time")
        #expect(daemon.waitForExit() == 0)
    }

    @Test func aRequestThatOutlivesTheDrainEndsWithTheRightCode() throws {
        let upstream = try ScriptedUpstream(.hang)
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", chatParams()))
        let request = try #require(upstream.request())
        let start = MonotonicTime.now()
        daemon.signal(SIGTERM)
        #expect(try errorCode(client.next()) == -32009)
        #expect(daemon.waitForExit() == 0)
        let took = MonotonicTime.now() - start
        #expect(took > .seconds(4) && took < .seconds(9), "drain_timeout is 5 s, this took \(took.milliseconds) ms")
        #expect(request.abandoned.wait())
    }

    @Test func reloadTakesUpANewConfigurationAndRefusesAFaultyOne() throws {
        let first = try ScriptedUpstream(.chat("first"))
        let second = try ScriptedUpstream(.chat("second"))
        let daemon = try DaemonProcess(config: config(first), environment: upstreamKey)
        let client = try daemon.client()
        #expect(try content(client.call("chat", chatParams())) == "first")

        try daemon.home.write(daemon.home.configPath, config(second))
        #expect(daemon.waitForNotification("READY=1"))
        daemon.forgetNotifications()
        daemon.signal(SIGHUP)
        #expect(daemon.waitForNotification("RELOADING=1") && daemon.waitForNotification("READY=1"))
        #expect(try content(client.call("chat", chatParams())) == "second")

        try daemon.home.write(daemon.home.configPath, "nonsense_key = 1\n")
        daemon.forgetNotifications()
        daemon.signal(SIGHUP)
        #expect(daemon.waitForNotification("READY=1"))
        #expect(
            daemon.waitForNotification("STATUS=serving up; the configuration has faults: tandem config check"))
        let problem = try json(client.call("status"), "result", "config_problem").string
        #expect(problem?.contains("tandem.toml:1:1: nonsense_key: unknown key") == true, "\(problem ?? "none")")
        #expect(daemon.waitForLog("nonsense_key"))
        #expect(try content(client.call("chat", chatParams())) == "second")
        #expect(try client.call("reload").contains("\"error\""))
    }

    @Test func idleExitUnderLoadLosesNoRequest() throws {
        let daemon = try DaemonProcess(config: "[daemon]\nidle_exit = \"20ms\"\n", start: false)
        let done = Gate()
        let ended = Gate()
        let supervision = Supervision(daemon: daemon, done: done, ended: ended)
        startThread { supervision.run() }
        defer { done.open() }
        // Pauses around the idle time, so that connections come just before, at and just after the daemon leaves.
        for round in 0..<150 {
            usleep(UInt32(12_000 + round % 16 * 1000))
            #expect(try daemon.client().call("ping").contains("result"), "request \(round)")
        }
        done.open()
        #expect(ended.wait())
        #expect(supervision.starts > 1, "the daemon never left: the race was not tried")
    }

    /// The service manager's part, on a thread of its own.
    private final class Supervision: Sendable {
        private let daemon: DaemonProcess
        private let done: Gate
        private let ended: Gate
        private let count = Mutex(0)

        init(daemon: DaemonProcess, done: Gate, ended: Gate) {
            self.daemon = daemon
            self.done = done
            self.ended = ended
        }

        var starts: Int { count.withLock { $0 } }

        func run() {
            let starts = (try? daemon.superviseActivation(until: done)) ?? 0
            count.withLock { $0 = starts }
            ended.open()
        }
    }

    /// Whoever waits for nothing is not woken: no timer ticks, and polling between answers ends with them.
    @Test(.enabled(if: !isSanitized, "a sanitizer has a thread of its own that never sleeps long"))
    func anIdleDaemonSleeps() throws {
        let upstream = try ScriptedUpstream { _ in .chat("x") }
        let daemon = try DaemonProcess(config: config(upstream), environment: upstreamKey)
        let clients = try (0..<10).map { _ in try daemon.client() }
        for client in clients {
            for _ in 0..<10 { #expect(try content(client.call("chat", chatParams())) == "x") }
        }
        func wakeups() throws -> Int {
            let threads = try #require(opendir("/proc/\(daemon.pid)/task"))
            defer { closedir(threads) }
            var sum = 0
            while let entry = readdir(threads) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard let status = try? daemon.home.read("/proc/\(daemon.pid)/task/\(name)/status") else { continue }
                for line in status.split(separator: "\n") where line.contains("ctxt_switches") {
                    sum += line.split(separator: "\t").last.flatMap { Int($0) } ?? 0
                }
            }
            return sum
        }
        // The ledger's thread goes to rest a second after its last row.
        let isAsleep = try eventually {
            let before = try wakeups()
            #expect(daemon.waitForExit(within: .milliseconds(500)) == nil)
            return try wakeups() == before
        }
        #expect(isAsleep)
        withExtendedLifetime(clients) {}
    }

    /// Nothing that the daemon tells others may hold up what it does for its clients.
    @Test func aServiceManagerThatHangsHoldsUpNothing() throws {
        let home = try TemporaryHome()
        let inbox = try DatagramInbox(home.path + "/unread")
        let foreign = try inbox.fill()
        let upstream = try ScriptedUpstream(.chat("all the same"))
        let daemon = try DaemonProcess(
            home: home, config: config(upstream),
            environment: upstreamKey.merging(["NOTIFY_SOCKET": inbox.path, "WATCHDOG_USEC": "20000"]) { $1 })
        let client = try daemon.client()
        #expect(try content(client.call("chat", chatParams())) == "all the same")
        #expect(try client.call("reload").contains("\"changed\""))
        for _ in 0..<foreign { #expect(inbox.next() == "x") }
        // It reads again, and misses nothing.
        for expected in ["READY=1", "RELOADING=1", "READY=1"] {
            #expect(eventually { inbox.next()?.hasPrefix(expected) == true })
        }
        #expect(eventually { inbox.next() == "WATCHDOG=1" })
        try inbox.fill()
        #expect(daemon.stop() == 0)
    }

    @Test(.enabled(if: access("/run/systemd/journal/socket", F_OK) != 0, "a journal runs here"))
    func whereTheJournalIsOutOfReachStandardErrorTakesTheLog() throws {
        let home = try TemporaryHome()
        let file = try #require(FileIdentity(try home.write("daemon.log", "")))
        let daemon = try DaemonProcess(home: home, environment: ["JOURNAL_STREAM": "\(file.device):\(file.inode)"])
        daemon.stop()
        #expect(daemon.log.contains("SIGTERM: finishing 0 requests"), "\(daemon.log)")
    }

    @Test func aLogThatNobodyReadsHoldsUpNothing() throws {
        let home = try TemporaryHome()
        let path = home.path + "/log"
        try #require(mkfifo(path, 0o600) == 0)
        let reader = try FileDescriptor.open(path, O_RDWR | O_NONBLOCK)
        while write(reader.raw, "x", 1) == 1 {}
        let log = try FileDescriptor.open(path, O_WRONLY)
        let second = try ChildProcess(
            [builtProduct("tandemd"), "--socket", home.socketPath], environment: home.environment,
            descriptors: [2: log.raw])
        #expect(eventually { (try? RawClient(home.socketPath)) != nil })
        #expect(try RawClient(home.socketPath).call("ping").contains("result"))
        #expect(second.stop() == 0)
    }

    /// Whoever removes a socket below its daemon makes the next client start another one: that one's socket is not the
    /// first one's to remove.
    @Test func aDaemonRemovesItsOwnSocketOnly() throws {
        let home = try TemporaryHome()
        func start() throws -> ChildProcess {
            let daemon = try ChildProcess(
                [builtProduct("tandemd"), "--socket", home.socketPath], environment: home.environment)
            #expect(eventually { (try? RawClient(home.socketPath)) != nil })
            return daemon
        }
        let first = try start()
        #expect(unlink(home.socketPath) == 0)
        let second = try start()
        #expect(first.stop() == 0)
        #expect(try RawClient(home.socketPath).call("ping").contains("result"))
        #expect(second.stop() == 0)
        #expect(access(home.socketPath, F_OK) != 0)
    }

    @Test func aSecondDaemonOnALiveSocketSaysWhoIsThere() throws {
        let daemon = try DaemonProcess()
        let home = daemon.home
        let output = try FileDescriptor.open(home.path + "/second.log", O_RDWR | O_CREAT, mode: 0o600)
        let second = try ChildProcess(
            [builtProduct("tandemd"), "--socket", daemon.socketPath], environment: home.environment,
            descriptors: [2: output.raw])
        #expect(second.wait() == 1)
        #expect(try home.read("second.log").contains("another tandemd is listening on \(daemon.socketPath)"))
        #expect(try daemon.client().call("ping").contains("result"))
    }
}
