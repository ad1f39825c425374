import TandemJSON
import TandemProviders

/// A tool that the router may call.
package enum ExpertTool: String, CaseIterable, Sendable {
    case generateCode = "generate_code"
    case readFile = "read_file"
    case listFiles = "list_files"
    case search

    /// The argument that a call must have, and whether it may be left out.
    var argument: (name: String, isRequired: Bool) {
        switch self {
        case .generateCode: ("prompt", true)
        case .readFile: ("path", true)
        case .listFiles: ("path", false)
        case .search: ("query", true)
        }
    }

    var summary: String {
        switch self {
        case .generateCode: "Has the code model write code. Describe completely what is wanted; it sees nothing else."
        case .readFile: "Reads a text file below the allowed folders."
        case .listFiles: "Lists the files below a folder."
        case .search: "Finds the lines of files that contain a text; `path` limits it to a folder."
        }
    }

    func writeNative(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "function" as StaticString)
        writer.key("function")
        writer.beginObject()
        writer.member("name", rawValue)
        writer.member("description", summary)
        writer.key("parameters")
        writer.beginObject()
        writer.member("type", "object" as StaticString)
        writer.key("properties")
        writer.beginObject()
        for name in self == .search ? ["query", "path"] : [argument.name] {
            writer.key(name)
            writer.raw(#"{"type":"string"}"#.utf8)
        }
        writer.endObject()
        writer.member("required", argument.isRequired ? [argument.name] : [])
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }
}

/// What the router is told beside the conversation.
func routerInstruction(_ tools: [ExpertTool]) -> String {
    let list = tools.map { "- \($0.rawValue)(\($0.argument.name)): \($0.summary)" }.joined(separator: "\n")
    return """
        You talk with the user and plan the work. You do not write code yourself: every piece of code is written by the \
        code model, through the tool generate_code, and you put its result into your answer unchanged. Your tools:
        \(list)

        Call a tool natively if you can. Otherwise answer with one JSON object and nothing else, for example \
        {"tool":"generate_code","prompt":"Create a Python function that returns the factorial of a number."}. The result \
        comes back to you. When you need no tool any more, answer the user.
        """
}

let coderInstruction =
    "You are an expert code generator. You will be given a prompt and you must return only the code that is requested."
