import Glibc
import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// A daemon with a planner, an executor and a verifier on one `ModelServer`, and a tree to edit.
struct PlanHome {
    let workflow: WorkflowHome
    let tree: String
    var daemon: DaemonProcess { workflow.daemon }
    var server: ModelServer { workflow.server }

    init(
        planner: [Reply] = [.hang], executor: [Reply] = [.hang], verifier: [Reply] = [.hang],
        more: [String: [Reply]] = [:], settings: String = "", files: [String: String] = [:], provider: String = "",
        home: TemporaryHome? = nil
    ) throws {
        let home = try home ?? TemporaryHome()
        tree = home.path + "/tree"
        try makeFolder(tree)
        for (path, text) in files { try home.write("tree/" + path, text) }
        let plan = "[plan]\nplanner = \"planner\"\nexecutor = \"executor\"\nverifier = \"verifier\"\n"
        workflow = try WorkflowHome(
            "", models: ["planner": planner, "executor": executor, "verifier": verifier].merging(more) { $1 },
            provider: provider, settings: plan + settings, home: home)
    }

    func write(_ path: String, _ text: String) throws { try daemon.home.write("tree/" + path, text) }
    func read(_ path: String) -> String? { try? daemon.home.read("tree/" + path) }

    /// Every name below the tree, those of temporary files too.
    var names: [String] {
        var found: [String] = []
        func list(_ folder: String, _ prefix: String) {
            guard let stream = opendir(folder) else { return }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                found.append(prefix + name)
                if entry.pointee.d_type == UInt8(DT_DIR) { list(folder + "/" + name, prefix + name + "/") }
            }
        }
        list(tree, "")
        return found.sorted()
    }

    /// Sends one request on a connection of its own; events are described one a line.
    func call(
        _ method: String, _ params: String, during: (String) throws -> Void = { _ in }
    ) throws -> (response: JSONValue, events: [String]) {
        let client = try daemon.client()
        return try follow(client, method, params, during: during)
    }

    func follow(
        _ client: RawClient, _ method: String, _ params: String, during: (String) throws -> Void = { _ in }
    ) throws -> (response: JSONValue, events: [String]) {
        var events: [String] = []
        let response = try client.call(method, params) { message in
            let event = try JSONDocument(Array(message.utf8)).root["params"]
            let line = Self.describe(event)
            events.append(line)
            try during(line)
        }
        return (try JSONDocument(Array(response.utf8)).root, events)
    }

    /// `executePlan` of these edits (JSON, without the brackets) on the tree.
    func execute(_ edits: String, _ more: String = "") throws -> JSONValue {
        try call("executePlan", params(edits, more)).response
    }

    func params(_ edits: String, _ more: String = "") -> String {
        "{\"root\":\(quoted(tree)),\"plan\":{\"edits\":[\(edits)]}\(more)}"
    }

    private static func describe(_ event: JSONValue?) -> String {
        guard let event, let type = event["type"]?.string else { return "?" }
        switch type {
        case "started": return "started \(event["model"]?.string ?? "")"
        case "step": return "step \(event["role"]?.string ?? "") \(event["model"]?.string ?? "")"
        case "edit": return "edit \(event["index"]?.int ?? -1) \(event["edit"].map(masked) ?? "")"
        case "file":
            return "file \(event["path"]?.string ?? "") \(event["status"]?.string ?? "")"
        case "progress": return "progress \(event["done"]?.int ?? -1)/\(event["total"]?.int ?? -1)"
        case "notice": return "notice \(event["code"]?.string ?? "")"
        case "reset": return "reset \(event["reason"]?.string ?? "")"
        case "reasoning": return "reasoning \(event["text"]?.string ?? "")"
        default: return type
        }
    }
}

extension JSONValue {
    var code: Int? { self["error"]?["code"]?.int }
    var result: JSONValue? { self["result"] }
    /// `index kind` of each edit of a -32011.
    var conflicts: [String] {
        self["error"]?["data"]?["edits"]?.elements.map { "\($0["index"]?.int ?? -9) \($0["kind"]?.string ?? "")" } ?? []
    }
    var transaction: String? { result?["transaction_id"]?.string }
    /// `index status match` of each edit of a result.
    var outcomes: [String] {
        result?["edits"]?.elements.map {
            "\($0["index"]?.int ?? -9) \($0["status"]?.string ?? "") \($0["match"]?.string ?? "-")"
        } ?? []
    }
}

/// JSON with what differs from run to run named, not shown.
func masked(_ value: JSONValue) -> String {
    var writer = JSONWriter()
    func write(_ value: JSONValue) {
        switch value.kind {
        case .object:
            writer.beginObject()
            for (name, member) in value.members {
                writer.key(name)
                let isVolatile = ["plan_id", "transaction_id", "latency_ms", "first_token_ms", "at"].contains(name)
                if isVolatile, !member.isNull { writer.string("…") } else { write(member) }
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in value.elements { write(element) }
            writer.endArray()
        default: writer.raw(value.raw)
        }
    }
    write(value)
    return String(decoding: writer.bytes, as: UTF8.self)
}

func replaceEdit(_ file: String, _ find: String, _ replace: String) -> String {
    "{\"file\":\(quoted(file)),\"type\":\"replace\",\"find\":\(quoted(find)),\"replace\":\(quoted(replace))}"
}

func modelEdit(_ file: String, _ action: String, _ region: ClosedRange<Int>? = nil) -> String {
    let lines = region.map { ",\"region\":{\"start\":\($0.lowerBound),\"end\":\($0.upperBound)}" } ?? ""
    return "{\"file\":\(quoted(file)),\"type\":\"model_edit\",\"action\":\(quoted(action))\(lines)}"
}

/// An executor's answer: the whole region in a fenced block.
func fenced(_ text: String) -> Reply { .stream(["```\n", text, "\n```\n"]) }

/// The pieces of a plan as a planner streams it.
func planPieces(_ edits: [String]) -> [String] {
    ["{\"root_cause\":\"r\",\"strategy\":\"s\",\"edits\":["]
        + edits.enumerated().map { ($0.offset == 0 ? "" : ",") + $0.element } + ["]}"]
}
