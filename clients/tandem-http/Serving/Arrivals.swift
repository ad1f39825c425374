import Glibc
import Synchronization
import TandemBase

/// How long a request may take to arrive, its body included, from when the connection was made or the answer before it
/// was over. A byte now and then keeps a connection from being idle, and would keep its place for ever.
private let arrivalLimit = TimeSpan.minutes(2)

/// The connections that no whole request has come from yet. Whose time is up is cut off by `sweep`, which is due
/// when the process gets SIGALRM.
final class Arrivals: Sendable {
    private let deadlines = Mutex<[Int32: MonotonicTime]>([:])
    /// Asks for a sweep after a time.
    private let setAlarm: @Sendable (TimeSpan) -> Void

    init(setAlarm: @escaping @Sendable (TimeSpan) -> Void = { alarm(UInt32($0.nanoseconds / 1_000_000_000) + 1) }) {
        self.setAlarm = setAlarm
    }

    func began(_ socket: Int32, now: MonotonicTime = .now()) {
        deadlines.withLock { deadlines in
            if deadlines.isEmpty { setAlarm(arrivalLimit) }
            deadlines[socket] = now + arrivalLimit
        }
    }

    /// The request is there, or the connection is going to be closed.
    func ended(_ socket: Int32) { deadlines.withLock { deadlines in deadlines[socket] = nil } }

    /// Cuts off whose time is up. Their threads find the end of the stream, and close the sockets after `ended`.
    func sweep(now: MonotonicTime = .now()) {
        deadlines.withLock { deadlines in
            for (socket, deadline) in deadlines where deadline <= now {
                shutdown(socket, Int32(SHUT_RDWR))
                deadlines[socket] = nil
            }
            if let next = deadlines.values.min() { setAlarm(next - now) }
        }
    }
}
