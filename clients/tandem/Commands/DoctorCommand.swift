import Glibc
import TandemBase
import TandemClient
import TandemJSON
import TandemProtocol

/// The daemon gives providers 3 s to show that they are there.
private let answerLimit = TimeSpan.seconds(8)

extension Command {
    static let doctor = Command(
        name: "doctor", summary: "look for what is wrong and say what to do",
        details: """
            Looks at the socket, the daemon, its units and the configuration, and has the daemon ask each provider for its
            models. Exit status 1 if anything needs doing.
            """,
        examples: [Example("tandem doctor", "checks everything")]
    ) { (invocation) throws(Failure) in
        var report = DoctorReport()
        try report.checkDaemon(invocation)
        try report.checkUnits()
        try report.checkConfiguration(invocation)
        if Interrupts.haveCome { return .interrupted }
        return report.isHealthy ? .success : .failure
    }
}

/// Findings, one a line, each bad one with what to do.
struct DoctorReport {
    private(set) var isHealthy = true
    /// What the daemon reads; nil when it does not say.
    private var daemonConfiguration: String?
    /// Providers that do not answer.
    private var silent: Set<String> = []
    private let output = Output.standard

    private enum Mark { case good, note, bad }

    private mutating func say(_ mark: Mark, _ text: String, advice: String? = nil) throws(Failure) {
        let unicode = Terminal.hasUnicode
        let (sign, colour) =
            switch mark {
            case .good: (unicode ? "✓" : "ok  ", "32")
            case .note: (unicode ? "•" : "note", "33")
            case .bad: (unicode ? "✗" : "FAIL", "31")
            }
        if mark == .bad { isHealthy = false }
        let columns = output.terminal.columns
        let lines = brokenLines("\(sign) \(text)\n" + (advice.map { "    do: \($0)\n" } ?? ""), columns: columns)
        try output.write(output.terminal.hasColour ? "\u{1B}[\(colour)m\(sign)\u{1B}[0m" : sign)
        try output.write(foreign: Array(lines.dropFirst(sign.count).utf8))
    }

    /// The socket, the daemon behind it, and what it says of its providers.
    mutating func checkDaemon(_ invocation: Invocation) throws(Failure) {
        let search = invocation.socketSearch
        if let found = search.candidates.first(where: { access($0, F_OK) == 0 }) {
            try say(.good, "socket \(found)")
        } else {
            try say(.note, "no socket yet at \(search.candidates.joined(separator: ", "))")
        }
        let client: Client
        do throws(ClientError) {
            client = try Client.connect(search, watched: [(Interrupts.watch(), Int16(POLLIN))])
        } catch {
            if case .interrupted = error { throw .interrupted }
            let advice =
                switch error {
                // It ends with what to do.
                case .refused: nil as String?
                case _ where runtimeFolder() == nil && !search.isExplicit:
                    "log in through systemd-logind, or 'export TANDEM_SOCKET=~/.tandem.sock'"
                default:
                    "start it by 'systemctl --user enable --now tandemd.socket', or run tandemd in another terminal"
                }
            return try say(.bad, error.message, advice: advice)
        }
        let status: JSONValue
        let models: JSONValue
        do throws(ClientError) {
            status = try probedStatus(client)
            models = try client.call("models", within: answerLimit)
        } catch {
            if case .interrupted = error { throw .interrupted }
            return try say(.bad, "the daemon does not answer: \(error.message)", advice: "look at 'tandem logs'")
        }
        try check(status, models)
    }

