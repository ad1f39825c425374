import TandemJSON

extension Command {
    static let history = Command(
        name: "history", summary: "list earlier requests, newest first",
        options: [
            Option("limit", "n", .integer(1...1000), "at most so many (default: 20)"),
            Option("session", "s", .text("SESSION"), "only those of this conversation"),
            Option("request", nil, .text("ID"), "only this request, with its steps"),
            Option("before", nil, .text("ID"), "only those before this request"),
            .json,
        ],
        examples: [
            Example("tandem history -n 5", "lists the last five requests"),
            Example("tandem history --json | jq .", "prints everything there is about them"),
        ]
    ) { (invocation) throws(Failure) in
        var params = JSONWriter()
        params.beginObject()
        if let request = invocation.value("request") {
            params.member("request_id", request)
        } else {
            params.member("limit", invocation.integer("limit") ?? 20)
        }
        if let session = invocation.value("session") { params.member("session", session) }
        if let before = invocation.value("before") { params.member("before", before) }
        params.endObject()
        let result = try invocation.query("history", params.bytes)
        if invocation.has("json") {
            try invocation.printJSON(result)
            return .success
        }
        let table = historyTable(result)
        if table.isEmpty {
            Output.complain("tandem history: no requests yet\n")
        } else {
            try table.print(to: .standard)
        }
        return .success
    }
}

func historyTable(_ result: JSONValue) -> TextTable {
    var table = TextTable(
        ["TIME (UTC)", "REQUEST", "METHOD", "MODEL", "STATUS", "TOKENS", "COST", "TOOK"], rightAligned: [5, 6, 7],
        uncut: [1], spared: [2, 6, 5])
    for row in elements(of: result["requests"]) {
        let usage = row["usage"]
        let tokens = (usage?["prompt_tokens"]?.int ?? 0) + (usage?["completion_tokens"]?.int ?? 0)
        table.add([
            time(row["at"]?.string ?? ""), row["request_id"]?.string ?? "",
            row["method"]?.string ?? "", row["model"]?.string ?? "",
            row["outcome"]?.string ?? "", humanCount(tokens),
            row["cost_usd"]?.double.map(humanCost) ?? "-",
            row["latency_ms"]?.double.map(humanDuration) ?? "",
        ])
    }
    return table
}

/// An RFC 3339 time to the second.
func time(_ text: String) -> String { String(text.prefix(19).map { $0 == "T" ? " " : $0 }) }
