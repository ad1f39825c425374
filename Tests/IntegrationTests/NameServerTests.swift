import CLinux
import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// A name server that hears questions and answers none.
final class SilentNameServer: Sendable {
    let address: String
    private let socket: FileDescriptor

    /// Why there can be none here; nil when there can.
    static let obstacle: String? =
        UserManager.obstacle ?? (try? SilentNameServer()).map { _ in nil } ?? "no right to port 53"

    init() throws {
        let parts = (0..<3).map { _ in UInt8.random(in: 1...254) }
        address = "127.\(parts[0]).\(parts[1]).\(parts[2])"
        socket = FileDescriptor(owning: Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_port = UInt16(53).bigEndian
        own.sin_addr.s_addr = inet_addr(address)
        let bound = withUnsafeBytes(of: &own) {
            bind(socket.raw, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
        guard bound == 0 else { throw SystemError("bind", address) }
    }

    func waitForQuestion() -> Bool {
        var question = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
        return poll(&question, 1, Int32(testDeadline.wholeMilliseconds)) == 1
    }
}

/// Names are looked up by threads of libcurl's; whatever ends a request meanwhile, the loop does not wait for them.
@Suite struct NameServerTests {
    private static let configuration = """
        [providers.far]
        kind = "openai"
        base_url = "https://models.example.com/v1"
        connect_timeout = "300ms"
        [models.far]
        provider = "far"
        model = "far"
        """

    @Test(.enabled(if: SilentNameServer.obstacle == nil, "\(SilentNameServer.obstacle ?? "")"))
    func aSilentNameServerHoldsNobodyUp() throws {
        let home = try TemporaryHome()
        let server = try SilentNameServer()
        try home.write(home.configPath, Self.configuration)
        // Far longer than anything below may take.
        let settings = try home.write("resolv.conf", "nameserver \(server.address)\noptions timeout:20 attempts:1\n")
        let daemon = try ChildProcess(
            UserManager.unshare + [
                "/bin/sh", "-c", "mount --bind \"$1\" /etc/resolv.conf && exec \"$2\" --socket \"$3\"", "sh", settings,
                builtProduct("tandemd"), home.socketPath,
            ], environment: home.environment)
        #expect(eventually { (try? RawClient(home.socketPath)) != nil })
        let limit = TimeSpan.seconds(isSanitized ? 15 : 8)

        let client = try RawClient(home.socketPath)
        let question = #"{"model":"far","messages":[{"role":"user","content":"hello"}]"#
        try client.send(RawClient.request("chat", question + "}"))
        #expect(server.waitForQuestion())
        let other = try RawClient(home.socketPath)
        // It ends by being cancelled, by its deadline, and by libcurl's own time for connecting.
        try client.send(cancelRequest)
        #expect(try Answer(client.response(within: limit)).code == -32800)
        let late = try Answer(client.call("chat", question + #","timeout_ms":200}"#, within: limit))
        #expect(late.code == -32004)
        let failed = try Answer(client.call("chat", question + #","timeout_ms":15000}"#, within: limit))
        #expect(failed.code == -32002, "\(failed.text)")
        #expect(try Answer(other.call("ping", within: .seconds(5))).code == nil)
        #expect(daemon.stop(within: limit) == 0)
    }
}
