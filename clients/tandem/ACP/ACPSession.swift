import TandemBase
import TandemJSON

/// How the session's prompts are understood.
enum ACPMode: String, CaseIterable {
    case ask, plan, edit

    var title: String {
        switch self {
        case .ask: "Ask"
        case .plan: "Plan"
        case .edit: "Edit"
        }
    }

    var description: String {
        switch self {
        case .ask: "Answers; changes nothing"
        case .plan: "Plans edits and shows them; changes nothing"
        case .edit: "Plans edits and makes them, each file with your permission"
        }
    }
}

/// One session of the editor. The conversation is the daemon's, under the same name; what is here lasts as long as
/// the process.
@AdapterActor
final class ACPSession {
    /// Thought levels, with the daemon's depths. The first leaves it to the model.
    static let thoughtLevels = ["default", "low", "medium", "high"]
    private static let prefix = "acp/"
    private static let identifierLength = 26

    let id: String
    let cwd: String
    let updates: ACPUpdates
    var tools: [ToolServer] = []

    var mode = ACPMode.ask
    var thought = thoughtLevels[0]
    /// Nil for the daemon's default.
    var model: String?

    /// The prompt that is being answered.
    var turn: Task<Void, Never>?
    var isBusy = false
    var lastRequestID: String?
    var lastPlan: ACPEditPlan?
    /// How the last edit is taken back.
    var undo: ACPUndo?
    var allowed: Set<String> = []
    var rejected: Set<String> = []
    var costUSD: Double? = 0

    init(id: String, cwd: String, editor: EditorLink) {
        self.id = id
        self.cwd = cwd
        updates = ACPUpdates(editor, sessionID: id)
    }

    /// A new session's name says where it belongs, so that nothing has to be kept to tell it later.
    static func newID(cwd: String) -> String {
        var random = QuickRandom()
        return prefix + ULID(time: .now(), random: &random).description + cwd
    }

    /// The working folder in a name; nil for a conversation of another client.
    static func cwd(ofID id: String) -> String? {
        guard id.hasPrefix(prefix) else { return nil }
        let rest = id.dropFirst(prefix.count)
        guard rest.count > identifierLength, ULID(rest.prefix(identifierLength)) != nil else { return nil }
        let cwd = rest.dropFirst(identifierLength)
        return cwd.hasPrefix("/") ? String(cwd) : nil
    }
}

/// A model as the daemon lists it.
struct ACPModel {
    var name: String
    var description: String
    var context: Int?
}

/// The models that can be asked.
struct ACPModels {
    var models: [ACPModel] = []
    var defaultName: String?

    init(_ result: JSONValue) {
        defaultName = result["default"]?.string
        for model in result["models"]?.elements.map({ $0 }) ?? [] {
            guard let name = model["name"]?.string, model["available"]?.bool != false else { continue }
            let upstream = [model["provider"]?.string, model["model"]?.string].compactMap { $0 }
            let description = upstream.isEmpty ? model["workflow"]?.string ?? "" : upstream.joined(separator: ": ")
            models.append(ACPModel(name: name, description: description, context: model["context"]?.int))
        }
    }
}

extension ACPSession {
    /// The members `modes` and `configOptions` of a session's state.
    func writeState(_ models: ACPModels, to writer: inout JSONWriter) {
        writer.key("modes")
        writer.beginObject()
        writer.member("currentModeId", mode.rawValue)
        writer.key("availableModes")
        writer.beginArray()
        for mode in ACPMode.allCases {
            writer.beginObject()
            writer.member("id", mode.rawValue)
            writer.member("name", mode.title)
            writer.member("description", mode.description)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writeOptions(models, to: &writer)
    }

    /// The member `configOptions`: always all of them.
    func writeOptions(_ models: ACPModels, to writer: inout JSONWriter) {
        writer.key("configOptions")
        writer.beginArray()
        Self.select(
            "mode", "Mode", category: "mode", current: mode.rawValue,
            ACPMode.allCases.map { ($0.rawValue, $0.title, $0.description) }, to: &writer)
        if let current = model ?? models.defaultName ?? models.models.first?.name {
            var values = models.models.map { ($0.name, $0.name, $0.description) }
            if !values.contains(where: { $0.0 == current }) {
                values.insert((current, current, "not available"), at: 0)
            }
            Self.select("model", "Model", category: "model", current: current, values, to: &writer)
        }
        Self.select(
            "thought_level", "Thinking", category: "thought_level", current: thought,
            Self.thoughtLevels.map { ($0, $0.capitalizedFirst, "") }, to: &writer)
        writer.endArray()
    }

    private static func select(
        _ id: String, _ name: String, category: String, current: String,
        _ values: [(value: String, name: String, description: String)], to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("name", name)
        writer.member("category", category)
        writer.member("type", "select")
        writer.member("currentValue", current)
        writer.key("options")
        writer.beginArray()
        for value in values {
            writer.beginObject()
            writer.member("value", value.value)
            writer.member("name", value.name)
            if !value.description.isEmpty { writer.member("description", value.description) }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
