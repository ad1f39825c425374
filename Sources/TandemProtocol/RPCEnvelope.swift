import TandemJSON

/// A request's id: a string, a number of any size or null. Echoed byte for byte; equal when it says the same (a
/// string with and without escapes is one id, `1` and `1.0` are two).
package struct RPCID: Hashable, Sendable {
    package let raw: [UInt8]
    /// What a string with escapes says; nil where the bytes themselves tell ids apart.
    private let unescaped: [UInt8]?

    /// Nil when the value cannot be an id.
    package init?(_ value: JSONValue) {
        switch value.kind {
        case .null, .number:
            raw = Array(value.raw)
            unescaped = nil
        case .string:
            raw = Array(value.raw)
            unescaped = value.isPlainString ? nil : value.canonicalBytes
        case .bool, .array, .object:
            return nil
        }
    }

    package init(_ number: Int) {
        raw = Array(String(number).utf8)
        unescaped = nil
    }

    package static let null = RPCID(raw: Array("null".utf8))

    private init(raw: [UInt8]) {
        self.raw = raw
        unescaped = nil
    }

    package static func == (left: Self, right: Self) -> Bool {
        (left.unescaped ?? left.raw) == (right.unescaped ?? right.raw)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(unescaped ?? raw) }
}

/// A message is no request: answer with this error and this id (null where it could not be read).
package struct InvalidRequest: Error {
    package var id: RPCID
    package var error: RPCError
}

/// One request or notification, read from its message or from its place in a batch.
package struct RPCRequest: Sendable {
    /// Nil: a notification, which is never answered.
    package var id: RPCID?
    /// The method's name, a string value.
    package var name: JSONValue
    /// An object or, still to be refused, an array; nil when absent or null.
    package var params: JSONValue?

    /// The answer to an empty batch, with a null id.
    package static let emptyBatch = RPCError.invalidRequest("The batch is empty: send at least one request in it.")

    private static let memberNames = ["jsonrpc", "id", "method", "params"]
    private static let members = JSONNameTable(memberNames)

    /// Reads a request by JSON-RPC 2.0, section 4. Members beyond the four are ignored.
    package init(_ message: JSONValue) throws(InvalidRequest) {
        guard message.kind == .object else {
            throw InvalidRequest(
                id: .null, error: .invalidRequest("A request is an object: send {\"jsonrpc\":\"2.0\",…}."))
        }
        let places = message.places(of: Self.members)
        if let duplicate = places.duplicate {
            let name = Self.memberNames[duplicate]
            throw InvalidRequest(id: .null, error: .invalidRequest("`\(name)` is there twice: send it once."))
        }
        let params = message[places, 3]
        var id: RPCID?
        if let identifier = message[places, 1] {
            id = RPCID(identifier)
            if id == nil { throw Self.invalid(nil, "`id` is neither a string, a number nor null: send one of them.") }
        }
        guard message[places, 0]?.isString("2.0" as StaticString) ?? false else {
            throw Self.invalid(id, "`jsonrpc` is not \"2.0\": Tandem speaks JSON-RPC 2.0 only.")
        }
        guard let method = message[places, 2], method.kind == .string else {
            throw Self.invalid(id, "`method` is not a string: name the method to call.")
        }
        if let params, params.kind != .object, params.kind != .array, !params.isNull {
            throw Self.invalid(id, "`params` is not an object: send the parameters by name.")
        }
        self.id = id
        name = method
        self.params = params.flatMap { $0.isNull ? nil : $0 }
    }

    private static func invalid(_ id: RPCID?, _ message: String) -> InvalidRequest {
        InvalidRequest(id: id ?? .null, error: .invalidRequest(message))
    }
}
