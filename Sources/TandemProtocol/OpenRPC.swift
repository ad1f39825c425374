import TandemJSON

/// The version of the OpenRPC specification that the document follows (https://spec.open-rpc.org).
private let openRPCVersion = "1.3.2"

extension MethodTable {
    /// The OpenRPC document of the methods that are available, as JSON.
    package func openRPCDocument() -> [UInt8] {
        var writer = JSONWriter(reserving: 32 * 1024)
        var named: [(name: String, schema: Schema)] = []
        writer.beginObject()
        writer.member("openrpc", openRPCVersion)
        writer.key("info")
        writer.beginObject()
        writer.member("title", "Tandem")
        writer.member("description", "Two-model workflows over one Unix socket, in JSON-RPC 2.0.")
        writer.member("version", protocolVersion)
        writer.endObject()
        writer.key("methods")
        writer.beginArray()
        for description in available {
            writer.method(description)
            for member in description.params.members { member.schema.collectNamed(into: &named) }
            description.result?.collectNamed(into: &named)
        }
        writer.endArray()
        writer.key("components")
        writer.beginObject()
        writer.key("schemas")
        writer.beginObject()
        for (name, schema) in named.sorted(by: { $0.name < $1.name }) {
            writer.key(name)
            writer.schema(schema)
        }
        writer.endObject()
        writer.key("errors")
        writer.beginObject()
        for code in ErrorCode.all {
            writer.key(code.kind)
            writer.beginObject()
            writer.member("code", code.rawValue)
            writer.member("message", code.kind)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func method(_ description: MethodDescription) {
        beginObject()
        member("name", description.method.rawValue)
        member("summary", description.summary)
        let groups =
            description.params.exactlyOneOf.map { "Exactly one of \($0.joined(separator: ", ")) has to be sent." }
            + description.params.atMostOneOf.map { "At most one of \($0.joined(separator: ", ")) may be sent." }
        if !groups.isEmpty { member("description", groups.joined(separator: " ")) }
        member("paramStructure", "by-name")
        key("params")
        beginArray()
        // OpenRPC wants the required ones first.
        for parameter in description.params.members.filter(\.isRequired) { self.parameter(parameter) }
        for parameter in description.params.members.filter({ !$0.isRequired }) { self.parameter(parameter) }
        endArray()
        if let result = description.result {
            key("result")
            beginObject()
            member("name", "result")
            key("schema")
            schema(result)
            endObject()
        }
        key("errors")
        beginArray()
        for code in [.invalidParams, .internalError] + description.errors {
            beginObject()
            member("$ref", "#/components/errors/" + code.kind)
            endObject()
        }
        endArray()
        endObject()
    }

    private mutating func parameter(_ parameter: Schema.Member) {
        beginObject()
        member("name", parameter.name)
        if !parameter.summary.isEmpty { member("summary", parameter.summary) }
        member("required", parameter.isRequired)
        key("schema")
        schema(parameter.schema, default: parameter.defaultJSON)
        endObject()
    }
}

extension Schema {
    /// Adds the named schemas in this one, each name once.
    fileprivate func collectNamed(into named: inout [(name: String, schema: Schema)]) {
        switch self {
        case .any, .boolean, .string, .integer, .number: break
        case .array(let items, _), .map(let items), .nullable(let items): items.collectNamed(into: &named)
        case .either(let choices): for choice in choices { choice.collectNamed(into: &named) }
        case .object(let object): for member in object.members { member.schema.collectNamed(into: &named) }
        case .named(let name, let schema):
            guard !named.contains(where: { $0.name == name }) else { return }
            named.append((name, schema))
            schema.collectNamed(into: &named)
        }
    }
}
