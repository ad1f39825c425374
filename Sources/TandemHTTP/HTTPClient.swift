import CCurl
import CLinux
import Glibc
import TandemBase
import TandemLoop

/// libcurl's multi interface on the loop. Its timer never reaches the kernel (a zero timeout is one
/// `curl_multi_socket_action` at the end of the turn), and the epoll registration of a socket outlives the transfers
/// that share it.
@LoopActor
package final class HTTPClient {
    /// Idle connections kept open, over all hosts.
    static let connectionCacheSize = 256

    private let multi: UnsafeMutableRawPointer
    private var sockets: [Int32: WatchedSocket] = [:]
    /// Sockets whose closing libcurl will tell. It closes others (its resolver's) right after CURL_POLL_REMOVE.
    private var connections: Set<Int32> = []
    /// Connections made ahead that nobody has taken yet.
    fileprivate let spares = SpareConnections()
    private var timer: Deadline?
    private var kicked = false
    /// Transfers that libcurl or `additions` has: each is retained until it is taken out.
    private(set) package var inFlight = 0
    /// A write callback of libcurl is on the stack: what changes the multi handle has to wait for its end.
    private var insideCallback = false
    private var additions: [UnsafeMutableRawPointer] = []
    /// With the transfer, which libcurl still points to.
    private var removals: [(transfer: Transfer, easy: UnsafeMutableRawPointer, endpoint: HTTPEndpoint)] = []

    package init() throws(SystemError) {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard let multi = curl_multi_init() else { throw SystemError("curl_multi_init", code: 12) }
        self.multi = multi
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        ccurl_multi_set_socket_callback(multi, socketCallback)
        ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
        ccurl_multi_set_timer_callback(multi, timerCallback)
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.connectionCacheSize)
    }

    /// Starts a request. Nil only when the process is out of memory for one more handle.
    package func start(
        _ endpoint: HTTPEndpoint, body: [UInt8], delegate: any TransferDelegate
    ) -> Transfer? {
        let transfer = Transfer(endpoint: endpoint, client: self, body: body, delegate: delegate)
        return transfer.start() ? transfer : nil
    }

    // MARK: what Transfer and Endpoint use

    func prepare(_ easy: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, dataCallback)
        ccurl_set_pointer(easy, CURLOPT_SOCKOPTDATA, context)
        ccurl_set_open_callback(easy, openCallback)
        ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        ccurl_set_new_socket_callback(easy, newSocketCallback)
        ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, context)
        ccurl_set_close_callback(easy, closeCallback)
    }

    /// What the handle has connected is kept for the next transfer instead of closed.
    func keepConnection(of easy: UnsafeMutableRawPointer) { ccurl_set_close_callback(easy, keepCallback) }

    func add(_ transfer: Transfer, _ easy: UnsafeMutableRawPointer) {
        _ = Unmanaged.passRetained(transfer)
        inFlight += 1
        additions.append(easy)
        kick()
    }

    func remove(_ transfer: Transfer, _ easy: UnsafeMutableRawPointer, _ endpoint: HTTPEndpoint) {
        letGo(of: transfer)
        if let index = additions.firstIndex(of: easy) {
            additions.remove(at: index)
            endpoint.giveBack(easy)
        } else if insideCallback {
            removals.append((transfer, easy, endpoint))
        } else {
            curl_multi_remove_handle(multi, easy)
            endpoint.giveBack(easy)
        }
    }

    /// A transfer that is over; what is left to do for it may wait until its answer is on its way.
    func retire(_ transfer: Transfer, _ easy: UnsafeMutableRawPointer, _ endpoint: HTTPEndpoint) {
        letGo(of: transfer)
        if removals.isEmpty { EventLoop.shared.atEndOfTurn { [self] in carryOutRemovals() } }
        removals.append((transfer, easy, endpoint))
    }

    /// The other half of `add`: once for each transfer, by its one `end`.
    private func letGo(of transfer: Transfer) {
        inFlight -= 1
        Unmanaged.passUnretained(transfer).release()
    }

    /// Runs a write callback's work; removals that it asks for are carried out after libcurl has returned.
    func insideCallback<Value>(_ body: () -> Value) -> Value {
        let outer = insideCallback
        insideCallback = true
        defer { insideCallback = outer }
        return body()
    }

    /// Drives libcurl once at the end of this turn, for everything that was started in it.
    func kick() {
        guard !kicked else { return }
        kicked = true
        EventLoop.shared.atEndOfTurn { [self] in
            for easy in additions { curl_multi_add_handle(multi, easy) }
            additions.removeAll(keepingCapacity: true)
            // Only now: adding asks for a zero timeout, which the next line is.
            kicked = false
            act(CURL_SOCKET_TIMEOUT, 0)
        }
    }

    /// Lets a paused transfer go on; what libcurl kept for it is delivered at the end of the turn.
    func unpause(_ transfer: Transfer) {
        EventLoop.shared.atEndOfTurn { [self] in
            guard let easy = transfer.handle else { return }
            curl_easy_pause(easy, CURLPAUSE_CONT)
            carryOutRemovals()
            kick()
        }
    }

    // MARK: libcurl's callbacks

    fileprivate func watch(_ socket: Int32, _ what: Int32) {
        var events: UInt32 = 0
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events |= UInt32(CL_EPOLLIN) }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events |= UInt32(CL_EPOLLOUT) }
        if let watched = sockets[socket] {
            if events == 0, !connections.contains(socket) { return forget(socket) }
            watched.setInterest(events)
        } else if events != 0 {
            sockets[socket] = WatchedSocket(socket, events, self)
        }
    }

    fileprivate func opened(_ socket: Int32) -> Int32 {
        connections.insert(socket)
        return spares.wasTaken(socket) ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK
    }

    fileprivate func closed(_ socket: Int32) {
        connections.remove(socket)
        forget(socket)
    }

    private func forget(_ socket: Int32) { sockets.removeValue(forKey: socket)?.end() }

    /// Sockets in epoll, those of idle connections among them.
    var watchedSockets: Int { sockets.count }

    fileprivate func setTimer(_ milliseconds: Int) {
        switch milliseconds {
        case ..<0: if let timer { EventLoop.shared.suspend(timer) }
        case 0: kick()
        default:
            let time = EventLoop.shared.now + .milliseconds(milliseconds)
            if let timer {
                EventLoop.shared.move(timer, to: time)
            } else {
                timer = EventLoop.shared.schedule(at: time) { [self] in act(CURL_SOCKET_TIMEOUT, 0) }
            }
        }
    }

    fileprivate func act(_ socket: Int32, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, mask, &running)
        carryOutRemovals()
        collectFinished()
    }

    private func carryOutRemovals() {
        guard !removals.isEmpty, !insideCallback else { return }
        for (_, easy, endpoint) in removals {
            curl_multi_remove_handle(multi, easy)
            endpoint.giveBack(easy)
        }
        removals.removeAll(keepingCapacity: true)
    }

    private func collectFinished() {
        var queued: Int32 = 0
        while let message = curl_multi_info_read(multi, &queued) {
            var easy: UnsafeMutableRawPointer?
            var code = CURLE_OK
            guard ccurl_message_done(message, &easy, &code) == 1, let easy else { continue }
            var context: UnsafeMutableRawPointer?
            ccurl_info_pointer(easy, CURLINFO_PRIVATE, &context)
            guard let context else { continue }
            Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().finished(code)
        }
    }
}

