import CLinux
import Glibc
import TandemBase

/// Where a test server listens.
package enum ListenAddress: Sendable {
    /// 127.0.0.1 and a port that the kernel chooses.
    case loopback
    case unix(String)
}

/// A listening stream socket.
package func openListener(_ address: ListenAddress, backlog: Int32 = 1024) throws(SystemError) -> FileDescriptor {
    switch address {
    case .unix(let path):
        let listener = FileDescriptor(owning: cl_unix_socket(0))
        guard cl_bind_unix(listener.raw, path) == 0 else { throw SystemError("bind", path) }
        guard listen(listener.raw, backlog) == 0 else { throw SystemError("listen", path) }
        return listener
    case .loopback:
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let listener = FileDescriptor(owning: socket(AF_INET, kind, 0))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener.raw, address, length) == 0 && listen(listener.raw, backlog) == 0
            }
        }
        guard bound else { throw SystemError("listen", "127.0.0.1") }
        return listener
    }
}

/// The TCP port a socket is bound to; 0 for a Unix socket.
package func boundPort(_ socket: borrowing FileDescriptor) -> Int {
    var name = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.raw, $0, &length) }
    }
    return code == 0 && name.sin_family == sa_family_t(AF_INET) ? Int(UInt16(bigEndian: name.sin_port)) : 0
}

/// A connected stream to a Unix socket.
package func connectUnix(_ path: String) throws(SystemError) -> FileDescriptor {
    let socket = FileDescriptor(owning: cl_unix_socket(0))
    guard cl_connect_unix(socket.raw, path) == 0 else { throw SystemError("connect", path) }
    return socket
}

/// Two ends of a Unix stream; the second is non-blocking.
package func connectedPair() throws(SystemError) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair") }
    guard cl_fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("fcntl") }
    return (ends[0], ends[1])
}

/// Makes the next close send RST instead of FIN.
func closeWithReset(_ socket: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close(socket)
}

func disableNagle(_ socket: Int32) {
    var on: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
}

/// Bytes that the peer has not taken yet (not read, for a Unix socket; not acknowledged, for TCP).
func unsentBytes(_ socket: Int32) -> Int {
    var count: Int32 = 0
    return cl_ioctl_int(socket, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
}
