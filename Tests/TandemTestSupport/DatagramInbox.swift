import CLinux
import Glibc
import TandemBase

/// A datagram socket that is read only when the test says so: a service manager or a journal that hangs.
package final class DatagramInbox: Sendable {
    package let path: String
    private let socket: Int32

    package init(_ path: String) throws(SystemError) {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = FileDescriptor(owning: Glibc.socket(AF_UNIX, kind, 0))
        guard cl_bind_unix(socket.raw, path) == 0 else { throw SystemError("bind", path) }
        self.path = path
        self.socket = socket.release()
    }

    deinit { close(socket) }

    /// Sends to it until nothing more goes in; returns how many datagrams that took.
    @discardableResult
    package func fill() throws(SystemError) -> Int {
        let sender = cl_connect_datagram(path)
        guard sender >= 0 else { throw SystemError("connect", path) }
        defer { close(sender) }
        var count = 0
        while send(sender, "x", 1, Int32(MSG_NOSIGNAL)) == 1 { count += 1 }
        return count
    }

    /// The next datagram; nil when none came before `limit` had passed.
    package func next(within limit: TimeSpan = testDeadline) -> String? {
        guard isReady(socket, POLLIN, within: limit) else { return nil }
        var datagram = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &datagram, datagram.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: datagram[..<count], as: UTF8.self)
    }
}
