import Glibc

/// Entries read of `conf.d`.
private let fragmentLimit = 256

/// The files `conf.d/*.toml` beside a configuration's main file, in name order: what is merged over it.
package func configurationFragments(beside path: String) -> [String] {
    let folder = (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./") + "conf.d"
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < fragmentLimit, let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(folder)/\($0)" }
}
