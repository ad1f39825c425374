/// Objects up to this many members are searched pair by pair, bigger ones through a hash table.
private let pairwiseLimit = 12

extension JSONValue {
    /// The second of two members of one name, in this value or any within it: the name as a string value (its
    /// `rawRange` gives the offset); nil if there are none. Linear in the number of members.
    package var duplicateKey: JSONValue? {
        let end = next
        var at = node
        while at < end {
            let tag = document.tape[at].tag
            if tag == .object, let found = JSONValue(document: document, node: at).ownDuplicateKey { return found }
            at += tag == .object || tag == .array ? 2 : 1
        }
        return nil
    }

    private var ownDuplicateKey: JSONValue? {
        let members = count
        guard members > 1 else { return nil }
        if members > pairwiseLimit {
            var seen = Set<[UInt8]>(minimumCapacity: members)
            return rawMembers.first { !seen.insert($0.name.utf8 ?? []).inserted }?.name
        }
        var checked = 0
        for (name, _) in rawMembers {
            for (earlier, _) in rawMembers.prefix(checked) where earlier.isSameString(name) { return name }
            checked += 1
        }
        return nil
    }

    private func isSameString(_ other: JSONValue) -> Bool {
        if entry.tag == .string, other.entry.tag == .string, entry.extent != other.entry.extent { return false }
        if other.isPlainString { return other.withContent { isString(UnsafeRawBufferPointer($0)) } }
        return other.utf8.map { $0.withUnsafeBytes { isString($0) } } ?? false
    }
}
