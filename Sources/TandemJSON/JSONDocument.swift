/// How many arrays and objects may stand within each other, unless the caller says otherwise.
package let defaultJSONDepth = 512

/// One JSON document: its bytes, checked once against RFC 8259, and where each value in it lies.
///
/// Values are views of the document and keep it alive. Nothing is decoded before somebody asks. It costs three
/// allocations at most, and about 0.2 µs for 200 bytes: storage kept from one document to the next saved nothing.
///
/// Unchecked: the tape is written by the parser, before anybody has the document, and only read from then on.
package final class JSONDocument: @unchecked Sendable {
    package let bytes: [UInt8]
    /// The document's own; values hold indices that the parser made or that follow from its extents.
    let tape: Tape

    /// Reads a whole document. Throws where it is not one; the error tells the byte.
    package init(_ bytes: [UInt8], maxDepth: Int = defaultJSONDepth) throws(JSONError) {
        self.bytes = bytes
        tape = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSONParser.tape(of: buffer, maxDepth: maxDepth)
        }
    }

    deinit { tape.deallocate() }

    /// The entry behind a node and all within it.
    @inline(__always)
    func next(_ node: Int) -> Int { tape.next(node) }

    /// Lends both parts at once, for loops over many nodes.
    @inline(__always)
    func withTape<Result>(_ body: (Tape, UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { body(tape, $0) }
    }

    /// The value that the document is.
    package var root: JSONValue { JSONValue(document: self, node: 0) }
}
