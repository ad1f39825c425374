import CLinux
import Glibc
import Synchronization
import TandemClient

private let wakeDescriptor = Atomic<Int32>(-1)
private let endAsked = Atomic<Bool>(false)

/// The signals an adapter lives with.
enum StdioSignals {
    /// SIGINT, SIGTERM or SIGHUP came.
    static var endWasAsked: Bool { endAsked.load(ordering: .relaxed) }

    /// Readable from then on when a signal came; the parent's end is one (SIGUSR2, by PR_SET_PDEATHSIG).
    static func watch() -> Int32 {
        let descriptor = cl_eventfd()
        wakeDescriptor.store(descriptor, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR2] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                if number != SIGUSR2 { endAsked.store(true, ordering: .relaxed) }
                var one: UInt64 = 1
                _ = write(wakeDescriptor.load(ordering: .relaxed), &one, 8)
            }
            sigaction(number, &action, nil)
        }
        cl_prctl_pdeathsig(SIGUSR2)
        return descriptor
    }
}

/// Lines on stderr where TANDEM_LOG is set; editors show every byte of it as an error.
struct StdioLog: Sendable {
    private let isEnabled = environmentValue("TANDEM_LOG") != nil

    func write(_ text: @autoclosure () -> String) {
        if isEnabled { Output.complain("tandem stdio: \(text())\n") }
    }
}
