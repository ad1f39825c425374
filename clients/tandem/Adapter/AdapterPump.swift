import CLinux
import Glibc
import TandemBase
import TandemClient
import TandemProtocol

/// The most bytes of one message from the editor: the daemon's own default limit.
let adapterMessageLimit = 32 << 20
/// The most requests of an editor that are not answered yet.
let inFlightLimit = 4096
private let readSize = 65536
/// Above so many waiting bytes nothing more is read from the other side.
private let queueLimit = 1 << 20
/// A pipe that poll(2) calls writable takes this much without blocking. stdout cannot be made non-blocking: the
/// setting would be the editor's too.
private let atomicWrite = 4096
/// How long answers may still come after the end of stdin; CLIENTS.md gives one second for everything.
private let lastWords = TimeSpan.milliseconds(500)

/// POLLRDHUP: the other end of a socket was shut down; pipes tell it unasked.
private let hangUp: Int16 = 0x2000

/// So many connections in a row that end before anything was written or read are a daemon that will not talk.
private let fruitlessLimit = 10
private let fruitlessPause = TimeSpan.milliseconds(50)

/// Every stdio adapter: stdin and stdout on one side, the daemon's socket on the other, one thread, one poll(2).
final class AdapterPump<Messages: Translation> {
    private let search: SocketSearch
    private let stdin: Int32
    private let stdout: Int32
    private let wake: Int32
    private let parent: pid_t
    private let log: AdapterLog

    private var messages: Messages
    private var fromEditor = MessageFramer(limit: adapterMessageLimit, framing: Messages.framing)
    private var toEditor: [UInt8] = []
    private var toEditorOffset = 0
    /// Set once stdin is at its end: when to leave, finished or not.
    private var endsBy: MonotonicTime?

    /// The connection; -1 without one. With neither it nor a dialer, the next message for the daemon starts a dial.
    private var socket: Int32 = -1
    private var dialer: Dialer?
    private var fromDaemon = MessageFramer(limit: clientMessageLimit, framing: .newline)
    private var fruitless = 0

    /// - Parameters:
    ///   - stdout: where protocol bytes go; nothing else may be written there.
    ///   - wake: readable when a signal came.
    ///   - parent: the process whose end is ours.
    init(
        _ messages: Messages, _ search: SocketSearch, log: AdapterLog, stdin: Int32, stdout: Int32, wake: Int32,
        parent: pid_t
    ) {
        self.messages = messages
        self.log = log
        self.search = search
        self.stdin = stdin
        self.stdout = stdout
        self.wake = wake
        self.parent = parent
    }

    func run() -> ExitCode {
        while true {
            let now = MonotonicTime.now()
            messages.flush(now: now)
            dialIfNeeded(now)
            writeToDaemon()
            collectEditorOutput()
            let isFlushed = toEditorOffset == toEditor.count
            if let status = messages.exitStatus, isFlushed { return status }
            if let endsBy, (isFlushed && !messages.hasRequests) || now >= endsBy { return .success }
            if let status = wait(now) { return status }
        }
    }

    private func wait(_ now: MonotonicTime) -> ExitCode? {
        let editorWaits = toEditorOffset < toEditor.count
        let editorIsSlow = toEditor.count - toEditorOffset > queueLimit
        let isPaused = editorIsSlow || messages.outbox.count > queueLimit
        var fds = [
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            // Even while nothing is read, the end of stdin is noticed.
            pollfd(fd: endsBy == nil ? stdin : -1, events: isPaused ? hangUp : Int16(POLLIN), revents: 0),
            pollfd(fd: stdout, events: editorWaits ? Int16(POLLOUT) : 0, revents: 0),
            pollfd(fd: socket, events: 0, revents: 0),
        ]
        if !editorIsSlow { fds[3].events |= Int16(POLLIN) }
        if !messages.outbox.isEmpty { fds[3].events |= Int16(POLLOUT) }
        if fds[3].events == 0 { fds[3].fd = -1 }
        let own = fds.count
        // What they bring would only have to wait, too.
        if !editorIsSlow { fds += messages.watched }
        let deadlines = [messages.nextFlush, endsBy, dialer?.nextAttempt].compactMap { $0 }
        let left = deadlines.min().map { Int32(clamping: max(0, ($0 - now).wholeMilliseconds)) } ?? -1
        guard poll(&fds, nfds_t(fds.count), left) >= 0 else { return nil }
        if fds[0].revents != 0, let status = signalled() { return status }
        if fds[2].revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { return end("nobody reads stdout any more") }
        if fds[2].revents & Int16(POLLOUT) != 0, !writeToEditor() { return end("stdout is closed") }
        if fds[3].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { readFromDaemon() }
        for entry in fds[own...] where entry.revents != 0 { messages.ready(entry.fd, entry.revents) }
        if fds[1].revents != 0 {
            if isPaused { closeInput(now, "stdin ended") } else { readFromEditor() }
        }
        return nil
    }

