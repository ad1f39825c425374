import TandemJSON

/// How a schema is written down where JSON Schema leaves a choice.
package struct JSONSchemaStyle: Sendable {
    /// Named schemas are references into a document's `components`; else each stands where it is used.
    var references: Bool
    /// Objects refuse members that are not listed. Not for what a later version may add to.
    var closed: Bool

    /// Part of an OpenRPC document.
    static let document = JSONSchemaStyle(references: true, closed: true)
    /// Whole in itself, for what is sent.
    package static let input = JSONSchemaStyle(references: false, closed: true)
    /// Whole in itself, for what is answered.
    package static let output = JSONSchemaStyle(references: false, closed: false)
}

extension JSONWriter {
    /// The JSON Schema of a schema, in words that drafts 7 and 2020-12 share.
    package mutating func schema(
        _ schema: Schema, default defaultJSON: String? = nil, summary: String = "",
        style: JSONSchemaStyle = .document
    ) {
        if case .named(let name, let described) = schema {
            guard style.references else {
                return self.schema(described, default: defaultJSON, summary: summary, style: style)
            }
            beginObject()
            member("$ref", "#/components/schemas/" + name)
            return endObject()
        }
        beginObject()
        switch schema {
        case .any, .named: break
        case .boolean: member("type", "boolean")
        case .string(let values, let minLength):
            member("type", "string")
            if !values.isEmpty { member("enum", values) }
            if minLength > 0 { member("minLength", minLength) }
        case .integer(let range):
            member("type", "integer")
            // Beyond, readers would see another bound than the one that is meant.
            if range.lowerBound >= -maxExactInteger { member("minimum", range.lowerBound) }
            if range.upperBound <= maxExactInteger { member("maximum", range.upperBound) }
        case .number(let range):
            member("type", "number")
            if range.lowerBound.isFinite { member("minimum", range.lowerBound) }
            if range.upperBound.isFinite { member("maximum", range.upperBound) }
        case .array(let items, let least):
            member("type", "array")
            key("items")
            self.schema(items, style: style)
            if least > 0 { member("minItems", least) }
        case .object(let object): members(of: object, style: style)
        case .map(let items):
            member("type", "object")
            key("additionalProperties")
            self.schema(items, style: style)
        case .either(let choices):
            key("anyOf")
            beginArray()
            for choice in choices { self.schema(choice, style: style) }
            endArray()
        case .nullable(let inner):
            key("anyOf")
            beginArray()
            self.schema(inner, style: style)
            beginObject()
            member("type", "null")
            endObject()
            endArray()
        }
        if let defaultJSON { member("default", raw: Array(defaultJSON.utf8)) }
        if !summary.isEmpty { member("description", summary) }
        endObject()
    }

    private mutating func members(of object: ObjectSchema, style: JSONSchemaStyle) {
        member("type", "object")
        key("properties")
        beginObject()
        for inner in object.members {
            key(inner.name)
            schema(inner.schema, default: inner.defaultJSON, summary: inner.summary, style: style)
        }
        endObject()
        let required = object.members.filter(\.isRequired)
        if !required.isEmpty { member("required", required.map(\.name)) }
        if style.closed, !object.isOpen { member("additionalProperties", false) }
    }
}
