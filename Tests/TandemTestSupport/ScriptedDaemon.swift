import CLinux
import Glibc
import Synchronization
import TandemBase
import TandemJSON

/// A daemon for the tests of clients: speaks the protocol in newline framing over a Unix socket and answers what the
/// script says. The script runs on the connection's thread, one message at a time, notifications included.
package final class ScriptedDaemon: Sendable {
    package typealias Script = @Sendable (Message, Peer) -> Void

    /// One message of a client; a batch comes as one message without a method.
    package struct Message: Sendable {
        package let line: String
        package let method: String
        /// Raw JSON; nil in notifications.
        package let id: String?
        package let params: JSONValue?
    }

    /// One client's connection.
    package final class Peer: Sendable {
        private let socket: Mutex<Int32>

        fileprivate init(_ socket: Int32) { self.socket = Mutex(socket) }

        /// Sends bytes as they are; false when the client is gone.
        @discardableResult
        package func send(raw text: String) -> Bool {
            socket.withLock { socket in
                var rest = Array(text.utf8)[...]
                while socket >= 0, !rest.isEmpty {
                    let count = rest.withUnsafeBytes {
                        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    if count <= 0 { return false }
                    rest = rest.dropFirst(count)
                }
                return socket >= 0
            }
        }

        /// Sends a `$/event`; `members` is the inside of an object, such as `"text":"a"`.
        @discardableResult
        package func event(_ id: String?, _ sequence: Int, _ type: String, _ members: String = "") -> Bool {
            let tail = members.isEmpty ? "" : "," + members
            return send(
                raw: "{\"jsonrpc\":\"2.0\",\"method\":\"$/event\",\"params\":{\"id\":\(id ?? "null"),"
                    + "\"seq\":\(sequence),\"type\":\"\(type)\"\(tail)}}\n")
        }

        package func result(_ id: String?, _ json: String) {
            send(raw: "{\"jsonrpc\":\"2.0\",\"id\":\(id ?? "null"),\"result\":\(json)}\n")
        }

        package func error(_ id: String?, _ code: Int, _ kind: String, _ message: String, _ more: String = "") {
            send(
                raw:
                    "{\"jsonrpc\":\"2.0\",\"id\":\(id ?? "null"),\"error\":{\"code\":\(code),\"message\":\"\(message)\","
                    + "\"data\":{\"kind\":\"\(kind)\",\"retryable\":false\(more.isEmpty ? "" : "," + more)}}}\n")
        }

        /// Ends the connection.
        package func close() { socket.withLock { if $0 >= 0 { _ = shutdown($0, Int32(SHUT_RDWR)) } } }

        fileprivate func forget() {
            socket.withLock { socket in
                if socket >= 0 { Glibc.close(socket) }
                socket = -1
            }
        }
    }

    private final class State: Sendable {
        let lines = Mutex<[String]>([])
        let peers = Mutex<[Peer]>([])
        let isStopped = Mutex(false)
        let connections = Atomic<Int>(0)
        let closed = Atomic<Int>(0)
    }

    package let path: String
    private let state = State()

    /// Listens on `path`, whose folder is made, and replaces what is there.
    package init(_ path: String, _ script: @escaping Script) throws {
        self.path = path
        if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        unlink(path)
        let listener = try openListener(.unix(path)).release()
        let state = state
        startThread {
            while true {
                let socket = cl_accept(listener, 0)
                if state.isStopped.withLock({ $0 }) || socket < 0 {
                    if socket >= 0 { close(socket) }
                    close(listener)
                    return
                }
                let peer = Peer(socket)
                state.peers.withLock { $0.append(peer) }
                state.connections.add(1, ordering: .relaxed)
                startThread { Self.serve(socket, peer, state, script) }
            }
        }
    }

    deinit { stop() }

    /// The lines received so far, in order.
    package var received: [String] { state.lines.withLock { $0 } }

    package var connections: Int { state.connections.load(ordering: .relaxed) }
    /// Connections that have ended.
    package var closed: Int { state.closed.load(ordering: .relaxed) }

    /// Waits until a line with this text has come.
    package func waitFor(_ text: String) -> Bool { eventually { received.contains { $0.contains(text) } } }

    /// Stops listening and ends all connections, as a daemon that is killed does.
    package func stop() {
        let wasStopped = state.isStopped.withLock { stopped in
            defer { stopped = true }
            return stopped
        }
        if wasStopped { return }
        // The accepting thread wakes by one last connection.
        _ = try? connectUnix(path)
        unlink(path)
        for peer in state.peers.withLock({ $0 }) { peer.close() }
    }

    private static func serve(_ socket: Int32, _ peer: Peer, _ state: State, _ script: Script) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            var rest = buffer[..<count]
            while let end = rest.firstIndex(of: 0x0A) {
                let line = pending + rest[..<end]
                pending = []
                rest = rest[(end + 1)...]
                let text = String(decoding: line, as: UTF8.self)
                state.lines.withLock { $0.append(text) }
                let root = try? JSONDocument(line).root
                let id = root?["id"].map { String(decoding: $0.raw, as: UTF8.self) }
                script(
                    Message(line: text, method: root?["method"]?.string ?? "", id: id, params: root?["params"]), peer)
            }
            pending += rest
        }
        peer.forget()
        state.closed.add(1, ordering: .relaxed)
    }
}
