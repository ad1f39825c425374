import Synchronization
import TandemBase
import TandemJSON
import TandemTestSupport

/// Runloop's REST API for one devbox, as far as the public SDK and we use it: same paths, same members. Its commands
/// are scripted, and it can be told to misbehave.
final class ScriptedDevbox: Sendable {
    /// What the one command does once it has all its input.
    struct Command: Sendable {
        var chunks = ["Vier ", "– “4”", "\n"]
        var stderr = ""
        var status = 0
        /// Streams end here with 408, after so many chunks, one after another; then they end as they should.
        var cuts: [Int] = []
        /// The stream stays open after the last chunk.
        var hangs = false
        /// Chunks carry where they begin instead of where they end.
        var countsFromStart = false
        /// The stream ends after so many chunks as if that were all, once.
        var cleanCut: Int?
        var takesInput = true
        /// Holds the answer to `execute_async`.
        var startGate: Gate?
    }

    struct State: Sendable {
        var status = "running"
        var creations: [String] = []
        var resumed = 0
        var commands: [String] = []
        var input = ""
        var gotEOF = false
        var kills: [String] = []
        var offsets: [Int] = []
        var authorization: Set<String> = []
        var command: Command
        var others: [String] = []
    }

    let killed = Gate()
    private let state: Mutex<State>
    private let server: Mutex<ScriptedUpstream?> = Mutex(nil)

    init(_ command: Command = Command(), status: String = "running") throws {
        state = Mutex(State(status: status, command: command))
        let upstream = try ScriptedUpstream { [weak self] request in
            self?.answer(request) ?? .json("{}", status: 500)
        }
        server.withLock { $0 = upstream }
    }

    var seen: State { state.withLock { $0 } }
    func update(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    var upstream: ScriptedUpstream { server.withLock { $0 }! }

    /// Without `/v1`, as the SDK wants it.
    var rootURL: String { "http://127.0.0.1:\(upstream.port)" }

    private func answer(_ request: UpstreamRequest) -> Reply {
        state.withLock { _ = $0.authorization.insert(request.header("authorization") ?? "") }
        let parts = request.path.split(separator: "?", maxSplits: 1)
        let path = parts[0].split(separator: "/").map(String.init)
        let query = parts.count > 1 ? String(parts[1]) : ""
        let body = try? JSONDocument(request.body.isEmpty ? Array("{}".utf8) : request.body).root
        guard path.first == "v1", path.count > 1, path[1] == "devboxes" else { return notFound }
        switch (request.method, path.dropFirst(2).joined(separator: "/")) {
        case ("GET", ""): return .json(#"{"devboxes":[\#(seen.others.joined(separator: ","))],"has_more":false}"#)
        case ("POST", ""):
            return state.withLock { state in
                state.creations.append(request.text)
                state.status = "provisioning"
                return .json(view(state.status))
            }
        case ("GET", "box-1"): return .json(view(seen.status))
        case ("POST", "box-1/resume"):
            return state.withLock { state in
                state.resumed += 1
                state.status = "resuming"
                return .json(view(state.status))
            }
        case ("POST", "box-1/wait_for_status"):
            // It boots while somebody waits.
            return state.withLock { state in
                if ["provisioning", "initializing", "resuming"].contains(state.status) { state.status = "running" }
                if state.status == "suspending" { state.status = "suspended" }
                return .json(view(state.status))
            }
        case ("POST", "box-1/execute_async"):
            guard seen.status == "running" else { return .json(#"{"message":"not running"}"#, status: 400) }
            let gate = state.withLock { state in
                state.commands.append(body?["command"]?.string ?? "")
                state.input = ""
                state.gotEOF = false
                return state.command.startGate
            }
            let reply = Reply.json(execution("running"))
            return gate.map { reply.after($0) } ?? reply
        case ("POST", "box-1/executions/exec-1/send_std_in"): return takeInput(body)
        case ("GET", "box-1/executions/exec-1/stream_stdout_updates"): return stream(query)
        case ("POST", "box-1/executions/exec-1/wait_for_status"), ("GET", "box-1/executions/exec-1"): return end()
        case ("POST", "box-1/executions/exec-1/kill"):
            state.withLock { $0.kills.append(request.text) }
            killed.open()
            return .json(execution("completed", status: 137))
        default: return notFound
        }
    }

    private var notFound: Reply { .json(#"{"message":"not found"}"#, status: 404) }

    private func view(_ status: String) -> String {
        #"{"id":"box-1","status":"\#(status)","capabilities":[],"create_time_ms":1,"launch_parameters":{},"#
            + #""metadata":{},"state_transitions":[]}"#
    }

    private func execution(_ status: String, status exit: Int? = nil, stdout: String = "", stderr: String = "")
        -> String
    {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("devbox_id", "box-1")
        writer.member("execution_id", "exec-1")
        writer.member("status", status)
        if let exit {
            writer.member("exit_status", exit)
            writer.member("stdout", stdout)
            writer.member("stderr", stderr)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func takeInput(_ body: JSONValue?) -> Reply {
        state.withLock { state in
            let text = body?["text"]?.string
            let signal = body?["signal"]?.string
            guard (text?.isEmpty == false) != (signal != nil) else {
                return .json(#"{"message":"exactly one of text and signal"}"#, status: 400)
            }
            if state.command.takesInput {
                if state.gotEOF { return .json(#"{"message":"input is closed"}"#, status: 400) }
                state.input += text ?? ""
                if signal == "EOF" { state.gotEOF = true }
            }
            let success = state.command.takesInput
            return .json(#"{"devbox_id":"box-1","execution_id":"exec-1","success":\#(success)}"#)
        }
    }

    private func stream(_ query: String) -> Reply {
        let offset = query.split(separator: "=").last.flatMap { Int($0) } ?? 0
        let (command, cut, cleanCut) = state.withLock { state in
            state.offsets.append(offset)
            let cut = state.command.cuts.isEmpty ? nil : state.command.cuts.removeFirst()
            let cleanCut = state.command.cleanCut
            state.command.cleanCut = nil
            return (state.command, cut, cleanCut)
        }
        var pieces: [Reply.Piece] = []
        var start = 0
        for (index, chunk) in command.chunks.enumerated() {
            let end = start + chunk.utf8.count
            defer { start = end }
            if let limit = cut ?? cleanCut, index >= limit { break }
            guard end > offset else { continue }
            // A resumed stream begins in the middle of a chunk where it has to.
            let rest = String(decoding: chunk.utf8.dropFirst(max(0, offset - start)), as: UTF8.self)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("output", rest)
            writer.member("offset", command.countsFromStart ? max(start, offset) : end)
            writer.endObject()
            pieces.append(.event(String(decoding: writer.bytes, as: UTF8.self)))
        }
        if cut != nil { pieces.append(.text("event: error\ndata: {\"code\":408,\"message\":\"timeout\"}\n\n")) }
        if command.hangs, cut == nil, cleanCut == nil { pieces.append(.hang) }
        return .sse(pieces)
    }

    private func end() -> Reply {
        let state = seen
        if state.command.hangs { return .json(#"{"message":"timeout"}"#, status: 408) }
        let lines = state.command.chunks.joined().split(separator: "\n", omittingEmptySubsequences: false).suffix(20)
        return .json(
            execution(
                "completed", status: state.command.status, stdout: lines.joined(separator: "\n"),
                stderr: state.command.stderr))
    }
}
