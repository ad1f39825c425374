import CLinux
import Glibc
import TandemBase
import TandemTestSupport
import Testing

@Suite struct UnixListenerTests {
    /// Clients that lose their daemon start the next one all at once, over the socket that the last one left.
    @Test func ofManyWhoReplaceADeadSocketOneListens() async throws {
        let home = try TemporaryHome()
        let path = home.path + "/s"
        for round in 0..<50 {
            close(try openListener(.unix(path)).release())
            let open = await withTaskGroup(of: Int32?.self) { group in
                for _ in 0..<8 {
                    group.addTask { await offPool { try? listenUnix(path, backlog: 8).release() } }
                }
                return await group.reduce(into: [Int32]()) { open, raw in if let raw { open.append(raw) } }
            }
            #expect(open.count == 1, "round \(round)")
            for raw in open { close(raw) }
            unlink(path)
        }
    }

    @Test func aLiveSocketAndAnyOtherFileAreLeftAlone() throws {
        let home = try TemporaryHome()
        let path = home.path + "/s"
        let listener = try openListener(.unix(path), backlog: 0)
        // Also when its backlog is full: that must not be waited for.
        var waiting: [Int32] = []
        defer { for raw in waiting { close(raw) } }
        repeat { waiting.append(cl_unix_socket(1)) } while cl_connect_unix(waiting[waiting.count - 1], path) == 0
        #expect(throws: UnixListenerFailure.inUse) { _ = try listenUnix(path, backlog: 8).release() }
        withExtendedLifetime(listener.raw) {}
        let file = try home.write("file", "text")
        #expect(throws: UnixListenerFailure.notASocket) { _ = try listenUnix(file, backlog: 8).release() }
        #expect(try home.read("file") == "text")
    }
}
