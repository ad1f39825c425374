/// Objects up to this many members are searched pair by pair, bigger ones through a hash table.
private let pairwiseLimit = 32

extension JSONValue {
    /// The second of two members of one name, in this value or any within it: the name as a string value (its
    /// `rawRange` gives the offset); nil if there are none. Linear in the number of members.
    package var duplicateKey: JSONValue? {
        let found: Int? = document.withTape { tape, bytes in
            let end = tape.next(node)
            var at = node
            while at < end {
                let tag = tape[at].tag
                if tag == .object, let found = duplicateName(tape, bytes, object: at) { return found }
                at += tag == .object || tag == .array ? 2 : 1
            }
            return nil
        }
        return found.map { JSONValue(document: document, node: $0) }
    }

    private func duplicateName(_ tape: Tape, _ bytes: UnsafeBufferPointer<UInt8>, object: Int) -> Int? {
        let members = tape[object + 1].extent
        guard members > 1 else { return nil }
        let end = tape[object].extent
        var at = object + 2
        if members > pairwiseLimit {
            var seen = Set<[UInt8]>(minimumCapacity: members)
            while at < end {
                if !seen.insert(JSONValue(document: document, node: at).utf8 ?? []).inserted { return at }
                at = tape.next(at + 1)
            }
            return nil
        }
        while at < end {
            var earlier = object + 2
            while earlier < at {
                if areSame(tape, bytes, earlier, at) { return at }
                earlier = tape.next(earlier + 1)
            }
            at = tape.next(at + 1)
        }
        return nil
    }

    @inline(__always)
    private func areSame(_ tape: Tape, _ bytes: UnsafeBufferPointer<UInt8>, _ left: Int, _ right: Int) -> Bool {
        let first = tape[left]
        let second = tape[right]
        if first.tag == .string, second.tag == .string {
            return first.extent == second.extent && equalBytes(bytes[content: first], bytes[content: second])
        }
        // Escaped names are rare: the general way.
        let text = JSONValue(document: document, node: left).utf8 ?? []
        return text.withUnsafeBytes { JSONValue(document: document, node: right).isString($0) }
    }
}
