import TandemLoop
import TandemProviders

/// Passes a part's pieces on and remembers what of them the client has, so that another part can start over in its
/// place.
@LoopActor
final class ContentTracker {
    private let output: WorkflowOutput
    private var hasContent = false
    private var hasToolCalls = false

    init(_ output: @escaping WorkflowOutput) { self.output = output }

    func hear(_ piece: WorkflowPiece) -> Bool {
        let isShown = output(piece)
        guard isShown else { return false }
        switch piece {
        case .delta(.content): hasContent = true
        case .delta(.toolCall): hasToolCalls = true
        case .reset: hasContent = false
        case .delta(.reasoning), .began: break
        }
        return true
    }

    /// Tool calls that the client has cannot be taken back: it may run them already.
    var canStartOver: Bool { !hasToolCalls }

    /// Has the client drop what it was shown, if it was shown anything.
    func startOver(_ reason: ResetReason) {
        guard hasContent else { return }
        hasContent = false
        _ = output(.reset(reason))
    }
}
