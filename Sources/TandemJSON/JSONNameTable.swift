import Glibc

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
        if name.isPlainString { return name.withContent { find(UnsafeRawBufferPointer($0)) } }
        return name.utf8.flatMap { $0.withUnsafeBytes { find($0) } }
    }

    private func find(_ name: UnsafeRawBufferPointer) -> Int? {
        let length = name.count
        guard length + 1 < firstOfLength.count else { return nil }
        return text.withUnsafeBytes { text in
            for position in firstOfLength[length]..<firstOfLength[length + 1] {
                let start = starts[position]
                if equalBytes(UnsafeRawBufferPointer(rebasing: text[start..<start + length]), name) {
                    return order[position]
                }
            }
            return nil
        }
    }
}
