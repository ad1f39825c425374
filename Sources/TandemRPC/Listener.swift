import CLinux
import Glibc
import TandemBase
import TandemLoop

/// Accepts connections on one listening socket, which it does not own: under socket activation it stays with the
/// service manager.
@LoopActor
package final class Listener: ReadinessHandler {
    /// Connections accepted in one turn, so that a storm cannot starve those that are served.
    static let acceptsPerTurn = 64
    /// How long accepting rests when the process has no descriptors left.
    static let descriptorShortagePause = TimeSpan.milliseconds(100)

    private let descriptor: Int32
    private let accepted: @LoopActor (_ descriptor: Int32) -> Void
    private var registration: Registration?
    private var resumption: Deadline?

    package init(
        descriptor: Int32, accepted: @escaping @LoopActor (_ descriptor: Int32) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.accepted = accepted
        let flags = cl_fcntl(descriptor, F_GETFL, 0)
        guard flags >= 0, cl_fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw SystemError("fcntl") }
        registration = try EventLoop.shared.register(descriptor, events: UInt32(CL_EPOLLIN), self)
    }

    /// Stops accepting. Connections that wait in the backlog stay there for the next process.
    package func stop() {
        if let registration { EventLoop.shared.unregister(registration) }
        registration = nil
        if let resumption { EventLoop.shared.cancel(resumption) }
        resumption = nil
    }

    /// Whether a connection waits in the backlog at this instant.
    package var hasWaitingConnection: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    package func ready(_ events: UInt32) {
        for _ in 0..<Self.acceptsPerTurn {
            let connection = cl_accept(descriptor, 1)
            if connection >= 0 {
                accepted(connection)
                // The handler may have stopped us.
                guard registration != nil else { return }
                continue
            }
            switch cl_errno() {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: pause()
            default: break
            }
            return
        }
    }

    private func pause() {
        guard let registration else { return }
        EventLoop.shared.suspend(registration)
        let time = EventLoop.shared.now + Self.descriptorShortagePause
        resumption = EventLoop.shared.schedule(at: time) { [weak self] in
            guard let self, let registration = self.registration else { return }
            EventLoop.shared.update(registration, events: UInt32(CL_EPOLLIN))
        }
    }
}
