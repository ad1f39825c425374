import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// How the program ends, and how it does not.
@Suite struct EndTests {
    private func ask(_ path: String) throws -> String {
        let socket = try connectUnix(path)
        let request = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        _ = write(socket.raw, request, request.utf8.count)
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(socket.raw, &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    @Test(arguments: [true, false])
    func aHangUpEndsItUnlessNohupTookCareOfThat(isIgnored: Bool) async throws {
        let home = try TemporaryHome()
        let path = home.path + "/http.sock"
        let script = "\(isIgnored ? "trap '' HUP; " : "")exec \(try builtProduct("tandem-http")) --listen \(path)"
        let child = try ChildProcess(["/bin/sh", "-c", script], environment: home.environment)
        defer { child.signal(SIGKILL) }
        #expect(await offPool { eventually { (try? ask(path)) != nil } })
        child.signal(SIGHUP)
        if isIgnored {
            for _ in 0..<50 { #expect(try ask(path).hasPrefix("HTTP/1.1 404")) }
            child.signal(SIGTERM)
        }
        #expect(await offPool { child.wait() } == 0)
        #expect(access(path, F_OK) != 0)
    }
}
