import CLinux
import CSystemd
import Glibc
import TandemBase

private let backlog: Int32 = 4096

/// The daemon's listening socket: passed by the service manager, or bound by ourselves.
struct ListeningSocket {
    var descriptor: Int32
    /// Where we bound it; nil when it is the service manager's.
    var path: String?
    private var file: FileIdentity?

    var isActivated: Bool { path == nil }

    /// Sockets under the name `rpc`, or without a name; nil when there was no activation.
    static func activated() -> [ListeningSocket]? {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0 else { return nil }
        defer {
            for index in 0..<Int(count) { free(names?[index]) }
            free(names)
        }
        var sockets: [ListeningSocket] = []
        for index in 0..<Int(count) {
            let descriptor = Int32(3 + index)
            let name = names?[index].map { String(cString: $0) } ?? ""
            guard sd_is_socket_unix(descriptor, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0,
                ["rpc", "unknown", ""].contains(name) || name.hasSuffix(".socket")
            else { continue }
            sockets.append(ListeningSocket(descriptor: descriptor))
        }
        return sockets
    }

    /// Binds `path`, mode 0600. A socket on which nobody listens is replaced; a live one is an error.
    static func bound(to path: String) throws(StartupError) -> ListeningSocket {
        makeParentFolder(of: path)
        do throws(UnixListenerFailure) {
            let descriptor = try listenUnix(path, backlog: backlog).release()
            return ListeningSocket(descriptor: descriptor, path: path, file: FileIdentity(path))
        } catch {
            switch error {
            case .inUse: throw StartupError("another tandemd is listening on \(path)")
            case .notASocket:
                throw StartupError("\(path) is a file and no socket: move it away, or name another path with --socket")
            case .failed(let error):
                throw StartupError(
                    "cannot listen on \(path): \(error.reason); name another path with --socket, or set XDG_RUNTIME_DIR"
                )
            }
        }
    }

    /// Removes the file that we made. Where it was removed before, one of that name is the next daemon's.
    func removeFile() {
        if let path, let file, FileIdentity(path) == file { unlink(path) }
    }

    private static func makeParentFolder(of path: String) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        // Only the last folder: what holds it (XDG_RUNTIME_DIR) is the system's business.
        mkdir(String(path[..<slash]), 0o700)
    }

    /// `$TANDEM_SOCKET`, else `$XDG_RUNTIME_DIR/tandem/tandem.sock`, else `/run/tandem/tandem.sock`.
    static func defaultPath(_ environment: [String: String]) -> String {
        if let path = environment["TANDEM_SOCKET"], !path.isEmpty { return path }
        if let folder = environment["XDG_RUNTIME_DIR"], !folder.isEmpty { return "\(folder)/tandem/tandem.sock" }
        return "/run/tandem/tandem.sock"
    }
}

/// Why the daemon does not start: one line for standard error, exit 1.
struct StartupError: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
