import CLinux
import Glibc
import TandemBase

private let backlog: Int32 = 1024
/// Where systemd puts the sockets it passes (sd_listen_fds(3)).
private let firstPassed: Int32 = 3

/// A listening socket.
struct Listener: Sendable {
    let descriptor: Int32
    /// As a person would write it.
    let name: String
    /// The owner of a Unix socket's file is the guard there; on TCP it is the token.
    let isTCP: Bool
    /// The file to take away at the end.
    private let path: String?

    /// Listens on `HOST:PORT`, `[IPV6]:PORT` or the path of a Unix socket.
    init(_ address: String) throws(StartFailure) {
        isTCP = !address.contains("/")
        if isTCP {
            descriptor = try Self.listenTCP(address)
            name = Self.name(of: descriptor)
            path = nil
        } else {
            do throws(UnixListenerFailure) {
                descriptor = try listenUnix(address, backlog: backlog).release()
            } catch {
                switch error {
                case .inUse:
                    throw StartFailure(message: "\(address) is in use: end what listens there, or choose another path")
                case .notASocket:
                    throw StartFailure(message: "\(address) is a file and no socket: choose another path")
                case .failed(let error):
                    throw StartFailure(message: "cannot listen on \(address): \(error.reason)")
                }
            }
            name = address
            path = address
        }
    }

    private init(passed: Int32) {
        descriptor = passed
        isTCP = Self.address(of: passed)?.host != nil
        name = isTCP ? Self.name(of: passed) : "a Unix socket of systemd's"
        path = nil
    }

    /// The sockets that systemd passed to this process; none without it.
    static func activated() -> [Listener] {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard let pid = getenv("LISTEN_PID"), Int32(String(cString: pid)) == getpid(),
            let count = getenv("LISTEN_FDS").flatMap({ Int32(String(cString: $0)) }), count > 0
        else { return [] }
        return (firstPassed..<firstPassed + count).map { descriptor in
            _ = cl_fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return Listener(passed: descriptor)
        }
    }

    func remove() { if let path { unlink(path) } }

    private static func listenTCP(_ address: String) throws(StartFailure) -> Int32 {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
            throw StartFailure(message: "--listen \(address) is neither HOST:PORT nor a path", status: 2)
        }
        var host = String(address[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard code == 0, let entry = found?.pointee else {
            throw StartFailure(message: "--listen \(address): \(String(cString: gai_strerror(code)))", status: 2)
        }
        let kind = entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = FileDescriptor(owning: Glibc.socket(entry.ai_family, kind, entry.ai_protocol))
        var on: Int32 = 1
        setsockopt(socket.raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(socket.raw, entry.ai_addr, entry.ai_addrlen) == 0, listen(socket.raw, backlog) == 0 else {
            throw StartFailure(message: "cannot listen on \(address): \(SystemError("bind", address).reason)")
        }
        return socket.release()
    }

    /// `http://127.0.0.1:4141`, with the port that the kernel chose for port 0.
    private static func name(of descriptor: Int32) -> String {
        guard let (host, port) = address(of: descriptor), let host else { return "an unknown address" }
        return "http://" + (host.contains(":") ? "[\(host)]" : host) + ":" + port
    }

    /// Host and port that a socket is bound to; no host for a Unix socket.
    private static func address(of descriptor: Int32) -> (host: String?, port: String)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0 else { return nil }
                if Int32(address.pointee.sa_family) == AF_UNIX { return (nil, "") }
                var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
                let code = getnameinfo(
                    address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
                return code == 0 ? (text(host), text(port)) : nil
            }
        }
    }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
