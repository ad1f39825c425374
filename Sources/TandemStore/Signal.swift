import CLinux
import Glibc
import TandemBase

/// Wakes one sleeping thread: an eventfd. A post that nobody waits for is kept, several are one.
final class Signal: Sendable {
    private let descriptor: Int32

    init() { descriptor = cl_eventfd() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func post() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Waits for a post, at most `milliseconds` (negative: for ever); true when there was one.
    @discardableResult
    func wait(milliseconds: Int32) -> Bool {
        // Out of descriptors when it was made: short sleeps keep the thread alive without spinning.
        guard descriptor >= 0 else {
            usleep(fallbackSleep)
            return false
        }
        let end = MonotonicTime.now() + .milliseconds(Int(milliseconds))
        var left = milliseconds
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = poll(&entry, 1, left)
            if ready > 0 { break }
            guard ready < 0, cl_errno() == EINTR else { return false }
            if milliseconds >= 0 { left = Int32(clamping: max(0, (end - .now()).wholeMilliseconds)) }
        }
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        return true
    }
}

/// Microseconds between two looks when there is no descriptor to wait on.
private let fallbackSleep: UInt32 = 50_000
