import CLinux
import CSystemd
import Glibc
import TandemBase

/// Where the daemon says what it does: the journal with fields when there is one, readable lines on standard error
/// otherwise. Never a key, never a prompt: what comes here is made of our own words, names and numbers.
package struct Log: Sendable {
    package enum Level: Int32, Comparable, Sendable {
        case error = 3, warning, notice, info, debug

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        var name: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .notice: "notice"
            case .info: "info"
            case .debug: "debug"
            }
        }
    }

    /// A journal field; its name in capitals, as journald wants it.
    package struct Field: Sendable {
        var name: String
        var value: String

        static func request(_ id: ULID) -> Field { Field(name: "TANDEM_REQUEST_ID", value: id.description) }
        static func provider(_ name: String) -> Field { Field(name: "TANDEM_PROVIDER", value: name) }
        static func model(_ name: String) -> Field { Field(name: "TANDEM_MODEL", value: name) }
        static func uid(_ uid: UInt32) -> Field { Field(name: "TANDEM_UID", value: String(uid)) }
    }

    private let usesJournal: Bool
    private let most: Level

    /// `TANDEM_LOG` names the most verbose level that is written (error, warning, notice, info, debug; default info).
    package init(environment: [String: String]) {
        usesJournal = Self.isJournal(environment["JOURNAL_STREAM"])
        let wanted = environment["TANDEM_LOG"]
        most = [Level.error, .warning, .notice, .info, .debug].first { $0.name == wanted } ?? .info
    }

    package func isOn(_ level: Level) -> Bool { level <= most }

    package func callAsFunction(_ level: Level, _ message: String, _ fields: Field...) {
        guard isOn(level) else { return }
        if usesJournal { return sendToJournal(level, message, fields) }
        let names = fields.map { " \($0.name.dropFirst("TANDEM_".count).lowercased())=\($0.value)" }.joined()
        let line = "tandemd: \(level.name): \(message)\(names)\n"
        writeToStandardError(line)
    }

    private func sendToJournal(_ level: Level, _ message: String, _ fields: [Field]) {
        let texts =
            ["MESSAGE=\(message)", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=tandemd"]
            + fields.map { "\($0.name)=\($0.value)" }
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let vectors = copies.compactMap { copy in copy.map { iovec(iov_base: $0, iov_len: strlen($0)) } }
        _ = csd_journal_sendv(vectors, Int32(vectors.count))
    }

    /// Whether standard error is the journal: `JOURNAL_STREAM` holds its device and inode (systemd.exec(5)).
    private static func isJournal(_ variable: String?) -> Bool {
        guard let parts = variable?.split(separator: ":"), parts.count == 2 else { return false }
        var status = stat()
        guard fstat(2, &status) == 0 else { return false }
        return String(status.st_dev) == parts[0] && String(status.st_ino) == parts[1]
    }
}

func writeToStandardError(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
    }
}
