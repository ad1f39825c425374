import TandemJSON

/// What a value of the protocol may be. One description serves the parameter check and rpc.discover.
package indirect enum Schema: Sendable {
    case any
    case boolean
    /// `oneOf` empty: any text. `minLength` in UTF-8 bytes.
    case string(oneOf: [String], minLength: Int)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case array(of: Schema, atLeast: Int)
    case object(ObjectSchema)
    /// An object whose members all have one schema, whatever their names.
    case map(of: Schema)
    /// Any of these; they differ in kind, so that the kind of a value chooses.
    case either([Schema])
    case nullable(Schema)
    /// Described once, under `components` of rpc.discover.
    case named(String, Schema)

    package static let text = Schema.string(oneOf: [], minLength: 0)
    package static let name = Schema.string(oneOf: [], minLength: 1)
    package static let count = Schema.integer(0...maxExactInteger)
    package static let positive = Schema.integer(1...maxExactInteger)
    package static let real = Schema.number(-.infinity ... .infinity)
    package static let amount = Schema.number(0 ... .infinity)
    /// An object that is passed on as it is.
    package static let anyObject = Schema.map(of: .any)

    package static func choice(_ values: String...) -> Schema { .string(oneOf: values, minLength: 0) }
    package static func list(of items: Schema) -> Schema { .array(of: items, atLeast: 0) }
    package static func members(_ members: [Member], open: Bool = false) -> Schema {
        .object(ObjectSchema(members, open: open))
    }

    /// One member of an object.
    package struct Member: Sendable {
        package let name: String
        package let schema: Schema
        package let isRequired: Bool
        /// JSON text of the value that an absent member stands for; nil where the daemon decides.
        package let defaultJSON: String?
        /// One line.
        package let summary: String

        package init(
            _ name: String, _ schema: Schema, required: Bool = false, default defaultJSON: String? = nil,
            _ summary: String = ""
        ) {
            self.name = name
            self.schema = schema
            isRequired = required
            self.defaultJSON = defaultJSON
            self.summary = summary
        }
    }
}

/// The largest integer that every JSON reader keeps exact: 2^53 - 1.
package let maxExactInteger = 9_007_199_254_740_991

/// An object with known members.
package final class ObjectSchema: Sendable {
    package let members: [Schema.Member]
    /// Whether members that are not listed are passed on; else they are refused.
    package let isOpen: Bool
    /// Of each of these groups exactly one member must be there.
    package let exactlyOneOf: [[String]]
    /// Of each of these groups at most one member may be there.
    package let atMostOneOf: [[String]]
    /// The name of a member that this very object lacks, where that hangs on its other members.
    package let lacking: (@Sendable (JSONValue) -> String?)?
    /// The members' names and schemas by themselves: copying a whole member costs reference counts.
    let names: JSONNameTable
    let schemas: [Schema]
    /// A bit for each required member.
    let required: UInt64

    package init(
        _ members: [Schema.Member], open: Bool = false, exactlyOneOf: [[String]] = [], atMostOneOf: [[String]] = [],
        lacking: (@Sendable (JSONValue) -> String?)? = nil
    ) {
        precondition(members.count <= UInt64.bitWidth)
        self.members = members
        isOpen = open
        self.exactlyOneOf = exactlyOneOf
        self.atMostOneOf = atMostOneOf
        self.lacking = lacking
        names = JSONNameTable(members.map(\.name))
        schemas = members.map(\.schema)
        required = members.enumerated().reduce(0) { $1.element.isRequired ? $0 | 1 << UInt64($1.offset) : $0 }
    }

    package func member(_ name: String) -> Schema.Member? { members.first { $0.name == name } }
}

extension Schema {
    /// What to send, for error messages and `error.data.expected`: "a number from 0 to 2".
    package var expected: String {
        switch self {
        case .any: "any value"
        case .boolean: "true or false"
        case .string(let values, let minLength):
            if values.isEmpty {
                minLength > 0 ? "a string that is not empty" : "a string"
            } else {
                "one of " + values.map { "\"\($0)\"" }.joined(separator: ", ")
            }
        case .integer(let range): "an integer" + Self.bounds(range, ends: -maxExactInteger...maxExactInteger)
        case .number(let range): "a number" + Self.bounds(range, ends: -.infinity ... .infinity)
        case .array(_, let least): least > 0 ? "an array of at least \(least) item\(least == 1 ? "" : "s")" : "an array"
        case .object, .map: "an object"
        case .either(let choices): choices.map(\.expected).joined(separator: " or ")
        case .nullable(let schema): schema.expected + " or null"
        case .named(_, let schema): schema.expected
        }
    }

    private static func bounds<Number: CustomStringConvertible>(
        _ range: ClosedRange<Number>, ends: ClosedRange<Number>
    ) -> String {
        let low = range.lowerBound > ends.lowerBound
        let high = range.upperBound < ends.upperBound
        if low, high { return " from \(plain(range.lowerBound)) to \(plain(range.upperBound))" }
        if low { return " of at least \(plain(range.lowerBound))" }
        if high { return " of at most \(plain(range.upperBound))" }
        return ""
    }

    /// Without the ".0" of whole numbers.
    private static func plain(_ number: some CustomStringConvertible) -> String {
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
