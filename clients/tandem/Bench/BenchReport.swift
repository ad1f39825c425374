import TandemJSON
import TandemText

/// One answer, in figures.
struct BenchAnswer {
    let requestID: String
    let content: String
    let latency: Double
    let firstToken: Double?
    let promptTokens: Int
    let completionTokens: Int
    /// nil where a price is unknown.
    let cost: Double?
    /// What is wrong with it, judged like all answers here; the syntax of code in it is not, but that of JSON.
    let issues: [String]
    /// What a route found wrong with the draft that it polished or let stand.
    let draftIssues: [String]
    /// What became of it: polished, fallback, escalated.
    let marks: [String]

    init(_ result: JSONValue, to prompt: BenchPrompt) {
        requestID = result["request_id"]?.string ?? ""
        content = result["content"]?.string ?? ""
        latency = result["latency_ms"]?.double ?? 0
        firstToken = result["first_token_ms"]?.double
        promptTokens = result["usage"]?["prompt_tokens"]?.int ?? 0
        completionTokens = result["usage"]?["completion_tokens"]?.int ?? 0
        cost = result["cost_usd"]?.double
        issues = prompt.check.issues(of: content, finishReason: result["finish_reason"]?.string).map(\.rawValue)
        draftIssues = elements(of: result["quality_issues"]).compactMap(\.string)
        marks = BenchArm.marks.filter { result[$0]?.bool == true }
    }
}

/// One side of the comparison.
struct BenchArm {
    static let marks = ["polished", "fallback", "escalated"]

    let name: String
    var answers: [BenchAnswer] = []
    var errors = 0
    var preferred = 0

    /// Each value with how often it occurs, in alphabetical order.
    func counts(_ values: (BenchAnswer) -> [String]) -> [(String, Int)] {
        var counts: [String: Int] = [:]
        for answer in answers { for value in values(answer) { counts[value, default: 0] += 1 } }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var tokens: Int { answers.reduce(0) { $0 + $1.promptTokens + $1.completionTokens } }
    var latencies: [Double] { answers.map(\.latency).sorted() }
    var firstTokens: [Double] { answers.compactMap(\.firstToken).sorted() }
    var costs: [Double] { answers.compactMap(\.cost) }
}

/// What came of it.
struct BenchReport {
    enum Verdict {
        case first, second, tie

        var swapped: Verdict {
            switch self {
            case .first: .second
            case .second: .first
            case .tie: .tie
            }
        }

        /// Of the first answer.
        var score: Double {
            switch self {
            case .first: 1
            case .second: -1
            case .tie: 0
            }
        }
    }

    private(set) var arms: [BenchArm]
    let judge: String?
    /// In words, one for each answer that is missing.
    var failures: [String] = []
    private var prompts: [(line: Int, answers: [BenchAnswer?], verdict: Verdict?)] = []

    init(arms: [BenchArm], judge: String?) {
        self.arms = arms
        self.judge = judge
    }

    mutating func add(_ line: Int, _ answers: [BenchAnswer?], _ verdict: Verdict?) {
        for (arm, answer) in answers.enumerated() {
            if let answer { arms[arm].answers.append(answer) } else { arms[arm].errors += 1 }
        }
        if verdict == .first { arms[0].preferred += 1 }
        if verdict == .second { arms[1].preferred += 1 }
        prompts.append((line, answers, verdict))
    }

    private var judged: Int { prompts.count { $0.verdict != nil } }

