import CLinux
import Glibc
import TandemBase

/// How long a dial goes on, the daemon's start included (CLIENTS.md, rule 2).
private let dialLimit = TimeSpan.seconds(8)
private let firstPause = TimeSpan.milliseconds(4)
private let longestPause = TimeSpan.milliseconds(250)

/// Looks for the daemon's socket, starts the daemon where nobody listens, and looks again with backoff. One attempt at
/// a time and never blocking, for callers that have other descriptors to watch.
package struct Dialer: Sendable {
    private let search: SocketSearch
    private let deadline: MonotonicTime
    private var start: DaemonStart?
    private var pause = firstPause

    /// When `attempt` is worth calling again after it found nobody.
    package private(set) var nextAttempt: MonotonicTime

    /// - Parameter startsDaemon: false to look once and leave it at that.
    package init(_ search: SocketSearch, startsDaemon: Bool, now: MonotonicTime) {
        self.search = search
        start = startsDaemon ? DaemonStart(search) : nil
        deadline = now + dialLimit
        nextAttempt = now
    }

    /// A connected, non-blocking socket; nil to be called again at `nextAttempt`.
    package mutating func attempt(now: MonotonicTime) throws(ClientError) -> FileDescriptor? {
        var denied: String?
        for path in search.candidates {
            let socket = FileDescriptor(owning: cl_unix_socket(1))
            if cl_connect_unix(socket.raw, path) == 0 { return socket }
            switch cl_errno() {
            case ENOENT, ECONNREFUSED, ENOTDIR: continue
            // A full backlog: somebody is there, only busy.
            case EAGAIN: return try retry(now, why: "tandemd on \(path) accepts no connections")
            case EACCES, EPERM: denied = path
            case ENAMETOOLONG:
                throw .refused("\(path) is too long for a socket: name one of at most 107 bytes by --socket")
            case let code:
                throw .refused("cannot connect to \(path): \(SystemError("connect", path, code: code).reason)")
            }
        }
        if let denied, search.isExplicit || start == nil { throw .refused(Self.denial(denied)) }
        guard var start else { throw .noDaemon("tandemd is not running; 'tandem doctor' tells more") }
        let progress = start.step()
        self.start = start
        if case .failed(let reason) = progress {
            throw denied.map { .refused(Self.denial($0)) } ?? .noDaemon("tandemd is not running: \(reason)")
        }
        return try retry(now, why: "tandemd does not listen on \(search.userSocket ?? search.candidates[0])")
    }

    private mutating func retry(_ now: MonotonicTime, why: String) throws(ClientError) -> FileDescriptor? {
        if now >= deadline { throw .noDaemon("\(why) after 8 s; 'tandem doctor' tells more") }
        nextAttempt = now + pause
        pause = min(longestPause, pause + pause)
        return nil
    }

    private static func denial(_ path: String) -> String {
        "permission denied on \(path): ask for your user or group to be added to [access] of tandem.toml"
    }
}
