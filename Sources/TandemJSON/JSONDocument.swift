/// How many arrays and objects may stand within each other, unless the caller says otherwise.
package let defaultJSONDepth = 512

/// One JSON document: its bytes, checked once against RFC 8259, and where each value in it lies.
///
/// Values are views of the document and keep it alive. Nothing is decoded before somebody asks. It costs three
/// allocations at most, and about 0.2 µs for 200 bytes: storage kept from one document to the next saved nothing.
package final class JSONDocument: Sendable {
    package let bytes: [UInt8]
    let tape: [TapeEntry]

    /// Reads a whole document. Throws where it is not one; the error tells the byte.
    package init(_ bytes: [UInt8], maxDepth: Int = defaultJSONDepth) throws(JSONError) {
        self.bytes = bytes
        tape = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSONParser(buffer, maxDepth: maxDepth).tape
        }
    }

    /// The entry behind a node and all within it.
    @inline(__always)
    func next(_ node: Int) -> Int {
        let entry = tape[node]
        return entry.tag == .array || entry.tag == .object ? entry.extent : node + 1
    }

    /// Lends both parts at once, for loops over many nodes.
    @inline(__always)
    func withTape<Result>(_ body: (Tape, UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        tape.withUnsafeBufferPointer { tape in bytes.withUnsafeBufferPointer { body(tape, $0) } }
    }

    /// The value that the document is.
    package var root: JSONValue { JSONValue(document: self, node: 0) }
}
