import TandemLoop
import TandemProviders
import TandemText

/// The default model's stream on its way to the client, with the signal taken out: no byte of it is ever shown,
/// however it is cut. Once the signal was found the text around it is trimmed.
@LoopActor
final class CleanedStream {
    private let signal: String
    private let output: WorkflowOutput
    /// The signal is there; true when the rest of the stream is not wanted.
    private let onSignal: @LoopActor () -> Bool
    private var content: SignalScanner
    private var reasoning: SignalScanner
    /// Blanks that are shown only if text follows them.
    private var blanks = ""
    private var isVisible = false
    private var wasAsked = false
    private var isGivenUp = false

    /// What was said of the answer, cleaned; shown to the client but for the blanks held back.
    private(set) var shown = ""
    private(set) var thoughts = ""
    var foundSignal: Bool { content.found }

    init(_ signal: String, output: @escaping WorkflowOutput, onSignal: @escaping @LoopActor () -> Bool = { false }) {
        self.signal = signal
        self.output = output
        self.onSignal = onSignal
        content = SignalScanner(signal: signal)
        reasoning = SignalScanner(signal: signal)
    }

    func hear(_ piece: WorkflowPiece) -> Bool {
        guard !isGivenUp else { return isVisible }
        switch piece {
        case .began, .reset:
            content = SignalScanner(signal: signal)
            reasoning = SignalScanner(signal: signal)
            (shown, thoughts, blanks) = ("", "", "")
            isVisible = output(piece)
        case .delta(.content(let text)):
            flushThoughts()
            let before = content.found
            let cleaned = content.push(text)
            if content.found, !before, !wasAsked {
                wasAsked = true
                isGivenUp = onSignal()
            }
            if isGivenUp { shown += cleaned } else { show(cleaned) }
        case .delta(.reasoning(let text)): think(reasoning.push(text))
        case .delta(.toolCall): isVisible = output(piece)
        }
        return isVisible
    }

    /// The stream has ended: lets go what was held back.
    func finish() {
        flushThoughts()
        show(String(decoding: content.finish(), as: UTF8.self))
        if !foundSignal {
            say(blanks)
        } else if shown != shown.trimmed {
            // Blanks before the signal was known of: rare, for those that come with it are held back.
            shown = shown.trimmed
            _ = output(.reset(.fallback))
            if !shown.isEmpty { isVisible = output(.delta(.content(shown))) }
        }
        blanks = ""
    }

    private func show(_ text: String) {
        var text = blanks + text
        blanks = ""
        if foundSignal, shown.isEmpty { text = String(text.drop { $0.isWhitespace }) }
        if foundSignal || content.isHolding {
            let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? text.startIndex
            blanks = String(text[end...])
            text = String(text[..<end])
        }
        say(text)
    }

    private func say(_ text: String) {
        guard !text.isEmpty else { return }
        shown += text
        isVisible = output(.delta(.content(text)))
    }

    private func flushThoughts() { think(String(decoding: reasoning.finish(), as: UTF8.self)) }

    private func think(_ text: String) {
        guard !text.isEmpty else { return }
        thoughts += text
        _ = output(.delta(.reasoning(text)))
    }
}