    private func end(_ reason: String) -> ExitCode {
        log.write(reason)
        messages.cancelAll()
        return .success
    }

    /// A signal to end, or the one that tells of the parent's end. That one also comes when only the thread that
    /// started us has ended (prctl(2), PR_SET_PDEATHSIG), which means nothing.
    private func signalled() -> ExitCode? {
        cl_eventfd_drain(wake)
        if AdapterSignals.endWasAsked { return end("ended by a signal") }
        return getppid() == parent ? nil : end("the parent is gone")
    }

    // MARK: the editor

    private func readFromEditor() {
        let now = MonotonicTime.now()
        var buffer = [UInt8](repeating: 0, count: readSize)
        let count = read(stdin, &buffer, readSize)
        if count < 0, cl_errno() == EINTR || cl_errno() == EAGAIN { return }
        guard count > 0 else { return closeInput(now, "stdin ended") }
        buffer.withUnsafeBytes { fromEditor.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        while let event = fromEditor.next() {
            messages.fromEditor(event, now: now)
            switch event {
            case .unsupportedFraming, .malformedHeader: return closeInput(now, "stdin cannot be understood")
            case .message(let bytes): log.write("from the editor: \(bytes.count) bytes")
            case .tooLarge: log.write("from the editor: a message over the limit")
            }
            if messages.exitStatus != nil { return closeInput(now, "the editor sent exit") }
        }
    }

    private func closeInput(_ now: MonotonicTime, _ reason: String) {
        log.write(reason)
        messages.cancelAll()
        endsBy = now + lastWords
    }

    private func collectEditorOutput() {
        let output = messages.takeEditorOutput()
        if output.isEmpty { return }
        if toEditorOffset == toEditor.count {
            toEditor = []
            toEditorOffset = 0
        } else if toEditorOffset > queueLimit {
            toEditor.removeSubrange(0..<toEditorOffset)
            toEditorOffset = 0
        }
        for message in output { toEditor += frame(message, as: fromEditor.framing ?? .newline) }
    }

    /// false when nobody reads any more.
    private func writeToEditor() -> Bool {
        let end = min(toEditor.count, toEditorOffset + atomicWrite)
        let count = toEditor.withUnsafeBytes { bytes in
            Glibc.write(stdout, bytes.baseAddress.map { $0 + toEditorOffset }, end - toEditorOffset)
        }
        if count > 0 { toEditorOffset += count }
        return count > 0 || cl_errno() == EINTR || cl_errno() == EAGAIN
    }

    // MARK: the daemon

    private func dialIfNeeded(_ now: MonotonicTime) {
        guard socket < 0, dialer != nil || !messages.outbox.isEmpty else { return }
        var dialer = dialer ?? Dialer(search, startsDaemon: true, now: now)
        guard now >= dialer.nextAttempt else { return }
        do throws(ClientError) {
            if let connected = try dialer.attempt(now: now) {
                log.write("connected")
                socket = connected.release()
                fromDaemon = MessageFramer(limit: clientMessageLimit, framing: .newline)
                self.dialer = nil
            } else {
                self.dialer = dialer
            }
        } catch {
            log.write("no connection: \(error.message)")
            self.dialer = nil
            messages.dialFailed(error.message, now: now)
        }
    }

    private func writeToDaemon() {
        guard socket >= 0 else { return }
        while let first = messages.outbox.lines.first {
            let offset = messages.outbox.offset
            let count = first.bytes.withUnsafeBytes { bytes in
                send(socket, bytes.baseAddress.map { $0 + offset }, bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            // A closed connection shows when it is read, after what the daemon still had to say.
            guard count > 0 else { return }
            fruitless = 0
            messages.wrote(count)
        }
    }

    private func readFromDaemon() {
        let now = MonotonicTime.now()
        var buffer = [UInt8](repeating: 0, count: readSize)
        let count = recv(socket, &buffer, readSize, 0)
        if count < 0, cl_errno() == EAGAIN || cl_errno() == EINTR { return }
        guard count > 0 else { return connectionLost(now) }
        fruitless = 0
        buffer.withUnsafeBytes { fromDaemon.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        while let event = fromDaemon.next() {
            guard case .message(let bytes) = event else { return connectionLost(now) }
            messages.fromDaemon(bytes, now: now)
        }
    }

    private func connectionLost(_ now: MonotonicTime) {
        log.write("the daemon closed the connection")
        close(socket)
        socket = -1
        messages.connectionLost(now: now)
        guard !messages.outbox.isEmpty else { return }
        fruitless += 1
        if fruitless < fruitlessLimit {
            dialer = Dialer(search, startsDaemon: true, now: now + fruitlessPause)
        } else {
            fruitless = 0
            messages.dialFailed("tandemd closes every connection at once; 'tandem logs' may tell why", now: now)
        }
    }
}
