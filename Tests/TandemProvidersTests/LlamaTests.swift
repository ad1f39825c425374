import Glibc
import Synchronization
import TandemBase
import TandemPolicy
import TandemTestSupport
import Testing

@testable import TandemProviders

@Suite struct LlamaTests {
    /// A pool of its own, a home, and what the servers wrote.
    final class Setting: Sendable {
        let home: TemporaryHome
        let pool: LlamaPool
        private let lines = Mutex<[String]>([])
        private let free: Mutex<Int>

        init(free: Int = 1 << 40) throws {
            home = try TemporaryHome()
            self.free = Mutex(free)
            let environment = home.environment
            let box = Box()
            pool = try onLoop {
                guard let client = TestClient.shared else { throw NoClient() }
                return LlamaPool(
                    client: client, environment: environment,
                    available: { _ in box.setting?.free.withLock { $0 } ?? 0 },
                    log: { _, line in box.setting?.lines.withLock { $0.append(line) } })
            }
            box.setting = self
        }

        deinit {
            let pool = pool
            _ = try? onLoop { pool.killAll() }
        }

        var log: [String] { lines.withLock { $0 } }
        func setFree(_ bytes: Int) { free.withLock { $0 = bytes } }
        var processes: [pid_t] {
            let pool = pool
            return (try? onLoop { pool.processes }) ?? []
        }

        func provider(
            _ server: FakeModelServer, name: String = "p", idleStop: TimeSpan = .minutes(10), modelBytes: Int? = nil
        ) throws -> ProviderSettings {
            var settings = ProviderSettings(name: name, kind: .llama, baseURL: "")
            var llama = LlamaSettings()
            llama.command = server.command
            llama.modelPath = try home.write("\(name).gguf", String(repeating: "w", count: modelBytes ?? 10))
            llama.idleStop = idleStop
            settings.llama = llama
            settings.breaker.minSamples = 1000
            return settings
        }

        func ask(_ settings: ProviderSettings...) throws -> KindProbe {
            try KindProbe(
                settings, try prompt(#"{"messages":[{"role":"user","content":"Who are you?"}]}"#), llama: pool)
        }
    }

    private final class Box: @unchecked Sendable { weak var setting: Setting? }

    @Test(arguments: ["--port", "--socket"])
    func startsAtTheFirstRequestAndServesTheNext(_ address: String) throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--load", "0.2"], listens: address)
        let settings = try setting.provider(server)
        #expect(server.starts.isEmpty)
        let first = try setting.ask(settings)
        #expect(first.completion()?.content == "I am p.gguf")
        #expect(first.completion()?.usage.promptTokens == 3)
        #expect(try setting.ask(settings).completion()?.content == "I am p.gguf")
        #expect(server.starts.count == 1 && setting.processes == server.starts[0])
        #expect(setting.log.contains { $0.hasPrefix("loading ") } && setting.log.contains { $0.hasPrefix("ready") })
    }

    @Test func requestsThatComeWhileItLoadsShareIt() throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--load", "0.3"])
        let settings = try setting.provider(server)
        let probes = try (0..<8).map { _ in try setting.ask(settings) }
        #expect(probes.allSatisfy { $0.completion()?.content == "I am p.gguf" } && server.starts.count == 1)
    }

    @Test func aLoadThatTakesTooLongForARequestGoesOnForTheNext() throws {
        let setting = try Setting()
        // Longer than three attempts and the pauses between them may take together.
        let server = try FakeModelServer(setting.home, options: ["--load", "1.5"])
        var settings = try setting.provider(server)
        settings.timeouts.firstToken = .milliseconds(50)
        let impatient = try setting.ask(settings)
        #expect(impatient.failures() == [.timeout, .timeout, .timeout])
        settings.timeouts.firstToken = .seconds(20)
        #expect(try setting.ask(settings).completion() != nil && server.starts.count == 1)
    }

