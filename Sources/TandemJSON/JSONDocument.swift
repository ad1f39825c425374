/// How many arrays and objects may stand within each other, unless the caller says otherwise.
package let defaultJSONDepth = 512

/// One JSON document: its bytes, checked once against RFC 8259, and where each value in it lies.
///
/// Values are views of the document and keep it alive. Nothing is decoded before somebody asks.
/// `@unchecked`: the two stored properties are only written before the first view exists (`JSONScratch` writes them
/// again once it knows that no view is left).
package final class JSONDocument: @unchecked Sendable {
    package private(set) var bytes: [UInt8]
    private(set) var tape: [TapeEntry]

    /// Reads a whole document. Throws where it is not one; the error tells the byte.
    package init(_ bytes: [UInt8], maxDepth: Int = defaultJSONDepth) throws(JSONError) {
        self.bytes = bytes
        tape = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSONParser(buffer, maxDepth: maxDepth, tape: []).tape
        }
    }

    /// An empty shell for `JSONScratch` to fill.
    fileprivate init() {
        bytes = []
        tape = []
    }

    fileprivate func refill(_ source: UnsafeRawBufferPointer, maxDepth: Int) throws(JSONError) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: source)
        var spare: [TapeEntry] = []
        swap(&spare, &tape)
        tape = try bytes.withUnsafeBufferPointer { [spare] buffer throws(JSONError) in
            try JSONParser(buffer, maxDepth: maxDepth, tape: spare).tape
        }
    }

    /// The value that the document is.
    package var root: JSONValue { JSONValue(document: self, node: 0) }
}

/// Parses one small document after the other into the same storage, for hot paths (a stream's events).
///
/// A value that outlives the next `parse` stays good: the scratch then leaves its document to it and starts another.
package struct JSONScratch {
    private var document = JSONDocument()

    package init() {}

    /// Copies the bytes and reads them; the value is the document's root.
    package mutating func parse(
        _ bytes: UnsafeRawBufferPointer, maxDepth: Int = defaultJSONDepth
    ) throws(JSONError) -> JSONValue {
        if !isKnownUniquelyReferenced(&document) { document = JSONDocument() }
        try document.refill(bytes, maxDepth: maxDepth)
        return document.root
    }
}
