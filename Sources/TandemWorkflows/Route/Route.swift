import TandemJSON
import TandemLoop
import TandemProviders
import TandemText

/// Code or not: requests for code go to the code model (a share of them, for comparison), all others to the general
/// one. The code model's draft is checked, and polished where it shows an issue.
@LoopActor
struct Route {
    let run: WorkflowRun
    let settings: RouteSettings
    let hasAlternative: Bool

    func answer(_ prompt: Prompt, output: @escaping WorkflowOutput) async throws(WorkflowFailure) -> Completion {
        let tracker = ContentTracker(output)
        guard classifyRequest(prompt).isCode else { return try await askGeneral(prompt, tracker) }
        let takesCode = isInShare(run.options.stickiness, settings.codeShare)
        run.outcome.arm = takesCode ? "code" : "general"
        guard takesCode else { return try await askGeneral(prompt, tracker) }

        let draft: Completion
        do throws(WorkflowFailure) {
            draft = try await run.ask(settings.code, as: .draft, prompt, hasAlternative: true) { tracker.hear($0) }
        } catch {
            guard !error.endsRequest, tracker.canStartOver else { throw error }
            run.outcome.fallback = true
            run.notice("fallback", "\(settings.code) failed\(run.lastFailure): \(settings.general) answers instead.")
            tracker.startOver(.fallback)
            return try await askGeneral(prompt, tracker)
        }
        // The client has to run its tools first; there is nothing to judge yet.
        guard draft.toolCalls.isEmpty else { return draft }
        let author = run.author(.draft)
        let check = QualityCheck(
            codeAsked: true, minLength: settings.polish?.minLength ?? QualityCheck.defaultMinLength)
        let issues = await run.environment.issues(of: draft.separatingUnopenedTrace() ?? draft, by: check)
        run.outcome.qualityIssues = issues.map(\.rawValue)
        guard !issues.isEmpty, let polish = settings.polish else { return attribute(draft, author, tracker) }
        return try await self.polish(draft, issues, polish, prompt, author, tracker)
    }

    private func askGeneral(_ prompt: Prompt, _ tracker: ContentTracker) async throws(WorkflowFailure) -> Completion {
        let completion = try await run.ask(settings.general, as: .direct, prompt, hasAlternative: hasAlternative) {
            tracker.hear($0)
        }
        return attribute(completion, run.author(.direct), tracker)
    }

    /// The draft stays with the client until the polish has something to put in its place.
    private func polish(
        _ draft: Completion, _ issues: [QualityIssue], _ polish: PolishSettings, _ prompt: Prompt, _ author: String,
        _ tracker: ContentTracker
    ) async throws(WorkflowFailure) -> Completion {
        run.notice(
            "polishing", "\(polish.model) improves the draft (\(issues.map(\.rawValue).joined(separator: ", "))).")
        let separated = draft.separatingUnopenedTrace() ?? draft
        let request = prompt.removing(Prompt.answerFormMembers).setting("max_tokens", String(polish.maxTokens).utf8)
            .addingToLastUser(polishInstruction(draft: separated.content, issues: issues))
        var replaced = false
        do throws(WorkflowFailure) {
            var completion = try await run.ask(polish.model, as: .polish, request, hasAlternative: true) { piece in
                // Until there is something in its place the draft stands.
                if piece == .began, !replaced { return false }
                guard case .delta(.content) = piece else { return tracker.hear(piece) }
                if !replaced {
                    replaced = true
                    _ = tracker.hear(.reset(.polished))
                }
                return tracker.hear(piece)
            }
            if completion.content.trimmed.isEmpty { throw .upstream(.providersFailed) }
            run.outcome.polished = true
            completion.toolCalls = []
            completion.reasoning = [separated.reasoning, completion.reasoning].filter { !$0.isEmpty }
                .joined(separator: "\n\n")
            return attribute(completion, "\(author) + \(run.author(.polish))", tracker)
        } catch {
            guard !error.endsRequest else { throw error }
            run.outcome.fellShort = true
            run.notice(
                "polish_failed", "\(polish.model) could not improve the draft\(run.lastFailure): it stands as it is.")
            if replaced {
                _ = tracker.hear(.reset(.fallback))
                _ = tracker.hear(.delta(.content(draft.content)))
            }
            return attribute(draft, author, tracker)
        }
    }

    private func attribute(_ completion: Completion, _ authors: String, _ tracker: ContentTracker) -> Completion {
        guard settings.attribution, completion.toolCalls.isEmpty, !completion.content.isEmpty else { return completion }
        let line = "\n\n---\n_Powered by \(authors)_"
        var attributed = completion
        attributed.content += line
        _ = tracker.hear(.delta(.content(line)))
        return attributed
    }
}

/// Whether the conversation's last user turn asks for code.
package func classifyRequest(_ prompt: Prompt) -> CodeClassifier.Result {
    CodeClassifier.shipped.classify(messages: prompt.parsedMessages)
}

/// Whether a hash falls into a share of 0...1: the same for the same hash.
package func isInShare(_ hash: UInt64, _ share: Double) -> Bool {
    // 53 bits are what a Double holds exactly.
    Double(hash >> 11) / Double(UInt64(1) << 53) < share
}

private func polishInstruction(draft: String, issues: [QualityIssue]) -> String {
    let list = issues.map { "- \($0.rawValue): \($0.words)" }.joined(separator: "\n")
    return """
        ---
        The draft below answers the request above and needs improvement. Its issues:
        \(list)

        ### DRAFT

        \(draft)

        ### END OF DRAFT

        Answer the request with an improved version: complete, working code in fenced blocks, clear explanations, proper \
        formatting and error handling. Give the improved answer only, and do not mention the draft.
        """
}

extension QualityIssue {
    fileprivate var words: String {
        switch self {
        case .empty: "there is no answer"
        case .tooShort: "it is too short to be an answer"
        case .missingCodeBlock: "code was asked for and none is given"
        case .unclosedCodeBlock: "a code block is not closed"
        case .truncated: "it was cut off"
        case .containsErrors: "it reports an error instead of answering"
        case .elided: "it leaves parts of the code out"
        case .refusal: "it refuses"
        case .syntax: "a code block does not parse"
        }
    }
}
