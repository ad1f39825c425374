import Synchronization
import TandemBase

/// `[daemon] retain.history` and where the database lives.
package struct StoreOptions: Sendable {
    /// The database's file, `tandem.db` in the state folder; the folder is made when it is missing.
    package var path: String
    /// Requests and conversations older than this are removed.
    package var retainHistory: TimeSpan = .days(90)
    package var limits = QueueLimits()
    package var now: @Sendable () -> MonotonicTime = { .now() }
    package var wallTime: @Sendable () -> WallTime = { .now() }

    package init(path: String) { self.path = path }
}

package enum StoreLogLevel: Hashable, Sendable { case info, warning, error }

/// Where the store's few log lines go; called on its thread and on callers' threads.
package typealias StoreLog = @Sendable (StoreLogLevel, String) -> Void

/// Why a query has no answer.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The store is shutting down.
    case closed
    /// Too many queries wait; try again shortly.
    case overloaded
    /// The query took longer than the store allows.
    case tooSlow
    /// The disk or the file does not let it; the text says what and is safe to show.
    case unavailable(String)

    package var description: String {
        switch self {
        case .closed: "the database is closing; try again after the restart"
        case .overloaded: "too many database queries wait; try again in a second"
        case .tooSlow: "the query took too long; ask for a shorter range of time"
        case .unavailable(let reason): "the database cannot be used: \(reason)"
        }
    }
}

/// For `status`.
package struct StoreStatus: Hashable, Sendable {
    package var path: String
    /// The file and its log.
    package var bytes: Int
    /// Writes that were lost since the start: a full queue, a full disk, an unusable file.
    package var unrecorded: Int
    /// Why nothing is recorded at the moment; nil when all is well.
    package var failure: String?
}

/// What the store's thread and its callers both touch.
final class StoreShared: Sendable {
    let unrecorded = Atomic<Int>(0)
    let overflowing = Atomic<Bool>(false)
    let failure = Mutex<String?>(nil)
    /// `retain.history` in nanoseconds; a reload changes it.
    let retainHistory: Atomic<Int64>

    init(retainHistory: TimeSpan) { self.retainHistory = Atomic(retainHistory.nanoseconds) }

    func lose(_ count: Int) { unrecorded.add(count, ordering: .relaxed) }
}

/// Whether writing is tried: after a failure it pauses, twice as long each time. A pure state machine.
struct WriteHealth: Hashable, Sendable {
    private(set) var retryAt: MonotonicTime?
    private var pause = firstPause

    func mayTry(at now: MonotonicTime) -> Bool { retryAt.map { now >= $0 } ?? true }

    /// True when this is news.
    mutating func failed(at now: MonotonicTime) -> Bool {
        let isNews = retryAt == nil
        retryAt = now + pause
        pause = min(TimeSpan(nanoseconds: pause.nanoseconds * 2), longestPause)
        return isNews
    }

    /// True when this is news.
    mutating func succeeded() -> Bool {
        defer { self = WriteHealth() }
        return retryAt != nil
    }
}

/// The pause after the first failed write.
private let firstPause = TimeSpan.milliseconds(500)
/// No pause is longer.
private let longestPause = TimeSpan.seconds(30)
