import TandemTestSupport
import Testing

/// `tandem acp` between an editor and a scripted daemon; the SDKs' own tests are in Tests/sdk.
@Suite struct ACPTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    private func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            switch message.method {
            case "models": peer.result(message.id, #"{"models":[{"name":"m"}],"default":"m"}"#)
            case "transactions":
                let rows = [
                    #"{"transaction_id":"01C","state":"committed","undoes":"01B"}"#,
                    #"{"transaction_id":"01B","state":"committed"}"#, #"{"transaction_id":"01A","state":"committed"}"#,
                ]
                peer.result(message.id, #"{"transactions":[\#(rows.joined(separator: ","))]}"#)
            case "undo": peer.result(message.id, #"{"files":[{"path":"a.py"}]}"#)
            case "sessions": peer.result(message.id, "{}")
            default: break
            }
        }
    }

    private func request(_ id: Int, _ method: String, _ params: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"# + "\n"
    }

    /// An adapter with one open session, and the session's name.
    private func session() async throws -> (adapter: CLIProcess, id: String) {
        let adapter = try CLIProcess(["acp"], home: home, keepsInputOpen: true)
        adapter.send(request(1, "initialize", #"{"protocolVersion":1}"#))
        adapter.send(request(2, "session/new", #"{"cwd":"/work","mcpServers":[]}"#))
        #expect(await offPool { adapter.waitForOutput("available_commands_update") })
        let id = adapter.output.split(separator: #""sessionId":""#).dropFirst().first?.prefix { $0 != "\"" }
        return (adapter, String(try #require(id)))
    }

    private func prompt(_ id: Int, _ session: String, _ text: String) -> String {
        request(id, "session/prompt", #"{"sessionId":"\#(session)","prompt":[{"type":"text","text":"\#(text)"}]}"#)
    }

    /// Also where nothing has to be waited for, so that nothing notices.
    @Test(arguments: ["hello", "/execute", "/plan", "/undo"])
    func aCancelledTurnIsCancelled(text: String) async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let (adapter, id) = try await session()
        let cancel = #"{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"\#(id)"}}"#
        adapter.send(prompt(3, id, text) + cancel + "\n")
        #expect(
            await offPool { adapter.waitForOutput(#""id":3,"result":{"stopReason":"cancelled"}"#) }, "\(adapter.output)"
        )
    }

    /// What an earlier /undo did is no change to take back: that would bring the change again.
    @Test func undoGoesOnWithTheChangeBefore() async throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let (adapter, id) = try await session()
        adapter.send(prompt(3, id, "/undo"))
        #expect(await offPool { adapter.waitForOutput("Restored a.py.") }, "\(adapter.output)")
        #expect(daemon.received.contains { $0.contains(#""method":"undo","params":{"transaction_id":"01A"}"#) })
    }
}
