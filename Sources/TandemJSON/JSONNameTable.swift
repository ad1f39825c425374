/// A fixed set of member names, laid out once so that looking one up is a comparison or two and allocates nothing.
package struct JSONNameTable: Sendable {
    /// All names behind one another, by length; `starts[k]` is where the k-th begins, `order[k]` its index as given.
    private let text: [UInt8]
    private let starts: [Int]
    private let order: [Int]
    /// The k-ths of length n are those from `firstOfLength[n]` to before `firstOfLength[n + 1]`.
    private let firstOfLength: [Int]

    package init(_ names: [String]) {
        let sorted = names.indices.sorted { (names[$0].utf8.count, $0) < (names[$1].utf8.count, $1) }
        var text: [UInt8] = []
        var starts: [Int] = []
        var firstOfLength = [0]
        for (position, index) in sorted.enumerated() {
            let length = names[index].utf8.count
            while firstOfLength.count <= length { firstOfLength.append(position) }
            starts.append(text.count)
            text.append(contentsOf: names[index].utf8)
        }
        firstOfLength.append(sorted.count)
        self.text = text
        self.starts = starts
        self.firstOfLength = firstOfLength
        order = sorted
    }

    /// The index of the name that this string value is, or nil.
    package func index(of name: JSONValue) -> Int? {
        let entry = name.entry
        if entry.tag == .string {
            return find(name.document.bytes, from: entry.offset + 1, length: entry.extent - 2)
        }
        return name.utf8.flatMap { find($0, from: 0, length: $0.count) }
    }

    /// Byte by byte on purpose: names are short, and a call to lend the buffers costs more in reference counts.
    @inline(__always)
    private func find(_ bytes: [UInt8], from offset: Int, length: Int) -> Int? {
        guard length + 1 < firstOfLength.count else { return nil }
        search: for position in firstOfLength[length]..<firstOfLength[length + 1] {
            let start = starts[position]
            for index in 0..<length where text[start + index] != bytes[offset + index] { continue search }
            return order[position]
        }
        return nil
    }
}
