import TandemBase
import TandemJSON

/// Reads a plan out of a planner's answer while it streams.
///
/// **The block format.** Code inside JSON strings makes models worse, so an answer is a sequence of fenced blocks:
/// - a *text block* has `id=NAME` in its info string (```` ```text id=1 ````) and holds code as it is, whole lines;
/// - an *edit block* (```` ```edit ````) holds one edit of the plan as a JSON object. Where the plan has a text (`find`,
///   `replace`, `line_content`, `import_line`, `content`, an anchor) it may have `{"block": "NAME"}`;
/// - a *plan block* (```` ```plan ````), optional, holds `root_cause` and `strategy` as a JSON object.
///
/// A block may be referred to before it comes. A text block ends with a newline, which belongs to it where both texts
/// of a replace are blocks (whole lines for whole lines) and to created files; it is dropped for single lines. A
/// block whose lines hold fences is fenced with more backticks.
///
/// Understood just as well: one JSON object with `edits` (bare, or in a ```` ```json ```` block, with or without
/// references), an array of edits, prose and thinking traces around all of it, trailing commas, raw newlines in
/// strings, a cut-off end (the edits that are whole count, `isComplete` is false).
package struct PlanReader: Sendable {
    package enum Event: Sendable {
        /// An edit is complete. Indices are given in the order the edits begin in the answer.
        case edit(index: Int, PlannedEdit)
        /// What came so far was a thinking trace; drop it.
        case restart
    }

    package struct Outcome: Sendable {
        package var plan: EditPlan
        package var problems: [PlanProblem]
        /// False when the answer ended within an edit or a block.
        package var isComplete: Bool
    }

    private var think = ThinkFilter()
    private var fences = FenceScanner()
    private var scanner = JSONElementScanner()
    private var blocks: [String: [UInt8]] = [:]
    private var elements: [[UInt8]] = []
    private var edits: [Int: PlannedEdit] = [:]
    private var problems: [Int: [PlanProblem]] = [:]
    private var waiting: [Int] = []
    private var header = EditPlan(edits: [])
    private var headerProblems: [PlanProblem] = []
    private var sawPlan = false
    /// A trace that only ended.
    private var sawTrace = false
    private var unclosedBlock = false

    package init() {}

    /// The next piece of the answer's text, cut anywhere.
    package mutating func feed(_ piece: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for part in think.feed(Array(piece)) {
            switch part {
            case .text(let bytes): handle(fences.feed(bytes), &events)
            // In a plan's text it is text.
            case .closingTag(let tag) where sawTrace || fences.isOpen || scanner.isInString:
                handle(fences.feed(tag), &events)
            case .closingTag:
                // The filter has read the whole piece already.
                let filter = think
                self = PlanReader()
                think = filter
                sawTrace = true
                events = [.restart]
            }
        }
        return events
    }

    /// At the end of the answer.
    package mutating func finish() -> (events: [Event], outcome: Outcome) {
        var events: [Event] = []
        handle(fences.feed(think.finish()) + fences.finish(), &events)
        for index in waiting {
            problems[index] = [PlanProblem("/edits/\(index)", "refers to a block that is not in the answer")]
        }
        var all = headerProblems + elements.indices.flatMap { problems[$0] ?? [] }
        if !sawPlan, elements.isEmpty {
            all.append(PlanProblem("/edits", "is missing: the answer holds no plan"))
        }
        header.edits = elements.indices.compactMap { edits[$0] }
        return (events, Outcome(plan: header, problems: all, isComplete: !scanner.isOpen && !unclosedBlock))
    }

    /// Reads a whole answer.
    package static func read(_ answer: String) -> Outcome {
        var reader = PlanReader()
        _ = reader.feed(answer.utf8)
        return reader.finish().outcome
    }

    private mutating func handle(_ pieces: [FenceScanner.Piece], _ events: inout [Event]) {
        for piece in pieces {
            switch piece {
            case .outside(let bytes): take(scanner.feed(bytes), &events)
            case .inside(let info, let bytes):
                if Self.isJSON(info) { take(scanner.feed(bytes), &events) }
            case .block(let block):
                let id = Self.blockID(block.info)
                if block.mayEndEarly, id != nil || Self.isJSON(block.info) {
                    headerProblems.append(
                        PlanProblem(
                            "",
                            "has a block \(id.map { "with id=\($0) " } ?? "")that holds a fence as long as its own: "
                                + "fence it with more backticks"))
                }
                if let id {
                    if block.closed { blocks[id] = block.content } else { unclosedBlock = true }
                    retry(&events)
                }
            }
        }
    }

    private static func isJSON(_ info: String) -> Bool {
        let language = words(info).first?.lowercased() ?? ""
        return blockID(info) == nil && ["", "json", "jsonc", "json5", "edit", "plan"].contains(language)
    }

    private static func blockID(_ info: String) -> String? {
        words(info).first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3).filter { $0 != "\"" && $0 != "'" }) }
    }

    private mutating func take(_ found: [JSONElementScanner.Found], _ events: inout [Event]) {
        for item in found {
            switch item {
            case .element(let bytes): append(bytes, &events)
            case .value(let bytes):
                guard let document = try? JSONDocument(JSONRepair.repaired(bytes)) else {
                    headerProblems.append(PlanProblem("", "is not valid JSON"))
                    continue
                }
                let root = document.root
                if root["file"] != nil, root["edits"] == nil {
                    append(bytes, &events)
                } else if root["edits"] != nil || root["root_cause"] != nil || root["strategy"] != nil {
                    sawPlan = sawPlan || root["edits"] != nil
                    var schema = PlanSchema(blocks: blocks)
                    schema.header(root, &header)
                    if let edits = root["edits"], edits.kind != .array {
                        headerProblems.append(PlanProblem("/edits", "must be an array"))
                    }
                    headerProblems += schema.problems
                }
            }
        }
    }

    private mutating func append(_ bytes: [UInt8], _ events: inout [Event]) {
        elements.append(JSONRepair.repaired(bytes))
        resolve(elements.count - 1, &events)
    }

    private mutating func retry(_ events: inout [Event]) {
        let indices = waiting
        waiting = []
        for index in indices { resolve(index, &events) }
    }

    private mutating func resolve(_ index: Int, _ events: inout [Event]) {
        let path = "/edits/\(index)"
        let document: JSONDocument
        do {
            document = try JSONDocument(elements[index])
        } catch {
            problems[index] = [PlanProblem(path, "is not valid JSON: \(error)")]
            return
        }
        var schema = PlanSchema(blocks: blocks)
        let edit = schema.edit(document.root, at: path)
        if !schema.problems.isEmpty {
            problems[index] = schema.problems
        } else if let edit {
            edits[index] = edit
            events.append(.edit(index: index, edit))
        } else {
            waiting.append(index)
        }
    }
}
