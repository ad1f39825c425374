/// What is wrong with a draft; the raw values go to clients as `quality_issues`.
package enum QualityIssue: String, CaseIterable, Hashable, Sendable {
    case empty
    case tooShort = "too_short"
    case missingCodeBlock = "missing_code_block"
    case unclosedCodeBlock = "unclosed_code_block"
    case truncated
    case containsErrors = "contains_errors"
    case elided
    case refusal
    case syntax
}

/// Judges an answer by its text alone: is it worth another model's polish?
package struct QualityCheck: Sendable {
    /// Characters below which an answer without code is too short, where nobody says otherwise.
    package static let defaultMinLength = 50
    /// Blocks of a draft whose syntax is checked at most, and bytes of one.
    private static let checkedBlocks = 8
    private static let checkedBytes = 64 << 10

    /// Whether code in a language parses; nil when no checker for that language is at hand.
    package typealias SyntaxChecker = @Sendable (_ language: String, _ code: String) -> Bool?

    /// Whether code was asked for.
    package var codeAsked: Bool
    /// Characters below which a draft without code is too short.
    package var minLength: Int

    package init(codeAsked: Bool, minLength: Int) {
        self.codeAsked = codeAsked
        self.minLength = minLength
    }

    /// The issues of a draft in the order of `QualityIssue`; none when it is good. Takes about 1 ms for each KB, and
    /// what the checkers take.
    /// - Parameters:
    ///   - finishReason: as the provider gave it; "length" means cut off.
    ///   - checker: asked for closed blocks that claim to be whole, with a language other than JSON, which is checked here.
    package func issues(
        of draft: String, finishReason: String?, checker: SyntaxChecker = { _, _ in nil }
    ) -> [QualityIssue] {
        var issues = textIssues(of: draft, finishReason: finishReason)
        for block in CodeBlock.split(draft).blocks.prefix(Self.checkedBlocks) where block.isClosed {
            guard parses(block, checker) == false else { continue }
            issues.append(.syntax)
            break
        }
        return issues
    }

    private func parses(_ block: CodeBlock, _ checker: SyntaxChecker) -> Bool? {
        guard !block.language.isEmpty, block.code.utf8.count <= Self.checkedBytes else { return nil }
        if block.language == "json" { return Snippet.isJSON(block.code) }
        guard let code = Snippet.whole(block.code, language: block.language) else { return nil }
        return checker(block.language, code)
    }

    /// As above without `syntax`.
    package func textIssues(of draft: String, finishReason: String?) -> [QualityIssue] {
        let (blocks, prose) = CodeBlock.split(draft)
        var issues = [QualityIssue]()
        let isTruncated = finishReason == "length" || finishReason == "max_tokens" || finishReason == "MAX_TOKENS"
        let isEmpty = prose.allSatisfy(\.isWhitespace) && blocks.allSatisfy { $0.code.allSatisfy(\.isWhitespace) }
        if isEmpty { return isTruncated ? [.empty, .truncated] : [.empty] }

        let hasBlock = blocks.contains { !$0.code.allSatisfy(\.isWhitespace) }
        let hasCode = hasBlock || TextScanner.showsCode(prose)
        if !hasCode, draft.trimmed.count < minLength { issues.append(.tooShort) }
        if codeAsked, !hasCode { issues.append(.missingCodeBlock) }
        if blocks.contains(where: { !$0.isClosed }) { issues.append(.unclosedCodeBlock) }
        if isTruncated { issues.append(.truncated) }
        if AnswerPhrases.isErrorReport(prose, hasBlock: hasBlock) { issues.append(.containsErrors) }
        if blocks.contains(where: { AnswerPhrases.elides(code: $0.code) }) || AnswerPhrases.elides(prose: prose) {
            issues.append(.elided)
        }
        if !hasBlock, AnswerPhrases.isRefusal(prose) { issues.append(.refusal) }
        return issues
    }
}

extension TextScanner {
    /// Code outside of a fence: inline code, or lines that look like code.
    fileprivate static func showsCode(_ prose: String) -> Bool {
        let found = scan(prose.utf8.span, lexicon: .shipped)
        return found.inlineCode > 0 || found.codeLines > 0
    }
}