// libcurl's callbacks: outside the actor, so that nothing is checked twice on the way in. The three that come with every
// transfer are bodies that capture nothing: `LoopActor.assumeIsolated` would allocate a closure for each call.

private func owner(_ context: UnsafeMutableRawPointer?) -> HTTPClient {
    Unmanaged<HTTPClient>.fromOpaque(context!).takeUnretainedValue()
}

private let socketCallback: ccurl_socket_callback = { _, socket, what, context, _ in
    EventLoop.shared.preconditionOnLoop()
    let watch: @LoopActor (HTTPClient, Int32, Int32) -> Void = { $0.watch($1, $2) }
    unsafeBitCast(watch, to: ((HTTPClient, Int32, Int32) -> Void).self)(owner(context), socket, what)
    return 0
}

private let timerCallback: ccurl_timer_callback = { _, milliseconds, context in
    EventLoop.shared.preconditionOnLoop()
    let setTimer: @LoopActor (HTTPClient, Int) -> Void = { $0.setTimer($1) }
    unsafeBitCast(setTimer, to: ((HTTPClient, Int) -> Void).self)(owner(context), milliseconds)
    return 0
}

private let newSocketCallback: ccurl_new_socket_callback = { context, _, address in
    let client = owner(context)
    nonisolated(unsafe) let lent = UnsafePointer(address!)
    return LoopActor.assumeIsolated { client.spares.socket(to: lent) }
}

