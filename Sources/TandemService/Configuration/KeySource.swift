import CLinux
import Glibc
import TandemBase

/// Where a provider's key comes from; never the key itself.
package enum KeySource: Hashable, Sendable {
    /// A name under `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential).
    case credential(String)
    /// The first of these variables that is set.
    case environment([String])
    /// A file that only its owner may read.
    case file(String)
    /// A program whose first line of output is the key.
    case command([String])

    /// The keys that the table of `api_key` may have, one of them.
    enum Form: String, CaseIterable { case env, credential, file, command }

    /// A key has at most this many bytes; more is not a key.
    static let keyBytesLimit = 64 * 1024

    /// In words for people.
    package var description: String {
        switch self {
        case .credential(let name): "systemd credential \(name)"
        case .environment(let names):
            "environment variable \(names.joined(separator: " or "))"
        case .file(let path): "file \(path)"
        case .command(let words): "command \(words.first ?? "")"
        }
    }

    /// Reads the key. A command is not run here: it takes time, see `KeyCommand`.
    func resolve(environment: [String: String]) throws(KeyProblem) -> Secret {
        switch self {
        case .environment(let names):
            guard let text = names.lazy.compactMap({ environment[$0] }).first(where: { !$0.isEmpty }) else {
                throw KeyProblem("\(description) is not set")
            }
            return try Self.key(Array(text.utf8), from: description)
        case .credential(let name):
            guard let folder = environment["CREDENTIALS_DIRECTORY"], !folder.isEmpty else {
                throw KeyProblem(
                    "\(description): CREDENTIALS_DIRECTORY is not set; add LoadCredential=\(name) to the unit")
            }
            return try Self.key(Self.read("\(folder)/\(name)", ownerOnly: false), from: description)
        case .file(let path):
            return try Self.key(Self.read(path, ownerOnly: true), from: description)
        case .command:
            throw KeyProblem("\(description) has not been run yet")
        }
    }

    /// The first line of `bytes`, checked: what goes into a header must not be able to end it.
    static func key(_ bytes: [UInt8], from source: String) throws(KeyProblem) -> Secret {
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        let text = String(decoding: line, as: UTF8.self).trimmingSpaces
        guard !text.isEmpty else { throw KeyProblem("\(source) is empty") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw KeyProblem("\(source) holds characters that no key has; it must be one line of printable ASCII")
        }
        return Secret(text)
    }

    private static func read(_ path: String, ownerOnly: Bool) throws(KeyProblem) -> [UInt8] {
        let file: FileDescriptor
        // Non-blocking, so that a FIFO in the file's place cannot hold up the start.
        do { file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) } catch {
            throw KeyProblem("file \(path): \(error.reason)")
        }
        var status = stat()
        guard fstat(file.raw, &status) == 0 else { throw KeyProblem("file \(path): \(SystemError("fstat").reason)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeyProblem("file \(path) is not a regular file") }
        if ownerOnly {
            guard status.st_mode & 0o077 == 0 else {
                throw KeyProblem("file \(path) can be read by others; run: chmod 600 \(path)")
            }
            guard status.st_uid == geteuid() || status.st_uid == 0 else {
                throw KeyProblem("file \(path) belongs to another user")
            }
        }
        do { return try readAll(file.raw, limit: keyBytesLimit) } catch {
            throw KeyProblem("file \(path): \(error.reason)")
        }
    }
}

/// Why a key cannot be had, and what to do. The provider stays, without its key.
package struct KeyProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Reads to the end; EFBIG where there is more than `limit`.
func readAll(_ descriptor: Int32, limit: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count < 0, cl_errno() == EINTR { continue }
        guard count >= 0 else { throw SystemError("read") }
        if count == 0 { return bytes }
        guard bytes.count + count <= limit else { throw SystemError("read", code: EFBIG) }
        bytes += chunk[..<count]
    }
}
