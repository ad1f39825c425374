import TandemBase

/// How long small pieces of one request wait for each other (CLIENTS.md, rule 6), and how much of them is held.
let frameInterval = TimeSpan.milliseconds(15)
private let heldTextLimit = 16384

/// Puts the small pieces of one request's text together, so that at most one frame goes out in a frame's time. The
/// first piece goes out at once.
struct TextPieces<Kind: Equatable> {
    struct Piece {
        var kind: Kind
        /// The inside of a JSON string, escapes as they came: pieces are whole scalars, so they can be put together.
        var escaped: [UInt8]

        /// The whole JSON string.
        var json: [UInt8] { [UInt8(ascii: "\"")] + escaped + [UInt8(ascii: "\"")] }
    }

    private var held: Piece?
    private var lastFrame = MonotonicTime(nanoseconds: .min / 2)

    /// When held text goes out.
    var due: MonotonicTime? { held == nil ? nil : lastFrame + frameInterval }

    /// Takes a piece in; gives what goes out now, in order.
    mutating func add(_ kind: Kind, _ escaped: some Collection<UInt8>, now: MonotonicTime) -> [Piece] {
        var pieces: [Piece] = []
        if held?.kind == kind {
            held?.escaped += escaped
        } else {
            if let piece = take(now: now) { pieces.append(piece) }
            held = Piece(kind: kind, escaped: Array(escaped))
        }
        if now >= lastFrame + frameInterval || held.map({ $0.escaped.count > heldTextLimit }) == true {
            if let piece = take(now: now) { pieces.append(piece) }
        }
        return pieces
    }

    /// Lets go of what is held.
    mutating func take(now: MonotonicTime) -> Piece? {
        guard let held else { return nil }
        self.held = nil
        lastFrame = now
        return held
    }
}