private let openCallback: ccurl_open_callback = { context, socket, _ in
    let client = owner(context)
    return LoopActor.assumeIsolated { client.opened(socket) }
}

private let closeCallback: ccurl_close_callback = { context, socket in
    let client = owner(context)
    LoopActor.assumeIsolated { client.closed(socket) }
    return close(socket)
}

private let keepCallback: ccurl_close_callback = { context, socket in
    let client = owner(context)
    LoopActor.assumeIsolated {
        client.closed(socket)
        client.spares.keep(socket)
    }
    return 0
}

private let dataCallback: ccurl_data_callback = { data, size, count, context in
    EventLoop.shared.preconditionOnLoop()
    let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    let receive: @LoopActor (Transfer, UnsafeRawBufferPointer) -> Int = { $0.receivedInCallback($1) }
    let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
    return unsafeBitCast(receive, to: ((Transfer, UnsafeRawBufferPointer) -> Int).self)(transfer, bytes)
}

/// A socket of libcurl's in epoll, kept registered while its connection is idle.
@LoopActor
private final class WatchedSocket: ReadinessHandler {
    private let socket: Int32
    private unowned let client: HTTPClient
    private var registration: Registration?
    /// What libcurl wants to hear of; nothing while the connection is idle.
    private var interest: UInt32
    /// What epoll was told. It is left as it is while the connection is idle: the next transfer mostly wants the same,
    /// and two system calls a request are spared.
    private var watched: UInt32

    init(_ socket: Int32, _ interest: UInt32, _ client: HTTPClient) {
        self.socket = socket
        self.interest = interest
        watched = interest
        self.client = client
        // A failure here is out of memory or watches; the transfer then ends by its own timeout.
        registration = try? EventLoop.shared.register(socket, events: interest, self)
    }

    func setInterest(_ events: UInt32) {
        interest = events
        guard events != 0, events != watched, let registration else { return }
        watched = events
        EventLoop.shared.update(registration, events: events)
    }

    func end() {
        if let registration { EventLoop.shared.unregister(registration) }
        registration = nil
    }

    func ready(_ events: UInt32) {
        if interest == 0 {
            // An idle connection whose peer hung up reports that for ever; libcurl notices when it next wants it.
            if let registration { EventLoop.shared.suspend(registration) }
            watched = 0
            return
        }
        var mask: Int32 = 0
        if events & UInt32(CL_EPOLLIN | CL_EPOLLHUP) != 0 { mask |= CURL_CSELECT_IN }
        if events & UInt32(CL_EPOLLOUT) != 0 { mask |= CURL_CSELECT_OUT }
        if events & UInt32(CL_EPOLLERR) != 0 { mask |= CURL_CSELECT_ERR }
        client.act(socket, mask)
    }
}
