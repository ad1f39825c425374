import TandemClient
import TandemJSON
import TandemProtocol

/// An adapter's own requests to the daemon, each with what the adapter needs to know when something comes of it.
/// For adapters that translate; one that passes messages on as they are keeps the editor's ids.
struct DaemonCalls<Context> {
    /// What came of a request. With `result` and `failure` the request is over.
    enum Incoming {
        case event(id: Int, params: JSONValue)
        case result(id: Int, Context, JSONValue)
        case failure(id: Int, Context, RPCError)
    }

    struct Failed {
        var id: Int
        var context: Context
        var error: RPCError
    }

    private struct Call {
        var context: Context
        /// At least one byte of it may have reached the daemon.
        var isSent = false
    }

    private(set) var outbox = DaemonOutbox()
    private var calls: [Int: Call] = [:]
    private var lastID = 0
    /// Why the daemon closes, said before it does (a refused peer).
    private var refusal: RPCError?

    var isEmpty: Bool { calls.isEmpty }
    var count: Int { calls.count }

    /// What is kept for a request in flight; nil when there is none of that id.
    subscript(id: Int) -> Context? {
        get { calls[id]?.context }
        set { if let newValue { calls[id]?.context = newValue } }
    }

    /// Queues a request; `params` is one JSON object.
    mutating func send(_ method: String, params: some Collection<UInt8>, _ context: Context) -> Int {
        lastID += 1
        var writer = JSONWriter(reserving: 128 + params.count)
        writer.beginRequest(RPCID(lastID), method: method)
        writer.raw(params)
        writer.endRequest()
        outbox.append(writer.bytes, ids: [RPCID(lastID)])
        calls[lastID] = Call(context: context)
        return lastID
    }

    /// Asks for the end of a request; its response, -32800 unless it was faster, still comes. One that was not sent
    /// yet never is: it is failed at once and given back.
    mutating func cancel(_ id: Int) -> Failed? {
        guard let call = calls[id] else { return nil }
        if !call.isSent, outbox.withdraw(RPCID(id)) {
            calls[id] = nil
            return Failed(id: id, context: call.context, error: .cancelled())
        }
        outbox.cancel(RPCID(id))
        return nil
    }

    /// Cancels everything in flight; gives what ended by that at once.
    mutating func cancelAll() -> [Failed] {
        var failed: [Failed] = []
        for id in calls.keys.sorted() { if let call = cancel(id) { failed.append(call) } }
        return failed
    }

    mutating func wrote(_ count: Int) {
        for id in outbox.wrote(count) { if let number = Int(id) { calls[number]?.isSent = true } }
    }

    /// Takes one message of the daemon; nil when it is about nothing that is in flight.
    mutating func take(_ bytes: [UInt8]) -> Incoming? {
        guard let message = try? JSONDocument(bytes).root else { return nil }
        if message["method"] != nil {
            guard let params = message["params"], message["method"]?.isString("$/event") == true,
                let id = params["id"]?.int, calls[id] != nil
            else { return nil }
            return .event(id: id, params: params)
        }
        guard let id = message["id"]?.int, let call = calls[id] else {
            if let error = message["error"], message["id"]?.isNull == true { refusal = RPCError(decoding: error) }
            return nil
        }
        calls[id] = nil
        if let error = message["error"] { return .failure(id: id, call.context, RPCError(decoding: error)) }
        guard let result = message["result"] else {
            return .failure(id: id, call.context, .internalError("tandemd sent an answer without a result"))
        }
        return .result(id: id, call.context, result)
    }

    /// The connection is gone: gives the requests that are over by that.
    mutating func connectionLost() -> [Failed] {
        if let refusal {
            self.refusal = nil
            return failAll(refusal)
        }
        outbox.keepUnsent()
        return fail(.connectionLost) { $0.isSent }
    }

    /// No daemon could be reached: gives all requests.
    mutating func dialFailed(_ message: String) -> [Failed] { failAll(RPCError(.shuttingDown, message)) }

    private mutating func failAll(_ error: RPCError) -> [Failed] {
        outbox.removeAll()
        return fail(error) { _ in true }
    }

    private mutating func fail(_ error: RPCError, where isMeant: (Call) -> Bool) -> [Failed] {
        let over = calls.filter { isMeant($0.value) }.sorted { $0.key < $1.key }
        for (id, _) in over { calls[id] = nil }
        return over.map { Failed(id: $0.key, context: $0.value.context, error: error) }
    }
}

extension Int {
    /// The number of an id of `DaemonCalls`; nil for any other.
    fileprivate init?(_ id: RPCID) { self.init(String(decoding: id.raw, as: UTF8.self)) }
}