    var table: TextTable {
        var table = TextTable([""] + arms.map { $0.name.uppercased() })
        func row(_ name: String, _ value: (BenchArm) -> String) { table.add([name] + arms.map(value)) }
        row("answers") { "\(humanCount($0.answers.count)) of \(humanCount(prompts.count))" }
        row("time") { median($0.latencies).map(humanDuration) ?? "-" }
        row("first token") { median($0.firstTokens).map(humanDuration) ?? "-" }
        row("tokens") { humanCount($0.tokens) }
        row("cost") { arm in
            let unknown = arm.answers.count - arm.costs.count
            guard !arm.costs.isEmpty else { return "-" }
            return humanCost(arm.costs.reduce(0, +)) + (unknown > 0 ? " (\(unknown) unknown)" : "")
        }
        /// How many answers have any, then how often each occurs.
        func issues(_ name: String, _ issues: (BenchAnswer) -> [String]) {
            row(name) { arm in
                let count = arm.answers.count { !issues($0).isEmpty }
                return count == 0 ? "none" : "\(humanCount(count)) of \(humanCount(arm.answers.count))"
            }
            let counts = arms.map { arm in Dictionary(uniqueKeysWithValues: arm.counts(issues)) }
            for issue in Set(counts.flatMap(\.keys)).sorted() {
                table.add(["  " + issue] + counts.map { humanCount($0[issue] ?? 0) })
            }
        }
        issues("issues", \.issues)
        if arms.contains(where: { !$0.counts(\.draftIssues).isEmpty }) { issues("in drafts", \.draftIssues) }
        for mark in BenchArm.marks where arms.contains(where: { $0.answers.contains { $0.marks.contains(mark) } }) {
            row(mark) { arm in humanCount(arm.answers.count { $0.marks.contains(mark) }) }
        }
        if judge != nil { row("preferred") { "\(humanCount($0.preferred)) of \(humanCount(judged))" } }
        return table
    }

    var json: [UInt8] {
        var writer = JSONWriter(reserving: 4096)
        writer.beginObject()
        writer.key("arms")
        writer.beginArray()
        for arm in arms { writer.arm(arm) }
        writer.endArray()
        if let judge {
            writer.key("judge")
            writer.beginObject()
            writer.member("model", judge)
            writer.member("judged", judged)
            writer.member("ties", prompts.count { $0.verdict == .tie })
            writer.endObject()
        }
        writer.key("prompts")
        writer.beginArray()
        for prompt in prompts {
            writer.beginObject()
            writer.member("line", prompt.line)
            writer.key("request_ids")
            writer.beginArray()
            for answer in prompt.answers { if let answer { writer.string(answer.requestID) } else { writer.null() } }
            writer.endArray()
            if judge != nil {
                writer.key("preferred")
                switch prompt.verdict {
                case .first: writer.string(arms[0].name)
                case .second: writer.string(arms[1].name)
                case .tie: writer.string("tie")
                case nil: writer.null()
                }
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func arm(_ arm: BenchArm) {
        beginObject()
        member("model", arm.name)
        member("answers", arm.answers.count)
        member("errors", arm.errors)
        figures("latency_ms", arm.latencies)
        figures("first_token_ms", arm.firstTokens)
        member("tokens", arm.tokens)
        member("prompt_tokens", arm.answers.reduce(0) { $0 + $1.promptTokens })
        member("completion_tokens", arm.answers.reduce(0) { $0 + $1.completionTokens })
        key("cost_usd")
        if arm.costs.isEmpty { null() } else { double(arm.costs.reduce(0, +)) }
        member("unpriced", arm.answers.count - arm.costs.count)
        counts("quality_issues", arm.counts(\.issues))
        counts("draft_issues", arm.counts(\.draftIssues))
        for (name, count) in BenchArm.marks.map({ mark in (mark, arm.answers.count { $0.marks.contains(mark) }) }) {
            key(name)
            int(count)
        }
        member("preferred", arm.preferred)
        endObject()
    }

    private mutating func counts(_ name: StaticString, _ counts: [(String, Int)]) {
        key(name)
        beginObject()
        for (name, count) in counts {
            key(name)
            int(count)
        }
        endObject()
    }

    /// Of sorted values; null where there are none.
    private mutating func figures(_ name: StaticString, _ values: [Double]) {
        key(name)
        guard let median = median(values), let least = values.first, let most = values.last else { return null() }
        beginObject()
        member("median", median)
        member("min", least)
        member("max", most)
        endObject()
    }
}

/// Of sorted values; the mean of the two in the middle where they are two.
func median(_ sorted: [Double]) -> Double? {
    guard !sorted.isEmpty else { return nil }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
