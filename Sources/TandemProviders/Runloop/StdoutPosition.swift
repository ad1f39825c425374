/// How much of an execution's standard output has been taken, in bytes, so that a broken stream is taken up where it
/// ended and nothing is taken twice.
///
/// The API says that a chunk's `offset` is "the byte offset of this chunk". The SDK resumes at the last one it saw,
/// which loses nothing only if it is the chunk's end; other servers count from its start. The first chunk tells which.
struct StdoutPosition: Hashable, Sendable {
    private enum Meaning { case unknown, start, end }

    /// Where to go on.
    private(set) var position = 0
    private var meaning = Meaning.unknown

    init() {}

    /// The part of a chunk that is new.
    mutating func take(_ output: String, offset: Int?) -> String {
        let length = output.utf8.count
        if meaning == .unknown, length > 0, let offset {
            if offset == position + length { meaning = .end } else if offset == position { meaning = .start }
        }
        let start: Int
        switch (meaning, offset) {
        case (.start, let offset?): start = offset
        case (.end, let offset?): start = offset - length
        default: start = position
        }
        guard start < position else {
            position = start + length
            return output
        }
        let known = min(position - start, length)
        position = max(position, start + length)
        return String(decoding: output.utf8.dropFirst(known), as: UTF8.self)
    }
}
