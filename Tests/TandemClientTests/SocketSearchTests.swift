import Glibc
import TandemClient
import Testing

@Suite struct SocketSearchTests {
    private let usual = "/run/user/\(getuid())/tandem/tandem.sock"

    private func search(_ option: String? = nil, _ variables: [String: String] = [:]) -> SocketSearch {
        SocketSearch(option: option) { variables[$0] }
    }

    @Test func theOptionGoesFirstAndAlone() {
        let found = search("/a.sock", ["TANDEM_SOCKET": "/b.sock", "XDG_RUNTIME_DIR": "/x"])
        #expect(found.candidates == ["/a.sock"] && found.isExplicit && found.userSocket == "/a.sock")
    }

    /// The daemon is started in another folder, and relative XDG folders mean nothing.
    @Test func relativePathsAreTheCallers() throws {
        let folder = try #require(getcwd(nil, 0))
        defer { free(folder) }
        let found = search("a.sock")
        #expect(found.candidates == ["a.sock"] && found.userSocket == String(cString: folder) + "/a.sock")
        #expect(search(nil, ["XDG_RUNTIME_DIR": "run"]).candidates == search().candidates)
    }

    @Test func thenTheVariable() {
        let found = search(nil, ["TANDEM_SOCKET": "/b.sock", "XDG_RUNTIME_DIR": "/x"])
        #expect(found.candidates == ["/b.sock"] && found.isExplicit)
    }

    @Test func thenTheRuntimeFolderTheUsersAndTheHosts() {
        let found = search(nil, ["XDG_RUNTIME_DIR": "/x"])
        #expect(found.candidates == ["/x/tandem/tandem.sock", usual, "/run/tandem/tandem.sock"])
        #expect(!found.isExplicit && found.userSocket == "/x/tandem/tandem.sock")
    }

    /// What editors do that pass on only HOME, PATH and the like.
    @Test func aStrippedEnvironmentStillFindsTheUsersSocket() {
        #expect(search().candidates == [usual, "/run/tandem/tandem.sock"])
        #expect(search(nil, ["XDG_RUNTIME_DIR": "/run/user/\(getuid())"]).candidates == search().candidates)
    }
}
