import Glibc
import TandemJSON

extension Command {
    static let status = Command(
        name: "status", summary: "show what the daemon is doing: providers, caches, memory",
        options: [.json],
        examples: [
            Example("tandem status", "shows the daemon, its providers and caches"),
            Example("tandem status --json | jq .memory_bytes", "prints one figure"),
        ]
    ) { (invocation) throws(Failure) in
        let result = try invocation.query("status")
        if invocation.has("json") {
            try invocation.printJSON(result)
        } else {
            try printStatus(result)
        }
        return .success
    }
}

/// Where the values stand, in columns.
private let valueColumn = 13

/// A value in lines that end before the terminal's last column; whole where it fits or there is no terminal.
func valueLines(_ value: String, columns: Int?) -> [String] {
    guard let columns, columns > 2 * valueColumn, value.columns > columns - valueColumn else { return [value] }
    return filledLines(value, width: columns - valueColumn)
}

private func printStatus(_ status: JSONValue) throws(Failure) {
    let output = Output.standard
    func line(_ name: String, _ value: String?) throws(Failure) {
        guard let value else { return }
        let padding = String(repeating: " ", count: max(1, valueColumn - name.count))
        let lines = valueLines(value, columns: output.terminal.columns)
        let indent = String(repeating: " ", count: valueColumn)
        try output.write(foreign: Array((name + padding + lines.joined(separator: "\n" + indent) + "\n").utf8))
    }
    try line(
        "daemon",
        "tandemd \(status["version"]?.string ?? "?"), pid \(status["pid"]?.int ?? 0)"
            + (status["activated"]?.bool == true ? ", started by systemd" : ""))
    try line("up for", status["uptime_ms"]?.double.map(humanDuration))
    try line(
        "config",
        status["config_path"]?.string.map { $0 + (configFiles($0).isEmpty ? " (not there: built-in defaults)" : "") })
    try line("", status["config_problem"]?.string)
    try line("connections", status["connections"]?.int.map(humanCount))
    try line("in flight", status["in_flight"]?.int.map(humanCount))
    try line("memory", status["memory_bytes"]?.int.map(humanBytes))
    try line(
        "database",
        status["database"]?["path"]?.string.map {
            $0 + (status["database"]?["bytes"]?.int.map { " (\(humanBytes($0)))" } ?? "")
        })
    try line("", status["database"]?["failure"]?.string.map { "requests are not recorded: \($0)" })
    var providers = TextTable(["PROVIDER", "KIND", "STATE", "IN FLIGHT", "LAST ERROR"], rightAligned: [3])
    for provider in elements(of: status["providers"]) {
        providers.add([
            provider["name"]?.string ?? "", provider["kind"]?.string ?? "", providerState(provider),
            provider["in_flight"]?.int.map(humanCount) ?? "", errorText(provider["last_error"]) ?? "",
        ])
    }
    if !providers.isEmpty {
        try output.write("\n")
        try providers.print(to: output)
    }
    var caches = TextTable(["CACHE", "ENTRIES", "CAPACITY", "HITS", "MISSES"], rightAligned: [1, 2, 3, 4])
    for cache in elements(of: status["caches"]) {
        caches.add(
            [cache["name"]?.string ?? ""]
                + ["entries", "capacity", "hits", "misses"].map {
                    cache[$0]?.int.map(humanCount) ?? ""
                })
    }
    if !caches.isEmpty {
        try output.write("\n")
        try caches.print(to: output)
    }
}

func elements(of value: JSONValue?) -> [JSONValue] { value.map { Array($0.elements) } ?? [] }

/// "ready", "disabled", or what its breaker says.
func providerState(_ provider: JSONValue) -> String {
    if provider["enabled"]?.bool == false { return "disabled" }
    if provider["key_problem"]?.string != nil { return "no key" }
    let state = provider["breaker"]?["state"]?.string ?? "closed"
    return state == "closed" ? "ready" : "breaker \(state)"
}

/// The message of a provider's `last_error` and when it was; nil for none.
func errorText(_ error: JSONValue?) -> String? {
    guard let message = error?["message"]?.string else { return nil }
    return message + (error?["at"]?.string.map { " (at \($0.prefix(19))Z)" } ?? "")
}
