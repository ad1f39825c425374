import CLinux
import Glibc
import TandemBase
import TandemJSON
import TandemProtocol

/// The revision we ask for; servers answer with the one they speak, and what is used here is in all of them.
private let revision = "2025-06-18"
private let startLimit = TimeSpan.seconds(20)
private let callLimit = TimeSpan.minutes(5)
private let toolLimit = 128
/// The most bytes of one message of a server, and of what waits to be written to it.
private let messageLimit = 16 << 20
/// The most characters of a tool's result that the model is given.
private let resultLimit = 200_000
private let readSize = 65536

/// A server of the Model Context Protocol on pipes, started for one session.
@AdapterActor
final class ToolServer {
    struct Tool {
        var name: String
        var title: String?
        var description: String?
        var inputSchema: JSONValue
        var isReadOnly: Bool
    }

    private struct Call {
        var promise: Promise<Result<JSONValue, EditorError>>
        var deadline: MonotonicTime
    }

    let name: String
    private(set) var tools: [Tool] = []
    /// Why it is of no use.
    private(set) var problem: String?

    private let log: AdapterLog
    private var pid: pid_t = -1
    private var input: Int32 = -1
    private var output: Int32 = -1
    private var framer = MessageFramer(limit: messageLimit, framing: .newline)
    private var queue: [UInt8] = []
    private var calls: [Int: Call] = [:]
    private var lastID = 0
    private var isStarted = false
    private var waiters: [Promise<Void>] = []
    /// Processes that were asked to end, or have closed their stdout.
    private static var leaving: [pid_t] = []

    /// Starts what a member of `mcpServers` describes. A program that does not start is a problem, not an error.
    init(_ server: JSONValue, cwd: String, log: AdapterLog) throws(EditorError) {
        guard let name = server["name"]?.string, let command = server["command"]?.string else {
            throw .invalidParams("an MCP server needs name and command")
        }
        self.name = name
        self.log = log
        var variables: [String: String] = [:]
        for variable in server["env"]?.elements.map({ $0 }) ?? [] {
            if let name = variable["name"]?.string { variables[name] = variable["value"]?.string ?? "" }
        }
        let arguments = server["args"]?.elements.compactMap(\.string) ?? []
        spawn([command] + arguments, variables, cwd)
        startOnAdapter { await self.handshake() }
    }

