import Glibc
import TandemBase
import TandemHTTP
import TandemJSON
import TandemLoop
import TandemPolicy

/// The devbox of one provider: the one that the settings name, or one made from their blueprint. It is looked up,
/// resumed or created once for all requests that wait for it, and goes on booting when they have left, so that the
/// next one finds it.
@LoopActor
final class RunloopDevbox {
    /// A devbox gets this long to run.
    private static let bootLimit = TimeSpan.minutes(5)
    /// Between two looks at a devbox whose server does not hold the question.
    private static let pollPause = TimeSpan.milliseconds(250)
    /// A devbox of ours is suspended after this long without an execution, seconds: a suspended one costs no compute.
    private static let idleSeconds = 600
    /// The member of a devbox's metadata by which its maker finds it again after a restart.
    private static let ownerKey = "tandem_owner"
    private static let listLimit = 100

    private let api: RunloopAPI
    private let settings: RunloopSettings
    /// Made from the blueprint.
    private var created: String?
    private var waiting: [(ticket: Int, completion: @LoopActor (Result<String, UpstreamFailure>) -> Void)] = []
    private var nextTicket = 0
    private var isLooking = false

    init(api: RunloopAPI, settings: RunloopSettings) {
        self.api = api
        self.settings = settings
    }

    /// Calls back with the identifier of the devbox as soon as it runs; never from within this call.
    func whenRunning(_ completion: @escaping @LoopActor (Result<String, UpstreamFailure>) -> Void) -> Int {
        nextTicket += 1
        waiting.append((nextTicket, completion))
        if !isLooking {
            isLooking = true
            startOnLoop { [self] in
                let result: Result<String, UpstreamFailure>
                do throws(UpstreamFailure) { result = .success(try await find()) } catch { result = .failure(error) }
                isLooking = false
                let told = waiting
                waiting = []
                for waiter in told { waiter.completion(result) }
            }
        }
        return nextTicket
    }

    func cancel(_ ticket: Int) { waiting.removeAll { $0.ticket == ticket } }

    private func find() async throws(UpstreamFailure) -> String {
        let deadline = MonotonicTime.now() + Self.bootLimit
        if let id = created ?? settings.devbox {
            if try await isBrought(up: id, until: deadline) { return id }
            created = nil
        }
        guard let blueprint = settings.blueprint else {
            throw UpstreamFailure(
                .notSent(.disabled),
                settings.devbox == nil
                    ? "no devbox: set `devbox` (RUNLOOP_DEVBOX_ID) or `blueprint` (QWEN_OLLAMA_BLUEPRINT_ID)"
                    : "the devbox has been shut down: set `devbox` to another one, or `blueprint` to have one made")
        }
        let id: String
        if let known = try await known(of: blueprint) {
            id = known
        } else {
            id = try Self.identifier(try await api.call("POST", "/devboxes", createBody(blueprint)))
        }
        created = id
        guard try await isBrought(up: id, until: deadline) else {
            created = nil
            throw UpstreamFailure(.status(500), "the devbox made from blueprint \(blueprint) did not start")
        }
        return id
    }

    /// Whether the devbox runs, after it was resumed or waited for; false when it is gone for good.
    private func isBrought(up id: String, until deadline: MonotonicTime) async throws(UpstreamFailure) -> Bool {
        let path = RunloopAPI.devboxPath(id)
        var view: JSONValue
        do throws(UpstreamFailure) { view = try await api.call("GET", path) } catch {
            if error.status == 404 { return false }
            throw error
        }
        var hasResumed = false
        while MonotonicTime.now() < deadline {
            let asked = MonotonicTime.now()
            switch view["status"]?.string {
            case "running": return true
            case "failure", "shutdown", nil: return false
            case "suspended" where !hasResumed:
                hasResumed = true
                view = try await api.call("POST", path + "/resume", Array("{}".utf8))
                continue
            default: break
            }
            // A devbox that is being suspended can be resumed when that is done.
            let wanted = ["running", "failure", "shutdown"] + (hasResumed ? [] : ["suspended"])
            do throws(UpstreamFailure) {
                view = try await api.call("POST", path + "/wait_for_status", RunloopAPI.waitBody(wanted), holds: true)
            } catch {
                guard error.isLongPollEnd else { throw error }
            }
            if MonotonicTime.now() - asked < Self.pollPause { await pause(Self.pollPause) }
        }
        throw UpstreamFailure(.timeout, "the devbox did not run within \(Self.bootLimit.wholeMilliseconds / 1000) s")
    }

    /// A devbox that an earlier daemon of this user made.
    private func known(of blueprint: String) async throws(UpstreamFailure) -> String? {
        let list = try await api.call("GET", "/devboxes?limit=\(Self.listLimit)")
        let dead = ["failure", "shutdown"]
        return list["devboxes"]?.elements.first { devbox in
            devbox["metadata"]?[Self.ownerKey]?.string == Self.owner
                && devbox["blueprint_id"]?.string == blueprint
                && !dead.contains(devbox["status"]?.string ?? "failure")
        }?["id"]?.string
    }

    private func createBody(_ blueprint: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("blueprint_id", blueprint)
        writer.member("name", "tandem")
        writer.key("metadata")
        writer.beginObject()
        writer.member("tandem_owner", Self.owner)
        writer.endObject()
        writer.member(
            "launch_parameters",
            raw: #"{"after_idle":{"idle_time_seconds":\#(Self.idleSeconds),"on_idle":"suspend"}}"#.utf8)
        writer.endObject()
        return writer.bytes
    }

    private static func identifier(_ view: JSONValue) throws(UpstreamFailure) -> String {
        guard let id = view["id"]?.string, !id.isEmpty else {
            throw UpstreamFailure(.malformed, "Runloop answered without a devbox's identifier")
        }
        return id
    }

    private static let owner: String = {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(getuid())@\(String(decoding: host, as: UTF8.self))"
    }()

    private func pause(_ span: TimeSpan) async {
        await withCheckedContinuation { continuation in
            _ = EventLoop.shared.schedule(at: EventLoop.shared.now + span) { continuation.resume() }
        }
    }
}
