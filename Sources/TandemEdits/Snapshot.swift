/// Failed edits of one file whose nearest block is looked for letter by letter.
private let thoroughSearches = 16

/// One file's content, which all its edits are resolved against, with the indexes they share. Built as far as needed.
struct Snapshot {
    let text: FileText
    let isBinary: Bool
    let isUTF8: Bool
    private var builtIndex: LineIndex?
    private var builtNormalized: NormalizedText?
    private var thoroughLeft = thoroughSearches

    init(_ bytes: [UInt8]) {
        text = FileText(bytes)
        isBinary = text.isBinary
        isUTF8 = isBinary || text.isUTF8
    }

    mutating func index() -> LineIndex {
        if let builtIndex { return builtIndex }
        let index = LineIndex(text)
        builtIndex = index
        return index
    }

    mutating func normalized() -> NormalizedText {
        if let builtNormalized { return builtNormalized }
        let normalized = NormalizedText(text)
        builtNormalized = normalized
        return normalized
    }

    /// Refuses what cannot be edited as text: NUL bytes, or other than ASCII in a file that is not UTF-8.
    func checkEditable(_ inserted: [[UInt8]]) throws(EditFault) {
        if isBinary {
            throw EditFault(
                .binaryFile, "the file holds NUL bytes, so it is no text; it can only be deleted or renamed")
        }
        if !isUTF8, !inserted.allSatisfy({ $0.allSatisfy { $0 < 0x80 } }) {
            throw EditFault(
                .encodingUnsafe, "the file is not valid UTF-8, so find and new text may hold ASCII characters only")
        }
    }

    mutating func nearest(to quoted: [UInt8]) -> NearestBlock? {
        thoroughLeft -= 1
        return NearestBlock(to: quoted, in: text, index: index(), thorough: thoroughLeft >= 0)
    }

    mutating func notFound(_ kind: EditFault.Kind, _ subject: String, _ quoted: [UInt8]) -> EditFault {
        guard let nearest = nearest(to: quoted) else {
            return EditFault(kind, "\(subject) is not in the file, nor anything like it; read the file again")
        }
        return EditFault(
            kind,
            "\(subject) is not in the file; copy it exactly from the nearest block, at line "
                + "\(nearest.lines.lowerBound + 1):\n\(nearest.shown(in: text))",
            lines: nearest.lines.map { $0 + 1 })
    }
}

/// A change of a range of the snapshot; an empty range is an insert.
package struct ByteEdit: Sendable {
    package var range: Range<Int>
    package var bytes: [UInt8]
}

/// What one edit comes to.
struct Resolved: Sendable {
    enum Effect: Sendable {
        case change([ByteEdit])
        /// Lines for the end of the file, without a final ending.
        case append([UInt8])
        case alreadyApplied
    }

    var effect: Effect
    var match: MatchTier?
    /// 1-based.
    var line: Int?
    var message: String?
    /// The file's last line goes and had no ending: the new last line has none either.
    var removesUnterminatedEnd = false
}
