import TandemJSON

extension Command {
    static let route = Command(
        name: "route", summary: "say which models a prompt would use, and why; sends nothing",
        operands: [Operand(name: "PROMPT", isRequired: true, summary: "the prompt")],
        options: [Option("model", "m", .text("MODEL"), "as if this model were asked"), .json],
        examples: [
            Example("tandem route 'sort a list in Python'", "says whether this is taken for a code request"),
            Example("tandem route -m qwen-coder hello", "shows the model's fallbacks and their state"),
        ]
    ) { (invocation) throws(Failure) in
        var params = JSONWriter()
        params.beginObject()
        params.member("prompt", invocation.operands[0])
        params.member("model", ifPresent: invocation.value("model"))
        params.endObject()
        let result = try invocation.query("route", params.bytes)
        if invocation.has("json") {
            try invocation.printJSON(result)
        } else {
            try printRoute(result)
        }
        return .success
    }
}

private func printRoute(_ route: JSONValue) throws(Failure) {
    let output = Output.standard
    func line(_ text: String) throws(Failure) { try output.write(foreign: Array((text + "\n").utf8)) }
    let workflow = route["workflow"]?.string ?? "direct"
    try line("model     \(route["model"]?.string ?? "")\(workflow == "direct" ? "" : " (\(workflow))")")
    if let chosen = route["chosen"]?.string { try line("asks      \(chosen)") }
    if let why = route["why"]?.string { try line("because   \(why)") }
    if let score = route["score"]?.double {
        try line("score     \(fixed(score, 2)), how probable a request for code is")
        for reason in elements(of: route["reasons"]) {
            let weight = reason["weight"]?.double ?? 0
            try line("          \(weight < 0 ? "" : "+")\(fixed(weight, 2))  \(reason["reason"]?.string ?? "")")
        }
    }
    if route["limits"]?["allowed"]?.bool == false { try line("refused   \(route["limits"]?["message"]?.string ?? "")") }
    let parts = elements(of: route["parts"])
    var table = TextTable((parts.isEmpty ? [] : ["PART", "USED"]) + ["CANDIDATE", "PROVIDER", "MODEL", "STATE"])
    for candidate in elements(of: route["candidates"]) { table.add(candidateRow(candidate)) }
    add(parts, below: "", to: &table)
    guard !table.isEmpty else { return }
    try output.write("\n")
    try table.print(to: output)
}

/// A part that is a workflow is followed by its own parts.
private func add(_ parts: [JSONValue], below prefix: String, to table: inout TextTable) {
    for part in parts {
        let name = prefix + (part["part"]?.string ?? "")
        let used = part["used"]?.string ?? ""
        let inner = elements(of: part["parts"])
        if !inner.isEmpty {
            table.add([name, used, part["model"]?.string ?? "", "", "", part["workflow"]?.string ?? ""])
        }
        for candidate in elements(of: part["candidates"]) { table.add([name, used] + candidateRow(candidate)) }
        add(inner, below: name + ".", to: &table)
    }
}

private func candidateRow(_ candidate: JSONValue) -> [String] {
    [
        candidate["name"]?.string ?? "", candidate["provider"]?.string ?? "", candidate["model"]?.string ?? "",
        candidate["available"]?.bool == true ? "ready" : candidate["reason"]?.string ?? "not available",
    ]
}
