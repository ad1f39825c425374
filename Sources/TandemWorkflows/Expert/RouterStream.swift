import TandemLoop
import TandemProviders

/// The router's stream on its way to the client: its words, and calls of the client's own tools; calls of ours are kept
/// back, native and textual ones.
@LoopActor
final class RouterStream {
    private let clientTools: Set<String>
    private let tracker: ContentTracker
    /// What the rounds before said; nil for the first.
    private let earlier: String?
    private var scanner = ToolCallScanner()
    /// Where a call stands among the client's; nil for our own.
    private var places: [Int: Int?] = [:]
    private var clientCalls = 0
    /// What this round said to the client.
    private(set) var said = ""

    init(clientTools: Set<String>, earlier: String?, _ tracker: ContentTracker) {
        self.clientTools = clientTools
        self.earlier = earlier
        self.tracker = tracker
    }

    var textualCall: ToolCallScanner.Outcome? { scanner.outcome }

    func hear(_ piece: WorkflowPiece) -> Bool {
        switch piece {
        case .began, .reset:
            let hasSpoken = !said.isEmpty
            scanner = ToolCallScanner()
            places = [:]
            clientCalls = 0
            said = ""
            guard let earlier else { return tracker.hear(piece) }
            // The earlier rounds stand.
            guard hasSpoken || piece != .began else { return false }
            let isShown = tracker.hear(piece)
            return earlier.isEmpty ? isShown : tracker.hear(.delta(.content(earlier)))
        case .delta(.content(let text)): return say(scanner.push(text))
        case .delta(.reasoning): return tracker.hear(piece)
        case .delta(.toolCall(let index, let call)):
            if let name = call.name, places[index] == nil {
                let isClients = clientTools.contains(name)
                places[index] = .some(isClients ? clientCalls : nil)
                if isClients { clientCalls += 1 }
            }
            guard let known = places[index], let place = known else { return false }
            return tracker.hear(.delta(.toolCall(index: place, call)))
        }
    }

    func finish() { _ = say(String(decoding: scanner.finish(), as: UTF8.self)) }

    private func say(_ text: String) -> Bool {
        guard !text.isEmpty else { return false }
        let text = said.isEmpty && earlier?.isEmpty == false ? "\n\n" + text : text
        said += text
        return tracker.hear(.delta(.content(text)))
    }
}
