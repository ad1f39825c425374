import CLinux
import Glibc
import Synchronization
import TandemBase

/// One request as the scripted upstream got it, and what became of it.
package final class UpstreamRequest: Sendable {
    package let method: String
    package let path: String
    /// Names in lower case, in the order they came.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    /// Counts from zero over the server's life: equal numbers mean a reused connection.
    package let connection: Int
    /// Counts from zero over the server's life.
    package let index: Int
    package let receivedAt: MonotonicTime
    /// Opens when the whole reply was sent.
    package let answered = Gate()
    /// Opens when the client closed before the reply was complete.
    package let abandoned = Gate()
    private let abandonedTime = Mutex<MonotonicTime?>(nil)

    init(head: HTTPRequestHead, body: [UInt8], connection: Int, index: Int) {
        method = head.method
        path = head.path
        headers = head.headers
        self.body = body
        self.connection = connection
        self.index = index
        receivedAt = .now()
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    package func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    /// When the client was seen closing early.
    package var abandonedAt: MonotonicTime? { abandonedTime.withLock { $0 } }

    func abandon() {
        abandonedTime.withLock { if $0 == nil { $0 = .now() } }
        abandoned.open()
    }
}

/// A model server on a thread of its own that does what the test tells it to, request by request, and keeps what it
/// was asked. Real sockets, real HTTP, any fault. It ends with its last reference.
package final class ScriptedUpstream: Sendable {
    package typealias Script = @Sendable (UpstreamRequest) -> Reply

    private let core: UpstreamCore
    package let port: Int

    /// Answers every request with what `script` returns; the script runs on the connection's thread.
    package init(on address: ListenAddress = .loopback, script: @escaping Script) throws {
        let listener = try openListener(address)
        port = boundPort(listener)
        core = UpstreamCore(script: script)
        let core = self.core
        let descriptor = listener.release()
        startThread { core.accept(descriptor) }
    }

    /// Answers the first request with the first reply and so on; the last one is repeated.
    package convenience init(on address: ListenAddress = .loopback, _ replies: Reply...) throws {
        precondition(!replies.isEmpty, "a scripted upstream needs a reply")
        try self.init(on: address) { replies[min($0.index, replies.count - 1)] }
    }

    deinit { core.stopping.open() }

    /// `http://127.0.0.1:PORT/v1`; over a Unix socket the host is only a name.
    package var baseURL: String { port == 0 ? "http://localhost/v1" : "http://127.0.0.1:\(port)/v1" }

    /// All requests so far.
    package var requests: [UpstreamRequest] { core.state.withLock { $0.requests } }

    /// Connections accepted so far.
    package var connections: Int { core.state.withLock { $0.connections } }

    /// Blocks until request `index` has arrived whole; nil when `limit` passed first.
    package func request(_ index: Int = 0, within limit: TimeSpan = testDeadline) -> UpstreamRequest? {
        core.request(index, within: limit)
    }

    /// `request`, without holding a thread of the cooperative pool.
    package func arrived(_ index: Int = 0, within limit: TimeSpan = testDeadline) async -> UpstreamRequest? {
        let core = self.core
        return await offPool { core.request(index, within: limit) }
    }

    /// Closes the listener and every connection, and waits until that is done.
    package func stop() {
        core.stopping.open()
        core.stopped.wait()
    }
}

/// What the threads of one server share; holds no reference to the server itself.
final class UpstreamCore: Sendable {
    struct State {
        var requests: [UpstreamRequest] = []
        var connections = 0
        var threads = 1
        var waiters: [(index: Int, gate: Gate)] = []
    }

    let script: ScriptedUpstream.Script
    let state = Mutex(State())
    let stopping = Gate()
    let stopped = Gate()

    init(script: @escaping ScriptedUpstream.Script) { self.script = script }

    func request(_ index: Int, within limit: TimeSpan) -> UpstreamRequest? {
        let gate = Gate()
        state.withLock { state in
            if index < state.requests.count { gate.open() } else { state.waiters.append((index, gate)) }
        }
        guard gate.wait(within: limit) else { return nil }
        return state.withLock { $0.requests[index] }
    }

    func record(_ head: HTTPRequestHead, _ body: [UInt8], connection: Int) -> UpstreamRequest {
        state.withLock { state in
            let request = UpstreamRequest(head: head, body: body, connection: connection, index: state.requests.count)
            state.requests.append(request)
            state.waiters.removeAll { waiter in
                guard waiter.index < state.requests.count else { return false }
                waiter.gate.open()
                return true
            }
            return request
        }
    }

    func accept(_ listener: Int32) {
        while waitReadable(listener) {
            let socket = cl_accept(listener, 0)
            guard socket >= 0 else { continue }
            let number = state.withLock { state in
                state.connections += 1
                state.threads += 1
                return state.connections - 1
            }
            startThread {
                var connection = UpstreamConnection(core: self, socket: socket, number: number)
                connection.run()
                self.threadEnded()
            }
        }
        close(listener)
        threadEnded()
    }

    private func threadEnded() {
        let left = state.withLock { state in
            state.threads -= 1
            return state.threads
        }
        if left == 0 { stopped.open() }
    }

    /// False when the server stops.
    func waitReadable(_ descriptor: Int32) -> Bool {
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&entries, 2, -1) < 0, cl_errno() == EINTR {}
        return entries[1].revents == 0
    }
}
