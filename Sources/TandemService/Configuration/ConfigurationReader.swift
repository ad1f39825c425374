import Glibc
import TandemBase
import TandemPolicy
import TandemProviders
import TandemWorkflows

extension Configuration {
    /// Finds, reads, merges and checks the configuration. Throws every fault there is. Blocks on files and, with
    /// `runningKeyCommands`, on the programs that print keys (they run side by side, `KeyCommand.timeLimitSeconds`
    /// at most); without, their providers have `apiKeyCommand`, no key, and are for `setKey`.
    package static func load(
        explicit: String? = nil, environment: [String: String], runningKeyCommands: Bool = true
    ) throws(ConfigurationFaults) -> Configuration {
        let location = try ConfigurationLocation.find(explicit: explicit, environment: environment)
        var configuration = try read(location, environment: environment)
        if runningKeyCommands { configuration.runKeyCommands(environment: environment) }
        configuration.warnAboutKeys()
        return configuration
    }

    /// Reads the files of `location`; keys that a command prints are left out.
    private static func read(
        _ location: ConfigurationLocation, environment: [String: String]
    ) throws(ConfigurationFaults) -> Configuration {
        let sources = location.files.map { ConfigurationSource(reading: $0) }
        var configuration = try read(sources, environment: environment)
        configuration.path = location.path
        return configuration
    }

    /// Merges the sources in order and checks the whole. Reads key files from disk, and looks where the state is.
    package static func read(
        _ sources: [ConfigurationSource], environment: [String: String]
    ) throws(ConfigurationFaults) -> Configuration {
        let log = FaultLog(files: sources.map(\.path))
        var merged = TOMLTable()
        for (index, source) in sources.enumerated() {
            switch source.content {
            case .failure(let error): log.faultOfFile(index, error.code == EFBIG ? "larger than 1 MiB" : error.reason)
            case .success(let bytes):
                let parser = TOMLParser(bytes, file: index)
                for error in parser.errors {
                    log.isIncomplete = true
                    log.fault(SourcePosition(file: index, line: error.line, column: error.column), "", error.message)
                }
                merged.merge(parser.table)
            }
        }
        var reader = ConfigurationReader(environment: environment, log: log)
        reader.readAll(merged)
        if !log.faults.isEmpty { throw ConfigurationFaults(log.sortedFaults) }
        var configuration = reader.configuration
        configuration.files = log.files
        configuration.warnings = log.warnings
        for (name, position) in reader.providerPositions {
            configuration.providerOrigins[name] = log.place(position, "", "", nil)
        }
        return configuration
    }

    private mutating func runKeyCommands(environment: [String: String]) {
        let deadline = MonotonicTime.now() + .seconds(KeyCommand.timeLimitSeconds)
        let running = providers.filter(\.enabled).compactMap { provider in
            provider.apiKeyCommand.map { (provider.name, KeyCommand(starting: $0, environment: environment)) }
        }
        for (provider, command) in running { setKey(command.finish(by: deadline), of: provider) }
    }

    private mutating func warnAboutKeys() {
        for provider in providers where provider.enabled {
            guard let problem = provider.apiKeyProblem else { continue }
            var warning = providerOrigins[provider.name] ?? ConfigurationFault(file: "environment", message: "")
            warning.key = "providers.\(provider.name).api_key"
            warning.message = problem
            warnings.append(warning)
        }
    }
}

/// Goes through the merged document section by section. What can be checked where it stands is checked there;
/// names of other parts are collected and checked at the end.
struct ConfigurationReader {
    let environment: [String: String]
    let log: FaultLog
    let paths: PathExpansion
    var configuration = Configuration()
    var providerPositions: [String: SourcePosition] = [:]
    /// Where each configured model stands, and its dotted key.
    var modelPositions: [String: SourcePosition] = [:]
    var modelPaths: [String: String] = [:]
    /// Where models are named: parts of workflows and plans, fallbacks, and the default.
    var references: [ModelReference] = []
    var fallbackReferences: [ModelReference] = []
    var aliasReferences: [ModelReference] = []
    /// Where leaves name their providers.
    var providerReferences: [ModelReference] = []

