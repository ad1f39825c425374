import CLinux
import Glibc
import TandemBase
import TandemJSON
import TandemProtocol

/// The longest message a client takes in: the daemon's own bound on what it keeps for one peer is below it.
package let clientMessageLimit = 256 << 20
private let readSize = 65536

/// A blocking connection to the daemon with one request in flight at a time. Not shared between threads.
package final class Client {
    /// What came, in the order in which it came.
    package enum Incoming {
        /// The params of an `$/event` of the request in flight.
        case event(JSONValue)
        case result(JSONValue)
        case failure(RPCError)
        /// A watched descriptor is ready.
        case ready(Int32)
        case timedOut
    }

    private let socket: FileDescriptor
    private var framer = MessageFramer(limit: clientMessageLimit, framing: .newline)
    private var lastID = 0
    private var inFlight: Int?
    /// A request that was answered and whose events go on.
    private var subscription: Int?
    private var sentBytes = false

    /// Descriptors whose readiness ends a wait: (descriptor, poll events). With no events only errors count, as for an
    /// output that nobody reads any more.
    package var watched: [(descriptor: Int32, events: Int16)]

    private init(_ socket: consuming FileDescriptor, watched: [(descriptor: Int32, events: Int16)]) {
        self.socket = socket
        self.watched = watched
    }

    /// Connects, starting the daemon where needed; at most 8 s.
    package static func connect(
        _ search: SocketSearch, startsDaemon: Bool = true, watched: [(descriptor: Int32, events: Int16)] = []
    ) throws(ClientError) -> Client {
        var dialer = Dialer(search, startsDaemon: startsDaemon, now: .now())
        while true {
            if let socket = try dialer.attempt(now: .now()) { return Client(socket, watched: watched) }
            if wait(for: nil, watched, until: dialer.nextAttempt) != .timedOut { throw .interrupted }
        }
    }

    /// The peer's process, user and group.
    package var peer: (pid: pid_t, uid: uid_t)? {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        return cl_peer_credentials(socket.raw, &pid, &uid, &gid) == 0 ? (pid, uid) : nil
    }

    /// Sends a request; what comes of it is read with `next`. `params` is one JSON object, or nil for none.
    package func send(_ method: String, params: [UInt8]? = nil) throws(ClientError) {
        lastID += 1
        var writer = JSONWriter(reserving: 128 + (params?.count ?? 0))
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.member("id", lastID)
        writer.member("method", method)
        if let params {
            writer.key("params")
            writer.raw(params)
        }
        writer.endObject()
        sentBytes = false
        inFlight = lastID
        try write(frame(writer.bytes, as: .newline))
    }

    /// Asks for the end of the request in flight; its response, -32800 unless it was faster, still comes by `next`.
    package func cancel() throws(ClientError) {
        guard let inFlight else { return }
        try write(Array("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":\(inFlight)}}\n".utf8))
    }

    /// The next event or the response; waits until `deadline`, for ever without one.
    package func next(until deadline: MonotonicTime? = nil) throws(ClientError) -> Incoming {
        while true {
            while let event = framer.next() {
                if let incoming = try decode(event) { return incoming }
            }
            switch Self.wait(for: (socket.raw, Int16(POLLIN)), watched, until: deadline) {
            case .timedOut: return .timedOut
            case .watched(let descriptor): return .ready(descriptor)
            case .ready: try read()
            }
        }
    }

    /// One request with its response. An interruption cancels it and throws `interrupted`.
    package func call(
        _ method: String, params: [UInt8]? = nil, within limit: TimeSpan? = nil, onEvent: (JSONValue) -> Void = { _ in }
    ) throws(ClientError) -> JSONValue {
        let deadline = limit.map { MonotonicTime.now() + $0 }
        try send(method, params: params)
        while true {
            switch try next(until: deadline) {
            case .event(let params): onEvent(params)
            case .result(let value): return value
            case .failure(let error): throw .answered(error)
            case .timedOut:
                try cancel()
                throw .deadlineExceeded
            case .ready:
                try cancel()
                throw .interrupted
            }
        }
    }

    /// Subscribes: from now on the events of these topics come by `next`, also between others.
    package func subscribe(_ topics: [String], within limit: TimeSpan? = nil) throws(ClientError) {
        var params = JSONWriter()
        params.beginObject()
        params.member("topics", topics)
        params.endObject()
        subscription = lastID + 1
        _ = try call("subscribe", params: params.bytes, within: limit)
    }

    private func decode(_ event: MessageFramer.Event) throws(ClientError) -> Incoming? {
        guard case .message(let bytes) = event else { throw .malformed("a message of more than 256 MiB") }
        guard let message = try? JSONDocument(bytes).root else { throw .malformed("a line that is not JSON") }
        if message["method"] != nil {
            guard let params = message["params"], message["method"]?.isString("$/event") == true,
                let id = params["id"]?.int, id == inFlight || id == subscription
            else { return nil }
            return .event(params)
        }
        let id = message["id"]
        if let error = message["error"] {
            // No id: the daemon refuses the connection, or could not read the request. Only one is in flight.
            guard id == nil || id?.isNull == true || id?.int == inFlight else { return nil }
            inFlight = nil
            return .failure(RPCError(decoding: error))
        }
        guard id?.int == inFlight, let result = message["result"] else { return nil }
        inFlight = nil
        return .result(result)
    }

    private func read() throws(ClientError) {
        let count = withUnsafeTemporaryAllocation(byteCount: readSize, alignment: 16) { buffer in
            let count = recv(socket.raw, buffer.baseAddress, readSize, 0)
            if count > 0 { framer.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return count
        }
        if count > 0 || (count < 0 && (cl_errno() == EAGAIN || cl_errno() == EINTR)) { return }
        throw .connectionLost(mayHaveBeenDelivered: sentBytes)
    }

    private func write(_ bytes: [UInt8]) throws(ClientError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    socket.raw, buffer.baseAddress.map { $0 + offset }, buffer.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                offset += count
                sentBytes = true
                continue
            }
            switch cl_errno() {
            case EINTR: continue
            case EAGAIN:
                if case .watched = Self.wait(for: (socket.raw, Int16(POLLOUT)), watched, until: nil) {
                    throw .interrupted
                }
            // The daemon closed: why is perhaps still to be read (a refused peer gets a response first).
            default: return
            }
        }
    }

    private enum Wake: Equatable {
        case ready
        case watched(Int32)
        case timedOut
    }

    private static func wait(
        for own: (descriptor: Int32, events: Int16)?, _ watched: [(descriptor: Int32, events: Int16)],
        until deadline: MonotonicTime?
    ) -> Wake {
        var fds = watched.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        if let own { fds.append(pollfd(fd: own.descriptor, events: own.events, revents: 0)) }
        while true {
            let left = deadline.map { min(Int(Int32.max), max(0, ($0 - .now()).wholeMilliseconds)) } ?? -1
            let count = poll(&fds, nfds_t(fds.count), Int32(left))
            if count == 0 { return .timedOut }
            guard count > 0 else { continue }
            if let hit = fds.prefix(watched.count).first(where: { $0.revents != 0 }) { return .watched(hit.fd) }
            return .ready
        }
    }
}
