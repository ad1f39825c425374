import TandemJSON

/// Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct Metrics {
    private(set) var text = ""

    private mutating func family(
        _ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Double?)]
    ) {
        let known = samples.compactMap { sample in sample.value.map { (sample.labels, $0) } }
        guard !known.isEmpty else { return }
        text += "# HELP tandem_\(name) \(help)\n# TYPE tandem_\(name) \(type)\n"
        for (labels, value) in known { text += "tandem_\(name)\(labels) \(Self.number(value))\n" }
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: Double?) {
        family(name, "gauge", help, [("", value)])
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int(value)) : value.description
    }

    /// `{a="b"}`, with the three characters escaped that the format asks for.
    static func labels(_ pairs: (String, String)...) -> String {
        let written = pairs.map { name, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return "\(name)=\"\(escaped)\""
        }
        return "{" + written.joined(separator: ",") + "}"
    }

    /// What this process did. `requests` is by status.
    mutating func endpoint(requests: [Int: Int], streams: Int) {
        family(
            "http_requests_total", "counter", "Requests to the OpenAI-compatible endpoint, by status.",
            requests.sorted { $0.key < $1.key }.map { (Self.labels(("code", String($0.key))), Double($0.value)) })
        gauge("http_streams", "Answers that are being streamed.", Double(streams))
    }

    /// What the daemon says of itself; nil when it cannot be reached.
    mutating func daemon(status: JSONValue?, stats: JSONValue?) {
        gauge("up", "Whether the daemon answers.", status == nil ? 0 : 1)
        if let status { self.status(status) }
        if let rows = stats?["rows"] { ledger(Array(rows.elements)) }
    }

    private mutating func status(_ status: JSONValue) {
        family(
            "build_info", "gauge", "The daemon's version.",
            [(Self.labels(("version", status["version"]?.string ?? "")), 1)])
        gauge("uptime_seconds", "Since the daemon started.", status["uptime_ms"]?.double.map { $0 / 1000 })
        gauge("connections", "Connections to the daemon's socket.", status["connections"]?.double)
        gauge("in_flight", "Requests in flight.", status["in_flight"]?.double)
        gauge("memory_bytes", "The daemon's resident memory.", status["memory_bytes"]?.double)
        gauge("database_bytes", "The size of the database.", status["database"]?["bytes"]?.double)
        let providers = (status["providers"].map { Array($0.elements) } ?? []).map { provider in
            (provider["name"]?.string ?? "", provider)
        }
        func each(_ value: (JSONValue) -> Double?) -> [(labels: String, value: Double?)] {
            providers.map { (Self.labels(("provider", $0.0)), value($0.1)) }
        }
        family(
            "provider_enabled", "gauge", "Whether the provider may be used.",
            each { $0["enabled"]?.bool.map { $0 ? 1 : 0 } })
        family("provider_in_flight", "gauge", "Calls in flight.", each { $0["in_flight"]?.double })
        family(
            "provider_error_ratio", "gauge", "The share of calls that failed, in the breaker's window.",
            each { $0["breaker"]?["error_rate"]?.double })
        family(
            "provider_breaker", "gauge", "1 for the state that the breaker is in.",
            providers.map { name, provider in
                (Self.labels(("provider", name), ("state", provider["breaker"]?["state"]?.string ?? "")), 1)
            })
        let caches = (status["caches"].map { Array($0.elements) } ?? []).map { cache in
            (Self.labels(("cache", cache["name"]?.string ?? "")), cache)
        }
        family("cache_entries", "gauge", "Entries in the cache.", caches.map { ($0.0, $0.1["entries"]?.double) })
        family("cache_hits_total", "counter", "Answers from the cache.", caches.map { ($0.0, $0.1["hits"]?.double) })
        family(
            "cache_misses_total", "counter", "Questions the cache had no answer to.",
            caches.map { ($0.0, $0.1["misses"]?.double) })
    }

    /// The ledger added up by model.
    private mutating func ledger(_ rows: [JSONValue]) {
        let models = rows.map { row in (row["model"]?.string ?? "", row) }
        func each(_ name: String) -> [(labels: String, value: Double?)] {
            models.map { (Self.labels(("model", $0.0)), $0.1[name]?.double) }
        }
        let counters = [
            ("requests", "Requests in the ledger."), ("errors", "Requests that failed."),
            ("cancelled", "Requests that were cancelled."), ("fallbacks", "Requests that another model answered."),
            ("cached", "Requests that a cache answered."), ("polished", "Drafts that a second model improved."),
            ("escalated", "Requests that went on to the reasoning model."),
        ]
        for (name, help) in counters {
            family(name == "requests" ? "requests_total" : "requests_\(name)_total", "counter", help, each(name))
        }
        family(
            "tokens_total", "counter", "Tokens, by kind.",
            models.flatMap { name, row in
                ["prompt", "completion", "reasoning", "cached"].map { kind in
                    (Self.labels(("model", name), ("kind", kind)), row["\(kind)_tokens"]?.double)
                }
            })
        family("cost_usd_total", "counter", "What requests of known price cost.", each("cost_usd"))
        for (name, key, help) in [
            ("request_duration_seconds", "latency_ms", "How long requests took, by quantile."),
            ("request_first_token_seconds", "first_token_ms", "How long the first token took, by quantile."),
        ] {
            family(
                name, "gauge", help,
                models.flatMap { model, row in
                    [("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")].map { percentile, quantile in
                        let value = row[key]?[percentile]?.double
                        return (Self.labels(("model", model), ("quantile", quantile)), value.map { $0 / 1000 })
                    }
                })
        }
    }
}
