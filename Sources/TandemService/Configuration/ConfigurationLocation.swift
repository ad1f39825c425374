import CLinux
import Glibc
import TandemBase

/// The files that make up the configuration: the main file and `conf.d/*.toml` beside it in name order.
package struct ConfigurationLocation: Hashable, Sendable {
    /// Where the main file is or would be.
    package var path: String
    /// What is there to be read, in the order it is merged; empty when there is no configuration.
    package var files: [String]

    /// `explicit` (`--config`), else `$TANDEM_CONFIG`, else the first of `$XDG_CONFIG_HOME/tandem/tandem.toml`
    /// (`~/.config` where unset) and `/etc/tandem/tandem.toml` that has something to read. A file that was asked for
    /// by name and is not there is a fault.
    package static func find(
        explicit: String? = nil, environment: [String: String]
    ) throws(ConfigurationFaults) -> ConfigurationLocation {
        let variable = environment["TANDEM_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let path = explicit ?? variable {
            guard access(path, F_OK) == 0 else {
                let origin = explicit == nil ? "TANDEM_CONFIG" : "--config"
                let reason = SystemError("access").reason
                throw ConfigurationFaults([.init(file: path, message: "\(reason) (named by \(origin))")])
            }
            return ConfigurationLocation(path: path, files: [path] + configurationFragments(beside: path))
        }
        let candidates = [userPath(environment), "/etc/tandem/tandem.toml"].compactMap { $0 }
        for path in candidates {
            let files = (access(path, F_OK) == 0 ? [path] : []) + configurationFragments(beside: path)
            if !files.isEmpty { return ConfigurationLocation(path: path, files: files) }
        }
        return ConfigurationLocation(path: candidates[0], files: [])
    }

    /// Where a user's own configuration belongs; nil without a home.
    package static func userPath(_ environment: [String: String]) -> String? {
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return "\(folder)/tandem/tandem.toml" }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return "\(home)/.config/tandem/tandem.toml"
    }
}

/// One file's bytes, or why they cannot be had.
package struct ConfigurationSource: Sendable {
    /// Bytes one file may have.
    package static let bytesLimit = 1024 * 1024

    package var path: String
    package var content: Result<[UInt8], SystemError>

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        content = .success(bytes)
    }

    init(reading path: String) {
        self.path = path
        do {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            content = .success(try readAll(file.raw, limit: Self.bytesLimit))
        } catch {
            content = .failure(error)
        }
    }
}

/// The folder a file is in: "." for a bare name.
func parentFolder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// How paths in a configuration are read: `~` is the home, and what is relative is so to the file it stands in.
struct PathExpansion {
    var home: String?

    func absolute(_ path: String, in file: String) -> String? {
        if path == "~" || path.hasPrefix("~/") {
            guard let home, !home.isEmpty else { return nil }
            return home + path.dropFirst()
        }
        if path.hasPrefix("/") { return path }
        let folder = parentFolder(of: file)
        if folder.hasPrefix("/") { return "\(folder)/\(path)" }
        guard let current = getcwd(nil, 0) else { return nil }
        defer { free(current) }
        let start = String(cString: current)
        return folder == "." ? "\(start)/\(path)" : "\(start)/\(folder)/\(path)"
    }
}
