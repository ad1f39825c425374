import Glibc

/// The process's environment variables; where a name stands twice the first one counts, as for getenv.
package func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
        let line = String(cString: text)
        if let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) {
            let name = String(line[..<equals])
            if variables[name] == nil { variables[name] = String(line[line.utf8.index(after: equals)...]) }
        }
        entry += 1
    }
    return variables
}
