/// Where some members of an object lie, found by name in one walk over it: `object[places, 2]` is the member with the
/// table's third name. Plain numbers: no reference to the document is counted for a member that nobody asks for.
package struct JSONPlaces: Sendable {
    /// Names that a table may have here.
    package static let limit = 16
    private static let absent: Int32 = -1

    /// The values' entries on the tape, by their names' indices in the table.
    private var nodes = InlineArray<16, Int32>(repeating: absent)
    /// The index of a name that stands in the object more than once; nil when each is there once at most.
    package private(set) var duplicate: Int?

    fileprivate mutating func note(_ index: Int, _ node: Int) {
        if nodes[index] != Self.absent, duplicate == nil { duplicate = index }
        nodes[index] = Int32(truncatingIfNeeded: node)
    }

    fileprivate func node(_ index: Int) -> Int? { nodes[index] == Self.absent ? nil : Int(nodes[index]) }
}

extension JSONValue {
    /// Finds the members that `names` lists; none where this is not an object.
    package func places(of names: JSONNameTable) -> JSONPlaces {
        precondition(names.count <= JSONPlaces.limit, "more names than a JSONPlaces holds")
        var places = JSONPlaces()
        guard entry.tag == .object else { return places }
        var at = node + 2
        let end = next
        while at < end {
            if let index = names.index(of: at, in: document) { places.note(index, at + 1) }
            at = document.next(at + 1)
        }
        return places
    }

    /// The value of the name at `index` in the table that `places` was made with, the last one where the name stands
    /// twice; nil where it is absent. `places` is this object's own.
    package subscript(_ places: JSONPlaces, _ index: Int) -> JSONValue? {
        places.node(index).map { JSONValue(document: document, node: $0) }
    }
}
