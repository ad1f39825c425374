extension JSONValue {
    /// A form that is the same for documents that say the same, for cache keys: members sorted by the bytes of their
    /// names, no blanks, strings with the fewest escapes, numbers as they are.
    package var canonicalBytes: [UInt8] {
        var writer = JSONWriter(reserving: rawRange.count)
        writer.canonical(self)
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes a value in its canonical form. Recursion is bounded by the document's depth limit.
    package mutating func canonical(_ value: JSONValue) {
        switch value.kind {
        case .null, .bool, .number:
            raw(value.raw)
        case .string:
            if value.isPlainString { raw(value.raw) } else { string(utf8: value.utf8 ?? []) }
        case .array:
            beginArray()
            for element in value.elements { canonical(element) }
            endArray()
        case .object:
            beginObject()
            var members: [(name: [UInt8], node: JSONValue)] = []
            members.reserveCapacity(value.count)
            for member in value.rawMembers { members.append((member.name.utf8 ?? [], member.value)) }
            // The offset keeps duplicates in their order.
            members.sort { left, right in
                if left.name != right.name { return left.name.lexicographicallyPrecedes(right.name) }
                return left.node.rawRange.lowerBound < right.node.rawRange.lowerBound
            }
            for (name, inner) in members {
                string(utf8: name)
                bytes.append(0x3A)
                canonical(inner)
            }
            endObject()
        }
    }
}