    private func spawn(_ arguments: [String], _ variables: [String: String], _ cwd: String) {
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard cl_pipe(&toChild, O_CLOEXEC) == 0, cl_pipe(&fromChild, O_CLOEXEC) == 0 else {
            problem = "could not be started: no descriptors left"
            return
        }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var added: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + added { free(pointer) } }
        pid = cl_spawn_piped(&argv, &added, cwd, toChild[0], fromChild[1], log.isEnabled ? 0 : 1)
        if pid < 0 { problem = "could not be started: \(SystemError("spawn", arguments[0]).reason)" }
        close(toChild[0])
        close(fromChild[1])
        input = toChild[1]
        output = fromChild[0]
        _ = cl_fcntl(input, F_SETFL, O_NONBLOCK)
        _ = cl_fcntl(output, F_SETFL, O_NONBLOCK)
        if pid < 0 { closePipes() }
    }

    // MARK: descriptors

    var watched: [pollfd] {
        guard output >= 0 else { return [] }
        let reading = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        return queue.isEmpty ? [reading] : [reading, pollfd(fd: input, events: Int16(POLLOUT), revents: 0)]
    }

    func owns(_ descriptor: Int32) -> Bool { descriptor == output || descriptor == input }

    func ready(_ descriptor: Int32, _ events: Int16) {
        if descriptor == input { return flush() }
        var buffer = [UInt8](repeating: 0, count: readSize)
        let count = read(output, &buffer, readSize)
        if count < 0, cl_errno() == EAGAIN || cl_errno() == EINTR { return }
        guard count > 0 else { return fail("has ended") }
        buffer.withUnsafeBytes { framer.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        while let event = framer.next() {
            guard case .message(let bytes) = event else { return fail("sent a message of more than 16 MiB") }
            // Some servers print other things on stdout: those lines are passed over.
            guard let message = try? JSONDocument(bytes).root, message.kind == .object else { continue }
            take(message)
        }
    }

    private func flush() {
        let count = queue.withUnsafeBytes { write(input, $0.baseAddress, min($0.count, 4096)) }
        if count > 0 { queue.removeFirst(count) }
    }

    /// False when there is no room for it.
    @discardableResult
    private func send(_ message: [UInt8]) -> Bool {
        guard input >= 0, queue.count + message.count <= messageLimit else { return false }
        queue += frame(message, as: .newline)
        return true
    }

    // MARK: messages

    private func take(_ message: JSONValue) {
        if let method = message["method"]?.string {
            guard let id = message["id"].flatMap(RPCID.init) else { return }
            var writer = JSONWriter()
            if method == "ping" {
                writer.response(id, result: object { _ in })
            } else {
                writer.errorResponse(id, .methodNotFound(method))
            }
            send(writer.bytes)
            return
        }
        guard let id = message["id"]?.int, let call = calls.removeValue(forKey: id) else { return }
        if let error = message["error"] {
            call.promise.settle(
                .failure(EditorError(error["code"]?.int ?? -32603, error["message"]?.string ?? "unknown error")))
        } else if let result = message["result"] {
            call.promise.settle(.success(result))
        } else {
            call.promise.settle(.failure(EditorError(-32603, "an answer without a result")))
        }
    }

    private func notify(_ method: String, _ params: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginRequest(nil, method: method)
        writer.raw(object(params))
        writer.endRequest()
        send(writer.bytes)
    }

    private func call(
        _ method: String, within limit: TimeSpan, _ params: (inout JSONWriter) -> Void
    ) async throws(EditorError) -> JSONValue {
        if Task.isCancelled { throw .cancelled }
        if let problem { throw EditorError(-32603, "the MCP server \(name) \(problem)") }
        lastID += 1
        let id = lastID
        var writer = JSONWriter()
        writer.beginRequest(RPCID(id), method: method)
        writer.raw(object(params))
        writer.endRequest()
        guard send(writer.bytes) else {
            throw EditorError(-32603, "the MCP server \(name) takes nothing more: it does not read what it is sent")
        }
        let promise = Promise<Result<JSONValue, EditorError>>()
        calls[id] = Call(promise: promise, deadline: .now() + limit)
        let result = await withTaskCancellationHandler {
            await promise.value()
        } onCancel: {
            AdapterActor.assumeIsolated {
                guard calls.removeValue(forKey: id) != nil else { return }
                notify("notifications/cancelled") { $0.member("requestId", id) }
                promise.settle(.failure(.cancelled))
            }
        }
        return try result.get()
    }

    var nextDeadline: MonotonicTime? { calls.values.map(\.deadline).min() }

    func expire(now: MonotonicTime) {
        for (id, call) in calls where call.deadline <= now {
            calls[id] = nil
            notify("notifications/cancelled") { $0.member("requestId", id) }
            call.promise.settle(.failure(EditorError(-32603, "no answer in time")))
        }
    }

    // MARK: life

    private func handshake() async {
        defer {
            isStarted = true
            for waiter in waiters { waiter.settle(()) }
            waiters = []
        }
        do throws(EditorError) {
            _ = try await call("initialize", within: startLimit) { writer in
                writer.member("protocolVersion", revision)
                writer.member("capabilities", raw: object { _ in })
                writer.key("clientInfo")
                writer.beginObject()
                writer.member("name", "tandem")
                writer.member("version", tandemVersion)
                writer.endObject()
            }
            notify("notifications/initialized") { _ in }
            var cursor: String?
            repeat {
                let page = try await call("tools/list", within: startLimit) { $0.member("cursor", ifPresent: cursor) }
                tools += page["tools"]?.elements.compactMap(Self.tool) ?? []
                cursor = page["nextCursor"]?.string
            } while cursor != nil && tools.count < toolLimit
        } catch {
            if problem == nil { problem = "could not be used: \(error.message)" }
        }
    }

    private static func tool(_ value: JSONValue) -> Tool? {
        guard let name = value["name"]?.string, let schema = value["inputSchema"], schema.kind == .object else {
            return nil
        }
        return Tool(
            name: name, title: value["title"]?.string ?? value["annotations"]?["title"]?.string,
            description: value["description"]?.string, inputSchema: schema,
            isReadOnly: value["annotations"]?["readOnlyHint"]?.bool == true)
    }

    /// Returns when its tools are known, or it has failed, or the caller was cancelled.
    func started() async {
        if isStarted { return }
        let promise = Promise<Void>()
        waiters.append(promise)
        await withTaskCancellationHandler {
            await promise.value()
        } onCancel: {
            AdapterActor.assumeIsolated { promise.settle(()) }
        }
    }

    /// A tool's result as text for the model, and whether it is an error. Only a cancellation throws.
    func callTool(_ tool: String, _ arguments: JSONValue) async throws(RPCError) -> (String, Bool) {
        do throws(EditorError) {
            let result = try await call("tools/call", within: callLimit) { writer in
                writer.member("name", tool)
                writer.member("arguments", arguments)
            }
            var parts = (result["content"]?.elements.map { $0 } ?? []).map { content -> String in
                content["text"]?.string ?? content["resource"]?["text"]?.string
                    ?? "[\(content["type"]?.string ?? "content") that is not text]"
            }
            if parts.isEmpty, let structured = result["structuredContent"] {
                parts = [String(decoding: structured.raw, as: UTF8.self)]
            }
            let text = parts.joined(separator: "\n")
            let shown = text.count > resultLimit ? text.prefix(resultLimit) + "\n[cut off]" : text[...]
            return (String(shown), result["isError"]?.bool == true)
        } catch {
            if Task.isCancelled { throw .cancelled() }
            return ("The call failed: \(error.message)", true)
        }
    }

    private func fail(_ reason: String) {
        log.write("MCP server \(name) \(reason)")
        problem = reason
        tools = []
        closePipes()
        let over = calls
        calls = [:]
        for call in over.values { call.promise.settle(.failure(EditorError(-32603, "the server \(reason)"))) }
        if pid > 0 { Self.leaving.append(pid) }
        pid = -1
    }

    /// Closing its stdin asks it to end; the signal is for those that do not listen.
    func stop() {
        closePipes()
        if pid > 0 { kill(-pid, SIGTERM) }
        fail("was stopped")
    }

    /// Takes note of those that have ended.
    static func reap() {
        var status: Int32 = 0
        leaving.removeAll { waitpid($0, &status, WNOHANG) != 0 }
    }

    private func closePipes() {
        if input >= 0 { close(input) }
        if output >= 0 { close(output) }
        input = -1
        output = -1
        queue = []
    }
}
