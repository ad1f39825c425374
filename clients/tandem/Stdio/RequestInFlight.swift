import TandemBase
import TandemJSON
import TandemProtocol

/// What the relay knows of a request it passed on: its events pass through here.
struct RequestInFlight {
    let id: RPCID
    /// Requests of one batch share a number.
    let batch: Int?
    /// The `workDoneToken` the editor sent, raw JSON.
    let token: [UInt8]?
    /// The editor asked for events itself.
    let wantsEvents: Bool
    /// It goes on when the editor is gone.
    let isDetached: Bool
    /// At least one byte of it may have reached the daemon.
    var isSent = false

    private var nextSequence = 0
    /// By the raw JSON of the type.
    private var pieces = TextPieces<[UInt8]>()
    private var lastReport = MonotonicTime(nanoseconds: .min / 2)

    init(id: RPCID, batch: Int?, params: JSONValue?) {
        self.id = id
        self.batch = batch
        token = params?["workDoneToken"].map { Array($0.raw) }
        wantsEvents = params?["stream"]?.bool == true
        isDetached = params?["detach"]?.bool == true
    }

    /// When held text goes out.
    var due: MonotonicTime? { pieces.due }

    /// Takes an event's params in; gives the messages that go out now.
    mutating func event(_ params: JSONValue, now: MonotonicTime) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        if let report = progress(params, now: now) { messages.append(report) }
        guard wantsEvents else { return messages }
        if let type = params["type"], type.isString("content") || type.isString("reasoning"), params.count == 4,
            let text = params["text"], text.kind == .string
        {
            messages += pieces.add(Array(type.raw), text.raw.dropFirst().dropLast(), now: now).map { frame($0) }
            return messages
        }
        messages += flush(now: now)
        messages.append(frame(params.members.map { ($0.key, Array($0.value.raw)) }))
        return messages
    }

    /// Lets go of what is held.
    mutating func flush(now: MonotonicTime) -> [[UInt8]] {
        pieces.take(now: now).map { [frame($0)] } ?? []
    }

    private mutating func frame(_ piece: TextPieces<[UInt8]>.Piece) -> [UInt8] {
        frame([("id", id.raw), ("seq", []), ("type", piece.kind), ("text", piece.json)])
    }

    /// An `$/event`, with a number of our own: pieces that were put together must leave no gap.
    private mutating func frame(_ members: [(name: String, value: [UInt8])]) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginRequest(nil, method: "$/event")
        writer.beginObject()
        for (name, value) in members {
            writer.key(name)
            if name == "seq" { writer.int(nextSequence) } else { writer.raw(value) }
        }
        writer.endObject()
        writer.endRequest()
        nextSequence += 1
        return writer.bytes
    }

    // MARK: $/progress (LSP 3.17, work done progress)

    var progressBegin: [UInt8]? {
        progress("begin") { writer in
            writer.member("title", "Tandem")
            writer.member("cancellable", true)
        }
    }

    var progressEnd: [UInt8]? { progress("end") { _ in } }

    private mutating func progress(_ event: JSONValue, now: MonotonicTime) -> [UInt8]? {
        guard token != nil, let type = event["type"]?.string else { return nil }
        var message: String?
        var percentage: Int?
        switch type {
        case "started": message = event["model"]?.string
        case "step":
            message = [event["role"]?.string, event["model"]?.string].compactMap { $0 }.joined(separator: ": ")
        case "notice": message = event["message"]?.string
        case "file": message = event["path"]?.string
        case "progress":
            // Reports of counts may be left out; at most one in a frame's time.
            guard now >= lastReport + frameInterval else { return nil }
            guard let done = event["done"]?.double, let total = event["total"]?.double, total > 0 else { return nil }
            percentage = Int(max(0, min(100, done * 100 / total)))
            message = "\(Int(done)) of \(Int(total)) \(event["unit"]?.string ?? "")"
        default: return nil
        }
        lastReport = now
        return progress("report") { writer in
            writer.member("message", ifPresent: message)
            writer.member("percentage", ifPresent: percentage)
        }
    }

    private func progress(_ kind: String, _ members: (inout JSONWriter) -> Void) -> [UInt8]? {
        guard let token else { return nil }
        var writer = JSONWriter()
        writer.beginRequest(nil, method: "$/progress")
        writer.beginObject()
        writer.key("token")
        writer.raw(token)
        writer.key("value")
        writer.beginObject()
        writer.member("kind", kind)
        members(&writer)
        writer.endObject()
        writer.endObject()
        writer.endRequest()
        return writer.bytes
    }
}
