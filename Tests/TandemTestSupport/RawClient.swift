import CLinux
import Glibc
import TandemBase

/// A blocking JSON-RPC client for tests that sends exactly the bytes it is given. One thread at a time.
package final class RawClient {
    package enum Framing { case lines, lsp }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    private let socket: FileDescriptor
    private let framing: Framing
    private var buffer: [UInt8] = []
    /// How far the buffer holds no end of a line.
    private var searched = 0

    /// Connects to a Unix socket.
    package init(_ path: String, framing: Framing = .lines) throws {
        socket = try connectUnix(path)
        self.framing = framing
    }

    /// Speaks on a stream that is connected already.
    package init(_ socket: consuming FileDescriptor, framing: Framing = .lines) {
        self.socket = socket
        self.framing = framing
    }

    package var descriptor: Int32 { socket.raw }

    /// Sends one message in the client's framing.
    package func send(_ message: String) throws {
        switch framing {
        case .lines: try sendRaw(Array(message.utf8) + [10])
        case .lsp: try sendRaw(Array("Content-Length: \(message.utf8.count)\r\n\r\n\(message)".utf8))
        }
    }

    /// Sends bytes as they are.
    package func sendRaw(_ bytes: [UInt8], within limit: TimeSpan = testDeadline) throws {
        var rest = bytes[...]
        let end = MonotonicTime.now() + limit
        while !rest.isEmpty {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = rest.withUnsafeBytes { Glibc.send(socket.raw, $0.baseAddress, $0.count, flags) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if cl_errno() == EAGAIN {
                guard isReady(socket.raw, POLLOUT, within: end - .now()) else {
                    throw Failure(description: "the peer took no bytes in time")
                }
            } else if cl_errno() != EINTR {
                throw SystemError("send")
            }
        }
    }

    /// Tells the peer that nothing more will come, and goes on reading.
    package func finishSending() { shutdown(socket.raw, Int32(SHUT_WR)) }

    /// The next message; nil at the end of the stream. Throws when `limit` passes first.
    package func receive(within limit: TimeSpan = testDeadline) throws -> String? {
        let end = MonotonicTime.now() + limit
        while true {
            if let message = try takeMessage() { return message }
            guard isReady(socket.raw, POLLIN, within: end - .now()) else {
                let held = String(decoding: buffer.prefix(200), as: UTF8.self)
                throw Failure(description: "no message in time; read so far: \(held)")
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(socket.raw, &chunk, chunk.count, 0)
            if count < 0, cl_errno() != ECONNRESET { throw SystemError("recv") }
            if count <= 0 { return nil }
            buffer += chunk[..<count]
        }
    }

    /// `receive`, where the end of the stream is a failure.
    package func next(within limit: TimeSpan = testDeadline) throws -> String {
        guard let message = try receive(within: limit) else { throw Failure(description: "the connection was closed") }
        return message
    }

    /// Sends a request and returns its response; what comes before it is handed to `event`.
    @discardableResult
    package func call(
        _ method: String, _ params: String = "{}", id: String = "1", within limit: TimeSpan = testDeadline,
        event: (String) throws -> Void = { _ in }
    ) throws -> String {
        try send(Self.request(method, params, id: id))
        return try response(within: limit, event: event)
    }

    /// Reads to the next message that is no notification.
    package func response(
        within limit: TimeSpan = testDeadline, event: (String) throws -> Void = { _ in }
    ) throws -> String {
        let end = MonotonicTime.now() + limit
        while true {
            let message = try next(within: end - .now())
            if !Self.head(of: message).contains("\"method\":\"$/event\"") { return message }
            try event(message)
        }
    }

    package static func request(_ method: String, _ params: String = "{}", id: String = "1") -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\(quoted(method)),\"params\":\(params)}"
    }

    /// The first bytes of a message, where method, id, sequence number and type stand: searching megabytes takes long.
    package static func head(of message: String) -> String {
        String(decoding: message.utf8.prefix(200), as: UTF8.self)
    }

    private func takeMessage() throws -> String? {
        switch framing {
        case .lines:
            guard let end = buffer[searched...].firstIndex(of: 10) else {
                searched = buffer.count
                return nil
            }
            defer {
                buffer.removeFirst(end + 1)
                searched = 0
            }
            return String(decoding: buffer[..<end], as: UTF8.self)
        case .lsp:
            let text = String(decoding: buffer.prefix(256), as: UTF8.self)
            guard let blank = text.firstRange(of: "\r\n\r\n") else { return nil }
            let head = text[..<blank.lowerBound]
            guard let colon = head.lastIndex(of: ":"),
                let length = Int(head[head.index(after: colon)...].trimmingSpaces)
            else { throw Failure(description: "a bad header: \(head)") }
            let start = head.utf8.count + 4
            guard buffer.count >= start + length else { return nil }
            defer { buffer.removeFirst(start + length) }
            return String(decoding: buffer[start..<start + length], as: UTF8.self)
        }
    }
}