    init(environment: [String: String], log: FaultLog) {
        self.environment = environment
        self.log = log
        paths = PathExpansion(home: environment["HOME"])
    }

    mutating func readAll(_ document: TOMLTable) {
        let start = SourcePosition(file: 0, line: 1, column: 1)
        Section.read(document, path: "", position: start, log: log) { root in
            let defaultModel = reference("default_model", in: &root)
            readLimits(&root)
            root.table("breaker") { readBreaker(&$0, into: &configuration.breaker) }
            readProviders(&root)
            readModels(&root)
            readPlan(&root)
            readBudget(&root)
            readCaches(&root)
            readDaemon(&root)
            readAccess(&root)
            completeProviders()
            configuration.buildIndex()
            checkModels()
            configuration.defaultModelIsConfigured = defaultModel != nil
            configuration.defaultModel =
                defaultModel ?? configuration.firstEnabledModel ?? Configuration.offlineName
        }
    }

    private mutating func readLimits(_ root: inout Section) {
        root.table("limits") { section in
            if let rate = section.rateOrNone("user") { configuration.limits.user = rate }
            if let rate = section.rateOrNone("global") { configuration.limits.global = rate }
            if let rate = section.rateOrNone("reasoning_user") { configuration.limits.reasoningUser = rate }
            if let rate = section.rateOrNone("reasoning_global") { configuration.limits.reasoningGlobal = rate }
            if let bytes = section.size("message_bytes") { configuration.limits.messageBytes = bytes }
            if let span = section.duration("write_stall") { configuration.limits.writeStall = span }
            if let bytes = section.size("outbound_bytes") { configuration.limits.outboundBytes = bytes }
        }
    }

    func readBreaker(_ section: inout Section, into breaker: inout BreakerSettings) {
        if let span = section.duration("window") { breaker.window = span }
        if let share = section.share("error_rate") { breaker.errorRate = share }
        if let count = section.count("min_samples") { breaker.minSamples = count }
        if let span = section.duration("open_for") { breaker.openFor = span }
        if let count = section.count("half_open_probes") { breaker.halfOpenProbes = count }
    }

    private mutating func readPlan(_ root: inout Section) {
        root.table("plan") { section in
            configuration.plan.planner = reference("planner", in: &section)
            configuration.plan.executor = reference("executor", in: &section)
            configuration.plan.verifier = reference("verifier", in: &section)
            if let mode = section.choice("mode", "mode", of: PlanSettings.Mode.self) { configuration.plan.mode = mode }
        }
        root.tables("verifiers") { name, section in
            if ["none", "syntax", "model"].contains(name) {
                log.fault(section.position, section.path, "\(shown(name)) is built in; choose another name")
            }
            if section.value("command") == nil {
                log.missing(
                    section.position, section.path(of: "command"), "missing; expected a program and its arguments")
            }
            let command = section.command("command")
            let timeout = section.duration("timeout")
            guard let command else { return }
            var verifier = VerifierSettings(name: name, command: command)
            if let timeout { verifier.timeout = timeout }
            configuration.verifiers.append(verifier)
        }
    }

    /// Notes that the key names a model, to be checked when all models are known.
    mutating func reference(_ key: String, in section: inout Section) -> String? {
        guard let name = section.name(key) else { return nil }
        references.append(.init(name: name, path: section.path(of: key), position: section.position(of: key)))
        return name
    }

    private mutating func readBudget(_ root: inout Section) {
        let expected = "an amount of USD such as 5.0"
        root.table("budget") { section in
            configuration.budget.dailyUSD = section.amount("daily_usd", expected: expected)
            configuration.budget.monthlyUSD = section.amount("monthly_usd", expected: expected)
        }
    }

