extension JSONValue {
    /// The first member of that name; nil if there is none or this is not an object. Allocates nothing.
    package subscript(_ key: String) -> JSONValue? {
        guard entry.tag == .object else { return nil }
        var key = key
        return key.withUTF8 { member(UnsafeRawBufferPointer($0)) }
    }

    private func member(_ key: UnsafeRawBufferPointer) -> JSONValue? {
        // On the bare tape: a view for each name would cost two reference counts each.
        let found: Int? = document.withTape { tape, bytes in
            let end = tape[node].extent
            var at = node + 2
            while at < end {
                let name = tape[at]
                if name.tag == .string {
                    if name.extent - 2 == key.count, equalBytes(bytes[content: name], key) { return at + 1 }
                } else if JSONValue(document: document, node: at).isString(key) {
                    return at + 1
                }
                at = tape.next(at + 1)
            }
            return nil
        }
        return found.map { JSONValue(document: document, node: $0) }
    }

    /// The element of an array at that index, from 0; nil if there is none or this is not an array.
    package subscript(_ index: Int) -> JSONValue? {
        guard entry.tag == .array, index >= 0, index < count else { return nil }
        let found = document.withTape { tape, _ in
            var at = node + 2
            for _ in 0..<index { at = tape.next(at) }
            return at
        }
        return JSONValue(document: document, node: found)
    }

    /// An array's elements; none for anything else.
    package var elements: JSONElements {
        let isArray = entry.tag == .array
        return JSONElements(document: document, at: node + 2, end: isArray ? next : 0)
    }

    /// An object's members in their order, duplicates included; none for anything else.
    package var members: JSONMembers { JSONMembers(base: rawMembers) }

    /// The same without a String for each name.
    package var rawMembers: JSONRawMembers {
        let isObject = entry.tag == .object
        return JSONRawMembers(document: document, at: node + 2, end: isObject ? next : 0)
    }
}

package struct JSONElements: Sequence, IteratorProtocol {
    let document: JSONDocument
    var at: Int
    let end: Int

    package mutating func next() -> JSONValue? {
        guard at < end else { return nil }
        let value = JSONValue(document: document, node: at)
        at = value.next
        return value
    }
}

/// A member of an object: a view like a value.
package struct JSONMember {
    let document: JSONDocument
    /// The name's entry on the tape; the value's is the next.
    let node: Int

    /// The name as a string value.
    package var name: JSONValue { JSONValue(document: document, node: node) }
    package var value: JSONValue { JSONValue(document: document, node: node + 1) }
}

package struct JSONRawMembers: Sequence, IteratorProtocol {
    let document: JSONDocument
    var at: Int
    let end: Int

    package mutating func next() -> JSONMember? {
        guard at < end else { return nil }
        let member = JSONMember(document: document, node: at)
        at = document.next(at + 1)
        return member
    }
}

package struct JSONMembers: Sequence, IteratorProtocol {
    var base: JSONRawMembers

    package mutating func next() -> (key: String, value: JSONValue)? {
        guard let member = base.next() else { return nil }
        return (member.name.string ?? "", member.value)
    }
}
