import TandemBase
import TandemJSON
import TandemProtocol

/// Bytes of a path and of a plan's edits; more is a fault, not a plan.
private let pathLimit = 4096
private let editLimit = 100_000

/// One fault of a plan: where (a JSON Pointer into the plan) and what is expected there.
package struct PlanProblem: Error, Hashable, Sendable {
    package var path: String
    package var message: String

    package init(_ path: String, _ message: String) {
        self.path = path
        self.message = message
    }
}

extension [PlanProblem] {
    /// -32010 with every problem.
    package var rpcError: RPCError {
        var writer = JSONWriter()
        writer.beginArray()
        for problem in self {
            writer.beginObject()
            writer.member("path", problem.path)
            writer.member("message", problem.message)
            writer.endObject()
        }
        writer.endArray()
        let first = first.map { ": \($0.path.isEmpty ? "the plan" : $0.path) \($0.message)" } ?? ""
        return RPCError(
            .planInvalid, "The plan has \(count == 1 ? "a fault" : "\(count) faults")\(first).",
            data: [.init("problems", json: writer.bytes)])
    }
}

/// Reads plans from JSON. All faults come at once.
package struct PlanSchema {
    package private(set) var problems: [PlanProblem] = []
    /// Text blocks an edit may refer to with `{"block": id}`; nil where plans hold strings alone.
    private let blocks: [String: [UInt8]]?
    /// Blocks that were referred to but are not there (yet).
    private(set) var missingBlocks: Set<String> = []

    init(blocks: [String: [UInt8]]? = nil) { self.blocks = blocks }

    /// A whole plan as `executePlan` takes it.
    package static func read(_ value: JSONValue) -> Result<EditPlan, PlanProblems> {
        var schema = PlanSchema()
        let plan = schema.plan(value)
        return schema.problems.isEmpty ? .success(plan) : .failure(PlanProblems(schema.problems))
    }

    private mutating func plan(_ value: JSONValue) -> EditPlan {
        var plan = EditPlan(edits: [])
        guard value.kind == .object else {
            problems.append(PlanProblem("", "must be an object with the member edits"))
            return plan
        }
        header(value, &plan)
        guard let edits = value["edits"] else {
            problems.append(PlanProblem("/edits", "is missing"))
            return plan
        }
        guard edits.kind == .array, edits.count <= editLimit else {
            problems.append(PlanProblem("/edits", "must be an array of at most \(editLimit) edits"))
            return plan
        }
        for (index, edit) in edits.elements.enumerated() {
            if let edit = self.edit(edit, at: "/edits/\(index)") { plan.edits.append(edit) }
        }
        return plan
    }

    /// Everything beside the edits.
    mutating func header(_ value: JSONValue, _ plan: inout EditPlan) {
        checkMembers(value, Self.planMembers, "")
        for name in ["root_cause", "strategy"] {
            guard let member = value[name], !member.isNull else { continue }
            guard let text = member.string else {
                problems.append(PlanProblem("/" + name, "must be a string"))
                continue
            }
            if name == "strategy" { plan.strategy = text } else { plan.rootCause = text }
        }
    }

    /// What an object may have.
    private struct Members {
        let names: [String]
        let table: JSONNameTable

        init(_ names: [String]) {
            self.names = names.sorted()
            table = JSONNameTable(self.names)
        }
    }

    private static let planMembers = Members(["root_cause", "strategy", "edits"])
    private static let regionMembers = Members(["start", "end"])
    private static let members: [String: Members] = [
        "replace": ["find", "replace", "expected", "line_hint"], "add_import": ["import_line"],
        "add_line": ["line_content", "position"], "remove_line": ["find"], "model_edit": ["action", "region"],
        "create": ["content"], "delete": [], "rename": ["to"],
    ].mapValues { Members($0 + ["file", "type"]) }

    // Places are closures in what follows: a plan has tens of thousands of them, and hardly ever a fault to tell one.

    /// One edit; nil when it has a fault, or refers to a block that is not there.
    mutating func edit(_ value: JSONValue, at path: @autoclosure () -> String) -> PlannedEdit? {
        let faults = problems.count
        let missing = missingBlocks.count
        guard value.kind == .object else {
            problems.append(PlanProblem(path(), "must be an object"))
            return nil
        }
        let file = self.path(value["file"], at: path() + "/file")
        guard let type = value["type"]?.string, let members = Self.members[type] else {
            let names = Self.members.keys.sorted()
            let meant = value["type"]?.string.flatMap { nearestName(to: $0, among: names) }
            problems.append(
                PlanProblem(
                    path() + "/type",
                    "must be one of \(names.joined(separator: ", "))\(meant.map { "; did you mean \($0)?" } ?? "")"))
            return nil
        }
        checkMembers(value, members, path())
        let operation = self.operation(type, value, path())
        guard problems.count == faults, missingBlocks.count == missing, let operation else { return nil }
        return PlannedEdit(file, operation)
    }

    private mutating func operation(
        _ type: String, _ value: JSONValue, _ path: @autoclosure () -> String
    ) -> EditOperation? {
        switch type {
        case "replace": return .replace(replacement(value, path()))
        case "add_import": return .addImport(line(value, "import_line", path()))
        case "add_line":
            return .addLine(line(value, "line_content", path()), position(value["position"], path() + "/position"))
        case "remove_line": return .removeLine(line(value, "find", path()))
        case "model_edit":
            let action = value["action"]?.string ?? ""
            if action.isEmpty { problems.append(PlanProblem(path() + "/action", "must say what to do, as a string")) }
            return .modelEdit(action: action, region: region(value["region"], path() + "/region"))
        case "create": return .create(text(value, "content", path())?.bytes ?? [])
        case "delete": return .delete
        default: return .rename(to: self.path(value["to"], at: path() + "/to"))
        }
    }

    private mutating func replacement(_ value: JSONValue, _ path: @autoclosure () -> String) -> Replacement {
        var find = text(value, "find", path()) ?? ([], false)
        var replace = text(value, "replace", path()) ?? ([], false)
        // A block is whole lines; beside a string without a final newline its own is not meant.
        if find.isBlock, !replace.isBlock, !replace.bytes.isEmpty, replace.bytes.last != 0x0A, !find.bytes.isEmpty {
            find.bytes.removeLast()
        } else if replace.isBlock, !find.isBlock, find.bytes.last != 0x0A, !replace.bytes.isEmpty {
            replace.bytes.removeLast()
        }
        var replacement = Replacement(find: find.bytes, replace: replace.bytes)
        if let expected = value["expected"] {
            if expected.isString("all") {
                replacement.expected = .all
            } else if let count = expected.int, count >= 1 {
                replacement.expected = .count(count)
            } else {
                problems.append(PlanProblem(path() + "/expected", "must be a count from 1, or \"all\""))
            }
        }
        if let hint = value["line_hint"] {
            if let line = hint.int, line >= 1 {
                replacement.lineHint = line
            } else {
                problems.append(PlanProblem(path() + "/line_hint", "must be a line number from 1"))
            }
        }
        return replacement
    }

    private mutating func position(_ value: JSONValue?, _ path: @autoclosure () -> String) -> LinePosition {
        guard let value else { return .end }
        if value.isString("end") { return .end }
        if value.isString("start") { return .start }
        if value.kind == .object, value.count == 1, let (side, _) = value.members.first(where: { _ in true }),
            side == "after" || side == "before"
        {
            let anchor = line(value, side, path())
            return side == "after" ? .after(anchor) : .before(anchor)
        }
        problems.append(
            PlanProblem(path(), #"must be "start", "end", {"after": "<full line>"} or {"before": "<full line>"}"#))
        return .end
    }

    private mutating func region(_ value: JSONValue?, _ path: @autoclosure () -> String) -> LineRegion? {
        guard let value, !value.isNull else { return nil }
        guard value.kind == .object, let start = value["start"]?.int, let end = value["end"]?.int, start >= 1,
            end >= start
        else {
            problems.append(PlanProblem(path(), "must be {\"start\": line, \"end\": line} with 1 ≤ start ≤ end"))
            return nil
        }
        checkMembers(value, Self.regionMembers, path())
        return LineRegion(start: start, end: end)
    }

    /// A text without the newline a block ends with.
    private mutating func line(_ value: JSONValue, _ name: String, _ path: @autoclosure () -> String) -> [UInt8] {
        guard var text = text(value, name, path()) else { return [] }
        if text.isBlock, text.bytes.last == 0x0A { text.bytes.removeLast() }
        return text.bytes
    }

    private mutating func text(
        _ value: JSONValue, _ name: String, _ path: @autoclosure () -> String
    ) -> (bytes: [UInt8], isBlock: Bool)? {
        guard let member = value[name] else {
            problems.append(PlanProblem(path() + "/" + name, "is missing"))
            return nil
        }
        if let bytes = member.utf8 {
            guard bytes.holdsNUL else { return (bytes, false) }
            problems.append(PlanProblem(path() + "/" + name, "must not hold NUL"))
            return nil
        }
        if let blocks, member.kind == .object, member.count == 1, let id = member["block"].flatMap(Self.blockID) {
            if let block = blocks[id] { return (block, true) }
            missingBlocks.insert(id)
            return nil
        }
        problems.append(
            PlanProblem(path() + "/" + name, blocks == nil ? "must be a string" : "must be a string or {\"block\": id}")
        )
        return nil
    }

    private static func blockID(_ value: JSONValue) -> String? { value.string ?? value.int.map(String.init) }

    /// A relative path without empty and `.` parts.
    private mutating func path(_ value: JSONValue?, at pointer: @autoclosure () -> String) -> String {
        guard let value else {
            problems.append(PlanProblem(pointer(), "is missing"))
            return ""
        }
        guard let text = value.string else {
            problems.append(PlanProblem(pointer(), "must be a string"))
            return ""
        }
        switch RelativePath.normalized(text) {
        case .success(let path): return path
        case .failure(let fault):
            problems.append(PlanProblem(pointer(), fault.message))
            return ""
        }
    }

    private mutating func checkMembers(_ value: JSONValue, _ known: Members, _ path: @autoclosure () -> String) {
        var seen: UInt64 = 0
        for member in value.rawMembers {
            if let index = known.table.index(of: member) {
                if seen & 1 << UInt64(index) != 0 {
                    problems.append(PlanProblem(path() + jsonPointer(known.names[index]), "is there twice"))
                }
                seen |= 1 << UInt64(index)
            } else {
                let name = member.name.string ?? ""
                let meant = nearestName(to: name, among: known.names)
                problems.append(
                    PlanProblem(
                        path() + jsonPointer(name), "is not a member here\(meant.map { "; did you mean \($0)?" } ?? "")"
                    ))
            }
        }
    }
}

/// All faults of a plan.
package struct PlanProblems: Error, Sendable {
    package var problems: [PlanProblem]

    package init(_ problems: [PlanProblem]) { self.problems = problems }

    package var rpcError: RPCError { problems.rpcError }
}

/// Paths below a root.
package enum RelativePath {
    package struct Fault: Error {
        package var message: String
    }

    /// Without empty and `.` parts; refuses absolute paths, `..`, NUL, a folder's name and what is too long.
    package static func normalized(_ text: String) -> Result<String, Fault> {
        if isNormal(text), text.utf8.count <= pathLimit { return .success(text) }
        if text.utf8.contains(0) { return .failure(Fault(message: "must not hold NUL")) }
        if text.hasPrefix("/") { return .failure(Fault(message: "must be relative to the root, not absolute")) }
        if text.utf8.count > pathLimit { return .failure(Fault(message: "must be at most \(pathLimit) bytes")) }
        let parts = text.utf8.split(separator: 0x2F).map { String(Substring($0)) }.filter { $0 != "." }
        if parts.contains("..") { return .failure(Fault(message: "must not leave the root with ..")) }
        guard !parts.isEmpty, !text.hasSuffix("/"), !text.hasSuffix("/.") else {
            return .failure(Fault(message: "must name a file"))
        }
        return .success(parts.joined(separator: "/"))
    }

    /// Whether every part is a name, as nearly always.
    private static func isNormal(_ text: String) -> Bool {
        // Of the part so far: its length, and whether all of it is dots.
        var (length, isDots) = (0, true)
        for byte in text.utf8 {
            if byte == 0 { return false }
            if byte == 0x2F {
                if isDots { return false }
                (length, isDots) = (0, true)
            } else {
                isDots = isDots && byte == 0x2E && length < 2
                length += 1
            }
        }
        return !isDots
    }
}
