import CLinux
import Glibc
import TandemBase
import TandemLoop
import TandemProtocol

/// The bounds of one connection.
package struct ConnectionLimits: Sendable {
    /// Bytes of one message in; larger is -32007.
    package var messageBytes = 32 << 20
    /// Outbound bytes above which upstreams are paused and no further request is taken up.
    package var outboundBytes = 8 << 20
    /// A peer that takes nothing for this long while bytes wait for it is closed.
    package var writeStall: TimeSpan = .seconds(30)
    /// Requests in flight on one connection; more are -32008.
    package var inFlight = 4096

    package init() {}
}

/// One client's connection: bytes in, messages out, and the other way round. What the messages mean is the
/// session's business.
@LoopActor
package final class Connection: ReadinessHandler {
    /// Read at once; a second read follows only after the first was handled.
    private static let readSize = 64 << 10
    /// Reads of one connection in one turn, so that a flood cannot starve the others.
    private static let readsPerTurn = 4
    /// Bytes of messages that wait while the peer takes no answers; with more it is not read.
    private static let heldLimit = 64 << 10
    /// How long a peer that is refused may go on sending before the connection is closed.
    private static let lastWordTime = TimeSpan.seconds(1)
    /// What a held message counts for besides its bytes.
    private static let heldOverhead = 64
    private static let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readSize, alignment: 16)

    package let peer: Peer
    let limits: ConnectionLimits
    private let descriptor: Int32
    private var registration: Registration?
    private var framer: MessageFramer
    private var outbound = OutboundBuffer()
    private var interest = UInt32(CL_EPOLLIN)
    private var flushIsDue = false
    private var congested = false
    /// What came while the peer took no answers, in order.
    private var held: [MessageFramer.Event] = []
    private var heldBytes = 0
    /// The peer has said all it will say; answers still go to it.
    private var inputEnded = false
    /// Close as soon as everything is written.
    private var closesWhenFlushed = false
    /// Then give the peer time to read before closing.
    private var endsWithLastWord = false
    /// Set while it has that time.
    private var lastWord: Deadline?
    /// When a peer that takes nothing is closed; pending while bytes wait for it.
    private(set) var stall: Deadline?
    private weak var receiver: (any ConnectionReceiver)?

    /// Takes the descriptor over.
    init(descriptor: Int32, peer: Peer, limits: ConnectionLimits, receiver: any ConnectionReceiver) {
        self.descriptor = descriptor
        self.peer = peer
        self.limits = limits
        self.receiver = receiver
        framer = MessageFramer(limit: limits.messageBytes)
    }

    func start() throws(SystemError) {
        registration = try EventLoop.shared.register(descriptor, events: interest, self)
    }

    /// False once the connection is closed: nothing that is sent goes anywhere.
    package var isOpen: Bool { registration != nil }

    /// Above the outbound limit: whoever produces should pause until the receiver hears `drained`.
    package var isCongested: Bool { congested }

    /// Queues one JSON message; it is written at the end of the turn, with all others of the turn.
    func send(_ message: borrowing [UInt8]) {
        guard isOpen else { return }
        if framer.framing == .contentLength {
            outbound.append("Content-Length: \(message.count)\r\n\r\n".utf8)
            outbound.append(copy message)
        } else {
            outbound.append(line: message)
        }
        if outbound.count > limits.outboundBytes { congested = true }
        scheduleFlush()
    }

    private func scheduleFlush() {
        // While the kernel is full, EPOLLOUT says when to go on.
        guard !flushIsDue, stall?.isPending != true else { return }
        flushIsDue = true
        EventLoop.shared.atEndOfTurn { [self] in
            flushIsDue = false
            flush()
        }
    }

    /// Writes what waits, then closes.
    func closeWhenFlushed() {
        closesWhenFlushed = true
        endsWithLastWord = false
        updateInterest()
        scheduleFlush()
    }

    /// Writes what waits as the last that is said, and takes no more messages. The peer reads the end of the stream
    /// behind it; what it still sends is dropped until it leaves. Closed at once, a peer that sends before it reads would
    /// get an error of the system's instead.
    func closeWithLastWord() {
        closesWhenFlushed = true
        endsWithLastWord = true
        updateInterest()
        scheduleFlush()
    }

    /// Closes at once; the receiver is told.
    package func close() {
        guard let registration else { return }
        EventLoop.shared.unregister(registration)
        self.registration = nil
        if let stall { EventLoop.shared.cancel(stall) }
        if let lastWord { EventLoop.shared.cancel(lastWord) }
        stall = nil
        lastWord = nil
        Glibc.close(descriptor)
        outbound = OutboundBuffer()
        congested = false
        held = []
        receiver?.connectionClosed()
    }

    // MARK: readiness

    package func ready(_ events: UInt32) {
        if events & UInt32(CL_EPOLLERR) != 0 {
            // A peer that left without reading our answers: what it asked for before still counts (`detach`).
            if events & UInt32(CL_EPOLLIN) != 0 { read() }
            return close()
        }
        if events & UInt32(CL_EPOLLOUT) != 0 { flush() }
        if events & UInt32(CL_EPOLLIN) != 0 { read() }
        // Both directions are shut and all that was sent has been read: nobody is there for an answer.
        if events & UInt32(CL_EPOLLHUP) != 0, isOpen, events & UInt32(CL_EPOLLIN) == 0 || inputEnded { close() }
    }

    private func read() {
        for _ in 0..<Self.readsPerTurn {
            guard isOpen, interest & UInt32(CL_EPOLLIN) != 0 else { return }
            let buffer = Self.readBuffer
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0, lastWord != nil {
                continue
            } else if count > 0 {
                framer.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                deliver()
                if count < buffer.count { return }
            } else if count == 0 {
                return endInput()
            } else if errno == EINTR {
                continue
            } else {
                if errno != EAGAIN { close() }
                return
            }
        }
    }

    /// Hands on whole messages, as long as the peer takes our answers. While it takes none, what it cancels is
    /// cancelled all the same, and the rest waits.
    private func deliver() {
        while isOpen, !closesWhenFlushed, !isFull, let event = framer.next() {
            if !congested {
                receiver?.connection(received: event)
            } else if receiver?.connection(receivedWhileCongested: event) != true {
                if case .message(let bytes) = event { heldBytes += bytes.count }
                heldBytes += Self.heldOverhead
                held.append(event)
            }
        }
        updateInterest()
    }

    /// No more is read until the peer takes what waits for it.
    private var isFull: Bool { congested && heldBytes >= Self.heldLimit }

    private func deliverHeld() {
        var next = 0
        while isOpen, !closesWhenFlushed, !congested, next < held.count {
            receiver?.connection(received: held[next])
            next += 1
        }
        held.removeFirst(min(next, held.count))
        if held.isEmpty { heldBytes = 0 }
        deliver()
        if inputEnded, held.isEmpty { receiver?.connectionInputEnded() }
    }

    /// The peer shut its side down. Without `shutdown(SHUT_RD)` on ours this may be a script that waits for its
    /// answer, so requests in flight go on; a peer that is gone altogether is reported as a hang-up.
    private func endInput() {
        guard lastWord == nil else { return close() }
        if framer.framing == .newline {
            // The last line's end is often left out.
            withUnsafeBytes(of: UInt8(0x0A)) { framer.append($0) }
            deliver()
        }
        inputEnded = true
        updateInterest()
        if held.isEmpty { receiver?.connectionInputEnded() }
    }

    private func beginLastWord() {
        guard lastWord == nil else { return }
        shutdown(descriptor, Int32(SHUT_WR))
        lastWord = EventLoop.shared.schedule(at: EventLoop.shared.now + Self.lastWordTime) { [weak self] in
            self?.close()
        }
    }

    private func updateInterest() {
        guard let registration else { return }
        var wanted: UInt32 = 0
        if lastWord != nil || !inputEnded && !isFull && !closesWhenFlushed { wanted |= UInt32(CL_EPOLLIN) }
        if stall?.isPending == true { wanted |= UInt32(CL_EPOLLOUT) }
        guard wanted != interest else { return }
        interest = wanted
        EventLoop.shared.update(registration, events: wanted)
    }

    // MARK: writing

    private func flush() {
        guard isOpen else { return }
        let descriptor = self.descriptor
        // MSG_NOSIGNAL: a peer that is gone is an error here, never a signal.
        let result = outbound.flush { bytes, count in
            Glibc.send(descriptor, bytes, count, Int32(MSG_NOSIGNAL))
        }
        switch result {
        case .broken: return close()
        case .blocked(let written):
            let time = EventLoop.shared.now + limits.writeStall
            if let stall {
                if written > 0 || !stall.isPending { EventLoop.shared.move(stall, to: time) }
            } else {
                stall = EventLoop.shared.schedule(at: time) { [weak self] in self?.close() }
            }
        case .empty:
            if let stall { EventLoop.shared.suspend(stall) }
            if closesWhenFlushed {
                guard endsWithLastWord, !inputEnded else { return close() }
                beginLastWord()
            }
        }
        if congested, outbound.count <= limits.outboundBytes / 2 {
            congested = false
            receiver?.connectionDrained()
            deliverHeld()
        }
        updateInterest()
    }
}

/// What a connection tells its session.
@LoopActor
protocol ConnectionReceiver: AnyObject {
    func connection(received event: MessageFramer.Event)
    /// The peer takes no answers. True when the message is done with; else it comes again when the peer does.
    func connection(receivedWhileCongested event: MessageFramer.Event) -> Bool
    /// No more requests will come; those in flight may still be answered.
    func connectionInputEnded()
    /// The outbound buffer has room again.
    func connectionDrained()
    func connectionClosed()
}
