import Glibc
import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

/// Everything put together: one object for each part, and what they have in common. What a method does stands in a
/// file of its own.
@LoopActor
package final class Daemon: RequestHandler {
    /// A request without `timeout_ms` ends after this long.
    static let defaultRequestTimeout = TimeSpan.minutes(10)
    nonisolated static let version = tandemVersion

    package private(set) var configuration: Configuration
    package let providers = ProviderRegistry()
    package let store: Store
    package let client: HTTPClient
    let llama: LlamaPool
    package let log: Log
    let environment: [String: String]
    let explicitConfiguration: String?
    let startTime = MonotonicTime.now()
    private(set) var server: RPCServer!
    let methods: MethodTable
    let admission: Admission
    let subscribers = Subscribers()
    let conversations: Conversations
    let responses: ResponseCache
    /// Saves the states of limits, breakers and cooldowns.
    private(set) var keeper: StateKeeper!
    /// Holds requests back until what the last process knew is read.
    let restoration = Restoration()
    /// What `setProvider` said, by provider; kept across restarts and reloads.
    private(set) var overrides: [String: Bool] = [:]
    let reasoningCaches: ReasoningCaches
    let expertMemory = ExpertMemory()
    /// The journal of edit transactions.
    let edits: EditService
    let recentChats = RecentChats()
    let reachability: ReachabilityRound
    /// The answer to rpc.discover, made at the first call.
    private(set) lazy var discoveryDocument = methods.openRPCDocument()
    private var sockets: [ListeningSocket] = []
    private var systemEvents: SystemEvents?
    private let manager: ServiceManager
    private var ids = ULIDSource()
    private var candidateCache: [String: [ModelSettings]] = [:]
    private var identityCache: [String: [UInt8]] = [:]

    /// Requests with an identifier of ours, for `cancel`.
    private(set) var runs: [ULID: (work: any RequestWork, uid: UInt32)] = [:]
    private var isDraining = false
    private var drainDeadline: Deadline?
    private var idleDeadline: Deadline?
    /// Why the last reload was refused; nil when the configuration in use is the one on disk, as far as is known.
    var configurationProblem: String?
    /// The reload that was asked for last: one at a time, so that an old reading never replaces a newer one.
    var latestReload: Task<Result<[String], RPCError>, Never>?

    package init(
        configuration: Configuration, environment: [String: String], explicitConfiguration: String? = nil, log: Log
    ) throws(SystemError) {
        self.configuration = configuration
        self.environment = environment
        self.explicitConfiguration = explicitConfiguration
        self.log = log
        var options = StoreOptions(path: configuration.daemon.stateDirectory + "/tandem.db")
        options.retainHistory = configuration.daemon.retainHistory
        store = Store(options) { level, message in
            switch level {
            case .info: log(.info, message)
            case .warning: log(.warning, message)
            case .error: log(.error, message)
            }
        }
        manager = ServiceManager(environment: environment)
        edits = EditService(
            stateDirectory: configuration.daemon.stateDirectory, retaining: configuration.daemon.retainTransactions,
            log: log)
        client = try HTTPClient()
        let keys = configuration.keyVariables(of: environment)
        llama = LlamaPool(client: client, environment: environment.filter { !keys.contains($0.key) }) { name, line in
            if log.isOn(.debug) { log(.debug, line, .provider(name)) }
        }
        reachability = ReachabilityRound(client)
        admission = Admission(configuration.limits)
        conversations = Conversations(store)
        responses = ResponseCache(configuration.responseCache, store)
        reasoningCaches = ReasoningCaches(store)
        methods = MethodTable(available: Self.availableMethods)
        server = RPCServer(
            handler: self, limits: Self.limits(configuration), access: AccessPolicy(configuration.access, log))
        server.onIdle = { [unowned self] in considerIdleExit() }
        keeper = StateKeeper(store) { [unowned self] in keptStates }
        admission.onChange = { [unowned self] in keeper.changed() }
        admission.onRefusal = { [unowned self] in subscribers.limitReached($0, $1) }
        replaceProviders()
    }

    // MARK: configuration

    private static func limits(_ configuration: Configuration) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.messageBytes = configuration.limits.messageBytes
        limits.outboundBytes = configuration.limits.outboundBytes
        limits.writeStall = configuration.limits.writeStall
        return limits
    }

    private func replaceProviders() {
        candidateCache = [:]
        identityCache = [:]
        providers.replace(
            with: configuration.providers.map { settings in
                let provider: Provider
                if let known = providers[settings.name], known.settings.kind == settings.kind {
                    known.update(settings)
                    provider = known
                } else {
                    provider = Provider(settings, client: client, llama: llama)
                }
                provider.enabledOverride = overrides[settings.name]
                provider.onChange = { [unowned self] in providerChanged($0, $1) }
                return provider
            })
    }

    /// Puts another configuration in place; requests under way finish with the one they began with.
    func adopt(_ configuration: Configuration, _ access: AccessPolicy) {
        self.configuration = configuration
        server.limits = Self.limits(configuration)
        server.access = access
        store.setRetention(history: configuration.daemon.retainHistory)
        edits.setRetention(configuration.daemon.retainTransactions)
        admission.update(limits: configuration.limits, budget: configuration.budget)
        responses.update(configuration.responseCache)
        replaceProviders()
        considerIdleExit()
    }

    /// Adds the servers of this machine that answered.
    private func addLocal(_ found: [(provider: ProviderSettings, models: [String])]) {
        guard !found.isEmpty else { return }
        for (provider, models) in found { configuration.addLocal(provider, models: models) }
        replaceProviders()
    }

    /// A leaf and its fallbacks, in order, each once.
    func candidates(for leaf: ModelSettings) -> [ModelSettings] {
        if let known = candidateCache[leaf.name] { return known }
        var found = [leaf]
        var index = 0
        while index < found.count {
            for name in found[index].fallbacks {
                guard case .leaf(let next)? = configuration.resolve(name) else { continue }
                if !found.contains(where: { $0.name == next.name }) { found.append(next) }
            }
            index += 1
        }
        // A request that began before a reload may ask with the settings of then.
        if case .leaf(let present)? = configuration.resolve(leaf.name), present == leaf, leaf.name.utf8.count < 256,
            candidateCache.count < 1024
        {
            candidateCache[leaf.name] = found
        }
        return found
    }

    /// The candidates of a leaf model that was called by this name of late: the common case of `chat`, in one look-up.
    func recentCandidates(of name: String) -> [ModelSettings]? { candidateCache[name] }

    /// What of the configuration an answer of this model depends on.
    func identity(of leaf: ModelSettings) -> [UInt8] {
        if let known = identityCache[leaf.name] { return known }
        let identity = leaf.identity(configuration.provider(leaf.provider))
        if identityCache.count < 1024 { identityCache[leaf.name] = identity }
        return identity
    }

    func setOverrides(_ overrides: [String: Bool]) {
        self.overrides = overrides
        for provider in providers.providers { provider.enabledOverride = overrides[provider.settings.name] }
    }

    // MARK: requests

    func makeID() -> ULID { ids.next() }

    func began(_ work: any RequestWork, id: ULID, uid: UInt32) {
        runs[id] = (work, uid)
        if let idleDeadline { EventLoop.shared.suspend(idleDeadline) }
    }

    func ended(_ id: ULID) {
        runs[id] = nil
        if runs.isEmpty {
            if isDraining { finishIfDrained() } else { considerIdleExit() }
        }
    }

    /// The work of that identifier, if the peer may see it: its own, or anybody's for root and the daemon's user.
    func run(_ id: ULID, for peer: Peer) -> (any RequestWork)? {
        guard let run = runs[id], run.uid == peer.uid || isOwner(peer) else { return nil }
        return run.work
    }

    func isOwner(_ peer: Peer) -> Bool { peer.uid == 0 || peer.uid == getuid() }

    func record(_ record: consuming RequestRecord) {
        if record.errorCode != nil, log.isOn(.info), let message = record.errorMessage {
            log(
                .info, "\(record.method) ended with \(record.outcome): \(message)", .request(record.id),
                .model(record.model), .uid(record.uid))
        }
        if subscribers.wants(.requests) { subscribers.requestFinished(record) }
        store.record(record)
    }

    package func handle(_ request: PendingRequest) {
        if isDraining { return request.fail(.shuttingDown()) }
        do throws(RPCError) {
            let method = try methods.check(request.message).method
            if !restoration.isDone, method.needsRestoredState { return restoration.hold(request) }
            try dispatch(method, request)
        } catch {
            request.fail(error)
        }
    }

    // MARK: life

    /// Starts serving. Servers of this machine are looked for first, so that the first request finds them.
    func start(on sockets: [ListeningSocket], ready: @escaping @LoopActor () -> Void) throws(SystemError) {
        self.sockets = sockets
        // What a crash left half done is finished before anybody is served.
        edits.recover()
        let events = try SystemEvents()
        systemEvents = events
        try events.onSignal(SIGTERM) { [unowned self] in drain("SIGTERM") }
        try events.onSignal(SIGINT) { [unowned self] in drain("SIGINT") }
        try events.onSignal(SIGHUP) { [unowned self] in reload(by: "SIGHUP") }
        if manager.feedWatchdog() { log(.debug, "the watchdog is fed by the loop") }
        restoreKeptState()
        probe(configuration.localCandidates) { [self] found in
            addLocal(found)
            for socket in sockets {
                do throws(SystemError) {
                    try server.listen(on: socket.descriptor)
                } catch {
                    log(.error, "cannot listen: \(error)")
                }
            }
            ready()
            notifyReady()
            considerIdleExit()
        }
    }

    var isActivated: Bool { sockets.first?.isActivated ?? false }

    /// What `systemctl status` shows.
    private var statusLine: String {
        let names = configuration.providers.filter { $0.enabled && $0.kind != .offline }.map(\.name)
        let served = names.isEmpty ? "without a provider (offline answers only)" : names.joined(separator: ", ")
        let problem = configurationProblem == nil ? "" : "; the configuration has faults: tandem config check"
        return "serving \(served)\(problem)"
    }

    /// Reads the configuration again, off the loop; the old one stays where the new one has a fault.
    func reload(by cause: String) {
        startOnLoop { [self] in
            do throws(RPCError) {
                let changed = try await reloadConfiguration()
                log(
                    .info,
                    "configuration read again after \(cause): \(changed.isEmpty ? "no change" : changed.joined(separator: ", "))"
                )
            } catch {
                log(.error, "configuration not read again after \(cause): \(error.message)")
            }
        }
    }

    func notifyReloading() {
        manager.notify(
            "RELOADING=1\nMONOTONIC_USEC=\(MonotonicTime.now().nanoseconds / 1000)\nSTATUS=reading the configuration")
    }

    func notifyReady() { manager.notify("READY=1\nSTATUS=\(statusLine)") }

    /// Graceful shutdown: no new requests, those in flight get `drain_timeout`.
    private func drain(_ cause: String) {
        guard !isDraining else { return }
        isDraining = true
        manager.notify("STOPPING=1\nSTATUS=finishing \(runs.count) requests")
        log(.info, "\(cause): finishing \(runs.count) requests in flight")
        server.stopAccepting()
        unlinkOwnSockets()
        server.onQuiet = { [unowned self] in finishIfDrained() }
        guard !runs.isEmpty || server.requestsInFlight > 0 else { return finishDraining() }
        drainDeadline = EventLoop.shared.schedule(at: EventLoop.shared.now + configuration.daemon.drainTimeout) {
            [unowned self] in
            log(.warning, "\(runs.count) requests did not finish in time and are ended")
            for run in Array(runs.values) { run.work.cancel(.shutdown) }
            finishDraining()
        }
    }

    /// Looked at when the turn is over: until then more may end, and more may begin.
    private func finishIfDrained() {
        EventLoop.shared.atEndOfTurn { [self] in
            if runs.isEmpty, server.requestsInFlight == 0 { finishDraining() }
        }
    }

    /// Answers that are still to be written go out at the end of the turn; then the daemon leaves. A client that does
    /// not read its answers is not waited for beyond `flushTimeout`.
    private func finishDraining() {
        server.onQuiet = nil
        if let drainDeadline { EventLoop.shared.cancel(drainDeadline) }
        llama.killAll()
        drainDeadline = EventLoop.shared.schedule(at: EventLoop.shared.now + Self.flushTimeout) { [unowned self] in
            leave()
        }
        server.closeWhenFlushed { [unowned self] in leave() }
    }

    /// The last answers get this long to be taken.
    private static let flushTimeout = TimeSpan.seconds(1)

    /// Ends the loop as soon as the commands in devboxes are known to be ended.
    private func leave() {
        if let drainDeadline { EventLoop.shared.cancel(drainDeadline) }
        drainDeadline = EventLoop.shared.schedule(at: EventLoop.shared.now + Self.endingTimeout) {
            EventLoop.shared.stop()
        }
        ExecutionEndings.shared.whenNone { EventLoop.shared.stop() }
    }

    /// A devbox's server gets this long to end a command.
    private static let endingTimeout = TimeSpan.seconds(3)

    private func unlinkOwnSockets() {
        for socket in sockets { socket.removeFile() }
    }

    // MARK: idle exit

    private var isIdle: Bool { runs.isEmpty && server.connectionCount == 0 }

    /// Starts the idle clock when nobody is there, and stops it when somebody is.
    private func considerIdleExit() {
        guard isIdle, !isDraining else { return }
        let time = EventLoop.shared.now + configuration.daemon.idleExit
        if let idleDeadline {
            EventLoop.shared.move(idleDeadline, to: time)
        } else {
            idleDeadline = EventLoop.shared.schedule(at: time) { [unowned self] in exitIfIdle() }
        }
    }

    /// Leaves, unless a client came at the last moment. From here on nothing is accepted, so a connection either is in
    /// the backlog now, and we stay, or it comes later, and the service manager, which still holds the socket, starts
    /// the next daemon for it. A socket of our own is unlinked first: a later client finds none and starts a daemon.
    private func exitIfIdle() {
        guard isIdle else { return }
        guard !server.hasWaitingConnection else { return considerIdleExit() }
        if !isActivated {
            unlinkOwnSockets()
            if server.hasWaitingConnection {
                // Came between the look and the unlinking: it is served, then we leave all the same.
                return considerIdleExit()
            }
        }
        log(
            .info,
            "idle for \(configuration.daemon.idleExit.wholeMilliseconds / 1000) s: leaving until the next connection")
        drain("idle")
    }

    /// Writes what the ledger still has. Called after the loop has ended.
    package func close() {
        keeper.save()
        _ = store.close(deadline: .now() + Self.storeCloseTimeout)
    }

    /// The ledger's last batch gets this long at the end.
    private static let storeCloseTimeout = TimeSpan.seconds(2)
}
