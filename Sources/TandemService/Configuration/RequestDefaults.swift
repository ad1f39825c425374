import TandemBase
import TandemJSON
import TandemProviders

/// `limits` of a model: members of `chat` that are merged under the request's own, as JSON.
enum RequestDefaults {
    private enum Kind { case number, integer, bool, string, strings, any }

    /// The members of a chat request that a model may have a default for (PROTOCOL.md, chat).
    private static let members: [(name: String, kind: Kind, expected: String)] = [
        ("temperature", .number, "a number"), ("top_p", .number, "a number"),
        ("max_tokens", .integer, "a whole number"), ("stop", .strings, "a string or an array of strings"),
        ("seed", .integer, "a whole number"), ("presence_penalty", .number, "a number"),
        ("frequency_penalty", .number, "a number"), ("parallel_tool_calls", .bool, "true or false"),
        ("response_format", .any, "a table"), ("reasoning_effort", .string, "a string"),
        ("logprobs", .bool, "true or false"), ("provider_options", .any, "a table"),
    ]

    static func read(_ section: inout Section) -> [ModelSettings.DefaultMember] {
        var defaults: [ModelSettings.DefaultMember] = []
        for member in members {
            guard let value = section.value(member.name) else { continue }
            var writer = JSONWriter(reserving: 32)
            if fits(value, member.kind), write(value, to: &writer) {
                defaults.append(.init(name: member.name, json: writer.bytes))
            } else {
                section.fault(member.name, "expected \(member.expected), found \(value.typeName)")
            }
        }
        return defaults
    }

    private static func fits(_ value: TOMLValue, _ kind: Kind) -> Bool {
        switch (kind, value.content) {
        case (.number, .integer), (.integer, .integer), (.bool, .bool), (.string, .string), (.strings, .string): true
        case (.number, .float(let number)): number.isFinite
        case (.any, .table): true
        case (.strings, .array(let elements)): elements.allSatisfy { fits($0, .string) }
        default: false
        }
    }

    /// False where JSON has no such value: dates, times and numbers that are none.
    private static func write(_ value: TOMLValue, to writer: inout JSONWriter) -> Bool {
        switch value.content {
        case .string(let text): writer.string(text)
        case .integer(let number): writer.int(number)
        case .float(let number):
            guard number.isFinite else { return false }
            writer.double(number)
        case .bool(let flag): writer.bool(flag)
        case .dateTime: return false
        case .array(let elements):
            writer.beginArray()
            for element in elements where !write(element, to: &writer) { return false }
            writer.endArray()
        case .table(let table):
            writer.beginObject()
            for member in table.members {
                writer.key(member.key)
                guard write(member.value, to: &writer) else { return false }
            }
            writer.endObject()
        }
        return true
    }
}
