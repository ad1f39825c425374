import CEdit
import CLinux
import Glibc

/// The most bytes of one line typed at the prompt.
private let lineLimit = 1 << 20

/// Lines typed at a terminal: with editing and history by libedit where that is installed, else with what the terminal
/// itself offers.
final class LineReader {
    enum Line {
        /// Without its end.
        case text(String)
        case interrupted
        case end
    }

    private let editor: OpaquePointer?
    private var history = ChatHistory()
    private let interrupt = Interrupts.watch()
    private let error = Output.error

    init() {
        // The editor draws on stderr, and dumb terminals cannot be drawn on.
        editor =
            error.terminal.isCapable ? cedit_open("tandem", interrupt, Int32(ChatHistory.lineLimit)) : nil
        if let editor { for line in history.lines { cedit_remember(editor, line) } }
    }

    deinit { if let editor { cedit_close(editor) } }

    func read(prompt: String) throws(Failure) -> Line {
        let line = if let editor { edited(editor, prompt) } else { try plain(prompt) }
        if case .text(let text) = line, history.add(text), let editor { cedit_remember(editor, text) }
        return line
    }

    private func edited(_ editor: OpaquePointer, _ prompt: String) -> Line {
        prompt.withCString { prompt in
            var text: UnsafePointer<CChar>?
            switch cedit_read(editor, prompt, &text) {
            case 0: return .end
            case ..<0: return .interrupted
            default: return .text(text.map { String(cString: $0).trimmingNewlines } ?? "")
            }
        }
    }

    private func plain(_ prompt: String) throws(Failure) -> Line {
        try error.write(prompt)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < lineLimit, bytes.last != 0x0A {
            var fds = [
                pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&fds, 2, -1) < 0 { continue }
            if fds[0].revents != 0 { return .interrupted }
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, cl_errno() == EINTR { continue }
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        return bytes.isEmpty ? .end : .text(String(decoding: bytes, as: UTF8.self).trimmingNewlines)
    }
}
