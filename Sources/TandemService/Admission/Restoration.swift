import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore
import TandemWorkflows

/// Holds back the requests that come before the last process's state is read: the first one already sees its limits,
/// breakers and caches. What is waited for is a few reads on the store's thread.
@LoopActor
final class Restoration {
    /// A disk that takes longer must not keep the daemon from answering.
    static let longestWait = TimeSpan.seconds(2)

    private(set) var isDone = false
    private var held: [PendingRequest] = []

    /// Keeps a request until `finish`; connections bound how many there can be.
    func hold(_ request: PendingRequest) {
        request.work = WaitingRequest(request)
        held.append(request)
    }

    /// Nothing is held back any more; what was is handled now.
    func finish(_ handle: @LoopActor (PendingRequest) -> Void) {
        guard !isDone else { return }
        isDone = true
        let requests = held
        held = []
        for request in requests where !request.isFinished {
            request.work = nil
            handle(request)
        }
    }
}

extension Method {
    /// Everything but what says nothing about limits, breakers and caches.
    var needsRestoredState: Bool {
        switch self {
        case .ping, .discover, .cancel, .cancelRequest, .subscribe: false
        default: true
        }
    }
}

/// What an earlier process left.
private struct Kept: Sendable {
    var limits: [UInt8]?
    var providers: [UInt8]?
    var overrides: [String: Bool] = [:]
}

extension Daemon {
    private static let limitsKey = "limits"
    private static let providersKey = "providers"

    /// What is saved under which key; read again by `restoreKeptState`.
    var keptStates: [(key: String, value: [UInt8])] {
        // Late, unread state must not be overwritten with what little this process knows.
        guard restoration.isDone else { return [] }
        let clock = ClockReading(monotonic: .now(), wall: .now())
        return [
            (Self.limitsKey, encodeLimits(admission.snapshot(clock))),
            (
                Self.providersKey,
                encodeProviders(providers.providers.map { ($0.settings.name, $0.kept(clock)) })
            ),
        ]
    }

    /// Reads what the last process left, off the loop; requests that need it are held back until then. A database that
    /// does not exist yet is not made for it.
    func restoreKeptState() {
        guard store.exists else {
            admission.beginBudget(configuration.budget, spentToday: 0, spentThisMonth: 0)
            return restoration.finish(handle)
        }
        let timeout = EventLoop.shared.schedule(at: EventLoop.shared.now + Restoration.longestWait) { [self] in
            log(.warning, "the state of limits and breakers could not be read in time: counting begins anew")
            restoration.finish(handle)
        }
        startOnLoop { [self] in
            await readKeptState()
            EventLoop.shared.cancel(timeout)
            restoration.finish(handle)
            keeper.changed()
        }
    }

    private func readKeptState() async {
        var kept = Kept()
        do throws(StoreError) {
            kept.limits = try await store.value { store.state(Self.limitsKey, completion: $0) }?.value
            kept.providers = try await store.value { store.state(Self.providersKey, completion: $0) }?.value
            try await responses.load()
            for case .workflow(let model) in configuration.models {
                if case .chain(let chain) = model.settings {
                    try await reasoningCaches.load(model.name, chain.reasoningCache)
                }
            }
            kept.overrides = try await store.value { store.providerOverrides(completion: $0) }
        } catch {
            log(.warning, "the state of limits and breakers is not read: \(error)")
        }
        await countSpending(for: configuration.budget)
        let clock = ClockReading(monotonic: .now(), wall: .now())
        if let snapshot = kept.limits.flatMap({ decodeLimits($0) }) { admission.restore(snapshot, clock) }
        if let states = kept.providers.map({ decodeProviders($0) }) {
            for provider in providers.providers {
                if let state = states[provider.settings.name] { provider.restore(state, clock) }
            }
        }
        // What was switched while we read is newer.
        setOverrides(kept.overrides.merging(overrides) { $1 })
    }

    /// Begins to count money where a budget is configured and none was: what was spent is in the ledger.
    func countSpending(for settings: BudgetSettings) async {
        guard admission.needsSpending(for: settings) else { return }
        let now = CivilTime(.now())
        let month = CivilTime(year: now.year, month: now.month, day: 1).wallTime
        let day = CivilTime(year: now.year, month: now.month, day: now.day).wallTime
        var spent = (day: 0.0, month: 0.0)
        do throws(StoreError) {
            spent.day = try await store.value { store.spent(since: day, completion: $0) }
            spent.month = try await store.value { store.spent(since: month, completion: $0) }
        } catch {
            log(.warning, "what was spent is not known, the budget counts from now: \(error)")
        }
        admission.beginBudget(settings, spentToday: spent.day, spentThisMonth: spent.month)
    }

    func providerChanged(_ provider: Provider, _ change: ProviderChange) {
        switch change {
        case .counted: keeper.changed()
        case .breaker(let model):
            keeper.changed()
            subscribers.breakerChanged(provider, model: model)
        case .health:
            keeper.changed()
            subscribers.providerChanged(provider)
        case .switched: subscribers.providerChanged(provider)
        }
    }
}
