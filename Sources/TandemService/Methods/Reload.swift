import TandemBase
import TandemEdits
import TandemLoop
import TandemProtocol
import TandemProviders
import TandemRPC

extension Daemon {
    /// Reads the configuration off the loop and puts it in place.
    /// Answers the dotted keys that changed; a configuration with a fault is refused and the old one stays.
    func reloadConfiguration() async throws(RPCError) -> [String] {
        let previous = latestReload
        let reload = startOnLoop { [self] () -> Result<[String], RPCError> in
            _ = await previous?.value
            do throws(RPCError) {
                return .success(try await readConfiguration())
            } catch {
                return .failure(error)
            }
        }
        latestReload = reload
        return try await reload.value.get()
    }

    private func readConfiguration() async throws(RPCError) -> [String] {
        notifyReloading()
        defer { notifyReady() }
        switch await Self.load(explicitConfiguration, environment, log) {
        case .success(let loaded):
            var fresh = loaded.configuration
            let found = await withCheckedContinuation { continuation in
                probe(fresh.localCandidates) { continuation.resume(returning: $0) }
            }
            for (provider, models) in found { fresh.addLocal(provider, models: models) }
            let changed = Configuration.changes(from: configuration, to: fresh)
            for warning in fresh.warnings { log(.warning, warning.description) }
            await countSpending(for: fresh.budget)
            withholdKeys(of: fresh)
            adopt(fresh, loaded.access)
            configurationProblem = nil
            if !changed.isEmpty { subscribers.configurationChanged(changed) }
            return changed
        case .failure(let faults):
            let count = faults.faults.count == 1 ? "a fault" : "\(faults.faults.count) faults"
            let first = faults.faults.first.map { "\($0)" } ?? "it cannot be read"
            configurationProblem = "it has \(count) and the old one stays (\(first))"
            throw RPCError(
                .invalidParams,
                "The configuration has \(count) and the old one stays (\(first)): run `tandem config check`.",
                data: [.string("path", ""), .string("expected", "a configuration without faults")])
        }
    }

    /// Those that were known at the start are gone from the environment.
    private func withholdKeys(of fresh: Configuration) {
        let keys = fresh.keyVariables(of: environment)
        CommandRunner.withhold(keys)
        llama.withhold(keys)
    }

    private struct Loaded: Sendable {
        var configuration: Configuration
        var access: AccessPolicy
    }

    /// Reads files, runs programs that print keys and looks up accounts, which may be another machine's to know.
    private nonisolated static func load(
        _ explicit: String?, _ environment: [String: String], _ log: Log
    ) async -> Result<Loaded, ConfigurationFaults> {
        // `@concurrent` would not do: under the loop's executor preference it runs on the loop.
        await onOwnThread {
            do throws(ConfigurationFaults) {
                let configuration = try Configuration.load(explicit: explicit, environment: environment)
                return .success(
                    Loaded(configuration: configuration, access: AccessPolicy(configuration.access, log)))
            } catch {
                return .failure(error)
            }
        }
    }
}
