import CLinux
import Glibc
import Synchronization
import TandemBase

/// What a daemon told its supervisor (sd_notify). A thread reads all the time, as systemd does: a datagram socket that
/// nobody reads soon makes the sender wait.
final class NotificationLog: Sendable {
    private final class Core: Sendable {
        let lines = Mutex<[String]>([])
        let closing = Gate()

        func read(_ socket: Int32) {
            while true {
                waitForAny(socket, closing.descriptor)
                if closing.isOpen { break }
                var datagram = [UInt8](repeating: 0, count: 4096)
                let count = recv(socket, &datagram, datagram.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { continue }
                let text = String(decoding: datagram[..<count], as: UTF8.self)
                lines.withLock { $0 += text.split(separator: "\n").map(String.init) }
            }
            close(socket)
        }
    }

    private let core = Core()

    /// Binds a datagram socket at `path`.
    init(_ path: String) throws(SystemError) {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = FileDescriptor(owning: Glibc.socket(AF_UNIX, kind, 0))
        guard cl_bind_unix(socket.raw, path) == 0 else { throw SystemError("bind", path) }
        let descriptor = socket.release()
        let core = self.core
        startThread { core.read(descriptor) }
    }

    deinit { core.closing.open() }

    func contains(_ line: String) -> Bool { core.lines.withLock { $0.contains(line) } }

    func forget() { core.lines.withLock { $0 = [] } }
}
