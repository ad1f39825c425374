import Glibc
import TandemBase
import TandemLoop
import TandemProtocol

/// Who may speak to the daemon (`[access]`): its own uid and root always, others by name or group.
package struct AccessPolicy: Sendable {
    package var ownUID: UInt32
    package var uids: Set<UInt32> = []
    package var groups: Set<UInt32> = []

    package init(ownUID: UInt32) { self.ownUID = ownUID }

    package func allows(_ peer: Peer) -> Bool {
        peer.uid == ownUID || peer.uid == 0 || uids.contains(peer.uid) || peer.groups.contains(where: groups.contains)
    }
}

/// All clients: accepts, checks who they are, and keeps their sessions.
@LoopActor
package final class RPCServer {
    package unowned let handler: any RequestHandler
    package var limits: ConnectionLimits
    package var access: AccessPolicy
    /// Called when the last session has ended.
    package var onIdle: (@LoopActor () -> Void)?
    /// Called, while it is set, whenever a session has no request in flight any more.
    package var onQuiet: (@LoopActor () -> Void)?
    private var listeners: [Listener] = []
    private var sessions: [ObjectIdentifier: Session] = [:]

    package init(handler: any RequestHandler, limits: ConnectionLimits, access: AccessPolicy) {
        self.handler = handler
        self.limits = limits
        self.access = access
    }

    /// Accepts on a listening socket, which stays the caller's.
    package func listen(on descriptor: Int32) throws(SystemError) {
        listeners.append(
            try Listener(
                descriptor: descriptor, accepted: { [unowned self] in accept($0) },
                refused: { [unowned self] in accept($0, refusal: .overloaded(retryAfterMilliseconds: 1000)) }))
    }

    package var connectionCount: Int { sessions.count }

    /// Requests that connected clients wait for.
    package var requestsInFlight: Int { sessions.values.reduce(0) { $0 + $1.requestsInFlight } }

    /// Stops accepting; connections in the backlog stay for the next process.
    package func stopAccepting() {
        for listener in listeners { listener.stop() }
        listeners = []
    }

    /// Whether a client waits that nobody has accepted yet.
    package var hasWaitingConnection: Bool { listeners.contains { $0.hasWaitingConnection } }

    /// Lets every connection write what it has, closes it, and calls back when none is left.
    package func closeWhenFlushed(_ done: @escaping @LoopActor () -> Void) {
        onIdle = done
        if sessions.isEmpty { return EventLoop.shared.atEndOfTurn(done) }
        for session in Array(sessions.values) { session.closeWhenFlushed() }
    }

    /// Serves a connected socket, which it takes over.
    package func accept(_ descriptor: Int32, refusal: RPCError? = nil) {
        do throws(SystemError) {
            let peer = try Peer(socket: descriptor)
            let session = Session(descriptor: descriptor, peer: peer, limits: limits, server: self)
            try session.start()
            sessions[ObjectIdentifier(session)] = session
            if let refusal {
                // Its descriptor is wanted back at once.
                session.refuse(refusal)
                session.closeWhenFlushed()
            } else if !access.allows(peer) {
                session.refuse(
                    .forbidden(
                        reason: "uid \(peer.uid) may not use this daemon",
                        "This daemon serves uid \(access.ownUID): ask its owner to add you to [access] in tandem.toml.")
                )
            }
        } catch {
            close(descriptor)
        }
    }

    func sessionIsQuiet() { onQuiet?() }

    func ended(_ session: Session) {
        sessions[ObjectIdentifier(session)] = nil
        onQuiet?()
        if sessions.isEmpty { onIdle?() }
    }
}
