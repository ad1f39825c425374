/// Tells requests for code from all others.
///
/// A logistic regression over features that are designed, not learned (`CodeFeature`): what has the form of code, what
/// names a technology, what is asked for, what the talk is about. Only their weights are fitted (`make classifier`).
/// Pure; the cost is linear in the length of the turns, of which at most 8 KB each are read.
package struct CodeClassifier: Sendable {
    /// Turns before the last user turn that are looked at for context.
    private static let contextTurns = 4
    /// Words up to which an earlier user turn may be a mere follow-up.
    private static let followUpWords = 12
    /// Reasons an explanation gives at most.
    private static let maximumReasons = 8

    package struct Turn: Sendable {
        package enum Role: Sendable { case user, assistant }
        package var role: Role
        package var text: String

        package init(_ role: Role, _ text: String) {
            self.role = role
            self.text = text
        }
    }

    package struct Reason: Hashable, Sendable {
        /// What was found, in words.
        package var feature: String
        /// Its share in the decision, in log-odds: positive speaks for code.
        package var weight: Double
    }

    package struct Result: Hashable, Sendable {
        package var isCode: Bool
        /// The probability of a code request, 0...1.
        package var score: Double
        /// The strongest first.
        package var reasons: [Reason]
    }

    private let weights: [Double]
    private let lexicon: Lexicon

    package static let shipped = CodeClassifier()

    package init() {
        lexicon = .shipped
        weights = CodeFeature.allCases.map { ClassifierWeights.fitted[$0] ?? 0 }
    }

    package func classify(_ prompt: String) -> Result { classify([Turn(.user, prompt)]) }

    /// Classifies the last user turn; what stands before it is context. System messages are not turns: leave them out.
    package func classify(_ turns: [Turn]) -> Result {
        guard let last = turns.lastIndex(where: { $0.role == .user }) else {
            return Result(isCode: false, score: 0, reasons: [])
        }
        let features = features(of: turns[last].text, after: turns[max(0, last - Self.contextTurns)..<last])
        let score = probability(features)
        var reasons = [Reason]()
        for feature in CodeFeature.allCases where feature != .bias {
            let weight = weights[feature.rawValue] * features[feature]
            if abs(weight) >= 0.01 { reasons.append(Reason(feature: feature.words, weight: weight)) }
        }
        reasons.sort { abs($0.weight) > abs($1.weight) }
        return Result(isCode: score >= 0.5, score: score, reasons: Array(reasons.prefix(Self.maximumReasons)))
    }

    /// The features of the last user turn, for the trainer.
    package func features(_ turns: [Turn]) -> CodeFeatures? {
        guard let last = turns.lastIndex(where: { $0.role == .user }) else { return nil }
        return features(of: turns[last].text, after: turns[max(0, last - Self.contextTurns)..<last])
    }

    private func features(of text: String, after context: ArraySlice<Turn>) -> CodeFeatures {
        CodeFeatures(TextScanner.scan(text.utf8.span, lexicon: lexicon), previousWasCode: wasCode(context))
    }

    /// Whether the conversation is about code where it stands: its last answer shows code, or its last user turn asked
    /// for code.
    private func wasCode(_ context: ArraySlice<Turn>) -> Bool {
        for turn in context.reversed() {
            let found = TextScanner.scan(turn.text.utf8.span, lexicon: lexicon)
            if turn.role == .assistant {
                if found.fences > 0 || found.codeLines > 2 { return true }
                continue
            }
            if found.speaksOfCode { return true }
            // A follow-up says as little by itself here as at the end: look further back then.
            if found.words > Self.followUpWords || found.textRequests > 0 { return false }
        }
        return false
    }

    private func probability(_ features: CodeFeatures) -> Double {
        var sum = 0.0
        for index in weights.indices { sum += weights[index] * features.values[index] }
        return logistic(sum)
    }
}
