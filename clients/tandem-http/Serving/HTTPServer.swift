import CMicroHTTPD

/// The most connections at once on one address; more wait in the backlog.
private let connectionLimit: UInt32 = 1024
/// How long a connection may be idle, in seconds; also how long a client may read nothing of its answer.
private let idleTimeout: UInt32 = 60
/// Virtual memory; a thread touches a few pages of it.
private let stackBytes = 512 << 10
/// For headers and the bytes on their way out.
private let connectionMemory = 64 << 10
/// A request's largest body: the daemon's own default.
private let bodyLimit = 32 << 20

/// libmicrohttpd on one listening socket, with a thread for each connection: a request is a blocking conversation with
/// the daemon.
struct HTTPServer {
    private let daemon: OpaquePointer
    private let callbacks: UnsafeMutablePointer<cmhd_callbacks>
    private let endpoint: Unmanaged<Endpoint>

    init(_ listener: Listener, _ service: Service) throws(StartFailure) {
        endpoint = Unmanaged.passRetained(Endpoint(service, isTCP: listener.isTCP))
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(
            to: cmhd_callbacks(
                context: endpoint.toOpaque(), access: accessCallback, completed: completedCallback,
                connection: connectionCallback))
        let started = cmhd_start(
            listener.descriptor, connectionLimit, idleTimeout, stackBytes, connectionMemory, callbacks)
        guard let started else { throw StartFailure(message: "libmicrohttpd cannot serve \(listener.name)") }
        daemon = started
    }

    /// Connections there are now, idle ones included.
    var connections: UInt32 { cmhd_connections(daemon) }

    /// Takes no more connections: those that come wait in the backlog for the next process.
    func quiesce() { cmhd_quiesce(daemon) }

    /// Ends every connection. The service has to be stopped first: what waits for the daemon would not end.
    func stop() {
        cmhd_stop(daemon)
        callbacks.deallocate()
        endpoint.release()
    }
}

/// What an address serves.
private final class Endpoint: Sendable {
    let service: Service
    let isTCP: Bool

    init(_ service: Service, isTCP: Bool) {
        self.service = service
        self.isTCP = isTCP
    }
}

/// A request that is coming in.
private final class Incoming {
    /// It will not be served, so its body is not kept.
    var refusal: OpenAIError?
    private(set) var body: [UInt8] = []

    func take(_ piece: UnsafeRawBufferPointer) {
        guard refusal == nil else { return }
        guard body.count + piece.count <= bodyLimit else {
            body = []
            refusal = OpenAIError(413, "the request is larger than \(bodyLimit) bytes: send less", code: "too_large")
            return
        }
        body += piece
    }
}

private func accessCallback(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, path: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, body: UnsafePointer<CChar>?, bodySize: UnsafeMutablePointer<Int>?,
    request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    guard let context, let connection, let path, let method, let bodySize, let request else { return 0 }
    let endpoint = Unmanaged<Endpoint>.fromOpaque(context).takeUnretainedValue()
    let call = HTTPCall(connection: connection, method: String(cString: method), path: String(cString: path))
    guard let known = request.pointee else {
        let incoming = Incoming()
        if endpoint.isTCP { incoming.refusal = call.refusal(endpoint.service) }
        request.pointee = Unmanaged.passRetained(incoming).toOpaque()
        return 1
    }
    let incoming = Unmanaged<Incoming>.fromOpaque(known).takeUnretainedValue()
    if bodySize.pointee > 0 {
        incoming.take(UnsafeRawBufferPointer(start: body, count: bodySize.pointee))
        bodySize.pointee = 0
        return 1
    }
    endpoint.service.arrivals.ended(cmhd_socket(connection))
    // The daemon may think for as long as it likes; only an idle connection ends by itself.
    cmhd_set_timeout(connection, 0)
    let reply = incoming.refusal.map { HTTPReply($0) } ?? call.answer(incoming.body, endpoint.service)
    cmhd_set_timeout(connection, idleTimeout)
    endpoint.service.count(reply.status)
    return reply.send(on: connection) ? 1 : 0
}

private func completedCallback(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, request: UnsafeMutableRawPointer?
) {
    guard let context, let connection, let request else { return }
    Unmanaged<Incoming>.fromOpaque(request).release()
    // The next one on this connection.
    Unmanaged<Endpoint>.fromOpaque(context).takeUnretainedValue().service.arrivals.began(cmhd_socket(connection))
}

private func connectionCallback(context: UnsafeMutableRawPointer?, connection: OpaquePointer?, isOpen: Int32) {
    guard let context, let connection else { return }
    let arrivals = Unmanaged<Endpoint>.fromOpaque(context).takeUnretainedValue().service.arrivals
    if isOpen == 0 { arrivals.ended(cmhd_socket(connection)) } else { arrivals.began(cmhd_socket(connection)) }
}
