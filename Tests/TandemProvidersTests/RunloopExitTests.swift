import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// A command in a devbox costs money until it ends: the daemon takes none with it into its own end unkilled.
@Suite struct RunloopExitTests {
    private static let chat =
        "{\"stream\":true,\"model\":\"box/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"

    private func daemon(_ box: ScriptedDevbox) throws -> DaemonProcess {
        try DaemonProcess(
            config: """
                [providers.box]
                kind = "runloop"
                base_url = "\(box.rootURL)"
                devbox = "box-1"
                api_key = { env = "BOX_KEY" }
                [daemon]
                drain_timeout = "1ms"
                """, environment: ["BOX_KEY": testKey])
    }

    @Test func aRunningCommandIsKilledBeforeTheDaemonExits() throws {
        var command = ScriptedDevbox.Command()
        command.hangs = true
        let box = try ScriptedDevbox(command)
        let daemon = try daemon(box)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", Self.chat))
        // Its last chunk was told, so it runs.
        while !(try client.next()).contains("“4”") {}
        #expect(daemon.stop() == 0)
        #expect(box.seen.kills == [#"{"kill_process_group":true}"#])
    }

    @Test func aCommandThatIsJustBeingStartedIsKilledToo() throws {
        var command = ScriptedDevbox.Command()
        command.hangs = true
        let gate = Gate()
        command.startGate = gate
        let box = try ScriptedDevbox(command)
        let daemon = try daemon(box)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", Self.chat))
        #expect(eventually { box.seen.commands.count == 1 })
        daemon.signal(SIGTERM)
        while !(try client.next()).contains("-32009") {}
        gate.open()
        #expect(daemon.waitForExit() == 0)
        #expect(box.seen.kills == [#"{"kill_process_group":true}"#])
    }

    @Test func aServerThatDoesNotAnswerDoesNotHoldTheDaemon() throws {
        var command = ScriptedDevbox.Command()
        command.startGate = Gate()
        let box = try ScriptedDevbox(command)
        let daemon = try daemon(box)
        let client = try daemon.client()
        try client.send(RawClient.request("chat", Self.chat))
        #expect(eventually { box.seen.commands.count == 1 })
        #expect(daemon.stop(within: .seconds(8)) == 0)
    }
}
