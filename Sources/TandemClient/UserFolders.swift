import Glibc

/// The value of an environment variable; nil when it is unset or empty.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

/// The folder that an XDG variable names; nil unless it is absolute: others are to be ignored (XDG Base Directory).
package func folderVariable(_ name: String, _ variable: (String) -> String? = environmentValue) -> String? {
    variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil }
}

/// `$XDG_STATE_HOME/tandem`, else `~/.local/state/tandem`; nil without a home.
package func stateFolder() -> String? {
    if let state = folderVariable("XDG_STATE_HOME") { return state + "/tandem" }
    return environmentValue("HOME").map { $0 + "/.local/state/tandem" }
}

/// `$XDG_RUNTIME_DIR`, else `/run/user/<uid>` where that exists: editors often strip the variable.
package func runtimeFolder() -> String? {
    if let runtime = folderVariable("XDG_RUNTIME_DIR") { return runtime }
    let usual = "/run/user/\(getuid())"
    return access(usual, X_OK) == 0 ? usual : nil
}

/// Makes a folder for this user alone, and the folders above it.
package func makePrivateFolder(_ path: String) {
    if access(path, F_OK) == 0 { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { makePrivateFolder(String(path[..<slash])) }
    mkdir(path, 0o700)
}
