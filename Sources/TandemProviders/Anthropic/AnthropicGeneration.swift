import TandemJSON

/// How a Claude model of some generation is asked to think, and what it refuses beside it.
///
/// Sources: platform.claude.com/docs, "Adaptive thinking" and "Extended thinking" (up to 4.5 only budgets, from 4.6 on
/// `adaptive` with an effort, budgets refused by most of those); "Migrating to Claude Opus 4.7" (no sampling
/// members from 4.7 on).
struct AnthropicGeneration: Hashable, Sendable {
    /// Tokens that thinking may cost for each `reasoning_effort`, for models that take budgets.
    static let budgets = ["low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 32768]
    /// The least budget that the API takes, in tokens.
    static let leastBudget = 1024

    private let major: Int
    private let minor: Int

    /// Reads the version out of a model's name: `claude-sonnet-4-5`, `claude-3-7-sonnet-20250219`. A name without
    /// one counts as the oldest.
    init(model: String) {
        let words = model.split { $0 == "-" || $0 == "." || $0 == "@" || $0 == ":" || $0 == "/" }
        // Versions have one or two digits, dates have eight.
        let isVersion = { (word: Substring) in word.count <= 2 && word.allSatisfy(\.isNumber) }
        guard model.contains("claude"), let first = words.firstIndex(where: isVersion) else {
            major = 0
            minor = 0
            return
        }
        major = Int(words[first]) ?? 0
        let next = words.index(after: first)
        minor = next < words.endIndex && isVersion(words[next]) ? Int(words[next]) ?? 0 : 0
    }

    var thinks: Bool { (major, minor) >= (3, 7) }
    var thinksAdaptively: Bool { (major, minor) >= (4, 6) }
    var takesSampling: Bool { (major, minor) < (4, 7) }
}
