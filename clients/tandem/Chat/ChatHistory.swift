import Glibc
import TandemBase
import TandemClient

/// What was typed at the chat's prompt, one line each, in a file that only this user can read. Several chats may add
/// to it at once.
struct ChatHistory {
    /// Lines that are kept.
    static let lineLimit = 1000
    /// The file may grow to twice its share before it is cut, so that most lines cost one append.
    private static let fileLineLimit = 2 * lineLimit
    /// A longer line is not kept, bytes.
    private static let lineBytes = 16 << 10

    private let path: String?
    private(set) var lines: [String] = []

    /// Reads the file and cuts it where it has grown too long.
    init(path: String? = stateFolder().map { $0 + "/chat_history" }) {
        self.path = path
        guard let path, access(path, F_OK) == 0, let bytes = try? readFile(path) else { return }
        let all = bytes.split(separator: 0x0A).filter { $0.count <= Self.lineBytes }
        lines = all.suffix(Self.lineLimit).map { String(decoding: $0, as: UTF8.self) }
        if all.count > Self.fileLineLimit { replacePrivateFile(path, lines.joined(separator: "\n") + "\n") }
    }

    /// Adds a line (without its end); false for one that is not kept: empty, too long, or the same as the last one.
    @discardableResult
    mutating func add(_ line: String) -> Bool {
        guard !line.isEmpty, line.utf8.count <= Self.lineBytes, line != lines.last else { return false }
        lines.append(line)
        if let path {
            if let folder = stateFolder() { makePrivateFolder(folder) }
            let bytes = Array((line + "\n").utf8)
            // One write, so that lines of several chats do not mix.
            if let file = try? FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600) {
                _ = write(file.raw, bytes, bytes.count)
            }
        }
        return true
    }
}
