import TandemJSON
import TandemProtocol

/// Lines on their way to the daemon, and which requests have begun to leave.
struct DaemonOutbox {
    struct Line {
        /// One message with its line end.
        var bytes: [UInt8]
        /// The requests in it; empty for notifications.
        var ids: [RPCID]
    }

    private(set) var lines: [Line] = []
    /// So many bytes of the first line are written.
    private(set) var offset = 0

    var isEmpty: Bool { lines.isEmpty }

    /// Bytes that wait.
    var count: Int { lines.reduce(0) { $0 + $1.bytes.count } - offset }

    /// Adds a message, which becomes one line.
    mutating func append(_ message: some Collection<UInt8>, ids: [RPCID]) {
        lines.append(Line(bytes: frame(message, as: .newline), ids: ids))
    }

    /// Adds the cancellation of a request.
    mutating func cancel(_ id: RPCID) {
        var writer = JSONWriter()
        writer.beginRequest(nil, method: "$/cancelRequest")
        writer.beginObject()
        writer.member("id", raw: id.raw)
        writer.endObject()
        writer.endRequest()
        append(writer.bytes, ids: [])
    }

    /// So many bytes more were written; gives the requests of which some byte may now have arrived.
    mutating func wrote(_ count: Int) -> [RPCID] {
        var sent: [RPCID] = []
        offset += count
        while let first = lines.first, offset > 0 {
            sent += first.ids
            guard offset >= first.bytes.count else { break }
            offset -= first.bytes.count
            lines.removeFirst()
        }
        return sent
    }

    /// Takes a request back of which nothing was written yet; whether there was one.
    mutating func withdraw(_ id: RPCID) -> Bool {
        guard let index = lines.firstIndex(where: { $0.ids == [id] }), index > 0 || offset == 0 else { return false }
        lines.remove(at: index)
        return true
    }

    /// The connection is gone: keeps only requests of which nothing was written. A cancellation of what is no longer
    /// there is of no use to the next daemon.
    mutating func keepUnsent() {
        if offset > 0 { lines.removeFirst() }
        offset = 0
        lines.removeAll { $0.ids.isEmpty }
    }

    mutating func removeAll() {
        lines = []
        offset = 0
    }
}

extension RPCError {
    /// The connection ended after a request may have arrived: it is never sent twice (CLIENTS.md, rule 3).
    static let tooManyInFlight = RPCError(
        .overloaded, "\(inFlightLimit) requests are in flight: wait for some of them")
    static let connectionLost = RPCError(
        .shuttingDown,
        "the connection to tandemd was lost and this request may have been carried out: send it again if that is safe")
}
