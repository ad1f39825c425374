import TandemJSON

extension Command {
    static let models = Command(
        name: "models", summary: "list the models and workflows that can be asked",
        options: [.json],
        examples: [
            Example("tandem models", "lists them; the default has a star"),
            Example("tandem models --json | jq -r '.models[].name'", "prints the names alone"),
        ]
    ) { (invocation) throws(Failure) in
        let result = try invocation.query("models")
        if invocation.has("json") {
            try invocation.printJSON(result)
            return .success
        }
        try modelTable(result).print(to: .standard)
        return .success
    }
}

func modelTable(_ result: JSONValue) -> TextTable {
    var table = TextTable(
        ["MODEL", "WORKFLOW", "ANSWERED BY", "AVAILABLE", "$/M IN", "$/M OUT", "ALIASES"], rightAligned: [4, 5])
    let standard = result["default"]?.string
    for model in result["models"]?.elements.map({ $0 }) ?? [] {
        let name = model["name"]?.string ?? ""
        let leaf = [model["provider"]?.string, model["model"]?.string].compactMap { $0 }.joined(separator: "/")
        var parts: [String] = []
        for part in (model["parts"].map { Array($0.members) } ?? []).compactMap(\.value.string)
        where !parts.contains(part) {
            parts.append(part)
        }
        table.add([
            name + (name == standard ? " *" : ""),
            model["workflow"]?.string ?? "-",
            leaf.isEmpty ? parts.joined(separator: " + ") : leaf,
            model["available"]?.bool == false ? "no" : "yes",
            model["price"]?["input"]?.double.map { fixed($0, 2) } ?? "-",
            model["price"]?["output"]?.double.map { fixed($0, 2) } ?? "-",
            model["aliases"]?.elements.compactMap(\.string).joined(separator: ", ") ?? "",
        ])
    }
    return table
}
