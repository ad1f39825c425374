import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// What the binaries load decides how fast they start and how much memory they take.
@Suite struct LinkageTests {
    /// The names of the shared libraries that the dynamic linker would load, their own dependencies included.
    private func libraries(_ product: String) throws -> [String] {
        let home = try TemporaryHome()
        let output = try FileDescriptor.open(home.path + "/libraries", O_RDWR | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            ["/usr/bin/ldd", try builtProduct(product)], environment: home.environment, descriptors: [1: output.raw])
        #expect(child.wait() == 0)
        let names = try home.read("libraries").split(separator: "\n").map { $0.trimmingSpaces }
        #expect(names.contains { $0.hasPrefix("libc.so") })
        return names
    }

    @Test(arguments: ["tandemd", "tandem", "tandem-http"])
    func noFoundation(product: String) throws {
        #expect(try libraries(product).filter { $0.contains("Foundation") } == [])
    }

    @Test func theCommandLineLinksNeitherCurlNorSQLite() throws {
        let heavy = ["libcurl", "libsqlite", "libsystemd", "libmicrohttpd", "libssl", "libcrypto"]
        #expect(try libraries("tandem").filter { name in heavy.contains { name.hasPrefix($0) } } == [])
    }
}
