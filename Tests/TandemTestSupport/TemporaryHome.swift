import CLinux
import Glibc
import TandemBase

/// A home of its own for one test, with the XDG folders below it; removed with everything in it at the end of its
/// life. The path is short: the address of a Unix socket has room for 107 bytes.
package final class TemporaryHome: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/tdm-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp", "/tmp/tdm-XXXXXX") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for folder in [config, state, cache, data, runtime] { try makeFolder(folder) }
    }

    deinit { removeTree(path) }

    package var config: String { path + "/.config" }
    package var state: String { path + "/.local/state" }
    package var data: String { path + "/.local/share" }
    package var cache: String { path + "/.cache" }
    package var runtime: String { path + "/run" }

    /// Where clients look for the daemon of this home.
    package var socketPath: String { runtime + "/tandem/tandem.sock" }
    package var configPath: String { config + "/tandem/tandem.toml" }

    /// HOME and XDG_*, PATH and LANG, and nothing else of the test's own environment: no key of the person who runs
    /// the tests ever reaches a process under test.
    package var environment: [String: String] {
        var environment = [
            "HOME": path, "XDG_CONFIG_HOME": config, "XDG_STATE_HOME": state, "XDG_DATA_HOME": data,
            "XDG_CACHE_HOME": cache, "XDG_RUNTIME_DIR": runtime, "LANG": "C.UTF-8",
            "PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin",
        ]
        // What the sanitizers report of a process under test counts as well.
        for name in ["ASAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE"] {
            environment[name] = getenv(name).map { String(cString: $0) }
        }
        return environment
    }

    /// Writes a file, with the folders above it; a relative path counts from the home.
    @discardableResult
    package func write(_ relative: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let file = relative.hasPrefix("/") ? relative : path + "/" + relative
        if let slash = file.lastIndex(of: "/") { try makeFolder(String(file[..<slash])) }
        try writeFile(file, Array(text.utf8), mode: mode)
        return file
    }

    package func read(_ relative: String) throws -> String {
        String(decoding: try readFile(relative.hasPrefix("/") ? relative : path + "/" + relative), as: UTF8.self)
    }
}

/// mkdir -p, mode 0700.
package func makeFolder(_ path: String) throws(SystemError) {
    var built = ""
    for part in path.split(separator: "/") {
        built += "/" + part
        if mkdir(built, 0o700) != 0, cl_errno() != EEXIST { throw SystemError("mkdir", built) }
    }
}

/// The whole file; for test material, so at most as large as memory.
package func readFile(_ path: String) throws(SystemError) -> [UInt8] {
    let file = try FileDescriptor.open(path, O_RDONLY)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = Glibc.read(file.raw, &buffer, buffer.count)
        if count < 0 { throw SystemError("read", path) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

package func writeFile(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
    let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
    guard fchmod(file.raw, mode) == 0 else { throw SystemError("fchmod", path) }
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(file.raw, $0.baseAddress, $0.count) }
        if count < 0 { throw SystemError("write", path) }
        rest = rest.dropFirst(count)
    }
}

/// rm -r that never follows a symbolic link.
package func removeTree(_ path: String) {
    if let folder = opendir(path) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            chmod(path, 0o700)
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { removeTree(path + "/" + name) }
            }
        }
        closedir(folder)
    }
    remove(path)
}
