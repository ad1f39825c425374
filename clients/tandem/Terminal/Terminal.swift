import CLinux
import Glibc
import TandemClient

/// What can be shown on a descriptor.
struct Terminal: Sendable {
    let isTerminal: Bool
    /// Colour and cursor movement: a terminal that is not dumb.
    let isCapable: Bool
    /// Colour is wanted too (https://no-color.org).
    let hasColour: Bool
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        isCapable = isTerminal && environmentValue("TERM") != "dumb" && environmentValue("TERM") != nil
        hasColour = isCapable && environmentValue("NO_COLOR") == nil
    }

    /// The width in columns; nil for anything but a terminal.
    var columns: Int? { size?.columns }

    /// The size in characters; nil for anything but a terminal.
    var size: (columns: Int, rows: Int)? {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard isTerminal, cl_terminal_size(descriptor, &columns, &rows) == 0, columns > 0 else { return nil }
        return (Int(columns), Int(rows))
    }

    /// Whether the locale has more than ASCII.
    static var hasUnicode: Bool {
        let locale = environmentValue("LC_ALL") ?? environmentValue("LC_CTYPE") ?? environmentValue("LANG") ?? ""
        let name = locale.lowercased()
        return name.hasSuffix("utf-8") || name.hasSuffix("utf8")
    }
}