    /// An older daemon does not know `probe`; its version is what is said of it then.
    private func probedStatus(_ client: Client) throws(ClientError) -> JSONValue {
        do throws(ClientError) {
            return try client.call("status", params: Array(#"{"probe":true}"#.utf8), within: answerLimit)
        } catch {
            guard case .answered(let answer) = error, answer.code == .invalidParams else { throw error }
            return try client.call("status", within: answerLimit)
        }
    }

    private mutating func check(_ status: JSONValue, _ models: JSONValue) throws(Failure) {
        let version = status["version"]?.string ?? "?"
        let uptime = status["uptime_ms"]?.double.map { ", up for \(humanDuration(milliseconds: $0))" } ?? ""
        try say(.good, "tandemd \(version) answers, pid \(status["pid"]?.int ?? 0)\(uptime)")
        if version != tandemVersion {
            try say(
                .bad, "tandem is \(tandemVersion) but tandemd is \(version)",
                advice: "install both from one release, then 'systemctl --user restart tandemd'")
        }
        if let failure = status["database"]?["failure"]?.string {
            try say(
                .bad, "requests are answered but not recorded: \(failure)",
                advice: "make room for \(status["database"]?["path"]?.string ?? "the database"), or make it writable")
        }
        daemonConfiguration = status["config_path"]?.string
        let providers = elements(of: status["providers"])
        if providers.isEmpty {
            try say(.bad, "no provider is configured", advice: "'tandem config init', then 'tandem config edit'")
        }
        for provider in providers {
            let name = provider["name"]?.string ?? "?"
            if try !check(provider: provider, name) { silent.insert(name) }
        }
        if !providers.isEmpty, providers.allSatisfy({ $0["kind"]?.string == "offline" }) {
            try say(
                .note, "answers come from the offline provider, which is no model",
                advice: "set a key such as GROQ_API_KEY where the daemon sees it (\(keyPlace)), or start Ollama, or "
                    + "'tandem config init' and 'tandem config edit'; then 'tandem call reload'")
        }
        try check(models: elements(of: models["models"]), standard: models["default"]?.string)
    }

    /// Where a variable has to be set for the daemon to have it.
    private var keyPlace: String {
        hasSystemd
            ? "systemctl --user edit tandemd"
            : "in the shell, then 'kill' the tandemd above: the next request starts it"
    }

    private mutating func check(models: [JSONValue], standard: String?) throws(Failure) {
        let dumb = models.filter { $0["available"]?.bool == false || silent.contains($0["provider"]?.string ?? "") }
            .compactMap { $0["name"]?.string }
        if !dumb.isEmpty { try say(.note, "models that cannot answer now: \(dumb.joined(separator: ", "))") }
        guard let standard else { return }
        let missing = leaves(of: standard, models).filter { dumb.contains($0) }
        if missing.isEmpty { return try say(.good, "default model \(standard)") }
        let others = models.compactMap { $0["name"]?.string }.filter { name in
            !leaves(of: name, models).contains { dumb.contains($0) }
        }
        let other = others.first.map { ", or make another the default_model, such as \($0)" } ?? ""
        let parts = missing == [standard] ? "" : " as it should, for \(missing.joined(separator: ", ")) cannot"
        try say(
            .bad, "default model \(standard) cannot answer\(parts)",
            advice: "mend what is wrong with the provider\(missing.count == 1 ? "" : "s")\(other)")
    }

    /// The models that a name comes down to, each once.
    private func leaves(of name: String, _ models: [JSONValue]) -> [String] {
        guard let parts = models.first(where: { $0["name"]?.string == name })?["parts"] else { return [name] }
        var found: [String] = []
        for part in parts.members.compactMap(\.value.string) {
            for leaf in leaves(of: part, models) where !found.contains(leaf) { found.append(leaf) }
        }
        return found.isEmpty ? [name] : found
    }

    /// Whether it answers; a disabled one does not.
    private mutating func check(provider: JSONValue, _ name: String) throws(Failure) -> Bool {
        let label = "provider \(name) (\(provider["kind"]?.string ?? "?"))"
        if provider["enabled"]?.bool == false {
            try say(.note, "\(label) is disabled", advice: "'tandem providers enable \(name)' if it is wanted")
            return false
        }
        if let problem = provider["key_problem"]?.string {
            try say(
                .bad, "\(label): \(problem)",
                advice: problem.hasPrefix("environment variable")
                    ? "set it where the daemon sees it (\(keyPlace)), or give [providers.\(name)] another api_key"
                    : "set its key (api_key of [providers.\(name)]), then 'tandem call reload'")
            return false
        }
        let state = providerState(provider)
        let lastError = errorText(provider["last_error"])
        if state != "ready" {
            try say(
                .bad, "\(label): \(state)\(lastError.map { ": \($0)" } ?? "")",
                advice: "check base_url and key of [providers.\(name)], then "
                    + "'tandem providers reset \(name)'")
            return false
        }
        if let reachable = provider["reachable"], reachable["ok"]?.bool == false {
            // The message ends with what to do.
            try say(.bad, "\(label): \(reachable["message"]?.string ?? "is not reached")")
            return false
        }
        let answer = provider["reachable"]?["message"]?.string ?? "is ready"
        let time = provider["reachable"]?["latency_ms"]?.double.map {
            $0 > 0 ? " in \(humanDuration(milliseconds: $0))" : ""
        }
        try say(.good, "\(label) \(answer)\(time ?? "")")
        // It may have gone away since: what the daemon calls ready is ready.
        if let lastError { try say(.note, "its last error: \(lastError)") }
        return true
    }

    /// A systemd of this user is there.
    private var hasSystemd: Bool {
        runtimeFolder().map { access($0 + "/systemd/private", F_OK) == 0 } ?? false
    }

    mutating func checkUnits() throws(Failure) {
        guard hasSystemd else {
            return try say(.note, "no systemd for this user: tandem starts tandemd itself when it is needed")
        }
        let enabled = Programs.output(of: ["systemctl", "--user", "is-enabled", "tandemd.socket"]) ?? ""
        let active = Programs.output(of: ["systemctl", "--user", "is-active", "tandemd.socket"]) ?? ""
        switch (enabled, active) {
        case ("enabled", "active"): try say(.good, "tandemd.socket is enabled and active")
        case ("", _): try say(.note, "tandemd.socket is not installed: tandem starts tandemd itself")
        default:
            try say(
                .note, "tandemd.socket is \(enabled) and \(active)",
                advice: "'systemctl --user enable --now tandemd.socket'")
        }
    }

    mutating func checkConfiguration(_ invocation: Invocation) throws(Failure) {
        let path = daemonConfiguration ?? configPath(invocation)
        guard access(path, F_OK) == 0 else {
            let files = configFiles(path)
            return try say(
                .note,
                files.isEmpty
                    ? "no \(path): the built-in defaults are in use"
                    : "no \(path), only \(files.joined(separator: ", ")): 'tandem config check' checks them")
        }
        guard access(path, R_OK) == 0 else {
            return try say(.bad, "\(path) cannot be read", advice: "chmod u+r \(path)")
        }
        let daemon = siblingBinary("tandemd") ?? "tandemd"
        let command = "exec \"$0\" --check-config --config \"$1\" 2>&1 && exit 0"
        switch Programs.captured(["/bin/sh", "-c", command, daemon, path]) {
        case (0, _)?: try say(.good, "configuration \(path)")
        case (127, _)?, nil: try say(.note, "configuration \(path) is not checked: tandemd is not installed here")
        case (_, let faults)?: try say(.bad, "configuration \(path):\n\(faults)", advice: "'tandem config edit'")
        }
    }
}
