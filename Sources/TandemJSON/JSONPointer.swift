/// A JSON Pointer (RFC 6901) to these names and indexes: "" for none, "/" before each, `~` and `/` escaped.
package func jsonPointer(_ parts: String...) -> String { jsonPointer(parts) }

/// The same for any sequence of parts.
package func jsonPointer(_ parts: some Sequence<String>) -> String {
    var pointer = ""
    for part in parts {
        pointer += "/"
        for scalar in part.unicodeScalars {
            switch scalar {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.unicodeScalars.append(scalar)
            }
        }
    }
    return pointer
}

extension JSONValue {
    /// The JSON Pointer from this value to `inner`, a value of the same document (or a member's name, which points
    /// to the member); nil if it does not lie within this one. For errors: it walks down from here.
    package func pointer(to inner: JSONValue) -> String? {
        guard inner.document === document, inner.node >= node, inner.node < next else { return nil }
        var parts: [String] = []
        var current = self
        while current.node != inner.node {
            if current.entry.tag == .object {
                guard let found = current.rawMembers.first(where: { inner.node < $0.value.next }) else { return nil }
                parts.append(found.name.string ?? "")
                if found.name.node == inner.node { break }
                current = found.value
            } else {
                guard let found = current.elements.enumerated().first(where: { inner.node < $0.element.next }) else {
                    return nil
                }
                parts.append(String(found.offset))
                current = found.element
            }
        }
        return jsonPointer(parts)
    }
}
