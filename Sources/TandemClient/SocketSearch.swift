import Glibc

/// Where the daemon may listen, in the order in which clients look (PROTOCOL.md, section 1).
package struct SocketSearch: Hashable, Sendable {
    package var candidates: [String]
    /// The user named the socket: it is the only candidate, and a daemon is started on it rather than by systemd.
    package var isExplicit: Bool
    /// Where a daemon started by this user listens; nil without a runtime folder.
    package var userSocket: String?

    /// Where the system's daemon listens.
    package static let systemSocket = "/run/tandem/tandem.sock"

    /// - Parameters:
    ///   - option: the value of `--socket`, which goes before `$TANDEM_SOCKET`.
    ///   - variable: the value of an environment variable, nil when it is unset or empty.
    package init(option: String? = nil, variable: (String) -> String? = environmentValue) {
        if let named = option ?? variable("TANDEM_SOCKET") {
            candidates = [named]
            isExplicit = true
            // The daemon starts in another folder.
            userSocket = named.hasPrefix("/") ? named : workingFolder().map { $0 + "/" + named }
            return
        }
        isExplicit = false
        let usual = "/run/user/\(getuid())"
        let runtime = folderVariable("XDG_RUNTIME_DIR", variable)
        let folders = runtime.map { $0 == usual ? [usual] : [$0, usual] } ?? [usual]
        candidates = folders.map { $0 + "/tandem/tandem.sock" } + [Self.systemSocket]
        userSocket = runtime.map { $0 + "/tandem/tandem.sock" } ?? (access(usual, X_OK) == 0 ? candidates[0] : nil)
    }
}

private func workingFolder() -> String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return String(cString: path)
}
