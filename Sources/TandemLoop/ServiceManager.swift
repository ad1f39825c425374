import CLinux
import CSystemd
import Glibc
import TandemBase

/// Tells the service manager how the daemon is (the protocol of sd_notify(3)): started, reloading, stopping, alive.
///
/// libsystemd's own sender waits as long as nobody reads the manager's socket, and a loop that waits serves nobody. Here
/// what cannot be sent yet is kept and goes out, in order, as soon as the manager reads again.
@LoopActor
package final class ServiceManager: ReadinessHandler {
    /// Messages kept for a manager that does not read. Of more the oldest are given up: the newest say how things are.
    static let pendingLimit = 16

    /// `NOTIFY_SOCKET`: a path, or an abstract name behind `@`; nil without a service manager.
    private let address: String?
    private var pending: [String] = []
    /// Open only while something is to be said.
    private var socket: Int32?
    private var registration: Registration?
    private var watchdog: Deadline?

    package init(environment: [String: String]) { address = environment["NOTIFY_SOCKET"] }

    /// Says `state`: lines such as `READY=1`.
    package func notify(_ state: String) {
        guard address != nil else { return }
        if pending.count == Self.pendingLimit { pending.removeFirst() }
        pending.append(state)
        flush()
    }

    /// Says every half of the watchdog's time that the loop turns: what holds the loop up stops this as well. False when
    /// the manager asked for no watchdog.
    package func feedWatchdog() -> Bool {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return false }
        let pause = TimeSpan(nanoseconds: Int64(clamping: microseconds / 2) * 1000)
        watchdog = EventLoop.shared.schedule(at: EventLoop.shared.now + pause) { [unowned self] in
            if pending.last != Self.alive { notify(Self.alive) }
            if let watchdog { EventLoop.shared.move(watchdog, to: EventLoop.shared.now + pause) }
        }
        return true
    }

    private static let alive = "WATCHDOG=1"

    package func ready(_ events: UInt32) { flush() }

    private func flush() {
        while let state = pending.first {
            guard let socket = connected() else { break }
            let count = Array(state.utf8).withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, cl_errno() == EAGAIN { return waitForRoom(socket) }
            // Any other failure: nobody is there to be told.
            pending.removeFirst()
            if count < 0 { break }
        }
        finish()
    }

    private func connected() -> Int32? {
        if let socket { return socket }
        guard let address else { return nil }
        let opened = cl_connect_datagram(address)
        socket = opened >= 0 ? opened : nil
        return socket
    }

    /// The kernel says when the manager has taken something out of its queue.
    private func waitForRoom(_ socket: Int32) {
        guard registration == nil else { return }
        registration = try? EventLoop.shared.register(socket, events: UInt32(CL_EPOLLOUT), self)
    }

    private func finish() {
        pending = []
        if let registration { EventLoop.shared.unregister(registration) }
        registration = nil
        if let socket { close(socket) }
        socket = nil
    }
}