    @Test func stopsWhenIdleWithoutAZombie() throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--child"])
        let settings = try setting.provider(server, idleStop: .milliseconds(50))
        #expect(try setting.ask(settings).completion() != nil)
        #expect(eventually { setting.processes.isEmpty })
        let pids = server.starts[0]
        #expect(pids.count == 2 && eventually { !pids.contains { FakeModelServer.isAlive($0) } })
        // Reaped: there is not even a zombie.
        #expect(kill(pids[0], 0) != 0)
        // And it comes back.
        #expect(try setting.ask(settings).completion() != nil && server.starts.count == 2)
    }

    @Test func startsAgainAfterACrash() throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--crash"])
        let settings = try setting.provider(server)
        let probe = try setting.ask(settings)
        #expect(probe.failures() == [.connect, .connect, .connect])
        #expect(server.starts.count == 3 && probe.seen.inFlight == 0)
        let kept = try FakeModelServer(setting.home, name: "kept")
        let other = try setting.provider(kept, name: "kept")
        #expect(try setting.ask(other).completion() != nil)
        kill(kept.starts[0][0], SIGKILL)
        #expect(eventually { setting.processes.count < 2 })
        #expect(try setting.ask(other).completion()?.content == "I am kept.gguf" && kept.starts.count == 2)
    }

    @Test func saysWhyItCouldNotStart() throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--exit", "3"])
        let settings = try setting.provider(server)
        let probe = try setting.ask(settings)
        #expect(probe.failures().allSatisfy { $0 == .connect })
        let message = probe.seen.attempts[0].failure.message
        #expect(message.contains("status 3") && message.contains("cannot load"))
        var missing = settings
        missing.name = "missing"
        missing.llama?.command = ["no-such-llama-server"]
        let none = try setting.ask(missing)
        #expect(none.failures().first == .connect)
        #expect(none.seen.attempts[0].failure.message.contains("there is no program no-such-llama-server"))
    }

    @Test func cancelClosesTheTransferAndFreesTheServer() throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--hang"])
        let settings = try setting.provider(server, idleStop: .milliseconds(20))
        let probe = try setting.ask(settings)
        #expect(probe.firstDelta.wait())
        try probe.cancel()
        #expect(probe.seen.steps.map(\.status) == [.cancelled] && probe.seen.inFlight == 0)
        #expect(eventually { setting.processes.isEmpty })
        // One that only waits is let go, too.
        let slow = try FakeModelServer(setting.home, name: "slow", options: ["--load", "0.2"])
        let waiting = try setting.ask(try setting.provider(slow, name: "slow", idleStop: .milliseconds(20)))
        #expect(eventually { !slow.starts.isEmpty })
        try waiting.cancel()
        #expect(eventually { setting.processes.isEmpty })
    }

    @Test func killsOneThatDoesNotWantToEnd() throws {
        let setting = try Setting()
        let server = try FakeModelServer(setting.home, options: ["--ignore-term"])
        let settings = try setting.provider(server, idleStop: .zero)
        #expect(try setting.ask(settings).completion() != nil)
        #expect(eventually { setting.processes.isEmpty })
    }

    @Test func twoThatDoNotFitTakeTurns() throws {
        let setting = try Setting(free: 0)
        let a = try FakeModelServer(setting.home, name: "a")
        let b = try FakeModelServer(setting.home, name: "b")
        let settingsA = try setting.provider(a, name: "a")
        let settingsB = try setting.provider(b, name: "b")
        #expect(try setting.ask(settingsA).completion()?.content == "I am a.gguf")
        #expect(try setting.ask(settingsB).completion()?.content == "I am b.gguf")
        #expect(setting.processes == b.starts[0] && !FakeModelServer.isAlive(a.starts[0][0]))
        // With room, both stay.
        setting.setFree(1 << 40)
        #expect(try setting.ask(settingsA).completion()?.content == "I am a.gguf")
        #expect(setting.processes.count == 2 && b.starts.count == 1 && a.starts.count == 2)
    }

    @Test func otherSettingsMeanAnotherServer() throws {
        let setting = try Setting()
        let old = try FakeModelServer(setting.home, name: "old")
        let new = try FakeModelServer(setting.home, name: "new")
        #expect(try setting.ask(try setting.provider(old)).completion() != nil)
        #expect(try setting.ask(try setting.provider(new)).completion() != nil)
        #expect(eventually { setting.processes == new.starts.first })
    }
}
