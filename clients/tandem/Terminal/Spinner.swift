import TandemBase

/// How long nothing is shown, so that a quick answer causes no flicker, and how often the picture changes.
private let firstShow = TimeSpan.milliseconds(120)
private let frameTime = TimeSpan.milliseconds(100)

/// A sign of life on stderr until the first token, with what is being waited for.
struct Spinner {
    private let output: Output
    private let isEnabled: Bool
    private let frames: [String]
    private let started: MonotonicTime
    private var frame = 0
    private var isShown = false
    var label: String

    init(_ output: Output, label: String, enabled: Bool, now: MonotonicTime) {
        self.output = output
        self.label = label
        isEnabled = enabled && output.terminal.isCapable
        frames =
            Terminal.hasUnicode
            ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"]
        started = now
    }

    /// When `show` is due; nil when there is nothing to show.
    func due(_ now: MonotonicTime) -> MonotonicTime? {
        guard isEnabled else { return nil }
        return isShown ? now + frameTime : max(now, started + firstShow)
    }

    mutating func show(_ now: MonotonicTime) {
        guard isEnabled, now - started >= firstShow else { return }
        isShown = true
        let seconds = (now - started).nanoseconds / 1_000_000_000
        var text = frames[frame % frames.count] + " " + label
        if seconds > 0 { text += "  \(seconds) s" }
        frame += 1
        let room = max(1, (output.terminal.columns ?? 80) - 1)
        try? output.write("\r")
        try? output.write(dimmed: String(text.prefix(columns: room)))
        try? output.write("\u{1B}[K")
    }

    mutating func hide() {
        guard isShown else { return }
        isShown = false
        try? output.write("\r\u{1B}[K")
    }
}

/// "████░░░░", for a label: how much of long work is done.
func progressBar(_ done: Int, of total: Int) -> String {
    let width = 24
    let filled = min(width, done * width / max(1, total))
    let (full, empty) = Terminal.hasUnicode ? ("█", "░") : ("#", ".")
    return String(repeating: full, count: filled) + String(repeating: empty, count: width - filled)
}
