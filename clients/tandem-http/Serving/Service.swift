import CLinux
import Glibc
import Synchronization
import TandemBase
import TandemClient
import TandemJSON

/// How long questions to the daemon about itself may take.
private let queryLimit = TimeSpan.seconds(10)
/// POLLRDHUP: the other end of a socket was shut down.
private let hangUp: Int16 = 0x2000

/// What every request needs: where the daemon is, the token, and what was counted.
final class Service: Sendable {
    let search: SocketSearch
    /// nil where nothing listens on TCP.
    let token: Secret?
    /// Seconds since 1970; what models are dated with.
    let startedAt = Int(WallTime.now().milliseconds / 1000)
    let arrivals = Arrivals()
    /// Readable when all is to end.
    private let stopping = cl_eventfd()
    private let statuses = Mutex<[Int: Int]>([:])
    private let streams = Atomic<Int>(0)

    init(_ search: SocketSearch, token: Secret?) {
        self.search = search
        self.token = token
    }

    /// Ends every wait for the daemon.
    func stop() { cl_eventfd_signal(stopping) }

    /// A connection for one request, which the daemon cancels when it is closed. Waits on it end when the client leaves.
    func connect(for client: Int32) throws(ClientError) -> Client {
        try Client.connect(search, watched: [(client, hangUp), (stopping, Int16(POLLIN))])
    }

    /// Asks the daemon one question.
    func query(_ method: String, _ params: [UInt8]? = nil, for client: Int32) throws(ClientError) -> JSONValue {
        try connect(for: client).call(method, params: params, within: queryLimit)
    }

    /// Requests answered so far.
    var requestCount: Int { statuses.withLock { $0.values.reduce(0, +) } }

    func count(_ status: Int) { statuses.withLock { $0[status, default: 0] += 1 } }

    func streamBegan() { streams.add(1, ordering: .relaxed) }
    func streamEnded() { streams.subtract(1, ordering: .relaxed) }

    /// What `GET /metrics` shows; a daemon that cannot be reached is a metric as well.
    func metrics(for client: Int32) -> [UInt8] {
        var metrics = Metrics()
        metrics.endpoint(requests: statuses.withLock { $0 }, streams: streams.load(ordering: .relaxed))
        let status = try? query("status", for: client)
        let stats = status == nil ? nil : try? query("stats", Array(#"{"by":"model"}"#.utf8), for: client)
        metrics.daemon(status: status, stats: stats)
        return Array(metrics.text.utf8)
    }
}
