import TandemEdits
import TandemLoop
import TandemProtocol

/// The edits of one file that need a model, answered one after the other: each has to fit with those before.
@LoopActor
struct FileModelWork: Sendable {
    /// The file's place in the resolution.
    let file: Int
    private(set) var resolution: PlanFile.Resolution
    private(set) var faults: [Int: EditFault] = [:]
    /// Model calls made for each edit, by index.
    private(set) var attempts: [Int: Int] = [:]
    private let editor: ModelEditor
    private var known: [Int: [UInt8]] = [:]

    init(_ editor: ModelEditor, _ file: Int) {
        self.editor = editor
        self.file = file
        resolution = editor.resolution.resolutions[file]
    }

    /// The edit that waits for its answer; a file has as many as edits, so this comes to an end.
    var next: ModelEditRequest? { resolution.requests.first { faults[$0.index] == nil } }

    /// - Parameter early: answers that are there already (`solve`).
    mutating func answerNext(_ early: [Int: EarlyEdits.Early]) async throws(RPCError) {
        guard let request = next else { return }
        let answer: ModelEditor.Answer
        // Made for this very region; a file that changed meanwhile is asked about anew.
        if let ready = early[request.index], ready.regionText == request.regionText {
            answer = ready.answer
        } else {
            answer = try await editor.answer(request, file: file, known: known)
        }
        attempts[request.index] = answer.attempts
        guard let text = answer.text else {
            faults[request.index] = answer.fault ?? EditFault(.modelAnswer, "no model could carry out this edit")
            return
        }
        known[request.index] = text
        resolution = await editor.resolution.resolve(file, answers: known)
        // An answer that no longer fits is not asked for again.
        if resolution.requests.contains(where: { $0.index == request.index }) {
            faults[request.index] = EditFault(.modelAnswer, "the model's answer does not fit the file")
        }
    }
}
