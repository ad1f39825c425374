import CLinux
import Glibc
import TandemBase

/// The first lines of a request.
struct HTTPRequestHead: Sendable {
    var method: String
    var path: String
    var headers: [(name: String, value: String)]

    init?(_ bytes: some Collection<UInt8>) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first else { return nil }
        let words = first.split(separator: " ")
        guard words.count == 3 else { return nil }
        method = String(words[0])
        path = String(words[1])
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingSpaces)
        }
    }

    func value(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// One connection of the scripted upstream, on its own thread.
struct UpstreamConnection {
    private enum Outcome { case next, closed }

    private let core: UpstreamCore
    private let socket: Int32
    private let number: Int
    private var buffer: [UInt8] = []

    init(core: UpstreamCore, socket: Int32, number: Int) {
        self.core = core
        self.socket = socket
        self.number = number
        disableNagle(socket)
    }

    mutating func run() {
        while let (head, body) = readRequest() {
            let request = core.record(head, body, connection: number)
            if play(core.script(request), for: request) == .closed { return }
            request.answered.open()
        }
        close(socket)
    }

    // Reading ------------------------------------------------------------------------------------------------

    private mutating func fill() -> Bool {
        guard core.waitReadable(socket) else { return false }
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }

    /// Takes the bytes up to and without `mark` from the stream.
    private mutating func readUntil(_ mark: String) -> [UInt8]? {
        let pattern = Array(mark.utf8)
        var searched = 0
        while true {
            var at = searched
            while at + pattern.count <= buffer.count {
                if buffer[at] == pattern[0], buffer[at..<at + pattern.count].elementsEqual(pattern) {
                    let taken = Array(buffer[..<at])
                    buffer.removeFirst(at + pattern.count)
                    return taken
                }
                at += 1
            }
            searched = max(0, buffer.count - pattern.count + 1)
            if !fill() { return nil }
        }
    }

    private mutating func read(_ count: Int) -> [UInt8]? {
        while buffer.count < count { if !fill() { return nil } }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private mutating func readRequest() -> (HTTPRequestHead, [UInt8])? {
        // Who begins a TLS handshake (RFC 8446, 5.1) gets what any plain HTTP server answers.
        if buffer.isEmpty, !fill() { return nil }
        if buffer.first == 0x16 {
            _ = sendAll(Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8))
            return nil
        }
        guard let bytes = readUntil("\r\n\r\n"), let head = HTTPRequestHead(bytes) else { return nil }
        if head.value("expect")?.lowercased() == "100-continue" {
            guard sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
        }
        if head.value("transfer-encoding")?.lowercased() == "chunked" {
            var body: [UInt8] = []
            while let line = readUntil("\r\n"), let size = Int(String(decoding: line, as: UTF8.self), radix: 16) {
                guard let chunk = read(size), readUntil("\r\n") != nil else { return nil }
                body += chunk
                if size == 0 { return (head, body) }
            }
            return nil
        }
        guard let body = read(head.value("content-length").flatMap { Int($0) } ?? 0) else { return nil }
        return (head, body)
    }

    // Replying -----------------------------------------------------------------------------------------------

    private func play(_ reply: Reply, for request: UpstreamRequest) -> Outcome {
        for step in reply.steps {
            var alive = true
            switch step {
            case .send(let bytes): alive = sendAll(bytes)
            case .drip(let bytes, let size):
                var rest = bytes[...]
                while alive, !rest.isEmpty {
                    alive = sendAll(Array(rest.prefix(size))) && waitTaken()
                    rest = rest.dropFirst(size)
                }
            case .wait(let gate): alive = wait(for: gate)
            case .signal(let gate): gate.open()
            case .hang: alive = wait(for: nil)
            case .reset:
                closeWithReset(socket)
                request.answered.open()
                return .closed
            case .close:
                close(socket)
                request.answered.open()
                return .closed
            }
            if !alive {
                if !core.stopping.isOpen { request.abandon() }
                close(socket)
                return .closed
            }
        }
        return .next
    }

    /// Sends everything; false when the client closed or the server stops.
    private func sendAll(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, flags) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if cl_errno() == EAGAIN {
                guard poll(socket: Int32(POLLOUT), gate: nil) == .socket else { return false }
            } else if cl_errno() != EINTR {
                return false
            }
        }
        return true
    }

    /// Waits until the peer's side took what was sent, so that pieces arrive as pieces. A Unix socket tells when the
    /// peer has read; over TCP the acknowledgement is as near as one gets, so a pause lets the reader run.
    private func waitTaken() -> Bool {
        while unsentBytes(socket) > 0 {
            if core.stopping.isOpen || peerClosed() { return false }
            usleep(50)
        }
        usleep(50)
        return true
    }

    private enum Ready { case gate, socket, closed }

    /// True when the gate opened; false when the client closed or the server stops.
    private func wait(for gate: Gate?) -> Bool { poll(socket: 0, gate: gate) == .gate }

    private func poll(socket events: Int32, gate: Gate?) -> Ready {
        let hangup = Int16(CL_EPOLLRDHUP)
        while true {
            var entries = [
                pollfd(fd: socket, events: Int16(events) | hangup, revents: 0),
                pollfd(fd: core.stopping.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: gate?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            guard Glibc.poll(&entries, 3, -1) > 0 else { continue }
            if entries[1].revents != 0 { return .closed }
            if entries[0].revents & (hangup | Int16(POLLHUP) | Int16(POLLERR)) != 0 { return .closed }
            if entries[2].revents != 0 { return .gate }
            if entries[0].revents != 0 { return .socket }
        }
    }

    private func peerClosed() -> Bool {
        var entry = pollfd(fd: socket, events: Int16(CL_EPOLLRDHUP), revents: 0)
        return Glibc.poll(&entry, 1, 0) > 0
    }
}
