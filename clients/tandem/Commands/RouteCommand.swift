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
    if let score = route["score"]?.double { try line("score     \(fixed(score, 2))") }
    for reason in elements(of: route["reasons"]) {
        try line("because   \(reason.string ?? reason["name"]?.string ?? String(decoding: reason.raw, as: UTF8.self))")
    }
    if route["limits"]?["allowed"]?.bool == false { try line("refused   \(route["limits"]?["message"]?.string ?? "")") }
    var table = TextTable(["PART", "CANDIDATE", "PROVIDER", "MODEL", "STATE"])
    for candidate in elements(of: route["candidates"]) { table.add([""] + candidateRow(candidate)) }
    for part in elements(of: route["parts"]) {
        let candidates = elements(of: part["candidates"])
        let name = part["part"]?.string ?? ""
        if candidates.isEmpty { table.add([name, part["model"]?.string ?? "", "", "", ""]) }
        for candidate in candidates { table.add([name] + candidateRow(candidate)) }
    }
    guard !table.isEmpty else { return }
    try output.write("\n")
    try table.print(to: output)
}

private func candidateRow(_ candidate: JSONValue) -> [String] {
    [
        candidate["name"]?.string ?? "", candidate["provider"]?.string ?? "", candidate["model"]?.string ?? "",
        candidate["available"]?.bool == true ? "ready" : candidate["reason"]?.string ?? "not available",
    ]
}
