import TandemJSON

extension Command {
    static let cache = Command(
        name: "cache", summary: "show the caches, or empty them",
        operands: [
            Operand(name: "ACTION", values: .choice(["clear"]), summary: "clear: empties them; else they are shown"),
            Operand(name: "CACHE", summary: "only this one"),
        ],
        options: [.json],
        examples: [
            Example("tandem cache", "shows how full they are and how often they helped"),
            Example("tandem cache clear responses", "forgets all kept answers"),
        ]
    ) { (invocation) throws(Failure) in
        guard !invocation.operands.isEmpty else {
            let caches = elements(of: try invocation.query("status")["caches"])
            if invocation.has("json") {
                var writer = JSONWriter()
                writer.beginArray()
                for cache in caches { writer.value(cache) }
                writer.endArray()
                try Output.standard.write(foreign: writer.bytes + [UInt8(ascii: "\n")])
            } else {
                try cacheTable(caches).print(to: .standard)
            }
            return .success
        }
        var params = JSONWriter()
        params.beginObject()
        if invocation.operands.count > 1 { params.member("cache", invocation.operands[1]) }
        params.endObject()
        let result = try invocation.query("clearCache", params.bytes)
        if invocation.has("json") {
            try invocation.printJSON(result)
        } else {
            let count = result["removed"]?.int ?? 0
            try Output.standard.write("\(humanCount(count)) \(count == 1 ? "entry" : "entries") removed\n")
        }
        return .success
    }
}

private func cacheTable(_ caches: [JSONValue]) -> TextTable {
    var table = TextTable(
        ["CACHE", "ENTRIES", "OF", "BYTES", "HITS", "MISSES", "KEPT FOR"], rightAligned: Set(1...6))
    for cache in caches {
        let ttl = cache["ttl_ms"]?.double ?? 0
        table.add(
            [cache["name"]?.string ?? ""] + ["entries", "capacity"].map { humanCount(cache[$0]?.int ?? 0) }
                + [humanBytes(cache["bytes"]?.int ?? 0)] + ["hits", "misses"].map { humanCount(cache[$0]?.int ?? 0) }
                + [ttl > 0 ? humanDuration(milliseconds: ttl) : "-"])
    }
    return table
}
