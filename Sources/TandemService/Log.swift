import CLinux
import Glibc
import Synchronization
import TandemBase

/// Where the daemon says what it does: the journal with fields when there is one, readable lines on standard error
/// otherwise. Never a key, never a prompt: what comes here is made of our own words, names and numbers. Never a wait
/// either: a line that the journal, a pipe or a terminal does not take is counted, and the next one says how many.
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
    private let lost = LostLines()
    private let journal: String

    /// `TANDEM_LOG` names the most verbose level that is written (error, warning, notice, info, debug; default info).
    package init(environment: [String: String], journal: String = "/run/systemd/journal/socket") {
        self.journal = journal
        usesJournal = Self.isJournal(environment["JOURNAL_STREAM"])
        let wanted = environment["TANDEM_LOG"]
        most = [Level.error, .warning, .notice, .info, .debug].first { $0.name == wanted } ?? .info
    }

    package func isOn(_ level: Level) -> Bool { level <= most }

    package func callAsFunction(_ level: Level, _ message: String, _ fields: Field...) {
        guard isOn(level) else { return }
        let missing = lost.count.exchange(0, ordering: .relaxed)
        if missing > 0, !put(.warning, "\(missing) lines are missing here: nobody read the log", []) {
            lost.count.add(missing + 1, ordering: .relaxed)
        } else if !put(level, message, fields) {
            lost.count.add(1, ordering: .relaxed)
        }
    }

    private func put(_ level: Level, _ message: String, _ fields: [Field]) -> Bool {
        if usesJournal {
            let socket = cl_connect_datagram(journal)
            defer { if socket >= 0 { close(socket) } }
            if socket >= 0 { return sendToJournal(socket, level, message, fields) }
            // Standard error leads there as well, only without the fields.
        }
        let names = fields.map { " \($0.name.dropFirst("TANDEM_".count).lowercased())=\($0.value)" }.joined()
        return writeWithoutWaiting("tandemd: \(level.name): \(message)\(names)\n")
    }

    /// One datagram in the journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL). libsystemd's sender would wait
    /// for a journal that hangs.
    private func sendToJournal(_ socket: Int32, _ level: Level, _ message: String, _ fields: [Field]) -> Bool {
        var datagram: [UInt8] = []
        func add(_ name: String, _ value: String) {
            datagram += name.utf8
            if value.utf8.contains(0x0A) {
                datagram.append(0x0A)
                withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { datagram += $0 }
            } else {
                datagram.append(UInt8(ascii: "="))
            }
            datagram += value.utf8
            datagram.append(0x0A)
        }
        add("MESSAGE", message)
        add("PRIORITY", String(level.rawValue))
        add("SYSLOG_IDENTIFIER", "tandemd")
        for field in fields { add(field.name, field.value) }
        return datagram.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } >= 0
    }

    /// In pieces that a pipe with room takes whole.
    private func writeWithoutWaiting(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            var output = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
            guard poll(&output, 1, 0) > 0, output.revents & Int16(POLLOUT) != 0 else { return false }
            let count = bytes.prefix(Int(PIPE_BUF)).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    /// Whether standard error is the journal: `JOURNAL_STREAM` holds its device and inode (systemd.exec(5)).
    private static func isJournal(_ variable: String?) -> Bool {
        guard let parts = variable?.split(separator: ":"), parts.count == 2 else { return false }
        var status = stat()
        guard fstat(2, &status) == 0 else { return false }
        return String(status.st_dev) == parts[0] && String(status.st_ino) == parts[1]
    }
}

/// Lines that nobody took since the last one that went out.
private final class LostLines: Sendable {
    let count = Atomic<Int>(0)
}

func writeToStandardError(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
    }
}
