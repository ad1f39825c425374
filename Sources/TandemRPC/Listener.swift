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
    /// Descriptors that connections leave to providers and the ledger: without them those who are connected would get no
    /// answer. A quarter of all where that is less.
    static let descriptorsLeft: Int32 = 64
    /// How long accepting rests when the process has no descriptors left.
    static let descriptorShortagePause = TimeSpan.milliseconds(100)

    private let descriptor: Int32
    /// A connection with this descriptor or a higher one is refused.
    private let ceiling: Int32
    private let accepted: @LoopActor (_ descriptor: Int32) -> Void
    private let refused: @LoopActor (_ descriptor: Int32) -> Void
    /// Given up where no descriptor is left, so that whoever connects then can be told; nil until there is one again.
    private var reserve: Int32?
    private var registration: Registration?
    private var resumption: Deadline?

    /// `refused` gets the connections for which the process has no descriptor to spare: it tells them, and closes them.
    package init(
        descriptor: Int32, accepted: @escaping @LoopActor (_ descriptor: Int32) -> Void,
        refused: @escaping @LoopActor (_ descriptor: Int32) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.accepted = accepted
        self.refused = refused
        var limit = rlimit()
        let all = getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit) == 0 ? Int32(clamping: limit.rlim_cur) : .max
        ceiling = all - min(Self.descriptorsLeft, all / 4)
        let flags = cl_fcntl(descriptor, F_GETFL, 0)
        guard flags >= 0, cl_fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw SystemError("fcntl") }
        registration = try EventLoop.shared.register(descriptor, events: UInt32(CL_EPOLLIN), self)
        takeReserve()
    }

    /// Stops accepting. Connections that wait in the backlog stay there for the next process.
    package func stop() {
        if let registration { EventLoop.shared.unregister(registration) }
        registration = nil
        if let resumption { EventLoop.shared.cancel(resumption) }
        resumption = nil
        if let reserve { close(reserve) }
        reserve = nil
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
                // The kernel gives out the lowest number that is free.
                if connection < ceiling { accepted(connection) } else { refused(connection) }
                // The handler may have stopped us.
                guard registration != nil else { return }
                continue
            }
            switch cl_errno() {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                if refuseOne() { continue }
                pause()
            default: break
            }
            return
        }
    }

    private func takeReserve() {
        guard reserve == nil, registration != nil else { return }
        let descriptor = cl_open("/dev/null", O_RDONLY, 0)
        reserve = descriptor >= 0 ? descriptor : nil
    }

    /// False where the reserve is gone: those who wait then go on waiting for a while.
    private func refuseOne() -> Bool {
        takeReserve()
        guard let spare = reserve else { return false }
        close(spare)
        reserve = nil
        let connection = cl_accept(descriptor, 1)
        if connection >= 0 { refused(connection) }
        // When it has been told and is closed.
        EventLoop.shared.atEndOfTurn { [weak self] in self?.takeReserve() }
        return connection >= 0
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
