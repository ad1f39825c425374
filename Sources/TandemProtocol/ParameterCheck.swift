import TandemBase
import TandemJSON

/// How many known names an error lists at most.
private let listedNamesLimit = 40
/// What absent params stand for.
private let noParams = try? JSONDocument(Array("{}".utf8)).root

extension ObjectSchema {
    /// Checks a request's params (nil: none were sent, which counts as `{}`). Null for an optional member counts as
    /// absent. Allocates nothing when all is well. Throws -32602 with `path` (from the params) and `expected`.
    package func checkParams(_ params: JSONValue?) throws(RPCError) {
        guard let params = params.flatMap({ $0.isNull ? nil : $0 }) ?? noParams else { return }
        guard params.kind == .object else {
            throw .invalidParams(
                path: "", expected: "an object",
                "Params by position are not supported: send an object with named members instead.")
        }
        do {
            try check(params)
        } catch {
            throw error.rpcError(in: params)
        }
        if let duplicate = params.duplicateKey {
            let path = params.pointer(to: duplicate) ?? ""
            throw .invalidParams(
                path: path, expected: "a member once",
                "The member `\(path)` is there twice: send it once.")
        }
    }

    func check(_ value: JSONValue) throws(ParameterFault) {
        guard value.kind == .object else { throw ParameterFault(value, .wrong(expected: "an object")) }
        var seen: UInt64 = 0
        for member in value.rawMembers {
            guard let index = names.index(of: member) else {
                if isOpen { continue }
                throw ParameterFault(member.name, .unknown(known: members.map(\.name)))
            }
            let inner = member.value
            if inner.isNull, required & 1 << UInt64(index) == 0 { continue }
            seen |= 1 << UInt64(index)
            try schemas[index].check(inner)
        }
        let missing = required & ~seen
        if missing != 0 {
            let member = members[missing.trailingZeroBitCount]
            throw ParameterFault(value, .missing(member.name, expected: member.schema.expected))
        }
        if !exactlyOneOf.isEmpty || !atMostOneOf.isEmpty { try checkGroups(value) }
        if let lacking, let name = lacking(value) {
            throw ParameterFault(value, .missing(name, expected: member(name)?.schema.expected ?? "a value"))
        }
    }

    private func checkGroups(_ value: JSONValue) throws(ParameterFault) {
        for group in exactlyOneOf + atMostOneOf {
            var first: String?
            for name in group {
                guard let inner = value[name], !inner.isNull else { continue }
                if let first { throw ParameterFault(inner, .excluded(name, by: first)) }
                first = name
            }
        }
        for group in exactlyOneOf where !group.contains(where: { value[$0].map { !$0.isNull } ?? false }) {
            throw ParameterFault(value, .missingOneOf(group))
        }
    }
}

extension Schema {
    func check(_ value: JSONValue) throws(ParameterFault) {
        switch self {
        case .any:
            return
        case .boolean:
            if value.bool != nil { return }
        case .string(let values, let minLength):
            guard value.kind == .string else { break }
            if values.isEmpty {
                if minLength == 0 || !value.isString("" as StaticString) { return }
            } else if values.contains(where: { value.isString($0) }) {
                return
            }
        case .integer(let range):
            if let number = value.int, range.contains(number) { return }
            // Where an integer is too large even for a range that is told as having no end.
            if let number = value.double, number >= Double(maxExactInteger) {
                let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
                throw ParameterFault(value, .wrong(expected: expected))
            }
        case .number(let range):
            if let number = value.double, range.contains(number) { return }
        case .array(let items, let least):
            guard value.kind == .array, value.count >= least else { break }
            for element in value.elements { try items.check(element) }
            return
        case .object(let object):
            return try object.check(value)
        case .map(let items):
            guard value.kind == .object else { break }
            if case .any = items { return }
            for member in value.rawMembers { try items.check(member.value) }
            return
        case .either(let choices):
            // By kind, so that a fault inside is told where it is.
            if let choice = choices.first(where: { $0.admits(value.kind) }) { return try choice.check(value) }
        case .nullable(let schema):
            if value.isNull || schema.admits(value.kind) { return value.isNull ? () : try schema.check(value) }
        case .named(_, let schema):
            return try schema.check(value)
        }
        throw ParameterFault(value, .wrong(expected: expected))
    }

    private func admits(_ kind: JSONValue.Kind) -> Bool {
        switch self {
        case .any: true
        case .boolean: kind == .bool
        case .string: kind == .string
        case .integer, .number: kind == .number
        case .array: kind == .array
        case .object, .map: kind == .object
        case .either(let choices): choices.contains { $0.admits(kind) }
        case .nullable(let schema): kind == .null || schema.admits(kind)
        case .named(_, let schema): schema.admits(kind)
        }
    }
}

/// What is wrong with params, and with which value of them.
struct ParameterFault: Error {
    var value: JSONValue
    var reason: Reason

    enum Reason {
        case wrong(expected: String)
        case missing(String, expected: String)
        case missingOneOf([String])
        case excluded(String, by: String)
        /// The value is the member's name.
        case unknown(known: [String])
    }

    init(_ value: JSONValue, _ reason: Reason) {
        self.value = value
        self.reason = reason
    }

    func rpcError(in params: JSONValue) -> RPCError {
        let path = params.pointer(to: value) ?? ""
        switch reason {
        case .wrong(let expected):
            return .invalidParams(
                path: path, expected: expected, "`\(path)` is \(found): send \(expected).")
        case .missing(let name, let expected):
            let path = path + jsonPointer(name)
            return .invalidParams(path: path, expected: expected, "`\(path)` is missing: send \(expected).")
        case .missingOneOf(let names):
            let expected = names.map { "`\($0)`" }.joined(separator: " or ")
            return .invalidParams(
                path: path + jsonPointer(names.prefix(1)), expected: expected, "Something is missing: send \(expected)."
            )
        case .excluded(let name, let other):
            return .invalidParams(
                path: path, expected: "`\(name)` or `\(other)`",
                "`\(name)` and `\(other)` exclude each other: send one of them.")
        case .unknown(let known):
            let name = value.string ?? ""
            let expected =
                known.isEmpty ? "no members" : "one of " + known.prefix(listedNamesLimit).joined(separator: ", ")
            let hint =
                nearestName(to: name, among: known).map { "did you mean `\($0)`?" }
                ?? (known.isEmpty
                    ? "leave it out, nothing is expected here."
                    : "leave it out; known are \(known.prefix(listedNamesLimit).joined(separator: ", ")).")
            return .invalidParams(path: path, expected: expected, "Unknown member `\(path)`: \(hint)")
        }
    }

    /// What was sent instead. Short scalars are shown; long ones and texts could be a prompt.
    private var found: String {
        switch value.kind {
        case .null: return "null"
        case .bool: return value.bool == true ? "true" : "false"
        case .number: return value.raw.count <= 32 ? String(decoding: value.raw, as: UTF8.self) : "a long number"
        case .string: return value.isString("" as StaticString) ? "an empty string" : "another string"
        case .array: return value.count == 0 ? "an empty array" : "an array"
        case .object: return "an object"
        }
    }
}
