import TandemJSON

extension Command {
    static let providers = Command(
        name: "providers", summary: "list the providers; switch one on or off, or reset its breaker",
        operands: [
            Operand(
                name: "ACTION", values: .choice(["enable", "disable", "reset"]),
                summary: "what to do; without it they are listed"),
            Operand(name: "PROVIDER", summary: "the provider it is done to"),
        ],
        options: [.json],
        details: """
            What is switched here holds over the configuration and the environment, also after a restart, until it is \
            switched again. A reset closes the breakers and forgets a pause that the provider asked for.
            """,
        examples: [
            Example("tandem providers", "lists them"),
            Example("tandem providers disable groq", "sends nothing to groq any more"),
            Example("tandem providers reset groq", "tries groq again at once"),
        ]
    ) { (invocation) throws(Failure) in
        guard let action = invocation.operands.first else {
            let result = try invocation.query("status")
            if invocation.has("json") {
                var writer = JSONWriter()
                writer.beginArray()
                for provider in elements(of: result["providers"]) { writer.value(provider) }
                writer.endArray()
                try Output.standard.write(foreign: writer.bytes + [UInt8(ascii: "\n")])
            } else {
                try providerTable(elements(of: result["providers"])).print(to: .standard)
            }
            return .success
        }
        guard invocation.operands.count > 1 else { throw .usage("PROVIDER is missing") }
        var params = JSONWriter()
        params.beginObject()
        params.member("provider", invocation.operands[1])
        if action == "reset" {
            params.member("reset_breaker", true)
        } else {
            params.member("enabled", action == "enable")
        }
        params.endObject()
        let provider = try invocation.query("setProvider", params.bytes)
        if invocation.has("json") {
            try invocation.printJSON(provider)
        } else {
            try providerTable([provider]).print(to: .standard)
        }
        return .success
    }
}

func providerTable(_ providers: [JSONValue]) -> TextTable {
    var table = TextTable(
        ["PROVIDER", "KIND", "STATE", "IN FLIGHT", "CALLS", "FAILED", "NOTE"], rightAligned: [3, 4, 5])
    for provider in providers {
        let breaker = provider["breaker"]
        let samples = breaker?["samples"]?.int ?? 0
        let failed = breaker?["error_rate"]?.double.map { fixed($0 * 100, 0) + " %" } ?? ""
        let resting = breaker?["model"]?.string.map { $0 + " is " } ?? ""
        let reopens = breaker?["reopens_at"]?.string.map { "\(resting)tried again at \($0.prefix(19))Z" }
        let note = provider["enabled"]?.bool == false ? nil : provider["reason"]?.string ?? reopens
        table.add([
            provider["name"]?.string ?? "", provider["kind"]?.string ?? "", providerState(provider),
            provider["in_flight"]?.int.map(humanCount) ?? "", humanCount(samples), samples > 0 ? failed : "-",
            note ?? errorText(provider["last_error"]) ?? "",
        ])
    }
    return table
}
