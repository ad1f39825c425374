import Glibc
import TandemJSON

/// How far back the line of requests a day reaches when nothing else is said.
private let plottedDays = "30d"

extension Command {
    static let stats = Command(
        name: "stats", summary: "add the ledger up: requests, tokens, cost, latency",
        options: [
            Option("since", nil, .text("TIME"), "only from this time on: 24h, 7d, or 2026-11-20T08:00:00Z"),
            Option("until", nil, .text("TIME"), "only before this time"),
            Option(
                "by", nil, .choice(["provider", "model", "workflow", "day", "user"]),
                "what a line stands for (default: model)"),
            .json,
        ],
        details: "On a terminal the figures are followed by bars of requests and by a line of requests a day.",
        examples: [
            Example("tandem stats --since 24h", "shows the last day, model by model"),
            Example("tandem stats --by day --since 30d", "shows a month, day by day"),
            Example("tandem stats --json | jq '.rows[].cost_usd'", "prints the costs alone"),
        ]
    ) { (invocation) throws(Failure) in
        let by = invocation.value("by") ?? "model"
        let result = try invocation.query("stats", statsParams(invocation, by: by))
        if invocation.has("json") {
            try invocation.printJSON(result)
            return .success
        }
        let rows = elements(of: result["rows"])
        if rows.isEmpty {
            Output.complain("tandem stats: no requests in this time\n")
            return .success
        }
        let output = Output.standard
        for (index, table) in statsTables(rows, by: by, width: output.terminal.columns).enumerated() {
            if index > 0 { try output.write("\n") }
            try table.print(to: output)
        }
        guard output.terminal.isCapable else { return .success }
        let width = output.terminal.columns ?? 80
        if by != "day" {
            let bars = rows.map { row in
                let count = row["requests"]?.int ?? 0
                return (label: statsKey(row, by), value: Double(count), text: humanCount(count))
            }
            try plot("requests", Plot.bars(bars, width: width, unicode: Terminal.hasUnicode), output)
        }
        let days =
            by == "day"
            ? rows : elements(of: try invocation.query("stats", statsParams(invocation, by: "day"))["rows"])
        guard days.count > 1 else { return .success }
        for (title, member) in [("requests a day", "requests"), ("USD a day", "cost_usd")] {
            let values = days.map { $0[member]?.double ?? 0 }
            guard values.contains(where: { $0 > 0 }) else { continue }
            let lines = Plot.line(values, width: width, unicode: Terminal.hasUnicode) {
                member == "requests" ? humanCount(Int($0)) : humanCost($0)
            }
            let range = [days.first, days.last].compactMap { $0?["day"]?.string }.joined(separator: " to ")
            try plot("\(title), \(range)", lines, output)
        }
        return .success
    }
}

private func statsParams(_ invocation: Invocation, by: String) -> [UInt8] {
    var params = JSONWriter()
    params.beginObject()
    params.member("by", by)
    if let since = invocation.value("since") ?? (by == "day" ? plottedDays : nil) { params.member("since", since) }
    params.member("until", ifPresent: invocation.value("until"))
    params.endObject()
    return params.bytes
}

private func plot(_ title: String, _ lines: [String], _ output: Output) throws(Failure) {
    try output.write(dimmed: "\n\(title)\n")
    for line in lines { try output.write(foreign: Array((line + "\n").utf8)) }
}

private func statsKey(_ row: JSONValue, _ by: String) -> String {
    let key = row[by]?.string ?? ""
    return (key.isEmpty ? "-" : key) + (row["arm"]?.string.map { " (\($0))" } ?? "")
}

private let statsHeadings = [
    "REQUESTS", "ERRORS", "FALLBACK", "CACHED", "TOKENS", "COST", "SAVED", "P50", "P95", "P99", "FIRST", "LENGTH",
    "CODE", "FEEDBACK", "POLISHED", "ESCALATED",
]

/// What stands under `statsHeadings`.
private func statsCells(_ row: JSONValue) -> [String] {
    func counts(_ names: String...) -> [String] { names.map { humanCount(row[$0]?.int ?? 0) } }
    func amount(_ value: JSONValue?, _ show: (Double) -> String) -> String { value?.double.map(show) ?? "-" }
    var cells = counts("requests", "errors", "fallbacks", "cached", "tokens")
    cells += ["cost_usd", "saved_usd"].map { amount(row[$0], humanCost) }
    cells += ["p50", "p95", "p99"].map { amount(row["latency_ms"]?[$0], humanDuration) }
    cells.append(amount(row["first_token_ms"]?["p50"], humanDuration))
    cells.append(amount(row["mean_length"]) { humanCount(Int($0)) })
    cells.append(amount(row["code_block_share"]) { fixed($0 * 100, 0) + " %" })
    cells.append(amount(row["feedback_mean"]) { fixed($0, 2) })
    return cells + counts("polished", "escalated")
}

/// The figures in one table, or in as many as a line's `width` makes necessary: a figure is never cut.
func statsTables(_ rows: [JSONValue], by: String, width: Int?) -> [TextTable] {
    let lines = rows.map { (key: statsKey($0, by), cells: statsCells($0)) }
    func table(_ columns: Range<Int>) -> TextTable {
        var table = TextTable([by.uppercased()] + statsHeadings[columns], rightAligned: Set(1...columns.count))
        for line in lines { table.add([line.key] + line.cells[columns]) }
        return table
    }
    var tables: [TextTable] = []
    var start = 0
    while start < statsHeadings.count {
        var end = start + 1
        while end < statsHeadings.count, table(start..<end + 1).width <= width ?? .max { end += 1 }
        tables.append(table(start..<end))
        start = end
    }
    return tables
}
