import TandemJSON

/// Looks for the top-level member `id` in a message that is too large to keep, wherever it stands. The message goes
/// through in pieces and none of it is kept but the id itself: strings are skipped, depth is counted. It is no parser:
/// of a message that is not JSON it may read an id or none.
struct RequestIDScan: Sendable {
    /// Bytes of an id; a longer one is not echoed.
    static let idLimit = 4096

    /// What the bytes at hand belong to.
    private enum Token {
        /// Nothing that matters.
        case other
        /// A name of the top level's.
        case name
        /// Behind the name `id`, before its colon.
        case colon
        /// The value of `id`.
        case value
    }

    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// At the top level, where the next string is a name.
    private var expectsName = false
    private var token = Token.other
    private var collected: [UInt8] = []

    private(set) var id: RPCID?
    /// Nothing that comes can change what was found.
    private(set) var isOver = false

    mutating func feed(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            if isOver { return }
            if isInString { readInString(byte) } else { read(byte) }
        }
    }

    private mutating func readInString(_ byte: UInt8) {
        collect(byte)
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            if token == .name { token = collected.elementsEqual("\"id\"".utf8) ? .colon : .other }
        }
    }

    private mutating func read(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            if expectsName { begin(.name) }
            expectsName = false
            collect(byte)
        case UInt8(ascii: ":"):
            if token == .colon { begin(.value) } else { collect(byte) }
        case UInt8(ascii: ","):
            if depth == 1 { endMember() } else { collect(byte) }
            expectsName = depth == 1
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            // A batch has no id of its own.
            if depth == 1, byte == UInt8(ascii: "[") { isOver = true }
            expectsName = depth == 1
            collect(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == 1 { endMember() }
            depth -= 1
            if depth <= 0 { isOver = true }
            collect(byte)
        default: collect(byte)
        }
    }

    private mutating func begin(_ token: Token) {
        self.token = token
        collected.removeAll(keepingCapacity: true)
    }

    private mutating func collect(_ byte: UInt8) {
        guard token == .name || token == .value else { return }
        guard collected.count < Self.idLimit else { return token = .other }
        collected.append(byte)
    }

    private mutating func endMember() {
        if token == .value {
            id = (try? JSONDocument(collected)).flatMap { RPCID($0.root) }
            isOver = true
        }
        token = .other
    }
}
