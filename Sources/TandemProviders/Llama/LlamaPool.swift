import Glibc
import TandemBase
import TandemHTTP
import TandemLoop
import TandemPolicy

/// All model servers that this daemon may start, whatever provider they belong to: they share one memory. Carries out
/// what `LlamaSchedule` decides.
@LoopActor
package final class LlamaPool {
    /// What a request is told: the address, or why there is none.
    typealias Admission = Result<String, UpstreamFailure>

    private let client: HTTPClient
    private var environment: [String: String]
    /// Bytes that another server may take; tests have their own.
    private let available: @LoopActor ([pid_t]) -> Int
    private let log: @LoopActor (_ provider: String, _ line: String) -> Void

    private var schedule = LlamaSchedule()
    private var servers: [Int: LlamaServer] = [:]
    /// The present server of each provider.
    private var current: [String: Int] = [:]
    private var nextID = 0
    private var waiting: [Int: @LoopActor (Admission) -> Void] = [:]
    private var timer: Deadline?
    private var isDeciding = false

    /// `environment` is the daemon's without its keys; what systemd tells it alone the servers do not get. `log` hears
    /// their output, line by line.
    package init(
        client: HTTPClient, environment: [String: String],
        available: @escaping @LoopActor ([pid_t]) -> Int = { LlamaMemory.available(servers: $0) },
        log: @escaping @LoopActor (_ provider: String, _ line: String) -> Void
    ) {
        self.client = client
        self.environment = environment.filter { name, _ in
            !name.hasPrefix("LISTEN_") && !name.hasPrefix("WATCHDOG_") && name != "NOTIFY_SOCKET"
        }
        self.available = available
        self.log = log
    }

    /// Keeps variables from all servers that are started later.
    package func withhold(_ variables: Set<String>) {
        environment = environment.filter { !variables.contains($0.key) }
    }

    struct Place: Hashable {
        var server: Int
        var ticket: Int
    }

    /// Asks for the provider's server, which is started if it has to be. `admitted` comes once, never from within this
    /// call, unless `leave` came first. Nil where its last start has just failed.
    func enter(_ provider: ProviderSettings, _ admitted: @escaping @LoopActor (Admission) -> Void) -> Place? {
        let id = server(for: provider)
        guard let ticket = schedule.want(id, at: EventLoop.shared.now) else { return nil }
        waiting[ticket] = admitted
        decideSoon()
        return Place(server: id, ticket: ticket)
    }

    /// The request has ended, or was never admitted.
    func leave(_ place: Place) {
        waiting[place.ticket] = nil
        schedule.leave(place.server, place.ticket, at: EventLoop.shared.now)
        decideSoon()
    }

    /// The servers' processes that run now.
    package var processes: [pid_t] { servers.values.compactMap(\.pid) }

    /// Ends all servers at once: the daemon ends.
    package func killAll() { for server in servers.values { server.kill() } }

    // MARK: servers

    private func server(for provider: ProviderSettings) -> Int {
        let settings = provider.llama ?? LlamaSettings()
        if let id = current[provider.name], servers[id]?.settings == settings { return id }
        if let old = current[provider.name] {
            schedule.retire(old)
            if schedule.remove(old) { servers[old] = nil }
        }
        nextID += 1
        let id = nextID
        current[provider.name] = id
        let name = provider.name
        let log = log
        servers[id] = LlamaServer(
            name: "\(name)-\(id)", settings: settings, client: client, environment: environment,
            log: { log(name, $0) }, onEvent: { [weak self] event in self?.happened(event, to: id) })
        schedule.add(id, need: LlamaMemory.need(modelPath: settings.modelPath), idleStop: settings.idleStop)
        return id
    }

    private func happened(_ event: LlamaServer.Event, to id: Int) {
        switch event {
        case .ready: schedule.ready(id, at: EventLoop.shared.now)
        case .ended(let why):
            for ticket in schedule.exited(id, at: EventLoop.shared.now) {
                let failure = UpstreamFailure(.connect, "the model server could not be used, \(why)")
                waiting.removeValue(forKey: ticket)?(.failure(failure))
            }
            if !current.values.contains(id), schedule.remove(id) { servers[id] = nil }
        }
        decideSoon()
    }

    private func decideSoon() {
        guard !isDeciding else { return }
        isDeciding = true
        EventLoop.shared.atEndOfTurn { [self] in
            isDeciding = false
            decide()
        }
    }

    private func decide() {
        let actions = schedule.decide(at: EventLoop.shared.now) { available(processes) }
        var wake: MonotonicTime?
        for action in actions {
            switch action {
            case .start(let id): servers[id]?.start()
            case .stop(let id): servers[id]?.stop()
            case .admit(let ticket, let id):
                waiting.removeValue(forKey: ticket)?(.success(servers[id]?.baseURL ?? ""))
            case .wake(let time): wake = min(wake ?? time, time)
            }
        }
        guard let wake else { return }
        if let timer {
            EventLoop.shared.move(timer, to: wake)
        } else {
            timer = EventLoop.shared.schedule(at: wake) { [weak self] in self?.decide() }
        }
    }
}
