import TandemJSON

// The one place that spells JSON-RPC's members. Commas, also between a batch's answers, are the writer's.
extension JSONWriter {
    /// Begins the answer to a request; write exactly one value, then `endResponse`.
    package mutating func beginResponse(_ id: RPCID) {
        beginMessage()
        member("id", raw: id.raw)
        key("result")
    }

    package mutating func endResponse() { endObject() }

    /// A whole answer with a result that is one valid JSON value.
    package mutating func response(_ id: RPCID, result: some Collection<UInt8>) {
        beginResponse(id)
        raw(result)
        endResponse()
    }

    /// A whole answer that is an error. `.null` where the request's id could not be read.
    package mutating func errorResponse(_ id: RPCID, _ error: RPCError) {
        beginMessage()
        member("id", raw: id.raw)
        key("error")
        self.error(error)
        endObject()
    }

    /// The error object itself: code, message and data (kind, retryable, request_id, then the others).
    package mutating func error(_ error: RPCError) {
        beginObject()
        member("code", error.code.rawValue)
        member("message", error.message)
        key("data")
        beginObject()
        member("kind", error.code.kind)
        member("retryable", error.retryable)
        member("request_id", ifPresent: error.requestID)
        for extra in error.data {
            key(extra.name)
            raw(extra.json)
        }
        endObject()
        endObject()
    }

    /// Begins a `$/event` notification of the request `id`; write the members of its type, then `endEvent`.
    package mutating func beginEvent(_ id: RPCID, sequence: Int, type: StaticString) {
        beginObject()
        verbatim(#""jsonrpc":"2.0","method":"$/event","params":{"id":"#)
        raw(id.raw)
        verbatim(#","seq":"#)
        int(sequence)
        verbatim(#","type":"#)
        string(type)
    }

    package mutating func endEvent() {
        endObject()
        endObject()
    }

    /// Begins a request, or with no id a notification; write its params as one value, then `endRequest`.
    package mutating func beginRequest(_ id: RPCID?, method: String) {
        beginMessage()
        if let id { member("id", raw: id.raw) }
        member("method", method)
        key("params")
    }

    package mutating func endRequest() { endObject() }

    private mutating func beginMessage() {
        beginObject()
        verbatim(#""jsonrpc":"2.0""#)
    }
}
