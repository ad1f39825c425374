import CCurl
import CLinux
import Glibc
import TandemBase
import TandemLoop

/// Connections in the clear that were made ahead. libcurl closes a connection over which nothing was sent, so the socket
/// is taken out of its hands and given back when it next wants one to the same address.
@LoopActor
final class SpareConnections {
    static let limit = 16
    /// Servers close what says nothing, mostly later than this.
    static let lifetime = TimeSpan.seconds(30)

    private struct Spare {
        var socket: Int32
        var address: [UInt8]
        var expiry: Deadline
    }

    private var spares: [Spare] = []
    /// Given out by `socket(to:)` just now.
    private var taken: Int32?

    nonisolated init() {}

    /// Takes a socket over; one that is not connected is closed.
    func keep(_ socket: Int32) {
        guard let address = peerAddress(socket), isSilent(socket) else {
            close(socket)
            return
        }
        if spares.count == Self.limit { drop(spares[0].socket) }
        let expiry = EventLoop.shared.schedule(at: EventLoop.shared.now + Self.lifetime) { [weak self] in
            self?.drop(socket)
        }
        spares.append(Spare(socket: socket, address: address, expiry: expiry))
    }

    /// A connected socket where there is one to that address, else a new one; -1 where there is none to be had.
    func socket(to wanted: UnsafePointer<curl_sockaddr>) -> Int32 {
        let bytes = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(wanted) + (MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0),
            count: Int(wanted.pointee.addrlen))
        taken = nil
        while let index = spares.firstIndex(where: { $0.address.elementsEqual(bytes) }) {
            let spare = spares.remove(at: index)
            EventLoop.shared.cancel(spare.expiry)
            if isSilent(spare.socket) {
                taken = spare.socket
                return spare.socket
            }
            close(spare.socket)
        }
        let address = wanted.pointee
        return Glibc.socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
    }

    /// Whether the socket that libcurl just got is connected already.
    func wasTaken(_ socket: Int32) -> Bool {
        defer { taken = nil }
        return taken == socket
    }

    private func drop(_ socket: Int32) {
        guard let index = spares.firstIndex(where: { $0.socket == socket }) else { return }
        EventLoop.shared.cancel(spares.remove(at: index).expiry)
        close(socket)
    }

    private func peerAddress(_ socket: Int32) -> [UInt8]? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket, $0, &length) }
        }
        guard result == 0 else { return nil }
        return withUnsafeBytes(of: &storage) { Array($0.prefix(Int(length))) }
    }

    /// Open, and nothing was said: neither an end nor bytes that nobody asked for.
    private func isSilent(_ socket: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0 && cl_errno() == EAGAIN
    }
}