    private mutating func readCaches(_ root: inout Section) {
        root.table("cache") { section in
            section.table("responses") { readCache(&$0, into: &configuration.responseCache) }
        }
        root.table("history") { section in
            if let content = section.bool("content") { configuration.historyContent = content }
        }
    }

    func readCache(_ section: inout Section, into cache: inout CacheSettings) {
        if let enabled = section.bool("enabled") { cache.enabled = enabled }
        if let ttl = section.duration("ttl") { cache.ttl = ttl }
        if let entries = section.count("entries") { cache.entries = entries }
    }

    private mutating func readDaemon(_ root: inout Section) {
        configuration.daemon.stateDirectory = Self.stateDirectory(environment)
        root.table("daemon") { section in
            if let span = section.duration("idle_exit") { configuration.daemon.idleExit = span }
            if let span = section.duration("drain_timeout") { configuration.daemon.drainTimeout = span }
            section.table("retain") { retain in
                if let span = retain.anyDuration("history") { configuration.daemon.retainHistory = span }
                if let span = retain.anyDuration("transactions") { configuration.daemon.retainTransactions = span }
            }
            if let path = section.name("state_dir"), let absolute = expand(path, "state_dir", section) {
                configuration.daemon.stateDirectory = absolute
            }
        }
    }

    private static func stateDirectory(_ environment: [String: String]) -> String {
        // systemd gives a list when the unit names several folders; ours is the first.
        if let list = environment["STATE_DIRECTORY"], let first = list.split(separator: ":").first {
            return String(first)
        }
        let folder =
            if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
                "\(state)/tandem"
            } else if let home = environment["HOME"], !home.isEmpty {
                "\(home)/.local/state/tandem"
            } else {
                "/var/lib/tandem"
            }
        // Where systemd 252 put it (StateDirectory= of a user's unit): what was recorded there stays in use, else the
        // history would seem lost.
        if let configuration = ConfigurationLocation.userPath(environment) {
            let former = parentFolder(of: configuration)
            if !holdsState(folder), holdsState(former) { return former }
        }
        return folder
    }

    private static func holdsState(_ folder: String) -> Bool {
        ["tandem.db", "edits.db"].contains { access("\(folder)/\($0)", F_OK) == 0 }
    }

    private mutating func readAccess(_ root: inout Section) {
        var roots = ["~"]
        var holder: Section?
        root.table("access") { section in
            if let users = section.strings("users") { configuration.access.users = users }
            if let groups = section.strings("groups") { configuration.access.groups = groups }
            if let configured = section.strings("roots") {
                roots = configured
                holder = section
            }
        }
        configuration.access.includesHome = roots.contains("~")
        configuration.access.roots = roots.compactMap { root in
            if let holder { return expand(root, "roots", holder) }
            return paths.absolute(root, in: "")
        }
    }

    /// An absolute path, or a fault where `~` has no meaning.
    func expand(_ path: String, _ key: String, _ section: Section) -> String? {
        let file = log.files[section.position(of: key).file]
        guard let absolute = paths.absolute(path, in: file) else {
            section.fault(key, "~ cannot be expanded: HOME is not set")
            return nil
        }
        return absolute
    }
}

/// A name that stands for a model or a provider somewhere in the source.
struct ModelReference {
    var name: String
    /// Dotted key.
    var path: String
    var position: SourcePosition
}

extension FaultLog {
    func faultOfFile(_ index: Int, _ message: String) {
        isIncomplete = true
        fault(SourcePosition(file: index, line: 0, column: 0), "", message)
    }

    var sortedFaults: [ConfigurationFault] {
        func order(_ fault: (offset: Int, element: ConfigurationFault)) -> (Int, Int, Int, Int) {
            let fileIndex = files.firstIndex(of: fault.element.file) ?? -1
            return (fileIndex, fault.element.line, fault.element.column, fault.offset)
        }
        return faults.enumerated().sorted { order($0) < order($1) }
            .map(\.element)
    }
}
